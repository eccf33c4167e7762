package expression

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"waterhealer/engine/value"
)

// testOptions are fixed in time and chance.
func testOptions() Options {
	return Options{
		Names: []string{"index", "state"},
		Now:   func() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) },
		UUID:  func() string { return "00000000-0000-4000-8000-000000000001" },
		LookupEnv: func(name string) (string, bool) {
			return "from " + name, strings.HasPrefix(name, "SET") || name == "HOME"
		},
	}
}

// testVariables are a record with the value that the JSON is.
func testVariables(tb testing.TB, text string) *Variables {
	tb.Helper()
	headers := value.NewObject(1)
	headers.Set("trace", "t1")
	v := &Variables{
		Key: "k1", Headers: headers, Topic: "quakes", Partition: int32(3), Offset: int64(42),
		Timestamp: time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC), Index: 7,
		Extra: map[string]any{"state": int64(5)},
	}
	if text == "" {
		return v
	}
	var err error
	if v.Value, err = value.Decode([]byte(text)); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return v
}

// evaluate gives the result as JSON, or the error.
func evaluate(tb testing.TB, source, text string) (string, error) {
	tb.Helper()
	o := testOptions()
	vars, err := value.Decode([]byte(`{"limit": 4, "names": {"a": "A"}}`))
	if err != nil {
		tb.Fatal(err)
	}
	o.Vars = vars
	p, err := Compile(source, o)
	if err != nil {
		var at *Error
		if !errors.As(err, &at) || at.Line < 1 || at.Width < 1 {
			tb.Errorf("%s: the error has no place: %#v", source, err)
		}
		return "", fmt.Errorf("compile: %w (%s)", err, at.Hint)
	}
	v, err := p.Run(testVariables(tb, text))
	if err != nil {
		var at *RuntimeError
		if !errors.As(err, &at) || at.Line < 1 || at.Width < 1 {
			tb.Errorf("%s: the error has no place: %#v", source, err)
		}
		if strings.Contains(err.Error(), "internal error") {
			tb.Errorf("%s: %v", source, err)
		}
		return "", err
	}
	out, err := value.Append(nil, v)
	if err != nil {
		tb.Errorf("%s: the result cannot be written: %v", source, err)
	}
	return string(out), nil
}

// row is an expression, a value, and what must come: JSON, or an error with
// this part in it.
type row struct{ source, value, want, fails string }

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		got, err := evaluate(t, r.source, r.value)
		switch {
		case r.fails != "" && err == nil:
			t.Errorf("%s on %s: got %s, want an error with %q", r.source, r.value, got, r.fails)
		case r.fails != "" && !strings.Contains(err.Error(), r.fails):
			t.Errorf("%s on %s: got the error %q, want %q in it", r.source, r.value, err, r.fails)
		case r.fails == "" && err != nil:
			t.Errorf("%s on %s: %v", r.source, r.value, err)
		case r.fails == "" && got != r.want:
			t.Errorf("%s on %s: got %s, want %s", r.source, r.value, got, r.want)
		}
	}
}

func TestVariables(t *testing.T) {
	check(t, []row{
		{source: `value`, value: `{"b":1.10,"a":null}`, want: `{"b":1.10,"a":null}`},
		{source: `key`, want: `"k1"`},
		{source: `headers`, want: `{"trace":"t1"}`},
		{source: `headers.trace`, want: `"t1"`},
		{source: `headers["no"]`, want: `null`},
		{source: `topic`, want: `"quakes"`},
		{source: `partition + offset`, want: `45`},
		{source: `timestamp`, want: `"2024-02-29T12:30:00Z"`},
		{source: `timestamp.Year()`, want: `2024`},
		{source: `vars.limit`, want: `4`},
		{source: `vars.names["a"]`, want: `"A"`},
		{source: `vars.none`, want: `null`},
		{source: `value > vars.none`, fails: "> does not work on nil and nil"}, // Check says that there is no such name
		{source: `index`, want: `7`},
		{source: `state + 1`, want: `6`},
		{source: `[topic, partition, offset]`, want: `["quakes",3,42]`},
		{source: `args`, fails: "unknown name args"},
		{source: `$env`, fails: "$env is not available"},
		{source: `null`, fails: "write nil"},
		{source: `valu.a`, fails: "did you mean value?"},
		{source: `mag > 4`, fails: "value.mag"},
		{source: `len`, fails: "it is a function: len("},
	})
}

