package expression

import "waterhealer/engine/value"

// against is a field held against a constant, as almost every filter does. It
// looks at the record's text and makes no value of the field. ok is false where
// that cannot be done; then the general way is taken, which also knows what to
// say of errors.
type against func(f *frame) (holds, ok bool)

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
	if p == nil || other.path != nil {
		return nil
	}
	constant, ok := c.literal(other)
	if !ok {
		return nil
	}
	switch constant.(type) {
	case string, int64, float64, value.Number:
	default:
		return nil
	}
	return func(f *frame) (bool, bool) {
		text, ok := p.text(f)
		if !ok {
			return false, false
		}
		order, ok := value.CompareText(text, constant)
		return ok && holds(order), ok
	}
}

// text is the JSON text of the path's last field, where the record was read
// from text and the field is a number or a string as it stands there.
func (p *path) text(f *frame) (string, bool) {
	o, last := p.last(f)
	if o == nil {
		return "", false
	}
	return o.Text(last)
}

// last is the object that has the path's last field; nil where there is none.
func (p *path) last(f *frame) (o *value.Object, key string) {
	v, err := p.base(f)
	if err != nil {
		return nil, ""
	}
	last := len(p.steps) - 1
	for i := range p.steps[:last] {
		o, ok := v.(*value.Object)
		if !ok {
			return nil, ""
		}
		v, _ = o.Get(p.steps[i].key)
	}
	o, _ = v.(*value.Object)
	return o, p.steps[last].key
}

// ScalarText is the JSON text of what the expression gives, where it is a field
// of fields and [value.Object.ScalarText] knows it; otherwise it must be run.
func (p *Program) ScalarText(v *Variables) (text string, ok bool) {
	if p.path == nil {
		return "", false
	}
	f := p.frames.Get().(*frame)
	f.vars, f.budget = *v, maxWork
	defer func() {
		f.release()
		p.frames.Put(f)
	}()
	o, key := p.path.last(f)
	if o == nil {
		return "", false
	}
	return o.ScalarText(key)
}

// IsPath says whether the expression is a field of fields and nothing more.
func (p *Program) IsPath() bool { return p.path != nil }
