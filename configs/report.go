package configs

import "fmt"

// report notes an error at a place.
func (r *reader) report(code string, pos Position, width int, message, hint string) {
	if r.quiet > 0 || r.full() {
		return
	}
	r.found = append(r.found, Diagnostic{
		Position: pos, Width: max(width, 1), Severity: Error, Code: code, Message: message, Hint: hint,
	})
}

// full reports that there are more problems than anyone reads.
func (r *reader) full() bool { return len(r.found) >= maxFound }

// warn notes what does not keep a pipeline from running.
func (r *reader) warn(code string, pos Position, width int, message, hint string) {
	if r.quiet > 0 || r.full() {
		return
	}
	r.found = append(r.found, Diagnostic{
		Position: pos, Width: max(width, 1), Severity: Warning, Code: code, Message: message, Hint: hint,
	})
}

func (r *reader) reportAt(p place, code, message, hint string) {
	r.report(code, p.pos, p.width, message, hint)
}

// once notes an error of which one of a kind is enough.
func (r *reader) once(code string, pos Position, message string) {
	if r.said[code+message] {
		return
	}
	r.said[code+message] = true
	r.report(code, pos, 1, message, "such a file is refused")
}

// wrong notes what is wrong with a value, unless the value could not be had in
// the first place. Of an aliased value both places are named.
func (r *reader) wrong(it *item, p *problem) {
	if r.broken[it] {
		return
	}
	hint := p.hint
	if it.aliased != nil {
		at := r.text.at(it.aliased.Line, it.aliased.Column)
		hint = hints(hint, fmt.Sprintf("the value is that of &%s in line %d", it.aliased.Anchor, at.Line))
	} else {
		hint = hints(hint, r.text.usedAt(it.through))
	}
	r.report(p.code, it.pos, it.width, p.message, hint)
}

// shown is how a message may name a value: secrets and substituted text are
// not repeated.
func (r *reader) shown(f *Field, it *item) string {
	switch {
	case it.shape != scalar:
		return it.shape.String()
	case f != nil && f.Secret:
		return "the value"
	case it.substituted:
		return "the substituted value"
	case it.empty():
		return "an empty value"
	case it.tag == "!!str":
		return fmt.Sprintf("%q", cut(it.text))
	}
	return cut(it.text)
}
