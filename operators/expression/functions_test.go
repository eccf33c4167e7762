package expression

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr/builtin"
)

func TestExamplesAreTrue(t *testing.T) {
	for _, doc := range FunctionDocs() {
		if doc.Signature == "" || doc.Doc == "" {
			t.Errorf("%s: no signature or no doc", doc.Name)
		}
		if len(doc.Examples) == 0 {
			t.Errorf("%s: no example", doc.Name)
		}
		for _, example := range doc.Examples {
			if got, err := evaluate(t, example, ""); err != nil || got != "true" {
				t.Errorf("%s: %s gives %s, %v", doc.Name, example, got, err)
			}
		}
	}
}

// Everything that expr has is here; a new version of expr must not bring in
// functions that nobody looked at.
func TestAllOfExprIsKnown(t *testing.T) {
	var ours []string
	for _, doc := range FunctionDocs() {
		ours = append(ours, doc.Name)
	}
	for _, name := range builtin.Names {
		if !slices.Contains(ours, name) {
			t.Errorf("expr's %s is unknown here", name)
		}
	}
}

func TestPredicates(t *testing.T) {
	const v = `{"items":[{"x":1,"n":"a"},{"x":2,"n":"b"},{"x":3,"n":"a"}]}`
	check(t, []row{
		{source: `filter(value.items, .x > 1)`, value: v, want: `[{"x":2,"n":"b"},{"x":3,"n":"a"}]`},
		{source: `filter(value.items, {#.x > 1})`, value: v, want: `[{"x":2,"n":"b"},{"x":3,"n":"a"}]`},
		{source: `filter(value.items, .y > 1)`, value: v, fails: `> does not work on nil and integer: .y is nil`},
		{source: `filter(value.items, .x)`, value: v, fails: `filter needs a boolean for each item, got integer for item 0`},
		{source: `filter(value.items, .y)`, value: v, fails: `got nil for item 0`},
		{source: `filter(value.items, "yes")`, value: v, fails: `compile:`},
		{source: `filter(value, true)`, value: v, fails: `values(`},
		{source: `filter("abc", true)`, fails: `compile:`},
		{source: `map(value.items, .n)`, value: v, want: `["a","b","a"]`},
		{source: `map(value.items, {let i = #; {"k": i.n, "at": #index}})`, value: v, want: `[{"k":"a","at":0},{"k":"b","at":1},{"k":"a","at":2}]`},
		{source: `map(1..2, map(1..2, # * 10))`, want: `[[10,20],[10,20]]`},
		{source: `map(1..2, {let a = #; map(1..2, # + a * 10)})`, want: `[[11,12],[21,22]]`},
		{source: `map(1..2, {sum(1..3) + #})`, want: `[7,8]`},
		{source: `all(value.items, .x > 0)`, value: v, want: `true`},
		{source: `all(value.items, .x > 1)`, value: v, want: `false`},
		{source: `any(value.items, .x > 2)`, value: v, want: `true`},
		{source: `none(value.items, .x > 2)`, value: v, want: `false`},
		{source: `one(value.items, .n == "a")`, value: v, want: `false`},
		{source: `one(value.items, .n == "b")`, value: v, want: `true`},
		{source: `find(value.items, .x > 1).n`, value: v, want: `"b"`},
		{source: `find(value.items, .x > 9)`, value: v, want: `null`},
		{source: `find(value.items, .x > 9).n`, value: v, fails: `is nil`},
		{source: `findLast(value.items, .n == "a").x`, value: v, want: `3`},
		{source: `findIndex(value.items, .x > 1)`, value: v, want: `1`},
		{source: `findLastIndex(value.items, .n == "a")`, value: v, want: `2`},
		{source: `findIndex(value.items, .x > 9)`, value: v, want: `null`},
		{source: `count(value.items, .n == "a")`, value: v, want: `2`},
		{source: `count([true, value])`, value: `1`, fails: `count needs a boolean for each item, got integer for item 1`},
		{source: `sum(value.items, .x)`, value: v, want: `6`},
		{source: `sum(value.items, .n)`, value: v, fails: `sum needs numbers, but item 0 gives a string`},
		{source: `sum(value)`, value: `[1, 2.5]`, want: `3.5`},
		{source: `sum(value)`, value: `[]`, want: `0`},
		{source: `groupBy(value.items, .n)`, value: v, want: `{"a":[{"x":1,"n":"a"},{"x":3,"n":"a"}],"b":[{"x":2,"n":"b"}]}`},
		{source: `groupBy(value, #)`, value: `[1, 1.0, 2]`, want: `{"1":[1,1.0],"2":[2]}`},
		{source: `groupBy(value, #)`, value: `[1, "1"]`, fails: `both written 1`},
		{source: `groupBy(value, #)`, value: `[null]`, fails: `got nil`},
		{source: `sortBy(value.items, .n)`, value: v, want: `[{"x":1,"n":"a"},{"x":3,"n":"a"},{"x":2,"n":"b"}]`},
		{source: `map(sortBy(value.items, .x, "desc"), .x)`, value: v, want: `[3,2,1]`},
		{source: `sortBy(value.items, .x, "up")`, value: v, fails: `"asc" or "desc"`},
		{source: `sortBy(value, #)`, value: `[1,"a"]`, fails: `have no order`},
		{source: `sortBy(value, #, nil)`, value: `[1]`, fails: `got nil`},
		{source: `reduce(value, #acc + #)`, value: `[1,2,3]`, want: `6`},
		{source: `reduce(value, #acc + # * #index, 10)`, value: `[1,2,3]`, want: `18`},
		{source: `reduce(value, #acc + #)`, value: `[]`, fails: `reduce of an empty list`},
		{source: `reduce(value, #acc + #, 0)`, value: `[]`, want: `0`},
		{source: `reduce(value, #acc + #, nil)`, value: `[1]`, fails: `+ does not work on nil and integer`},
		{source: `reduce(1..3, #acc + reduce(1..#, #acc + #))`, want: `10`},
		{source: `map(value, #acc)`, value: `[1]`, fails: `#acc is known in reduce only`},
		{source: `map(value, #foo)`, value: `[1]`, fails: `unknown name #foo`},
		{source: `#`, fails: `compile:`},
		{source: `filter(value)`, value: `[1]`, fails: `compile:`},
		{source: `map(1..1000000, map(1..1000000, #))`, fails: `too many steps`},
		{source: `reduce(1..1000, #acc + #acc, "0123456789")`, fails: `too much memory`},
		{source: `repeat("a", 1000000000000)`, fails: `too much memory`},
	})
}

