package value

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		v     any
		want  string
		fails string
	}{
		{v: int64(math.MinInt64), want: `-9223372036854775808`},
		{v: 4.0, want: `4`}, {v: -0.5, want: `-0.5`}, {v: 1e21, want: `1e+21`}, {v: 1e20, want: `100000000000000000000`},
		{v: 1e-7, want: `1e-7`}, {v: 0.000001, want: `0.000001`}, {v: 1.5e-10, want: `1.5e-10`}, {v: 1e100, want: `1e+100`},
		{v: float64(1 << 60), want: `1152921504606846976`},
		{v: math.NaN(), fails: "NaN"}, {v: math.Inf(-1), fails: "-Inf"},
		{v: []any{math.NaN()}, fails: "NaN"},
		{v: []byte{0xff, 0}, want: `"/wA="`},
		{v: time.Date(2024, 2, 29, 1, 2, 3, 4000, time.FixedZone("", 3600)), want: `"2024-02-29T01:02:03.000004+01:00"`},
		{v: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), fails: "10000"},
		{v: 90 * time.Second, want: `"1m30s"`},
		{v: "a\xffb", fails: "not UTF-8 at its byte 1"},
		{v: "\x01\x1f\x7f", want: "\"\\u0001\\u001f\x7f\""},
		{v: 1, fails: "a Go int"},
		{v: []any{map[string]any{}}, fails: "a Go map"},
	} {
		got, err := Append([]byte("x"), c.v)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) || string(got) != "x" {
				t.Errorf("%v: got %s, %v, want an error with %q", c.v, got, err, c.fails)
			}
			continue
		}
		if err != nil || string(got) != "x"+c.want {
			t.Errorf("%v: got %s, %v, want %s", c.v, got, err, c.want)
		}
	}
}

// The canonical form is that of RFC 8785 for what it covers.
func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":1.0,"a":{"d":[],"c":-0}}`:                                     `{"a":{"c":0,"d":[]},"b":1}`,
		`[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]`: `[333333333.33333329,1e+30,4.5,0.002,1e-27]`,
		`[1e20,1e21,123e18,1234567890123456789012]`:                         `[100000000000000000000,1e+21,123000000000000000000,1.234567890123456789012e+21]`,
		`[0.000001,0.0000001,12.5e-7]`:                                      `[0.000001,1e-7,0.00000125]`,
		`1e99999999999999999999`:                                            `1e+99999999999999999999`,
		`-12e-99999999999999999999`:                                         `-1.2e-99999999999999999998`,
		"{\"\u20ac\":1,\"\\r\":2,\"\ufb33\":3,\"1\":4,\"\U0001F600\":5,\"\u0080\":6,\"\u00f6\":7}": "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"\u00f6\":7,\"\u20ac\":1,\"\U0001F600\":5,\"\ufb33\":3}",
	} {
		got, err := AppendCanonical(nil, decode(t, text))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

// The expected sums come from another implementation of xxhash64.
func TestHash(t *testing.T) {
	for text, want := range map[string]string{`"a"`: "5271bc5453102389", `{"b":[1.0,2],"a":"x"}`: "138c7957a21328c1"} {
		if got, err := Hash(decode(t, text)); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := Hash(math.Inf(1)); err == nil {
		t.Error("an infinity has a hash")
	}
}

func TestKind(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, "nil"}, {true, "boolean"}, {"", "string"}, {int64(1), "integer"}, {1.5, "float"}, {Number("12345678901234567890"), "integer"},
		{Number("1.0"), "float"}, {Number("1e2"), "float"}, {NewObject(0), "object"}, {[]any{}, "list"}, {[]byte{}, "bytes"},
		{time.Time{}, "time"}, {time.Second, "duration"}, {1, "int"},
	} {
		if got := Kind(c.v); got != c.want {
			t.Errorf("Kind(%v) is %s, want %s", c.v, got, c.want)
		}
	}
}

func TestFromGo(t *testing.T) {
	v, err := FromGo(map[string]any{
		"b": []any{1, int32(2), uint64(math.MaxUint64), float32(0.5), json.Number("1.10")}, "a": []string{"x"}, "c": map[string]string{"k": "v"}, "d": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Append(nil, v); err != nil || string(got) != `{"a":["x"],"b":[1,2,18446744073709551615,0.5,1.10],"c":{"k":"v"},"d":null}` {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []any{math.NaN(), struct{}{}, []any{make(chan int)}, map[string]any{"a": math.Inf(1)}, json.Number("01")} {
		if v, err := FromGo(bad); err == nil {
			t.Errorf("%v became %v", bad, v)
		}
	}
}

// An object behaves as a list of pairs does, however big it is.
func TestObjectAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type pair struct {
			key string
			v   int
		}
		o, model := NewObject(0), []pair{}
		key := rapid.Map(rapid.IntRange(0, 60), func(i int) string { return fmt.Sprintf("k%d", i) })
		for range rapid.IntRange(0, 120).Draw(t, "steps") {
			k, v := key.Draw(t, "key"), rapid.IntRange(0, 1000).Draw(t, "v")
			at := slices.IndexFunc(model, func(p pair) bool { return p.key == k })
			switch {
			case v%5 == 0 && at >= 0:
				model = slices.Delete(model, at, at+1)
				o.Delete(k)
			case v%5 == 0:
				o.Delete(k)
			case at >= 0:
				model[at].v = v
				o.Set(k, int64(v))
			default:
				model = append(model, pair{k, v})
				o.Set(k, int64(v))
			}
		}
		for _, o := range []*Object{o, o.Clone(), NewObject(0).Merge(o)} {
			if o.Len() != len(model) {
				t.Fatalf("Len is %d, want %d", o.Len(), len(model))
			}
			for i, p := range model {
				k, v := o.At(i)
				got, ok := o.Get(p.key)
				if k != p.key || v != int64(p.v) || !ok || got != v {
					t.Fatalf("field %d is %s: %v (Get gives %v), want %v", i, k, v, got, p)
				}
			}
			if _, ok := o.Get("none"); ok {
				t.Fatal("a key that was never set is there")
			}
		}
	})
}

func TestMergeKeepsPlaces(t *testing.T) {
	a, ok := decode(t, `{"x":1,"y":2}`).(*Object)
	b, also := decode(t, `{"z":3,"x":4}`).(*Object)
	if !ok || !also {
		t.Fatal("not objects")
	}
	if got, err := Append(nil, a.Merge(b)); err != nil || string(got) != `{"x":4,"y":2,"z":3}` {
		t.Errorf("got %s, %v", got, err)
	}
	if got, _ := Append(nil, a); string(got) != `{"x":1,"y":2}` {
		t.Errorf("merging changed its first object to %s", got)
	}
}

func TestObjectsAreReadByManyGoroutines(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"k":0`)
	for i := range 100 {
		fmt.Fprintf(&text, `,"k%d":%d`, i, i)
	}
	o, ok := decode(t, text.String()+"}").(*Object)
	if !ok {
		t.Fatal("not an object")
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 100 {
				if v, ok := o.Get(fmt.Sprintf("k%d", i)); !ok || v != Number(fmt.Sprint(i)) {
					t.Errorf("k%d is %v", i, v)
				}
			}
		})
	}
	group.Wait()
}

func earthquake(b *testing.B) []byte {
	data, err := os.ReadFile("testdata/earthquake.json")
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkDecode(b *testing.B) {
	data := earthquake(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

// The standard library's decoder, to compare with.
func BenchmarkDecodeStandard(b *testing.B) {
	data := earthquake(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	v := decode(b, string(earthquake(b)))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = Append(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}