func TestAccess(t *testing.T) {
	check(t, []row{
		{source: `value.a.b`, value: `{"a":{"b":1}}`, want: `1`},
		{source: `value.a.b`, value: `{}`, fails: `value.a is nil, so it has no field "b"`},
		{source: `value.a.b`, value: `{"a":null}`, fails: `value.a is nil`},
		{source: `value.a?.b`, value: `{}`, want: `null`},
		{source: `value.a?.b.c`, value: `{}`, want: `null`},
		{source: `value.a?.b.c`, value: `{"a":{}}`, fails: `value.a?.b is nil`},
		{source: `value.a?.b?.c`, value: `{"a":{}}`, want: `null`},
		{source: `value.a?.b[0]`, value: `{}`, want: `null`},
		{source: `value.a?.["b"]`, value: `{}`, want: `null`},
		{source: `value.a?.b[1:]`, value: `{}`, want: `null`},
		{source: `value?.a`, value: `null`, want: `null`},
		{source: `value.a`, value: `null`, fails: `value is nil`},
		{source: `value.a`, value: `{}`, want: `null`},
		{source: `value.a.b`, value: `{"a":{}}`, want: `null`},
		{source: `value.a`, value: `"text"`, fails: `value is string, so it has no field "a"`},
		{source: `value?.a`, value: `"text"`, fails: `value is string`},
		{source: `value.a`, value: `[1]`, fails: `map(value, .a)`},
		{source: `value["x"]`, value: `{"x":1.50}`, want: `1.50`},
		{source: `value["x"]["y"]`, value: `{}`, fails: `is nil`},
		{source: `value["a b"].c`, value: `{"a b":{"c":[1]}}`, want: `[1]`},
		{source: `value[key]`, value: `{"k1":5}`, want: `5`},
		{source: `value[0]`, value: `[1.0,2]`, want: `1.0`},
		{source: `value[-1]`, value: `[1,2]`, want: `2`},
		{source: `value[2]`, value: `[1,2]`, fails: `the index 2 is out of range: value has 2 items`},
		{source: `value[-3]`, value: `[1,2]`, fails: `out of range`},
		{source: `value[0]`, value: `null`, fails: `value is nil`},
		{source: `value?.[0]`, value: `null`, want: `null`},
		{source: `value[1.0]`, value: `[1,2]`, fails: `an index is an integer or a string, got a float`},
		{source: `value["0"]`, value: `[1,2]`, fails: `read by an integer`},
		{source: `value[0]`, value: `{"0":1}`, fails: `by a string, got integer`},
		{source: `value[value[0]]`, value: `[1,"x"]`, want: `"x"`},
		{source: `value[0].a[1].b`, value: `[{"a":[0,{"b":"x"}]}]`, want: `"x"`},
		{source: `value[1:3]`, value: `[1,2,3,4]`, want: `[2,3]`},
		{source: `value[:-1]`, value: `[1,2,3]`, want: `[1,2]`},
		{source: `value[2:1]`, value: `[1,2,3]`, want: `[]`},
		{source: `value[1:99]`, value: `[1,2,3]`, want: `[2,3]`},
		{source: `value[:2]`, value: `"näher"`, want: `"nä"`},
		{source: `value[1]`, value: `"näher"`, want: `"ä"`},
		{source: `value[1:"x"]`, value: `[1]`, fails: `the end of a part is an integer`},
		{source: `value[1:]`, value: `null`, fails: `value is nil`},
		{source: `value.a ?? "none"`, value: `{}`, want: `"none"`},
		{source: `value.a?.b ?? 0`, value: `{}`, want: `0`},
		{source: `value.a ?? 1`, value: `{"a":false}`, want: `false`},
		{source: `"x".y`, fails: `compile:`},
	})
}

