package expression

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr/parser"
	"pgregory.net/rapid"
)

// said lists what is wrong with an expression, each as line:column: message.
func said(t interface{ Fatalf(string, ...any) }, source string, o Options) []string {
	_, err := Compile(source, o)
	if err == nil {
		return nil
	}
	var all Errors
	if !errors.As(err, &all) || len(all) == 0 || len(all) > MaxErrors {
		t.Fatalf("%q: got %v, want 1 to %d errors", source, err, MaxErrors)
	}
	if !slices.IsSortedFunc(all, inOrder) {
		t.Fatalf("%q: %v is not in order", source, err)
	}
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = e.Error()
	}
	return texts
}

func TestSeveralMistakes(t *testing.T) {
	for source, want := range map[string][]string{
		"vlaue.a > tpoic\n  && lenn(vlaue)":           {"1:1: unknown name vlaue", "1:11: unknown name tpoic", "2:6: unknown function lenn", "2:11: unknown name vlaue"},
		`upper(a1, a2).Yeer(a3)`:                      {"1:1: upper takes 1 argument, got 2", "1:7: unknown name a1", "1:11: unknown name a2", "1:15: unknown method Yeer", "1:20: unknown name a3"},
		`{(1): a1, "b": a2}`:                          {"1:3: a key is a string, got an integer", "1:7: unknown name a1", "1:16: unknown name a2"},
		`sortBy(1, a1 + #, a2)`:                       {"1:8: sortBy needs a list, got integer", "1:11: unknown name a1", "1:19: unknown name a2"},
		`sum(["a" - a1]) + reduce([1], a2)`:           {"1:10: - does not work on string and any value", "1:12: unknown name a1", "1:31: unknown name a2"},
		`a1 ?? (a2 ? a3 : a4)`:                        {"1:1: unknown name a1", "1:8: unknown name a2", "1:13: unknown name a3", "1:18: unknown name a4"},
		`value matches "(" or 1 matches a1`:           {"1:15: bad pattern", "1:24: matches does not work on integer and any value", "1:32: unknown name a1"},
		`(1..10000000)[a1:"x"]`:                       {"1:3: the range 1..10000000 has more than 1000000 numbers", "1:15: unknown name a1", "1:18: the end of a part is an integer, got a string"},
		`99999999999999999999 + 88888888888888888888`: {"1:1: the number 99999999999999999999 is too big", "1:24: the number 88888888888888888888 is too big"},
		`1 < a1 < 3`:                                  {"1:5: unknown name a1"},
		// What follows from a mistake is not said.
		`-a1.b.c[0]?.d[1:2][0].e`:           {"1:2: unknown name a1"},
		`("a" - 1).b + 1`:                   {"1:6: - does not work on string and integer"},
		`(1)[0:1].a`:                        {"1:4: 1 is an integer: only lists, strings and bytes have parts"},
		`let value = 1; value.a`:            {"1:5: cannot redeclare the variable value"},
		`let x = a1; x.a + x[0] - x()`:      {"1:9: unknown name a1", "1:26: x is a variable, not a function"},
		`filter(1, .a > 2) | map(.b)`:       {"1:8: filter needs a list, got integer"},
		`math.floor(math.pi * r)`:           {"1:1: unknown name math"},
		`os.environ.get("A", a1)`:           {"1:1: unknown name os"},
		`uuid.v4(a1)`:                       {"1:1: unknown name uuid"},
		`value.map(v, v + 1)`:               {"1:7: unknown method map"},
		`isinstance(value, dict)`:           {"1:1: unknown function isinstance"},
		`date(timezone("UTC"), "2024") - 1`: {"1:1: date takes the time zone last"},
		`map(value, -"a" + # + "b")`:        {"1:12: - does not work on string"},
		// What is wrong whatever was meant is.
		`upper(1) - a1`: {"1:7: upper needs a string, got integer", "1:10: - does not work on string and any value", "1:12: unknown name a1"},
		`str(a1)`:       {"1:1: unknown function str", "1:5: unknown name a1"},
		`this.lower()`:  {"1:1: unknown name this", "1:6: unknown method lower"},
		// What the lexer or the parser refuses stands alone.
		`a1 + (a2`:                  {"1:8: the expression ends too early"},
		`99999999999999999999 + a1`: {"1:1: the number 99999999999999999999 is too big"},
		`a1 // 2`:                   {"1:4: what is behind // is a comment"},
	} {
		got := said(t, source, Options{})
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%q: got\n\t%s\nwant\n\t%s", source, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

func TestEnoughMistakes(t *testing.T) {
	names := make([]string, 3*MaxErrors)
	for i := range names {
		names[i] = fmt.Sprintf("a%d", i)
	}
	got := said(t, "["+strings.Join(names, ", ")+"]", Options{})
	if len(got) != MaxErrors || got[MaxErrors-1] != "1:38: unknown name a9" {
		t.Errorf("got %d: %v", len(got), got)
	}
}

var (
	theValue = regexp.MustCompile(`\bvalue\b`)
	// meant are of all kinds but nil, which is left to the run.
	meant = []string{"value", "topic", "12345", `"abc"`, "[1,2]", "false", "headers", "now()"}
)

// drawMisspelt draws an expression in which some names are misspelt, and what it is
// where they mean each of the others.
func drawMisspelt(t *rapid.T) (wrong string, filled []string, holes []string) {
	source := drawExpression(t, rapid.IntRange(0, 3).Draw(t, "depth"), false)
	filled = make([]string, len(meant))
	end := 0
	for _, at := range theValue.FindAllStringIndex(source, -1) {
		hole := rapid.Bool().Draw(t, "misspelt")
		between := source[end:at[0]]
		end = at[1]
		wrong += between + "("
		if hole {
			holes = append(holes, fmt.Sprintf("1:%d: unknown name valeu", len(wrong)+1))
			wrong += "valeu)"
		} else {
			wrong += "value)"
		}
		for i := range filled {
			word := "value"
			if hole {
				word = meant[i]
			}
			filled[i] += between + "(" + word + ")"
		}
	}
	for i := range filled {
		filled[i] += source[end:]
	}
	return wrong + source[end:], filled, holes
}

// TestNoMoreNoLess: beside the names that are misspelt, exactly that is said of an
// expression what is said where they are mended, and where something is, nothing
// that may be meant by them makes it right.
func TestNoMoreNoLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wrong, filled, holes := drawMisspelt(t)
		if _, err := parser.Parse(wrong); err != nil {
			return
		}
		got := said(t, wrong, Options{})
		if len(got) >= MaxErrors {
			return
		}
		rest := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return slices.Contains(holes, s) })
		if len(got)-len(rest) != len(holes) {
			t.Fatalf("%s: got %q, want all of %q", wrong, got, holes)
		}
		mended := strings.Join(said(t, filled[0], Options{}), "\n")
		if mended != strings.ReplaceAll(strings.Join(rest, "\n"), "valeu", "value") { // it may be quoted
			t.Fatalf("%s: got %q, but %s gives %q", wrong, got, filled[0], mended)
		}
		for _, source := range filled {
			if len(rest) > 0 && said(t, source, Options{}) == nil {
				t.Fatalf("%s: got %q, but %s compiles", wrong, got, source)
			}
		}
	})
}