func TestFunctions(t *testing.T) {
	check(t, []row{
		{source: `len("näher")`, want: `5`},
		{source: `len(value)`, value: `{"a":1,"b":2}`, want: `2`},
		{source: `len(b"ab")`, want: `2`},
		{source: `len(value)`, value: `5`, fails: `len needs a string, an object, a list or bytes, got integer`},
		{source: `len(5)`, fails: `compile: 1:5`},
		{source: `indexOf("näher", "her")`, want: `2`},
		{source: `indexOf("a", "b")`, want: `-1`},
		{source: `trim(1)`, fails: `compile:`},
		{source: `trim("a", "b", "c")`, fails: `trim takes 1 to 2 arguments, got 3`},
		{source: `trimPrefix("a")`, fails: `takes 2 arguments`},
		{source: `replace("aaa", "a", "b", 2)`, want: `"bba"`},
		{source: `replace("abc", "", "-")`, want: `"-a-b-c-"`},
		{source: `split("a b", " ", 0)`, want: `[]`},
		{source: `join(value, "-")`, value: `["a",1]`, fails: `item 1 is an integer`},
		{source: `join([])`, want: `""`},
		{source: `repeat("a", -1)`, fails: `not negative`},
		{source: `upper(lower("ÄB"))`, want: `"ÄB"`},
		{source: `int("12")`, want: `12`},
		{source: `int("-12")`, want: `-12`},
		{source: `int("12.5")`, fails: `"12.5" is not an integer`},
		{source: `int(" 12")`, fails: `is not an integer`},
		{source: `int("")`, fails: `is not an integer`},
		{source: `int("9223372036854775808")`, fails: `is not an integer of 64 bits`},
		{source: `int(value)`, value: `4.9`, want: `4`},
		{source: `int(value)`, value: `-4.9`, want: `-4`},
		{source: `int(value)`, value: `1e3`, want: `1000`},
		{source: `int(value)`, value: `9007199254740993.0`, want: `9007199254740993`},
		{source: `int(value)`, value: `1e19`, fails: `does not fit`},
		{source: `int(1e19)`, fails: `does not fit`},
		{source: `int(true)`, fails: `compile:`},
		{source: `float("1.50")`, want: `1.5`},
		{source: `float("nan")`, fails: `is not a number`},
		{source: `float("Inf")`, fails: `is not a number`},
		{source: `float("0x1p4")`, fails: `is not a number`},
		{source: `float("1e999")`, fails: `is not a number`},
		{source: `float(value)`, value: `1e400`, fails: `beyond the range`},
		{source: `string(value)`, value: `{"b":1.0,"a":[null]}`, want: `"{\"b\":1.0,\"a\":[null]}"`},
		{source: `string(1e21)`, want: `"1e+21"`},
		{source: `string(0.1 + 0.2)`, want: `"0.30000000000000004"`},
		{source: `string(b"\xff")`, fails: `not UTF-8`},
		{source: `type(value)`, value: `1.0`, want: `"float"`},
		{source: `type(now())`, want: `"time.Time"`},
		{source: `abs(value)`, value: `-1.50`, want: `1.5`},
		{source: `round(value)`, value: `2.5`, want: `3`},
		{source: `ceil(value)`, value: `7`, want: `7`},
		{source: `floor(value)`, value: `1e400`, fails: `beyond the range`},
		{source: `max(1, [2, [3.5]], 3)`, want: `3.5`},
		{source: `max(value)`, value: `["a"]`, fails: `max needs numbers, but item 0 is a string`},
		{source: `min()`, fails: `takes at least 1 argument`},
		{source: `mean(value)`, value: `[9223372036854775807,9223372036854775807]`, want: `9223372036854775808`},
		{source: `mean([1, 2.5])`, want: `1.75`},
		{source: `mean([])`, want: `null`},
		{source: `bitshl(1, 63)`, fails: `overflows`},
		{source: `bitshl(1, -1)`, fails: `negative`},
		{source: `bitshr(1, -1)`, fails: `negative`},
		{source: `bitshr(-8, 99)`, want: `-1`},
		{source: `bitand(1.5, 1)`, fails: `compile:`},
		{source: `first("abc")`, fails: `compile:`},
		{source: `take([1], -1)`, fails: `not negative`},
		{source: `uniq(["1", 1, b"ab", "YWI="])`, want: `["1",1,"YWI=","YWI="]`},
		{source: `keys(value)`, value: `[1]`, fails: `keys needs an object, got list`},
		{source: `fromPairs([["a"]])`, fails: `item 0 is none`},
		{source: `fromPairs([[1, 2]])`, fails: `is an integer`},
		{source: `get(value, "a")`, value: `null`, want: `null`},
		{source: `get(value, 0)`, value: `{"0":1}`, fails: `by a string`},
		{source: `get(value, "a")`, value: `[1]`, fails: `by an integer`},
		{source: `get([1,2], -1)`, want: `2`},
		{source: `parse_json("{")`, fails: `not JSON`},
		{source: `parse_json("")`, fails: `not JSON`},
		{source: `parse_json(value.s).a`, value: `{"s":"{\"a\":1.10}"}`, want: `1.10`},
		{source: `fromBase64("!")`, fails: `not Base64`},
		{source: `fromBase64("/w==")`, fails: `not UTF-8`},
		{source: `merge({"a": {"b": 1}}, {"a": {"c": 2}})`, want: `{"a":{"c":2}}`},
		{source: `merge(value, 1)`, value: `{}`, fails: `compile: 1:14: merge needs an object, got integer`},
		{source: `merge({}, value)`, value: `[]`, fails: `merge needs an object, got list`},
		{source: `uuid()`, want: `"00000000-0000-4000-8000-000000000001"`},
		{source: `env("SET_A")`, want: `"from SET_A"`},
		{source: `env("UNSET")`, fails: `the environment variable UNSET is not set`},
		{source: `env(value)`, value: `"SET_B"`, want: `"from SET_B"`},
		{source: `hash(value)`, value: `{"b":[1,2],"a":"x"}`, want: `"138c7957a21328c1"`},
		{source: `hash(value) == hash({"a": "x", "b": [1.0, 2e0]})`, value: `{"b":[1,2],"a":"x"}`, want: `true`},
		{source: `fail("bad " + value)`, value: `"thing"`, fails: `bad thing`},
		{source: `value > 3 ? fail("too big") : value`, value: `3`, want: `3`},
		{source: `fail(1)`, fails: `compile:`},
		{source: `uper("a")`, fails: `did you mean upper?`},
		{source: `filer(value, true)`, fails: `did you mean filter?`},
		{source: `value("a")`, fails: `value is a variable, not a function`},
	})
}

