package value

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// readers look for fields that documents of the tests have or have not.
func readers() []*Reader {
	return []*Reader{
		{}, {borrow: true},
		NewReader([][]string{{"a"}}, false),
		NewReader([][]string{{"a", "b"}, {"b"}, {"none"}}, true),
		NewReader([][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}, {"d", "d"}, {"é"}}, true),
		NewReader([][]string{{"k0"}, {"k1"}, {"k2"}, {"k3"}, {"k4"}, {"e"}, {"long"}, {"deep", "d", "d"}}, true),
	}
}

// sameToReaders holds what readers gave against the plain way: of data, of data
// again, when they know how it is written, and of texts that are almost as that.
func sameToReaders(t *testing.T, data []byte) {
	t.Helper()
	for _, r := range readers() {
		for range 2 {
			sameToReader(t, r, data)
		}
		known := r.habit.Load()
		for _, other := range almost(data) {
			r.habit.Store(known)
			sameToReader(t, r, other)
		}
	}
}

func sameToReader(t *testing.T, r *Reader, data []byte) {
	t.Helper()
	v, err := r.Decode(data)
	sameAsAllAtOnce(t, data, v, err)
	want, err := decodeAll(string(data))
	if got := r.Check(data); fmt.Sprint(got) != fmt.Sprint(err) {
		t.Fatalf("%q: checked, the error is %v, want %v", data, got, err)
	}
	if err != nil {
		return
	}
	fresh, _ := r.Decode(data)
	if r.wanted != nil {
		samePaths(t, fresh, want, r.wanted, nil)
	}
}

// samePaths asks for each wanted field by its chain of keys.
func samePaths(t *testing.T, v, plain any, w *wanted, above []string) {
	t.Helper()
	for _, f := range w.fields {
		path := append(above[:len(above):len(above)], f.key)
		text, ok := ScalarText(v, path)
		want, there := follow(plain, path)
		if ok {
			if got := scalarOf(text); !there || !Equal(got, want) || Kind(got) != Kind(want) {
				t.Fatalf("%q is %s, want %v (%v)", path, text, want, there)
			}
		} else if o, isObject := v.(*Object); isObject && o.lazy != nil && there {
			if s, isString := want.(string); (!isString || strings.Trim(s, "abcxyz") == "") && Kind(want) != "list" && Kind(want) != "object" {
				t.Fatalf("%q is %v, which is not found in the text", path, want)
			}
		}
		if f.below != nil {
			samePaths(t, v, plain, f.below, path)
		}
	}
}

// follow reads a chain of keys; there is false where it leads through something
// else than objects.
func follow(v any, path []string) (found any, there bool) {
	for _, key := range path {
		o, ok := v.(*Object)
		if !ok {
			return nil, false
		}
		v, _ = o.Get(key)
	}
	return v, true
}

// almost are texts that differ from one in a byte or two.
func almost(data []byte) [][]byte {
	const most = 8
	var texts [][]byte
	for i := range min(most, len(data)) {
		at := i * len(data) / min(most, len(data))
		odd := oddities[(i+len(data))%len(oddities)]
		texts = append(texts, slices.Concat(data[:at], []byte(odd), data[at+1:]), slices.Concat(data[:at], []byte(odd), data[at:]))
	}
	return append(texts, slices.Concat(data, []byte(" ")), slices.Concat(data, data))
}

var oddities = []string{"", " ", "\"", "}", ",", "\\", "0", "\xff", `,"a":`, "b", "{", "]", ":", "\x00"}

// TestHabitIsHeldAgainstEveryByte reads documents that are as the one before but for
// a byte, whichever it is.
func TestHabitIsHeldAgainstEveryByte(t *testing.T) {
	for _, text := range []string{
		`{"a":{"b":1,"c":[]},"b":[{"k":1},{"k":"x"}],"a long key, longer than words":-1.5}`,
		`{ "a": {"b": {}, "c": [{"d": 1}, 2]}, "d": {"d": null}, "k0": true, "é": "é" }`,
	} {
		for _, r := range readers() {
			sameToReader(t, r, []byte(text))
			known := r.habit.Load()
			for at := range text {
				for _, odd := range oddities {
					for _, other := range []string{text[:at] + odd + text[at:], text[:at] + odd + text[at+1:]} {
						r.habit.Store(known)
						v, err := r.Decode([]byte(other))
						sameAsAllAtOnce(t, []byte(other), v, err)
						if err == nil {
							r.habit.Store(known)
							sameToReader(t, r, []byte(other))
						}
					}
				}
			}
		}
	}
}

