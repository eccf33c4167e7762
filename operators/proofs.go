package operators

import (
	"fmt"
	"slices"

	"waterhealer/configs"
)

// proofs looks for what would stand still, or go another way than meant, before
// anything runs.
func (p *Plan) proofs() {
	limit := p.smallestLimit()
	rates := newRates(p.kinds)
	weights := make(map[*configs.Node]float64)
	for _, n := range p.pipeline.Operators {
		p.window(n, limit, weights)
		p.lopsided(n, rates)
		p.remembering(n, rates)
		p.uselessRetry(n, "an error of an expression comes again with the same record")
	}
	for _, n := range p.pipeline.Sources {
		p.batchSource(n, limit)
		p.uselessRetry(n, "a payload that cannot be decoded never can be")
	}
	p.orderKey()
	p.oneStdin()
}

func (p *Plan) warn(d configs.Diagnostic) {
	d.Severity, d.Width = configs.Warning, max(d.Width, 1)
	p.problems = append(p.problems, d)
}

// recordLimit is how many records of a partition may wait, and the setting
// that says so.
type recordLimit struct {
	setting string
	records int64
}

func (p *Plan) smallestLimit() recordLimit {
	s := p.pipeline.Settings
	in := recordLimit{"max_in_flight", s.Int("max_in_flight")}
	if s.Alternative("max_in_flight") {
		in.records = s.Object("max_in_flight").Int("records")
	}
	if ahead := s.Int("max_ahead"); ahead > 0 && ahead < in.records {
		return recordLimit{"max_ahead", ahead}
	}
	return in
}

// window reports a window that waits for more records than may wait. With one
// partition it can never fill: where it has no timer, the pipeline stalls.
func (p *Plan) window(n *configs.Node, limit recordLimit, weights map[*configs.Node]float64) {
	field := p.kinds[n].Window
	if field == "" || limit.records <= 0 {
		return
	}
	size, weight := n.Values.Int(field), p.lightest(n, weights)
	if float64(size)*weight <= float64(limit.records) {
		return
	}
	message := fmt.Sprintf("%s waits for %d records, but %s lets only %d of a partition wait: one partition never fills it",
		n.Kind, size, limit.setting, limit.records)
	if weight > 1 {
		message = fmt.Sprintf("%s waits for %d batches of %.0f records, but %s lets only %d of a partition wait: one partition never fills it",
			n.Kind, size, weight, limit.setting, limit.records)
	}
	p.problem(configs.Diagnostic{
		Position: n.Values.Pos(field), Width: n.Values.Width(field), Code: configs.CodeWindowSize, Message: message,
		Hint: fmt.Sprintf("make `%s` smaller, or raise `%s`", field, limit.setting),
	})
}

// batchSource is window for a source that makes batches.
func (p *Plan) batchSource(n *configs.Node, limit recordLimit) {
	if n.Kind != "kafka_batched" || limit.records <= 0 || !n.Values.Has("size") || n.Values.Int("size") <= limit.records {
		return
	}
	p.problem(configs.Diagnostic{
		Position: n.Values.Pos("size"), Width: n.Values.Width("size"), Code: configs.CodeWindowSize,
		Message: fmt.Sprintf("kafka_batched waits for %d records, but %s lets only %d of a partition wait: it never fills",
			n.Values.Int("size"), limit.setting, limit.records),
		Hint: fmt.Sprintf("make `size` smaller, or raise `%s`", limit.setting),
	})
}

// lightest is how many records of a source an element that reaches a node
// holds at least; 0 is not known.
func (p *Plan) lightest(n *configs.Node, weights map[*configs.Node]float64) float64 {
	least := -1.0
	for _, in := range n.InputList() {
		if w := p.weight(in.Node, weights); least < 0 || w < least {
			least = w
		}
	}
	return max(least, 0)
}

// weight is how many records of a source each record that comes out of a node
// holds at least, so that nobody else holds them.
func (p *Plan) weight(n *configs.Node, weights map[*configs.Node]float64) float64 {
	if w, known := weights[n]; known {
		return w
	}
	weights[n] = 0 // for a file with a circle, which is reported
	w := 0.0
	switch {
	case n.Section == configs.SectionSource:
		w = 1
	case n.Kind == "flatten", n.Kind == "collect", n.Values.Bool("emit_empty"), p.kinds[n].Joins:
		// one record may be in many that come out, or what comes out be of none
	case n.Kind == "partition" && !n.Values.Has("timeout"), n.Kind == "partition_unique":
		w = p.lightest(n, weights) * float64(n.Values.Int("size"))
	default:
		w = p.lightest(n, weights)
	}
	weights[n] = w
	return w
}

// uselessRetry warns of a retry where nothing is ever tried again.
func (p *Plan) uselessRetry(n *configs.Node, why string) {
	if n.OnError == nil || !n.OnError.Values.Has("retry") {
		return
	}
	v := n.OnError.Values
	p.warn(configs.Diagnostic{
		Position: v.KeyPos("retry"), Width: len("retry"), Code: configs.CodeUselessRetry,
		Message: fmt.Sprintf("%s is never tried again: %s", n.Kind, why),
		Hint:    "write `retry` at the sink, or under the pipeline's on_error: only writes are repeated",
	})
}

// orderKey warns of `order: key` where nothing says what the key is.
func (p *Plan) orderKey() {
	s := p.pipeline.Settings
	if s.String("order") != "key" || s.Has("key") {
		return
	}
	d := configs.Diagnostic{
		Position: s.Pos("order"), Width: s.Width("order"), Code: configs.CodeOrderKey,
		Message: "no `key` says what stays in order: it is the records' own key, and records without one keep the order of their partition",
		Hint:    "add `key: EXPR`, or `key: key` where the records' own is meant",
	}
	if !slices.ContainsFunc(p.pipeline.Sources, func(n *configs.Node) bool { return n.Kind == "kafka" || n.Kind == "kafka_batched" }) {
		d.Message = "no `key` says what stays in order, and the records of these sources have no key of their own"
		d.Hint = "add `key: EXPR`"
	}
	p.warn(d)
}

// oneStdin reports a second source of standard input.
func (p *Plan) oneStdin() {
	var first *configs.Node
	for _, n := range p.pipeline.Sources {
		switch {
		case n.Kind != "stdin":
		case first == nil:
			first = n
		default:
			p.problem(configs.Diagnostic{
				Position: n.KindPos, Width: len(n.Kind), Code: configs.CodeConflictingField,
				Message: fmt.Sprintf("standard input can be read only once, and source %s reads it already", first.Name),
				Hint:    "let both read from one source",
			})
		}
	}
}
