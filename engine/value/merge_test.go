package value

import (
	"testing"

	"pgregory.net/rapid"
)

// TestMergedTextsAreLikeOthers merges into objects that are text, and into the same
// ones built field by field.
func TestMergedTextsAreLikeOthers(t *testing.T) {
	added := []any{nil, true, "x", "a \"b\"", int64(7), Number("1.10"), 8.0, 0.5, []any{int64(1)}, decode(t, `{"a":{"b":1}}`), "\xff"}
	rapid.Check(t, func(r *rapid.T) {
		text := drawDocument(r, 0)
		o := decode(t, text).(*Object)
		if rapid.Bool().Draw(r, "made") {
			layout := NewLayout([]string{"a", "b"})
			parts := []Part{{Value: rapid.SampledFrom([]any{8.0, "x", nil}).Draw(r, "a")}, {Text: "1.50"}}
			if made, ok := layout.Object(parts); ok {
				o = made
			}
		}
		other := NewObject(0)
		for range rapid.IntRange(0, 4).Draw(r, "more") {
			key := rapid.SampledFrom([]string{"a", "b", "c", "é", "x", "\"", "k0"}).Draw(r, "key")
			other.Set(key, rapid.SampledFrom(added).Draw(r, "value"))
		}
		if rapid.Bool().Draw(r, "read") {
			_, _ = o.Get("a") // what was read before is kept
		}
		plain := o.Clone()
		for key, field := range other.All() {
			plain.Set(key, field)
		}
		merged := o.Merge(other)
		sameFields(t, merged, plain)
		got, gotErr := Append(nil, merged)
		want, wantErr := Append(nil, plain)
		if string(got) != string(want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%s and %v are merged to %s (%v), want %s (%v)", text, other, got, gotErr, want, wantErr)
		}
		if kept := o.Clone(); !Equal(kept, o) {
			t.Fatal("merging changed the object")
		}
	})
}