func TestIntegersAreExact(t *testing.T) {
	const most, least = "9223372036854775807", "-9223372036854775808"
	check(t, []row{
		{source: `value + 1`, value: `41`, want: `42`},
		{source: `value + 1`, value: most, fails: `9223372036854775807 + 1 overflows`},
		{source: `value - 1`, value: least, fails: `overflows`},
		{source: `value - 1`, value: most, want: `9223372036854775806`},
		{source: `0 - value`, value: least, fails: `overflows`},
		{source: `-value`, value: least, fails: `overflows`},
		{source: `-value`, value: most, want: `-9223372036854775807`},
		{source: `abs(value)`, value: least, fails: `overflows`},
		{source: `value * 2`, value: `4611686018427387904`, fails: `overflows`},
		{source: `value * 2`, value: `-4611686018427387904`, want: least},
		{source: `value * -1`, value: least, fails: `overflows`},
		{source: `-1 * value`, value: least, fails: `overflows`},
		{source: `value * value`, value: `3037000499`, want: `9223372030926249001`},
		{source: `value * value`, value: `3037000500`, fails: `overflows`},
		{source: `2 ** 62`, want: `4611686018427387904`},
		{source: `2 ** 63`, fails: `overflows`},
		{source: `(-2) ** 63`, want: least},
		{source: `10 ** 18`, want: `1000000000000000000`},
		{source: `10 ^ 19`, fails: `overflows`},
		{source: `1 ** 9999999999`, want: `1`},
		{source: `(-1) ** 9999999999`, want: `-1`},
		{source: `0 ** 0`, want: `1`},
		{source: `2 ** -1`, want: `0.5`},
		{source: `0 ** -1`, fails: `not a finite number`},
		{source: `2.0 ** 3`, want: `8`},
		{source: `sum(value)`, value: `[9223372036854775807, 1]`, fails: `overflows`},
		{source: `sum(value)`, value: `[9223372036854775807, -1]`, want: `9223372036854775806`},
		{source: `7 % 3`, want: `1`},
		{source: `-7 % 3`, want: `-1`},
		{source: `value % -1`, value: least, want: `0`},
		{source: `7 % 0`, fails: `division by zero`},
		{source: `7.5 % 2`, fails: `% does not work on float and integer`},
		{source: `value % 2`, value: `4.0`, fails: `% does not work on float and integer`},
		{source: `8 / 2`, want: `4`},
		{source: `type(8 / 2)`, want: `"float"`},
		{source: `7 / 2`, want: `3.5`},
		{source: `1 / 0`, fails: `division by zero`},
		{source: `1.0 / 0.0`, fails: `division by zero`},
		{source: `value / value`, value: `9223372036854775807`, want: `1`},
		{source: `1e308 * 10`, fails: `not a finite number`},
		{source: `9007199254740993 == 9007199254740992.0`, want: `false`},
		{source: `9007199254740993 > 9007199254740992.0`, want: `true`},
		{source: `value == 9007199254740992.0`, value: `9007199254740993`, want: `false`},
		{source: `value < 9007199254740993`, value: `9007199254740992.5`, want: `true`},
		{source: `1 == 1.0`, want: `true`},
		{source: `value == 1`, value: `1.0`, want: `true`},
		{source: `value == 1`, value: `10e-1`, want: `true`},
		{source: `value == 0.1`, value: `0.1`, want: `true`},
		{source: `value == 0.1`, value: `0.10`, want: `true`},
		{source: `9223372036854775808`, fails: `is too big`},
		{source: `0x8000000000000000`, fails: `is too big`},
		{source: `1e400`, fails: `is too big`},
		{source: `0xff + 0b11 + 0o7 + 1_000`, want: `1265`},
		{source: `+value`, value: `1.50`, want: `1.50`},
	})
}

