package expression

import "waterhealer/engine/value"

// against is a field of the value held against a constant, as almost every filter
// does. It looks at the record's text and makes no value of the field. ok is false
// where that cannot be done; then the general way is taken, which also knows what
// to say of errors.
type against func(v any) (holds, ok bool)

// against compiles a comparison of a path and a constant; nil if it is none.
func (c *compiler) against(op operator, left, right node) against {
	if op.holds == nil {
		return nil
	}
	holds, p, other := op.holds, left.path, right
	if p == nil {
		p, other = right.path, left
		holds = func(c int) bool { return op.holds(-c) }
	}
	if p == nil || !p.ofValue || other.path != nil {
		return nil
	}
	constant, ok := c.literal(other)
	if !ok {
		return nil
	}
	switch constant.(type) {
	case string, int64, value.Number:
	case float64:
		// It stands for the decimal that it is written as, which would be made anew for
		// each record.
		text, err := value.Append(nil, constant)
		if err != nil {
			return nil
		}
		constant = value.Number(text)
	default:
		return nil
	}
	keys := p.keys()
	return func(v any) (bool, bool) {
		text, ok := value.ScalarText(v, keys)
		if !ok {
			return false, false
		}
		order, ok := value.CompareText(text, constant)
		return ok && holds(order), ok
	}
}

// Holds is [Program.RunBool] for expressions that hold a field of the value
// against a constant, as long as that needs nothing but v; known is false for all
// others, which must be run.
func (p *Program) Holds(v any) (holds, known bool) {
	if p.against == nil {
		return false, false
	}
	return p.against(v)
}

// ScalarText is the JSON text of what the expression gives, where it is a field of
// fields of v and [value.ScalarText] knows it; otherwise it must be run.
func (p *Program) ScalarText(v any) (text string, ok bool) {
	return value.ScalarText(v, p.path)
}

// Part is what the expression gives, where it is a field of fields of v and
// [value.PartOf] knows it; otherwise it must be run.
func (p *Program) Part(v any) (part value.Part, ok bool) {
	return value.PartOf(v, p.path)
}

// IsPath says whether the expression is a field of fields of the value and nothing
// more.
func (p *Program) IsPath() bool { return p.path != nil }

// look notes that a field of the value is looked at, which is one of the field
// before; nil is the value itself.
func (p *Program) look(before, field *path) {
	if before == nil {
		p.wholes--
	} else {
		delete(p.fields, before)
	}
	p.fields[field] = true
}

// Paths are the fields of the value that the expression reads, each a chain of
// keys; whole says that it looks at the value in other ways, too.
func (p *Program) Paths() (paths [][]string, whole bool) {
	for of := range p.fields {
		paths = append(paths, of.keys())
	}
	return paths, p.wholes > 0
}