func TestErrorPlaces(t *testing.T) {
	for _, c := range []struct {
		source              string
		line, column, width int
	}{
		{`value.mag >`, 1, 10, 1},
		{`foo`, 1, 0, 3},
		{`value.a + foo(1)`, 1, 10, 3},
		{"value.a\n  + foo", 2, 4, 3},
		{`"äöü" + foo`, 1, 8, 3},
		{"\"ä\"\n+ \t fóo", 2, 4, 3},
		{`upper(1)`, 1, 6, 1},
		{`1 + "a"`, 1, 2, 1},
		{`value matches "["`, 1, 14, 3},
		{`99999999999999999999 + 1`, 1, 0, 20},
		{`[1, 99999999999999999999]`, 1, 4, 20},
		{`"a`, 1, 1, 1},
		{``, 1, 0, 1},
		{`value ? 1 : `, 1, 11, 1},
		{`map(value, #acc)`, 1, 11, 1},
		{`1 ++ `, 1, 4, 1},
		{`value.a @ 1`, 1, 8, 1},
	} {
		_, err := Compile(c.source, Options{})
		var at *Error
		if !errors.As(err, &at) {
			t.Errorf("%q: got %v, want an *Error", c.source, err)
			continue
		}
		if at.Line != c.line || at.Column != c.column || at.Width != c.width {
			t.Errorf("%q: %d:%d+%d, want %d:%d+%d (%s)", c.source, at.Line, at.Column, at.Width, c.line, c.column, c.width, at.Message)
		}
	}
}

