package configs

import "fmt"

// OnError says what happens to records that fail, for the pipeline or a node.
// A node's own overrides what it says itself, field by field; the rest is the
// pipeline's, and what that does not say either is the default.
type OnError struct {
	Pos    Position
	Values Values // retry: {attempts, backoff, max_backoff, max_elapsed}, then
	// DeadLetter is the output under `dead_letter:`, nil if there is none. A
	// node that dead-letters without its own output has the pipeline's. Its
	// Common holds max and window, when they are given.
	DeadLetter *Node
}

// ErrorFields are the fields of `on_error:`.
func ErrorFields() []Field {
	return []Field{
		{Name: "retry", Type: TypeObject, Doc: "How a failed write is tried again. An error of an expression never is. A node's own `on_error` overrides what it says itself, field by field; the rest is the pipeline's.", Fields: []Field{
			{Name: "attempts", Type: TypeInt, Default: "5", Min: "0", Doc: "How often a record is tried in all; 0 is for ever."},
			{Name: "backoff", Type: TypeDuration, Default: "100ms", Min: "0s", Doc: "The wait after the first failure; it doubles each time."},
			{Name: "max_backoff", Type: TypeDuration, Default: "30s", Min: "0s", Doc: "The longest wait."},
			{Name: "max_elapsed", Type: TypeDuration, Min: "0s", Doc: "When to give up, also on a destination that is away. Default: never."},
		}},
		{Name: "then", Type: TypeString, Default: "halt", Values: []string{"halt", "dead_letter", "skip"},
			Doc: "What happens when retries are used up: stop the pipeline, write a dead letter, or go on without the record."},
		{Name: "dead_letter", Type: TypeOutput, Doc: "The output that dead letters are written to.", Fields: []Field{
			{Name: "max", Type: TypeInt, Min: "0", Doc: "Halt when more than this many of the last `window` records died. `max` and `window` are given together; the record with which there are too many is not written and stays unfinished, so that the next run begins at it."},
			{Name: "window", Type: TypeInt, Min: "1", Doc: "How many records `max` looks back at: those that this process has taken from all sources since its start."},
		}},
	}
}

func (r *reader) onError(it *item, key place) *OnError {
	fields := ErrorFields()
	o := &OnError{Pos: key.pos}
	if it.shape != mapping && !it.empty() {
		r.wrongShape(&Field{Name: "on_error", Type: TypeObject, Fields: fields}, it)
		it = &item{shape: mapping}
	}
	o.Values = r.fields(fields, it, key)
	letters := o.Values.Outputs("dead_letter")
	if len(letters) == 0 {
		return o
	}
	o.DeadLetter = letters[0]
	limits := o.DeadLetter.Common
	for _, pair := range [][2]string{{"max", "window"}, {"window", "max"}} {
		if limits.Has(pair[0]) && !limits.Has(pair[1]) {
			r.report(CodeMissingField, limits.Pos(pair[0]), limits.Width(pair[0]),
				fmt.Sprintf("%q needs %q beside it", pair[0], pair[1]), "write both: {max: 100, window: 10000}")
		}
	}
	return o
}

// deadLetters gives every on_error that dead-letters its output, and reports
// those that have none.
func (r *reader) deadLetters(p *Pipeline) {
	var common *Node
	if p.OnError != nil {
		common = p.OnError.DeadLetter
	}
	all := []*OnError{p.OnError}
	for _, n := range p.nodes() {
		all = append(all, n.OnError)
	}
	for _, o := range all {
		if o == nil || o.Values.String("then") != "dead_letter" || o.DeadLetter != nil || o.Values.Has("dead_letter") {
			r.unusedLetters(p, o)
			continue
		}
		o.DeadLetter = common
		if common == nil && (p.OnError == nil || !p.OnError.Values.Has("dead_letter")) {
			r.report(CodeMissingField, o.Values.Pos("then"), o.Values.Width("then"),
				"dead letters have no output", "add `dead_letter: {kafka: {topic: ...}}` under on_error")
		}
	}
}

// unusedLetters warns of an output for dead letters that no `then` writes:
// whoever gave it likely does not expect a halt.
func (r *reader) unusedLetters(p *Pipeline, o *OnError) {
	if o == nil || o.DeadLetter == nil {
		return
	}
	then := o.Values
	if o != p.OnError && !o.Values.Has("then") && p.OnError != nil {
		then = p.OnError.Values
	}
	used := then.String("then") == "dead_letter"
	for _, n := range p.nodes() {
		inherits := o == p.OnError && n.OnError != nil && !n.OnError.Values.Has("dead_letter")
		used = used || inherits && n.OnError.Values.String("then") == "dead_letter"
	}
	if !used {
		r.warn(CodeNoEffect, o.Values.KeyPos("dead_letter"), len("dead_letter"),
			fmt.Sprintf("no dead letter is ever written here: what happens is %q", then.String("then")), "add `then: dead_letter`")
	}
}
