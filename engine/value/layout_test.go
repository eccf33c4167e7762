package value

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLayoutIsNotSeen holds objects that are made as texts against the same ones
// built field by field.
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
		o, ok := NewLayout(keys).Object(parts)
		if !ok {
			return
		}
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
	})
}