func TestRuntimeErrorPlaces(t *testing.T) {
	for _, c := range []struct {
		source              string
		line, column, width int
	}{
		{`value.a.b`, 1, 8, 1},
		{`1 + value.a`, 1, 2, 1},
		{"1\n  < value.a", 2, 2, 1},
		{`value.list[5]`, 1, 10, 1},
		{`upper(value.a)`, 1, 12, 1},
		{`1 + fail("x")`, 1, 4, 4},
		{`filter(value.list, .x)`, 1, 20, 1},
		{`"ä" + string(value.a)`, 1, 19, 1},
	} {
		p, err := Compile(c.source, Options{})
		if err != nil {
			t.Errorf("%q: %v", c.source, err)
			continue
		}
		_, err = p.Run(testVariables(t, `{"list":[{"x":1}]}`))
		var at *RuntimeError
		if !errors.As(err, &at) {
			t.Errorf("%q: got %v, want a *RuntimeError", c.source, err)
			continue
		}
		if at.Line != c.line || at.Column != c.column || at.Width != c.width {
			t.Errorf("%q: %d:%d+%d, want %d:%d+%d (%s)", c.source, at.Line, at.Column, at.Width, c.line, c.column, c.width, at.Message)
		}
	}
}

func TestLongAndDeepSourcesAreRefusedOrRun(t *testing.T) {
	for _, source := range []string{
		strings.Repeat("(", maxSource+1),
		strings.Repeat("(", maxSource),
		strings.Repeat("1+", maxSource/2-1) + "1",
	} {
		if _, err := Compile(source, Options{}); err == nil {
			t.Errorf("%.10s…: no error", source)
		}
	}
	if got, err := evaluate(t, strings.Repeat("1+", 4000)+"1", ""); err != nil || got != "4001" {
		t.Errorf("a long sum: %s, %v", got, err)
	}
}
