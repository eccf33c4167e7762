package value

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLayoutIsNotSeen holds objects that are made as texts, and those that are made of
// texts, against the same ones set field by field.
func TestLayoutIsNotSeen(t *testing.T) {
	values := []any{
		nil, true, false, "", "plain", "a \"quoted\"\ntext", "é", int64(5), int64(math.MinInt64), 4.0, 0.1, math.Copysign(0, -1), 1e300,
		math.NaN(), math.Inf(1), Number("1.10"), Number("12345678901234567890"), "\xff",
		time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), 90 * time.Second, []byte("bytes"), []any{int64(1)}, NewObject(0),
	}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(r, "fields")
		keys, parts, plain := make([]string, n), make([]Part, n), NewObject(n)
		for i := range parts {
			keys[i] = fmt.Sprintf("k%d", i)
			parts[i].Value = values[rapid.IntRange(0, len(values)-1).Draw(r, "value")]
			if asWritten(parts[i].Value) && rapid.Bool().Draw(r, "as text") {
				text, err := Append(nil, parts[i].Value)
				if text, ok := scalarText(string(text) + " "); ok && err == nil {
					parts[i] = Part{Text: text[:len(text)-1]}
				}
			}
			plain.Set(keys[i], parts[i].AsValue())
		}
		likePlain(r, NewLayout(keys).Borrow(parts), plain, keys, parts)
		if o, ok := NewLayout(keys).Object(parts); ok {
			likePlain(r, o, plain, keys, parts)
		}
	})
}

func likePlain(r *rapid.T, o, plain *Object, keys []string, parts []Part) {
	n := len(keys)
	if o.Len() != n || !Equal(o, plain) != !Equal(plain, plain) { // NaN equals nothing
		r.Fatalf("%v is another object", parts)
	}
	for i := n - 1; i >= 0; i-- {
		want, _ := plain.Get(keys[i])
		got, ok := o.Get(keys[i])
		if !ok || Kind(got) != Kind(want) || fmt.Sprint(got) != fmt.Sprint(want) {
			r.Fatalf("%s is %v (%s), want %v (%s)", keys[i], got, Kind(got), want, Kind(want))
		}
		if text, ok := ScalarText(o, keys[i:i+1]); ok && (Kind(scalarOf(text)) != Kind(want) || !Equal(scalarOf(text), want)) {
			r.Fatalf("the text of %s is %s, want %v", keys[i], text, want)
		}
		if key, at := o.At(i); key != keys[i] || Kind(at) != Kind(want) {
			r.Fatalf("field %d is %s: %v, want %s: %v", i, key, at, keys[i], want)
		}
	}
	got, gotErr := Append(nil, o)
	want, wantErr := Append(nil, plain)
	if string(got) != string(want) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
		r.Fatalf("it is written as %s (%v), want %s (%v)", got, gotErr, want, wantErr)
	}
	changed := o.Clone()
	changed.Set("k0", int64(1))
	if again, _ := o.Get("k0"); fmt.Sprint(again) != fmt.Sprint(parts[0].AsValue()) {
		r.Fatalf("a change of a copy changed it")
	}
}

// TestPartsAreFound follows chains of keys through objects that were built of others.
func TestPartsAreFound(t *testing.T) {
	read := decode(t, `{"n":1.10,"s":"x\ny","o":{"k":true}}`)
	part := func(path ...string) Part {
		p, ok := PartOf(read, path)
		if !ok {
			v, _ := read.(*Object).Get(path[0])
			p = Part{Value: v}
		}
		return p
	}
	inner := NewLayout([]string{"n", "s"}).Borrow([]Part{part("n"), part("s")})
	o := NewLayout([]string{"in", "o", "half"}).Borrow([]Part{{Value: inner}, part("o"), {Value: 0.5}})
	for _, test := range []struct {
		path string
		want string // "" where it must be looked for in another way
		text bool
	}{
		{"half", `0.5`, false}, {"in", `{"n":1.10,"s":"x\ny"}`, false}, {"in.n", `1.10`, true}, {"in.s", `"x\ny"`, false}, {"in.none", `null`, true},
		{"none", `null`, true}, {"o.k", `true`, true}, {"none.k", ``, false}, {"in.none.k", ``, false}, {"in.n.k", ``, false}, {"half.k", ``, false},
	} {
		path := strings.Split(test.path, ".")
		found, ok := PartOf(o, path)
		if ok != (test.want != "") {
			t.Errorf("%s: found: %v", test.path, ok)
		}
		if _, text := ScalarText(o, path); text != test.text {
			t.Errorf("%s has a text: %v", test.path, text)
		}
		if got, _ := Append(nil, found.AsValue()); ok && string(got) != test.want {
			t.Errorf("%s is %s, want %s", test.path, got, test.want)
		}
	}
}
