package operators

import "waterhealer/configs"

// Looked is what decoding is told of a source's values.
func (p *Plan) Looked(source *configs.Node) [][]string { return p.looked(source) }
