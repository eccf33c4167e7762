package operators

import (
	"fmt"
	"iter"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// decoding makes the function that sets a source record's value as it is needed
// behind that source: not at all where nobody looks at it, and only the fields
// that somebody looks at where they are known. What is seen, and what is refused,
// is the same. In a dry run and in tests everything is shown.
func (p *Plan) decoding(source *configs.Node) func(*engine.Record) error {
	codec := sourceCodec(source)
	if p.inTurn {
		return p.decoders[source]
	}
	if p.unread(source) {
		return checker(codec)
	}
	if codec != codecJSON {
		return p.decoders[source]
	}
	return decoderOf(codec, value.NewReader(p.looked(source), !p.outlived(source)).Decode)
}

// checker is a [decoder] for a source whose values nobody looks at: it refuses
// the same payloads and makes no values.
func checker(codec string) func(*engine.Record) error {
	switch codec {
	case codecJSON:
		reader := value.NewReader(nil, true)
		return func(r *engine.Record) error {
			if r.Raw == nil {
				return nil
			}
			if err := reader.Check(r.Raw); err != nil {
				return fmt.Errorf("payload is not %s: %w", codec, err)
			}
			return nil
		}
	case codecBytes:
		return nil // nothing is refused
	}
	return decoder(codec)
}

// unread says that nobody looks at the values of a source: its records go to
// outputs as the bytes that they are.
func (p *Plan) unread(source *configs.Node) bool {
	if p.key != nil {
		return false
	}
	for _, n := range p.pipeline.Operators {
		if reaches(source, n) {
			return false
		}
	}
	if p.reported(source) {
		return false
	}
	for _, output := range p.outputs() {
		if slices.Contains(output.sources, source) && p.renders[output.node].looks() {
			return false
		}
	}
	return true
}

// reported says that reports are written of the records of a source, which show
// their values.
func (p *Plan) reported(source *configs.Node) bool {
	return slices.ContainsFunc(p.pipeline.Sinks, func(sink *configs.Node) bool {
		return reaches(source, sink) && len(sink.Values.Outputs("report")) > 0
	})
}

// outlived says that something may keep parts of a source's values when its
// records are finished.
func (p *Plan) outlived(source *configs.Node) bool {
	return slices.ContainsFunc(p.pipeline.Operators, func(n *configs.Node) bool {
		return p.kinds[n].State && reaches(source, n)
	})
}

// held says that what an operator makes may be kept by one behind it when its record
// is finished.
func (p *Plan) held(n *configs.Node) bool {
	seen := map[*configs.Node]bool{}
	var visit func(n *configs.Node) bool
	visit = func(n *configs.Node) bool {
		seen[n] = true
		return slices.ContainsFunc(p.readersOf(n), func(reader *configs.Node) bool {
			return p.kinds[reader].State || !seen[reader] && visit(reader)
		})
	}
	return visit(n)
}

// A fieldReader is an operator that says which fields of a value it looks at, each
// a chain of keys; passes says that it sends the same value on. It is only a hint:
// whoever looks at more gets it, at a price.
type fieldReader interface {
	looks() (paths [][]string, whole, passes bool)
}

// looked are the fields of a source's values that are looked at; none where that
// is not known, or where it is all of them.
func (p *Plan) looked(source *configs.Node) [][]string {
	if source.Kind == "kafka_batched" || p.reported(source) {
		return nil
	}
	var paths [][]string
	if p.key != nil {
		of, whole := p.key.program.Paths()
		if whole {
			return nil
		}
		paths = of
	}
	var visit func(n *configs.Node) bool
	visit = func(n *configs.Node) bool {
		for _, reader := range p.readersOf(n) {
			of, whole, passes := p.looksOf(reader)
			if whole {
				return false
			}
			paths = append(paths, of...)
			if passes && !visit(reader) {
				return false
			}
		}
		return true
	}
	if !visit(source) {
		return nil
	}
	return paths
}

// readersOf are the operators and sinks that read a node.
func (p *Plan) readersOf(n *configs.Node) []*configs.Node {
	var readers []*configs.Node
	for _, reader := range slices.Concat(p.pipeline.Operators, p.pipeline.Sinks) {
		if slices.ContainsFunc(reader.Reads(), func(input configs.Input) bool { return input.Node == n }) {
			readers = append(readers, reader)
		}
	}
	return readers
}

// looksOf says what an operator or a sink looks at. A sink that writes the records
// of a source as they are looks at what makes its topic, key and headers.
func (p *Plan) looksOf(n *configs.Node) (paths [][]string, whole, passes bool) {
	if operator := p.operators[n]; operator != nil {
		if of, ok := operator.(fieldReader); ok {
			return of.looks()
		}
		return nil, true, false
	}
	for _, output := range p.outputs() {
		if output.sink != n {
			continue
		}
		if p.renders[output.node].line {
			return nil, true, false
		}
		for _, e := range p.renders[output.node].expressions() {
			of, all := e.program.Paths()
			paths, whole = append(paths, of...), whole || all
		}
	}
	return paths, whole, false
}

// looks is a filter's [fieldReader].
func (f *filterOperator) looks() (paths [][]string, whole, passes bool) {
	paths, whole = f.condition.program.Paths()
	return paths, whole, true
}

// looks is a map's [fieldReader].
func (m *mapOperator) looks() (paths [][]string, whole, passes bool) {
	for e := range m.tree.expressions() {
		of, all := e.program.Paths()
		paths, whole = append(paths, of...), whole || all
	}
	return paths, whole, false
}

// expressions are all those of a tree.
func (t *Tree) expressions() iter.Seq[*Expression] {
	return func(yield func(*Expression) bool) { _ = t.each(yield) }
}

func (t *Tree) each(yield func(*Expression) bool) bool {
	if t.expression != nil {
		return yield(t.expression)
	}
	for _, f := range t.fields {
		if !f.tree.each(yield) {
			return false
		}
	}
	return true
}
