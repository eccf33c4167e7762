package operators

import (
	"fmt"
	"slices"

	"waterhealer/configs"
)

// checks looks for what no node can see alone.
func (p *Plan) checks() {
	p.withoutEffect()
	p.forgetful()
	p.joins()
	p.proofs()
	for _, output := range p.outputs() {
		p.loop(output)
		p.brokers(output)
	}
}

// forgetful warns of operators that remember more than a restart keeps.
func (p *Plan) forgetful() {
	for _, n := range p.pipeline.Operators {
		if p.kinds[n].Forgets {
			p.problems = append(p.problems, configs.Diagnostic{
				Position: n.KindPos, Width: len(n.Kind), Severity: configs.Warning, Code: configs.CodeForgets,
				Message: n.Kind + " starts empty after a restart: what it remembers is not kept",
			})
		}
	}
}

// joins reports Kafka sources of different groups that meet: they could not be
// committed together.
func (p *Plan) joins() {
	for _, n := range p.pipeline.Operators {
		if !p.kinds[n].Joins {
			continue
		}
		var first *configs.Node
		for _, source := range sourcesOf(n) {
			if source.Kind != "kafka" && source.Kind != "kafka_batched" {
				continue
			}
			if first == nil {
				first = source
				continue
			}
			if source.Values.String("group") != first.Values.String("group") {
				p.problem(configs.Diagnostic{
					Position: source.Values.Pos("group"), Width: source.Values.Width("group"), Code: configs.CodeJoinGroups,
					Message: fmt.Sprintf("the sources %s and %s meet in %s, but are of different groups", first.Name, source.Name, n.Name),
					Hint:    "give both the same group: they are committed together",
				})
			}
		}
	}
}

// brokers warns of a Kafka output that has none, neither its own nor, when they
// agree, those of the sources whose records it writes. It is no error, since dry
// runs and the embedded broker do without.
func (p *Plan) brokers(output placedOutput) {
	n, sources := output.node, output.sources
	if n.Kind != "kafka" || n.Values.Has("brokers") {
		return
	}
	if output.sink != nil {
		sources = sourcesOf(output.sink)
	}
	why := "there is no Kafka source to take it from"
	var from *configs.Node
	for _, source := range sources {
		if source.Kind != "kafka" && source.Kind != "kafka_batched" {
			continue
		}
		if from != nil && !sameStrings(from.Values.Strings("brokers"), source.Values.Strings("brokers")) {
			why = fmt.Sprintf("the sources %s and %s have different ones", from.Name, source.Name)
			from = nil
			break
		}
		from = source
	}
	unknown := slices.ContainsFunc(p.pipeline.Sources, func(n *configs.Node) bool { return n.Spec == nil })
	unread := len(sources) == 0 && len(p.pipeline.Sources) > 0 // a name on the way here is wrong, which is told
	if from != nil || unknown || unread {
		return
	}
	p.problems = append(p.problems, configs.Diagnostic{
		Position: n.KindPos, Width: len(n.Kind), Severity: configs.Warning, Code: configs.CodeMissingField,
		Message: `the field "brokers" is missing: ` + why, Hint: "only a dry run and --embedded can do without",
	})
}

// loop reports an output that writes what the pipeline reads. Computed topics
// are not known here.
func (p *Plan) loop(output placedOutput) {
	n := output.node
	if n.Kind != "kafka" || n.Values.Alternative("topic") || n.Values.Bool("allow_loop") {
		return
	}
	topic := n.Values.String("topic")
	for _, source := range p.pipeline.Sources {
		if !slices.Contains(source.Values.Strings("topics"), topic) {
			continue
		}
		if n.Values.Has("brokers") && !sameStrings(n.Values.Strings("brokers"), source.Values.Strings("brokers")) {
			continue
		}
		p.problem(configs.Diagnostic{
			Position: n.Values.Pos("topic"), Width: n.Values.Width("topic"), Code: configs.CodeLoop,
			Message: fmt.Sprintf("source %s reads topic %s: %s", source.Name, topic, comesBack(output)),
			Hint:    "write to another topic, or add `allow_loop: true`",
		})
		return
	}
}

func comesBack(output placedOutput) string {
	if output.dead {
		return "a dead letter comes back, and dies again"
	}
	return "what is written to it comes back"
}

func sameStrings(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// withoutEffect warns of keys that the file format knows and this version does
// nothing about, so that nobody relies on them.
func (p *Plan) withoutEffect() {
	for _, t := range p.pipeline.Tests {
		if t.ChecksNothing() {
			p.problems = append(p.problems, configs.Diagnostic{
				Position: t.Pos, Width: 1, Severity: configs.Warning, Code: configs.CodeNoEffect,
				Message: "the test checks nothing", Hint: "say what it expects: output, finished, committed, failed or dead",
			})
		}
	}
	for _, onError := range p.policies() {
		p.neverStops(onError.DeadLetter)
	}
}

// neverStops warns of a stop rule that nothing can break.
func (p *Plan) neverStops(dead *configs.Node) {
	if dead == nil || !dead.Common.Has("window") || dead.Common.Int("max") < dead.Common.Int("window") {
		return
	}
	d := configs.Diagnostic{
		Position: dead.Common.KeyPos("max"), Width: len("max"), Severity: configs.Warning, Code: configs.CodeNoEffect,
		Message: fmt.Sprintf("this never halts: of %d records no more than %d can die", dead.Common.Int("window"), dead.Common.Int("window")),
		Hint:    "give `max` less than `window`, as in {max: 100, window: 10000}",
	}
	if !slices.Contains(p.problems, d) {
		p.problems = append(p.problems, d)
	}
}