func TestBigIntegers(t *testing.T) {
	const big = "123456789012345678901234567890"
	check(t, []row{
		{source: `value`, value: big, want: big},
		{source: `{"a": value.x}`, value: `{"x":` + big + `}`, want: `{"a":` + big + `}`},
		{source: `value.x == value.y`, value: `{"x":` + big + `,"y":` + big + `}`, want: `true`},
		{source: `value.x == value.y`, value: `{"x":` + big + `,"y":123456789012345678901234567891}`, want: `false`},
		{source: `value.x != value.y`, value: `{"x":` + big + `,"y":` + big + `.0}`, want: `false`},
		{source: `value > 9223372036854775807`, value: big, want: `true`},
		{source: `value == 1`, value: big, want: `false`},
		{source: `value + 1`, value: big, fails: `beyond 64 bits`},
		{source: `1 - value`, value: big, fails: `beyond 64 bits`},
		{source: `value * 1.5`, value: big, fails: `beyond 64 bits`},
		{source: `value / 2`, value: big, fails: `beyond 64 bits`},
		{source: `value % 2`, value: big, fails: `beyond 64 bits`},
		{source: `value ** 2`, value: big, fails: `beyond 64 bits`},
		{source: `-value`, value: big, fails: `beyond 64 bits`},
		{source: `abs(value)`, value: big, fails: `beyond 64 bits`},
		{source: `sum([value])`, value: big, fails: `beyond 64 bits`},
		{source: `mean([value])`, value: big, fails: `beyond 64 bits`},
		{source: `int(value)`, value: big, fails: `does not fit`},
		{source: `max([1, value])`, value: big, want: big},
		{source: `string(value)`, value: big, want: `"` + big + `"`},
		{source: `bitand(value, 1)`, value: big, fails: `beyond 64 bits`},
		{source: `round(value)`, value: big, want: big},
		{source: `[1][value]`, value: big, fails: `by an integer`},
		{source: `get([1], value)`, value: big, want: `null`},
		{source: `value + 1`, value: `1e400`, fails: `beyond the range of a float`},
		{source: `value > 1`, value: `1e400`, want: `true`},
		{source: `value == value`, value: `1e99999999999999999999`, want: `true`},
		{source: `value in [1, 18446744073709551615.0]`, value: `18446744073709551615`, want: `false`},
	})
}

