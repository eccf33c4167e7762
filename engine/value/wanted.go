package value

import (
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Reader decodes documents of which it is known beforehand which fields will be
// looked at. They are found in the one pass that checks the text, and nothing is
// noted of the others. What is seen is what [Decode] gives: whoever asks for
// another field gets it, at the price of a second pass.
//
// The zero Reader is Decode.
type Reader struct {
	wanted *wanted
	// borrow says that values share the memory of the bytes they were read from,
	// and keep it.
	borrow bool
	// habit is how documents were written lately, and odd how many were not.
	habit atomic.Pointer[habit]
	odd   atomic.Uint64
}

// mostWanted is how many fields a Reader looks for at most: beyond that, noting
// all of them is as cheap.
const mostWanted = 12

// NewReader makes a reader for documents of which these fields are looked at, each
// a chain of keys. With borrow, its documents share the memory of what they are
// read from, which must not change: that is for values which do not outlive it.
func NewReader(paths [][]string, borrow bool) *Reader {
	w := &wanted{}
	for _, path := range paths {
		w.add(path)
	}
	if n := w.number(0); n == 0 || n > mostWanted {
		w = nil
	}
	return &Reader{wanted: w, borrow: borrow}
}

// Decode is [Decode].
func (r *Reader) Decode(data []byte) (any, error) {
	if len(data) > shareUpTo || len(data) == 0 {
		return Decode(data)
	}
	text := unsafe.String(&data[0], len(data))
	if !r.borrow {
		text = strings.Clone(text)
	}
	if r.wanted == nil {
		if o := decodeLazy(text); o != nil {
			return o, nil
		}
		return decodeAll(text)
	}
	pos := scanSpace(text, 0)
	if pos == len(text) || text[pos] != '{' {
		return decodeAll(text)
	}
	var s scanner
	if !r.scan(text, pos, &s) {
		return decodeAll(text)
	}
	return newLazy(text, s.spans[:r.wanted.last], r.wanted), nil
}

// Check is [Check].
func (r *Reader) Check(data []byte) error {
	if len(data) > 0 && len(data) <= shareUpTo {
		// The scan keeps nothing of the text, so data need not be copied for it.
		text := unsafe.String(&data[0], len(data))
		var s scanner
		if pos := scanSpace(text, 0); pos < len(text) && text[pos] == '{' && r.scan(text, pos, &s) {
			return nil
		}
	}
	return Check(data)
}

// scan goes over a document that is an object.
func (r *Reader) scan(text string, pos int, s *scanner) (ok bool) {
	h := r.habit.Load()
	if h == nil {
		h = &habit{}
	}
	end := s.object(text, pos, 0, r.wanted, h)
	if end < 0 || scanSpace(text, end) != len(text) {
		return false
	}
	if s.odd {
		r.learn(text, pos)
	}
	return true
}

// learn makes a habit of a document that was not written as those before, now and
// then: where records are of many kinds, there is no habit to be found.
func (r *Reader) learn(text string, pos int) {
	if n := r.odd.Add(1); n&(n-1) == 0 {
		r.habit.Store(learn(strings.Clone(text), pos, 0, r.wanted))
	}
}

// wanted says which fields of an object are noted, and where among the spans of
// the whole document. A field that is looked into comes before those in it.
type wanted struct {
	fields []wantedField
	// last is the number behind the fields and all that are in them.
	last int
	// partly says that objects have other fields beside these, and written that
	// they are just as [Append] writes them.
	partly, written bool
}

type wantedField struct {
	key   string
	at    int     // its span
	below *wanted // the fields in it; nil where it is taken as it is
}

func (w *wanted) add(path []string) {
	if len(path) == 0 {
		return
	}
	f := w.find(path[0])
	if f == nil {
		w.fields = append(w.fields, wantedField{key: path[0]})
		f = &w.fields[len(w.fields)-1]
	}
	if len(path) == 1 {
		return
	}
	if f.below == nil {
		f.below = &wanted{partly: true}
	}
	f.below.add(path[1:])
}

// number gives the fields their spans, from first on, and returns what is behind
// the last.
func (w *wanted) number(first int) int {
	w.partly = true
	for i := range w.fields {
		f := &w.fields[i]
		f.at = first
		first++
		if f.below != nil {
			first = f.below.number(first)
		}
	}
	w.last = first
	return first
}

// find is a field that is wanted; nil for others. Of a nil w none are.
func (w *wanted) find(key string) *wantedField {
	if w == nil {
		return nil
	}
	for i := range w.fields {
		if f := &w.fields[i]; len(f.key) == len(key) && f.key == key {
			return f
		}
	}
	return nil
}

// ScalarText is the JSON text of what a chain of keys leads to, where that is a
// number, a boolean, nil or not there, or a string without escapes, and the
// document was read from text; ok is false otherwise. Nothing is made of it: see
// [CompareText].
func ScalarText(v any, path []string) (text string, ok bool) {
	o, isObject := v.(*Object)
	switch {
	case !isObject || len(path) == 0:
		return "", false
	case o.built != nil:
		if part, ok := PartOf(v, path); ok {
			return part.text()
		}
		return "", false
	case o.lazy == nil:
		return "", false
	}
	if o.lazy.wanted != nil {
		if text, known := o.lazy.wantedText(path); known {
			return scalarText(text)
		}
	}
	last := len(path) - 1
	for _, key := range path[:last] {
		v, _ := o.Get(key)
		if o, isObject = v.(*Object); !isObject {
			return "", false
		}
	}
	return o.ScalarText(path[last])
}

func scalarText(text string) (string, bool) {
	switch text[0] {
	case '{', '[':
		return "", false
	case '"':
		return text, strings.IndexByte(text, '\\') < 0
	}
	return text, true
}

// wantedText is the text of what a chain of keys leads to, "null" where the last
// of them is not there; known is false where that was not noted.
func (l *lazy) wantedText(path []string) (text string, known bool) {
	w, last := l.wanted, len(path)-1
	for i, key := range path {
		f := w.find(key)
		if f == nil {
			return "null", i == last && !w.partly
		}
		s := &l.spans[f.at]
		switch {
		case i == last && s.end == 0:
			return "null", true
		case i == last && l.kept(f.at) != nil:
			return "", false
		case i == last:
			return l.text[s.at:s.end], true
		case s.end == 0 || l.text[s.at] != '{' || f.below == nil:
			return "", false
		}
		w = f.below
	}
	return "", false
}

// Scalar is what a chain of keys leads to, where [ScalarText] knows it.
func Scalar(v any, path []string) (scalar any, ok bool) {
	text, ok := ScalarText(v, path)
	if !ok {
		return nil, false
	}
	return scalarOf(text), true
}

// scalarOf is the value that a text stands for that ScalarText gave.
func scalarOf(text string) any {
	switch text[0] {
	case '"':
		return text[1 : len(text)-1]
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	}
	return Number(text)
}

// layoutOf is wanted of objects that have these fields and no others.
func layoutOf(keys []string) *wanted {
	w := &wanted{last: len(keys), written: true}
	for i, key := range keys {
		w.fields = append(w.fields, wantedField{key: key, at: i})
	}
	w.fields = slices.Clip(w.fields)
	return w
}
