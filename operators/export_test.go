package operators

import (
	"waterhealer/configs"
	"waterhealer/operators/types"
)

// Looked is what decoding is told of a source's values.
func (p *Plan) Looked(source *configs.Node) [][]string { return p.looked(source) }

// Flows are the types of what flows on from the operators, by their names, each
// element of a batch for itself.
func (p *Plan) Flows() map[string]types.Type {
	flows := make(map[string]types.Type)
	for n, s := range p.flows() {
		flows[n.Name] = s.single().value
	}
	return flows
}