func TestNumbersKeepTheirText(t *testing.T) {
	const x = `{"x":1.10,"y":9007199254740993,"z":1e2,"l":[3.0,1.50,2.00]}`
	check(t, []row{
		{source: `value.x`, value: x, want: `1.10`},
		{source: `{"p": value.x, "q": [value.y]}`, value: x, want: `{"p":1.10,"q":[9007199254740993]}`},
		{source: `value.x > 1 ? value.x : 0`, value: x, want: `1.10`},
		{source: `if value.x > 1 { value.z } else { 0 }`, value: x, want: `1e2`},
		{source: `value.none ?? value.x`, value: x, want: `1.10`},
		{source: `merge({"a": 1}, {"b": value.x})`, value: x, want: `{"a":1,"b":1.10}`},
		{source: `get(value, "x")`, value: x, want: `1.10`},
		{source: `filter(value.l, # > 1.5)`, value: x, want: `[3.0,2.00]`},
		{source: `map(value.l, #)`, value: x, want: `[3.0,1.50,2.00]`},
		{source: `first(value.l)`, value: x, want: `3.0`},
		{source: `last(value.l)`, value: x, want: `2.00`},
		{source: `sort(value.l)`, value: x, want: `[1.50,2.00,3.0]`},
		{source: `sortBy(value.l, -#)`, value: x, want: `[3.0,2.00,1.50]`},
		{source: `reverse(value.l)`, value: x, want: `[2.00,1.50,3.0]`},
		{source: `max(value.l)`, value: x, want: `3.0`},
		{source: `min(value.l)`, value: x, want: `1.50`},
		{source: `median(value.l)`, value: x, want: `2.00`},
		{source: `find(value.l, # < 2)`, value: x, want: `1.50`},
		{source: `uniq([value.x, 1.1, value.x])`, value: x, want: `[1.10]`},
		{source: `concat([value.x], value.l)`, value: x, want: `[1.10,3.0,1.50,2.00]`},
		{source: `flatten([value.l, [[value.x]]])`, value: x, want: `[3.0,1.50,2.00,1.10]`},
		{source: `take(value.l, 1)`, value: x, want: `[3.0]`},
		{source: `value.l[1:]`, value: x, want: `[1.50,2.00]`},
		{source: `values(value)[0]`, value: x, want: `1.10`},
		{source: `toPairs({"a": value.x})`, value: x, want: `[["a",1.10]]`},
		{source: `fromPairs([["a", value.x]])`, value: x, want: `{"a":1.10}`},
		{source: `groupBy(value.l, # > 1.5 ? "big" : "small")`, value: x, want: `{"big":[3.0,2.00],"small":[1.50]}`},
		{source: `string(value.x) + string(value.y)`, value: x, want: `"1.109007199254740993"`},
		{source: `to_json(value.l)`, value: x, want: `"[3.0,1.50,2.00]"`},
		{source: `parse_json("[1.10, 1e5]")`, value: x, want: `[1.10,1e5]`},
		{source: `fromJSON(toJSON(value))`, value: x, want: x},
		{source: `let v = value.x; [v, v]`, value: x, want: `[1.10,1.10]`},
		{source: `value.x | string() | len()`, value: x, want: `4`},
		{source: `value.x + 0`, value: x, want: `1.1`},
		{source: `value.z + 1`, value: x, want: `101`},
		{source: `type(value.y) + type(value.x)`, value: x, want: `"intfloat"`},
	})
}

func TestKeysKeepTheirOrder(t *testing.T) {
	const v = `{"z":1,"a":2,"m":3}`
	check(t, []row{
		{source: `value`, value: v, want: v},
		{source: `{"z": 1, "b": 2, "a": 3}`, want: `{"z":1,"b":2,"a":3}`},
		{source: `{z: 1, b: {y: 1, x: 2}}`, want: `{"z":1,"b":{"y":1,"x":2}}`},
		{source: `{"a": 1, "b": 2, "a": 3}`, want: `{"a":3,"b":2}`},
		{source: `{(key): 1, (key + "x"): 2}`, want: `{"k1":1,"k1x":2}`},
		{source: `{(offset): 1}`, fails: `a key is a string`},
		{source: `{(value): 1}`, value: `null`, fails: `a key is a string, got nil`},
		{source: `merge(value, {"a": 9, "b": 8})`, value: v, want: `{"z":1,"a":9,"m":3,"b":8}`},
		{source: `merge({"b": 8, "a": 9}, value)`, value: v, want: `{"b":8,"a":2,"z":1,"m":3}`},
		{source: `keys(value)`, value: v, want: `["z","a","m"]`},
		{source: `values(value)`, value: v, want: `[1,2,3]`},
		{source: `toPairs(value)`, value: v, want: `[["z",1],["a",2],["m",3]]`},
		{source: `fromPairs(reverse(toPairs(value)))`, value: v, want: `{"m":3,"a":2,"z":1}`},
		{source: `value == {"a": 2, "m": 3, "z": 1.0}`, value: v, want: `true`},
		{source: `toJSON(value)`, value: `{"z":1,"a":[]}`, want: `"{\n  \"z\": 1,\n  \"a\": []\n}"`},
		{source: `to_json(value)`, value: `{"z":"<é>","a":[]}`, want: `"{\"z\":\"<é>\",\"a\":[]}"`},
	})
}
