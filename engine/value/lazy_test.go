package value

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// sameAsAllAtOnce holds what Decode gave against what the plain way gives for
// the same bytes: the error, the text written, every field, in whatever order
// they are asked for.
func sameAsAllAtOnce(t *testing.T, data []byte, v any, err error) {
	t.Helper()
	want, wantErr := decodeAll(string(data))
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%q: the error is %v, want %v", data, err, wantErr)
	}
	if err := Check(data); fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%q: checked, the error is %v, want %v", data, err, wantErr)
	}
	if err != nil {
		return
	}
	if o, ok := v.(*Object); ok {
		fresh, _ := Decode(data)
		sameFields(t, o, want)
		sameFields(t, fresh.(*Object).Clone(), want)
	}
	got, err := Append(nil, v)
	wanted, wantErr := Append(nil, want)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || string(got) != string(wanted) {
		t.Fatalf("%q is written as %q (%v), want %q (%v)", data, got, err, wanted, wantErr)
	}
	if !Equal(v, want) || !Equal(want, v) {
		t.Fatalf("%q is another value", data)
	}
}

func sameFields(t *testing.T, o *Object, want any) {
	t.Helper()
	plain, ok := want.(*Object)
	if !ok || o.Len() != plain.Len() {
		t.Fatalf("an object of %d fields, want %v", o.Len(), want)
	}
	for i := plain.Len() - 1; i >= 0; i-- {
		key, value := plain.At(i)
		got, ok := o.Get(key)
		if !ok || !Equal(got, value) || Kind(got) != Kind(value) {
			t.Fatalf("field %q is %v (%v), want %v", key, got, ok, value)
		}
		if at, v := o.At(i); at != key || !Equal(v, value) {
			t.Fatalf("field %d is %q: %v, want %q: %v", i, at, v, key, value)
		}
		if again, _ := o.Get(key); Kind(got) == "object" && got != again {
			t.Fatalf("field %q is another object each time", key)
		}
	}
	if _, ok := o.Get("\x00 no such field"); ok {
		t.Fatal("a field that is not there was found")
	}
}

func TestLazyIsNotSeen(t *testing.T) {
	for _, text := range []string{
		`{}`, ` { } `, `{"a":1.10}`, `{"a":{"b":[1,{"c":null}],"d":"x\ny"},"e":"\u00e9","a":true}`,
		`{"a":"\ud83d\ude00","b":"é","c":-0,"d":1e400}`, `{"\u0061":1,"a":2}`, `{"é":1,"é":{"x":1,"x":2}}`,
		`{"a":{"x":1,"y":2,"x":{"z":3}},"b":[{"k":1,"k":2}]}`, `{"a" : "x" , "b" : [ 1 , 2 ]}`,
		wide(5), wide(fewFields), wide(fewFields + 1), wide(indexFrom - 2), wide(indexFrom - 1), wide(indexFrom), wide(3 * indexFrom),
		`{"deep":` + strings.Repeat(`{"d":`, lazyDepth+3) + `1` + strings.Repeat(`}`, lazyDepth+3) + `}`,
		`{"long":"` + strings.Repeat("x", shareUpTo) + `"}`,
		`{"a":{"b":1},"a":{"c":2}}`, `{"a":{"b":{"c":1}},"a":{"b":1}}`, `{"a":{"b":1},"a":1}`, `{"a":1,"a":{"b":2}}`, `{"a":{"b":1,"\u0062":2}}`,
		// Every one of these is refused, with the same words.
		`{"a":1`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":01}`, `{"a":"\x"}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}",
		`{"a":nul}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":{"b"}}`, `{"a":1} x`, `{"a":tru`, `{"a`, `{`, `{"a":"`, `{"a":[`, `{"a":{`, `{"a":}`,
	} {
		v, err := Decode([]byte(text))
		sameAsAllAtOnce(t, []byte(text), v, err)
		sameToReaders(t, []byte(text))
	}
}

// TestLazyIsReadByMany reads the same object from many goroutines: under the
// race detector this shows that reading needs no lock.
func TestLazyIsReadByMany(t *testing.T) {
	v := decode(t, `{"a":{"b":{"c":1}},"d":[1,2],"e":"x"}`).(*Object)
	var readers sync.WaitGroup
	seen := make([]any, 8)
	for i := range seen {
		readers.Go(func() {
			seen[i], _ = v.Get("a")
			_, _ = v.At(i % 3)
			if _, err := Append(nil, v); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	for _, one := range seen {
		if one != seen[0] {
			t.Fatal("two readers got different objects of one field")
		}
	}
}

// TestLazyIsChangedAlone changes a copy, and then the object itself.
func TestLazyIsChangedAlone(t *testing.T) {
	v := decode(t, `{"a":1,"b":{"c":2}}`).(*Object)
	c := v.Clone()
	c.Set("a", int64(5))
	c.Delete("b")
	if got, _ := Append(nil, v); string(got) != `{"a":1,"b":{"c":2}}` {
		t.Errorf("a change of the copy changed the object: %s", got)
	}
	v.Set("z", true)
	v.Set("a", nil)
	if got, _ := Append(nil, v); string(got) != `{"a":null,"b":{"c":2},"z":true}` {
		t.Errorf("got %s", got)
	}
	if got, _ := Append(nil, c); string(got) != `{"a":5}` {
		t.Errorf("got %s", got)
	}
}

// TestDecodeAllocations guards what decoding an order costs.
func TestDecodeAllocations(t *testing.T) {
	data := []byte(`{"id":"o-123456","customer":{"id":7,"name":"Ann"},"amount":12.50,"currency":"EUR","items":[1,2,3],"paid":true}`)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Decode(data); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations, want the text and the object", n)
	}
}
