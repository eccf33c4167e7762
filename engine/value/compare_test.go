package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNumbersCompareExactly(t *testing.T) {
	// In order, each less than the next; those of one line are equal.
	ladder := [][]any{
		{Number("-1e99999999999999999999")},
		{Number("-1e400")},
		{-math.MaxFloat64, Number("-1.7976931348623157e308")},
		{Number("-9223372036854775809")},
		{int64(math.MinInt64), Number("-9223372036854775808"), float64(math.MinInt64)},
		{Number("-9007199254740993"), int64(-9007199254740993), Number("-9007199254740993.000")},
		{float64(-9007199254740992), int64(-9007199254740992)},
		{int64(-1), -1.0, Number("-1"), Number("-1.0"), Number("-10e-1"), Number("-0.1e1")},
		{Number("-1e-400")},
		{int64(0), 0.0, math.Copysign(0, -1), Number("0"), Number("-0"), Number("0.000"), Number("0e5"), Number("-0e99999999999999999999")},
		{Number("1e-99999999999999999999"), Number("10e-100000000000000000000")},
		{Number("1e-400"), Number("0.1e-399")},
		{math.SmallestNonzeroFloat64, Number("5e-324")},
		{0.1, Number("0.1"), Number("0.10"), Number("1e-1")},
		{Number("0.1000000000000000000000000001")},
		{0.30000000000000004, Number("0.30000000000000004")},
		{int64(1), 1.0, Number("1"), Number("1.0"), Number("1e0"), Number("100e-2")},
		{Number("9007199254740992"), float64(1 << 53), int64(1 << 53)},
		{Number("9007199254740992.5")},
		{int64(9007199254740993), Number("9007199254740993")},
		{int64(1 << 60), float64(1 << 60), Number("1152921504606846976")},
		{int64(math.MaxInt64), Number("9223372036854775807")},
		{Number("9223372036854775808"), float64(1 << 63), Number("9223372036854775808.0")},
		{Number("18446744073709551615")},
		{Number("123456789012345678901234567890"), Number("123456789012345678901234567890.0")},
		{Number("123456789012345678901234567891")},
		{1e300, Number("1e300"), Number("10e299")},
		{Number("1e400")},
		{Number("1e99999999999999999999")},
	}
	for i := range ladder {
		for j := range ladder {
			for _, a := range ladder[i] {
				for _, b := range ladder[j] {
					checkOrder(t, a, b, clampSign(i-j))
				}
			}
		}
	}
}

func checkOrder(t *testing.T, a, b any, want int) {
	t.Helper()
	if c, err := Compare(a, b); err != nil || c != want {
		t.Errorf("Compare(%v %T, %v %T) is %d, %v, want %d", a, a, b, b, c, err, want)
	}
	if Equal(a, b) != (want == 0) {
		t.Errorf("Equal(%v %T, %v %T) is %v", a, a, b, b, want != 0)
	}
	x, err := Hash(a)
	y, also := Hash(b)
	if err != nil || also != nil || (x == y) != (want == 0) {
		t.Errorf("Hash(%v %T) is %s, Hash(%v %T) is %s", a, a, x, b, b, y)
	}
}

// numbers draws numbers of all kinds, near the borders where errors hide.
func numbers() *rapid.Generator[any] {
	edges := []int64{0, 1, -1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, 999999999999999999, 1000000000000000000}
	ints := rapid.OneOf(rapid.Int64(), rapid.SampledFrom(edges), rapid.Int64Range(-20, 20))
	floats := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.SampledFrom(edges), func(i int64) float64 { return float64(i) }),
		rapid.Map(rapid.IntRange(-100, 100), func(i int) float64 { return float64(i) / 8 }))
	texts := rapid.StringMatching(`-?(0|[1-9][0-9]{0,3}|[1-9][0-9]{15,25})(\.[0-9]{1,4}|\.[0-9]{15,20})?([eE][+-]?[0-9]{1,2})?`)
	return rapid.OneOf(
		rapid.Map(ints, func(i int64) any { return i }),
		rapid.Map(floats, func(f float64) any {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return 1.5
			}
			return f
		}),
		rapid.Map(texts, func(s string) any { return Number(s) }),
		rapid.Map(ints, func(i int64) any { return Number(strconv.FormatInt(i, 10)) }),
	)
}

// rational is the exact value that a number stands for: that of its text.
func rational(t *rapid.T, v any) *big.Rat {
	text, err := Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := new(big.Rat).SetString(string(text))
	if !ok {
		t.Fatalf("%s is no number", text)
	}
	return r
}

func TestCompareAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers().Draw(t, "a"), numbers().Draw(t, "b")
		want := rational(t, a).Cmp(rational(t, b))
		if got, err := Compare(a, b); err != nil || got != want {
			t.Fatalf("Compare(%v %T, %v %T) is %d, %v, want %d", a, a, b, b, got, err, want)
		}
		if Equal(a, b) != (want == 0) {
			t.Fatalf("Equal(%v, %v) is %v", a, b, want != 0)
		}
		x, err := Hash(a)
		y, also := Hash(b)
		if err != nil || also != nil || (x == y) != (want == 0) {
			t.Fatalf("hashes of %v and %v: %s, %s", a, b, x, y)
		}
	})
}

// An integral float below 1e21 stands for itself, to the last digit.
func TestIntegralFloatsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := math.Trunc(rapid.Float64Range(-9.9e20, 9.9e20).Draw(t, "f"))
		if got, want := rational(t, f), new(big.Rat).SetFloat64(f); got.Cmp(want) != 0 {
			t.Fatalf("%v is written as %s", f, got.FloatString(0))
		}
		i := rapid.Int64().Draw(t, "i")
		want := new(big.Rat).SetInt64(i).Cmp(new(big.Rat).SetFloat64(f))
		if got, err := Compare(i, f); err != nil || got != want {
			t.Fatalf("Compare(%d, %v) is %d, want %d", i, f, got, want)
		}
	})
}

func TestFloatsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		text, err := Append(nil, f)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			if err == nil {
				t.Fatalf("%v was written as %s", f, text)
			}
			return
		}
		if back, ok := Number(text).Float(); !ok || back != f {
			t.Fatalf("%v is written as %s, read as %v", f, text, back)
		}
	})
}

func TestTruncate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := numbers().Draw(t, "n")
		text, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		r := rational(t, v)
		want := new(big.Int).Quo(r.Num(), r.Denom())
		got, ok := Number(text).Truncate()
		if ok != want.IsInt64() || (ok && got != want.Int64()) {
			t.Fatalf("Truncate(%s) is %d, %v, want %s", text, got, ok, want)
		}
	})
	for text, want := range map[string]bool{"1e99999999999999999999": false, "1e-99999999999999999999": true, "0e99999999999999999999": true} {
		if i, ok := Number(text).Truncate(); ok != want || i != 0 {
			t.Errorf("Truncate(%s) is %d, %v", text, i, ok)
		}
	}
}

func TestCompareOtherKinds(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		a, b any
		want int
	}{
		{"a", "b", -1}, {"b", "a", 1}, {"a", "a", 0}, {false, true, -1}, {true, false, 1}, {true, true, 0},
		{now, now.Add(1), -1}, {now, now.In(time.FixedZone("x", 3600)), 0}, {time.Second, time.Minute, -1},
		{[]byte("a"), []byte("b"), -1},
	} {
		checkOrder(t, c.a, c.b, c.want)
	}
	for _, c := range [][2]any{{"1", int64(1)}, {nil, nil}, {nil, int64(1)}, {[]any{}, []any{}}, {NewObject(0), NewObject(0)}, {now, "2024"}} {
		if _, err := Compare(c[0], c[1]); err == nil {
			t.Errorf("%v and %v have an order", c[0], c[1])
		} else if !strings.Contains(err.Error(), Kind(c[0])+" and "+Kind(c[1])) {
			t.Errorf("the error does not name the kinds: %v", err)
		}
	}
}

func TestEqualOtherKinds(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[2.0]}`, `{"b":[2],"a":1e0}`, true},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`{"a":null}`, `{"b":null}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[1]`, `[1,1]`, false},
		{`"1"`, `1`, false},
		{`null`, `false`, false},
		{`null`, `null`, true},
		{`{}`, `[]`, false},
	} {
		a, b := decode(t, c.a), decode(t, c.b)
		if Equal(a, b) != c.want || Equal(b, a) != c.want {
			t.Errorf("Equal(%s, %s) is %v", c.a, c.b, !c.want)
		}
		x, _ := Hash(a)
		y, _ := Hash(b)
		if (x == y) != c.want {
			t.Errorf("the hashes of %s and %s: %s, %s", c.a, c.b, x, y)
		}
	}
	if Equal([]byte("a"), "a") || Equal(time.Second, int64(time.Second)) || Equal(1, 1) {
		t.Error("values of different kinds are equal")
	}
}
