package operators

import "waterhealer/configs"

// DeadLetters are the outputs that take dead letters, each once.
func (p *Plan) DeadLetters() []*configs.Node {
	var out []*configs.Node
	seen := make(map[*configs.Node]bool)
	for _, onError := range p.policies() {
		if dead := onError.DeadLetter; dead != nil && !seen[dead] {
			seen[dead] = true
			out = append(out, dead)
		}
	}
	return out
}

// Remembering are the operators that hold records or join them, in the order of
// the file. What they make of a record depends on those that came before it.
func (p *Plan) Remembering() []*configs.Node {
	var out []*configs.Node
	for _, n := range p.pipeline.Operators {
		if kind := p.kinds[n]; kind.State && !kind.Passes {
			out = append(out, n)
		}
	}
	return out
}
