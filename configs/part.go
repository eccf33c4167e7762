package configs

import "strconv"

// Place is where a part of a value stands in the file.
type Place struct {
	Pos   Position
	Width int // of the value in its first line, at least 1
	// Substituted says that it holds text that is not in the file: a message must
	// not repeat it, since it may be a secret.
	Substituted bool

	usedAt string
}

// Hint adds to a hint where a value that stands in an anchor is used.
func (p Place) Hint(hint string) string { return hints(hint, p.usedAt) }

// Part is where a part of a [TypeData] value stands: steps are the names of
// fields and the numbers of items that lead to it. Where they lead to nothing it
// is the last that they lead to. onKey takes the place of the last step's name
// instead of its value's.
func (v Values) Part(name string, steps []string, onKey bool) Place {
	f := v.fields[name]
	if f == nil || f.item == nil {
		return Place{Pos: v.Pos(name), Width: v.Width(name), Substituted: f != nil && f.substituted}
	}
	it, through := f.item, f.item.through
	at := it.place()
	for _, step := range steps {
		next, key := it.step(step)
		if next == nil {
			break
		}
		it = next
		if it.through.Line > 0 {
			through = it.through
		}
		at = it.place()
		if key != nil && onKey {
			at = key.place()
		}
	}
	return Place{Pos: at.pos, Width: max(at.width, 1), Substituted: it.substituted, usedAt: f.usedAt(through)}
}

// step is the value of a field or the item of a list; key is nil for the latter.
func (it *item) step(step string) (next *item, key *entry) {
	if it.shape == list {
		if n, err := strconv.Atoi(step); err == nil && n >= 0 && n < len(it.list) {
			return it.list[n], nil
		}
		return nil, nil
	}
	if e := it.entry(step); e != nil {
		return e.value, e
	}
	return nil, nil
}
