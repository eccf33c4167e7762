package operators

import (
	"fmt"
	"slices"
	"strings"

	"waterhealer/configs"
)

// lopsided reports a zip of whose inputs one falls behind for ever, and warns
// of one that makes other pairs in each run.
func (p *Plan) lopsided(n *configs.Node, rates *rates) {
	if n.Kind != "zip" {
		return
	}
	inputs := n.InputList()
	even := true
	for i := 1; i < len(inputs); i++ {
		if rates.of(inputs[0]).equal(rates.of(inputs[i])) {
			continue
		}
		even = false
		shared := sharedSource(inputs[0].Node, inputs[i].Node)
		if shared == nil {
			continue
		}
		p.problem(configs.Diagnostic{
			Position: n.KindPos, Width: len(n.Kind), Code: configs.CodeJoinStall,
			Message: fmt.Sprintf("%s and %s both come from %s, but not in the same number: the one with more fills %s",
				inputs[0].Name(), inputs[i].Name(), shared.Name, "max_in_flight and the pipeline stalls"),
			Hint: "let both sides have one record for each of the source, or use combine_latest or zip_latest",
		})
		return
	}
	if sources := kafkaSources(n); !even && len(sources) > 0 {
		p.warn(configs.Diagnostic{
			Position: n.KindPos, Width: len(n.Kind), Code: configs.CodeUnstablePairs,
			Message: fmt.Sprintf("which records zip pairs is by chance where %s has several partitions", strings.Join(namesOf(sources), " or ")),
			Hint:    "zip takes records in the order in which they come; a topic with one partition has only one such order",
		})
	}
}

// remembering warns of a join that holds the newest of an input which may bring
// nothing more, while its source goes on: the offset of what is held is not
// finished.
func (p *Plan) remembering(n *configs.Node, rates *rates) {
	if n.Kind != "combine_latest" && n.Kind != "zip_latest" {
		return
	}
	inputs := n.InputList()
	for i, held := range inputs {
		if i == 0 && n.Kind == "zip_latest" {
			continue // its records wait for their tuple only
		}
		for _, other := range inputs {
			shared := sharedSource(held.Node, other.Node)
			if shared == nil || rates.of(held)[configs.Input{Node: shared}] > 0 || rates.of(held).equal(rates.of(other)) {
				continue // what is held comes on with its source
			}
			p.warn(configs.Diagnostic{
				Position: n.KindPos, Width: len(n.Kind), Code: configs.CodeJoinStall,
				Message: fmt.Sprintf("%s holds the newest record of %s until the next: if %s goes on for `max_ahead` records without one, the pipeline halts",
					n.Kind, held.Name(), shared.Name),
				Hint: "let each side come from a source of its own, or raise `max_ahead`",
			})
			return
		}
	}
}

// sharedSource is a source from which both nodes are reached, nil if there is none.
func sharedSource(a, b *configs.Node) *configs.Node {
	of := sourcesOf(b)
	for _, source := range sourcesOf(a) {
		if slices.Contains(of, source) && source.Kind != "values" {
			return source
		}
	}
	return nil
}

func kafkaSources(n *configs.Node) []*configs.Node {
	return slices.DeleteFunc(sourcesOf(n), func(s *configs.Node) bool { return s.Kind != "kafka" && s.Kind != "kafka_batched" })
}

func namesOf(nodes []*configs.Node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	return names
}