// TestNoFalseAlarmBesideMistakes: what a check says of an expression that does not
// compile, beside what keeps it from that, holds whatever is meant by its misspelt
// names, and so does what it gives.
func TestNoFalseAlarmBesideMistakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wrong, filled, holes := drawMisspelt(t)
		of := drawType(t, 3)
		gives, found := Check(wrong, Options{}, Known{"value": of})
		failing := slices.IndexFunc(found, func(f Finding) bool { return f.Fails && !slices.Contains(holes, f.Error.Error()) })
		for _, source := range filled {
			program, err := Compile(source, Options{})
			if err != nil {
				continue
			}
			v := drawValue(t, of, 4)
			result, err := program.Run(recordOf(v))
			if err == nil && failing >= 0 {
				t.Fatalf("%s on %s gives %s, but of %s is said: %v", source, text(v), text(result), wrong, found[failing].Error)
			}
			if err == nil && !gives.Has(result) {
				t.Fatalf("%s on %s gives %s, which is not of type %s, which %s gives", source, text(v), text(result), gives, wrong)
			}
		}
	})
}

// TestFoundOnce: what is found in a part that is the same for every record is not
// found again by computing what is above it.
func TestFoundOnce(t *testing.T) {
	for _, source := range []string{`len([1 + "a"])`, `upper(-"a") + "b"`, `[1, 2][5] + 1`, `{"a": 1}.b.c == 2`} {
		if _, found := Check(source, Options{}, nil); len(found) != 1 {
			t.Errorf("%s: found %v", source, found)
		}
	}
}