func TestReaderSeesWhatDecodeSees(t *testing.T) {
	document := rapid.Custom(func(t *rapid.T) string { return drawDocument(t, 0) })
	rapid.Check(t, func(r *rapid.T) {
		text := document.Draw(r, "document")
		if rapid.IntRange(0, 9).Draw(r, "broken") == 0 && text != "" {
			at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
			text = text[:at] + rapid.SampledFrom([]string{"", "\"", "}", "\\", "\xff", "\x01", ",", "x"}).Draw(r, "instead") + text[at+1:]
		}
		sameToReaders(t, []byte(text))
	})
}

// TestReaderOfManyKinds reads documents of many kinds with one reader, in turn: some
// are as the one before, some in part.
func TestReaderOfManyKinds(t *testing.T) {
	document := rapid.Custom(func(t *rapid.T) string { return drawDocument(t, 0) })
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(document, 1, 3).Draw(rt, "kinds")
		turns := rapid.SliceOfN(rapid.IntRange(0, len(kinds)-1), 1, 20).Draw(rt, "turns")
		for _, r := range readers() {
			for _, kind := range turns {
				sameToReader(t, r, []byte(kinds[kind]))
			}
		}
	})
}

// TestHabitIsUsed sees that a document like the one before is read by habit, in all
// its parts, and one that is not is read all the same.
func TestHabitIsUsed(t *testing.T) {
	r := NewReader([][]string{{"a"}, {"of", "some"}}, true)
	odd := func(text string) bool {
		var s scanner
		if !r.scan(text, 0, &s) {
			t.Fatalf("%s is refused", text)
		}
		return s.odd
	}
	const written = `{"a":1, "of": {"some":"x","more":[{"n":1},{"n":2}]},"a long key, longer than words":null}`
	if !odd(written) || odd(written) {
		t.Error("it is not learned at once")
	}
	if odd(`{"a":"other", "of": {"some":true,"more":[]},"a long key, longer than words":[1,2,3]}`) {
		t.Error("with other values it is odd")
	}
	for _, text := range []string{
		`{"a":1,"of": {"some":"x","more":[{"n":1},{"n":2}]},"a long key, longer than words":null}`,
		`{"a":1, "of": {"some":"x","more":[{"n":1},{"m":2}]},"a long key, longer than words":null}`,
		`{"a":1, "of": {"some":"x","more":[{"n":1},{"n":2}]},"a long key, longer than wordS":null}`,
	} {
		known := r.habit.Load()
		if !odd(text) {
			t.Errorf("%s is not odd", text)
		}
		r.habit.Store(known)
	}
}

// TestStringsAreCheckedAtEveryPlace puts every byte at every place of a string:
// eight of them are looked at at once.
func TestStringsAreCheckedAtEveryPlace(t *testing.T) {
	for c := range 256 {
		for at := range 19 {
			text := []byte(`{"a":"abcdefghijklmnopqrs"}`)
			text[6+at] = byte(c)
			if c == '"' {
				text = append(text[:6+at+1], '}')
			}
			v, err := Decode(text)
			sameAsAllAtOnce(t, text, v, err)
		}
	}
}

// drawDocument is a JSON text with the keys that readers look for, twice now and then.
func drawDocument(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind = 9
	}
	switch {
	case kind < 7 || depth > 4:
		return rapid.SampledFrom([]string{
			`1`, `-0.50`, `1e400`, `12345678901234567890`, `true`, `false`, `null`, `""`, `"abc"`, `"a\nb"`, `"\u00e9"`, `"é"`,
			`"a text that is longer than eight"`, `"12345678"`, `"1234567\""`, `"\ud83d\ude00 x"`, `[]`, `[1,{"a":2}]`,
		}).Draw(t, "scalar")
	default:
		n := rapid.IntRange(0, 6).Draw(t, "fields")
		fields := make([]string, n)
		for i := range fields {
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "é", `\u0061`, "k0", "k3", "long", "x y", "deep"}).Draw(t, "key")
			space := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space")
			fields[i] = space + `"` + key + `"` + space + `:` + space + drawDocument(t, depth+1) + space
		}
		return `{` + strings.Join(fields, ",") + `}`
	}
}

// TestReaderAllocations guards what reading some fields of an order costs.
func TestReaderAllocations(t *testing.T) {
	data := []byte(`{"id":"o-123456","customer":{"id":7,"name":"Ann"},"amount":12.50,"currency":"EUR","items":[1,2,3],"paid":true}`)
	r := NewReader([][]string{{"id"}, {"customer", "name"}, {"amount"}}, true)
	layout := NewLayout([]string{"id", "name", "amount"})
	paths := [][]string{{"id"}, {"customer", "name"}, {"amount"}}
	if n := testing.AllocsPerRun(100, func() {
		v, err := r.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		var parts [3]Part
		for i, path := range paths {
			parts[i].Text, _ = ScalarText(v, path)
		}
		if _, ok := layout.Object(parts[:]); !ok {
			t.Fatal("no object was made")
		}
	}); n > 3 {
		t.Errorf("%v allocations, want the object, and the text and the object that was made of it", n)
	}
}
