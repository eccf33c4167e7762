package expression

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// FuzzExpression: no text and no value may bring Compile or Run to panic or to
// hang, and what comes out can be written or is refused with a reason.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		`value.properties.mag >= 4`, `{"id": value.id, "n": [1, 2.5, nil]}`,
		`filter(value.items, .x > 1) | map(.y) | sum()`, `value?.a?.["b"][1:2]`,
		`let a = 1; a ** 62 + value`, `if value > 1 {1} else {2}`, `1..5 | reduce(#acc + #, 0)`,
		`now().Year() in [2000] ? "a" + string(value) : b"x"`, `groupBy(value, # % 3)`,
		`sortBy(value, -#, "desc")`, `merge(value, {(key): uuid()}) ?? hash(value)`,
		`value matches "a+" && not (value contains 'b')`, "`raw` // comment", `-9223372036854775807 - 1`,
		`parse_json(to_json(value)) == value`, `replace(value, "", repeat("a", 1000))`,
		`value.properties.mag >= 4`, `"x" == value.id`, `4.5 < value.properties.mag`, `value.id != 3`, `value.none == 1`, `value.items > 2`,
		`date("2024-01-01", "2006-01-02", "UTC").In("UTC").Sub(timestamp)`, `flatten([[value], [[value]]])`,
		`vlaue.mag > tpoic && lenn(upper(1, a), b.Yeer(c)) - "a"`, `let value = x; value[y:z].a | map(# + w)`, `math.floor(str(u) + -"x" + 1..n)`,
	} {
		f.Add(seed, `{"properties":{"mag":4.5},"id":"x","items":[{"x":1,"y":2}]}`)
		f.Add(seed, `[1,2.50,-3,12345678901234567890,1e400]`)
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		p, err := Compile(source, testOptions())
		checkFindings(t, source)
		if err != nil {
			checkPlace(t, source, err)
			return
		}
		v := testVariables(t, "")
		paths, whole := p.Paths()
		if whole {
			paths = nil
		}
		if v.Value, err = value.NewReader(paths, true).Decode([]byte(text)); err != nil {
			v.Value = text
		}
		sameOnText(t, p, v)
		result, err := p.Run(v)
		sameOnBuilt(t, p, v, result, err)
		if err != nil {
			var at *RuntimeError
			if !errors.As(err, &at) || strings.Contains(err.Error(), "internal error") {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		if types.KindOf(result) == 0 {
			t.Fatalf("%q gives a %T", source, result)
		}
		if !p.kinds.Has(result) {
			t.Fatalf("%q gives %s, which is not among %s", source, value.Kind(result), p.Kinds())
		}
		written, err := value.Append(nil, result)
		if err != nil {
			return // deeper or longer than what can be written
		}
		if _, err := value.Decode(written); err != nil {
			t.Fatalf("%q gives %s: %v", source, written, err)
		}
	})
}

// sameOnText holds what is seen in the text alone against what a run gives.
func sameOnText(t *testing.T, p *Program, v *Variables) {
	t.Helper()
	result, err := p.Run(v)
	if holds, known := p.Holds(v.Value); known && (err != nil || result != holds) {
		t.Fatalf("by the text it is %v, by a run %v (%v)", holds, result, err)
	}
	text, known := p.ScalarText(v.Value)
	if !known {
		return
	}
	if seen, _ := value.Decode([]byte(text)); err != nil || !value.Equal(seen, result) || value.Kind(seen) != value.Kind(result) {
		t.Fatalf("by the text it is %s, by a run %v (%v)", text, result, err)
	}
}

// sameOnBuilt runs the expression on the same value, built field by field
// instead of read from text: the result and the error must be the same.
func sameOnBuilt(t *testing.T, p *Program, v *Variables, want any, wantErr error) {
	t.Helper()
	for _, random := range []string{"uuid", "now"} {
		if p.Calls(random) {
			return
		}
	}
	other := *v
	other.Value = built(v.Value)
	got, err := p.Run(&other)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("on a built value the error is %v, on one read from text %v", err, wantErr)
	}
	a, errA := value.Append(nil, got)
	b, errB := value.Append(nil, want)
	if string(a) != string(b) || fmt.Sprint(errA) != fmt.Sprint(errB) || !value.Equal(got, want) {
		t.Fatalf("on a built value the result is %s, on one read from text %s", a, b)
	}
}

// built copies a value.
func built(v any) any {
	switch v := v.(type) {
	case *value.Object:
		o := value.NewObject(v.Len())
		for key, field := range v.All() {
			o.Set(key, built(field))
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = built(v[i])
		}
		return list
	}
	return v
}

// checkFindings expects a check to end, too, whether the expression compiles or not.
func checkFindings(t *testing.T, source string) {
	t.Helper()
	_, found := examine(source, testOptions(), Known{"value": types.Exactly(value.NewObject(0))})
	for i := range found {
		inSource(t, source, &found[i].Error)
	}
}

// checkPlace expects errors in the order of their places, none twice.
func checkPlace(t *testing.T, source string, err error) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) || len(all) == 0 || len(all) > MaxErrors || strings.Contains(err.Error(), "internal error") {
		t.Fatalf("%q: %v", source, err)
	}
	for i, at := range all {
		inSource(t, source, at)
		if i > 0 && (inOrder(all[i-1], at) > 0 || *all[i-1] == *at) {
			t.Fatalf("%q: %v is out of order, or said twice", source, at)
		}
	}
}

func inSource(t *testing.T, source string, at *Error) {
	t.Helper()
	lines := strings.Split(source, "\n")
	if at.Line < 1 || at.Line > len(lines) || at.Column < 0 || at.Column > len([]rune(lines[at.Line-1])) || at.Width < 1 {
		t.Fatalf("%q: the place %d:%d+%d is not in it (%s)", source, at.Line, at.Column, at.Width, at.Message)
	}
}
