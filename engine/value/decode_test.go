package value

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", clipText(text), err)
	}
	return v
}

func clipText(s string) string { return s[:min(len(s), 80)] }

func TestDecodeAndAppend(t *testing.T) {
	for text, want := range map[string]string{
		` {"b" : 1.10 , "a":[ true,false,null ] } `: `{"b":1.10,"a":[true,false,null]}`,
		`9007199254740993`:                          `9007199254740993`,
		`-0`:                                        `-0`,
		`1e400`:                                     `1e400`,
		`1E+2`:                                      `1E+2`,
		`123456789012345678901234567890.00`:         `123456789012345678901234567890.00`,
		`{"a":1,"b":2,"a":3}`:                       `{"a":3,"b":2}`,
		`{"":{}}`:                                   `{"":{}}`,
		`"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\\u0000"`: "\"\u00e9\U0001F600/\\b\\f\\n\\r\\t\\\"\\\\\\u0000\"",
		"\"<>&\u2028\"":       "\"<>&\u2028\"",
		"\"\u00e9\\n\u00e9\"": "\"\u00e9\\n\u00e9\"",
		"\t[\r\n]":            `[]`,
	} {
		got, err := Append(nil, decode(t, text))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestDecodeErrorsSayWhere(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
		says   string
	}{
		{``, 0, "there is no value"},
		{"  \n", 3, "there is no value"},
		{`{"a":1} x`, 8, `'x' follows the value`},
		{`1 2`, 2, "follows the value"},
		{`01`, 0, "malformed number"},
		{`1.`, 0, "malformed number"},
		{`.5`, 0, "'.' where a value should be"},
		{`+1`, 0, "'+' where a value should be"},
		{`-`, 0, "malformed number"},
		{`1e`, 0, "malformed number"},
		{`NaN`, 0, "'N' where a value should be"},
		{`nul`, 0, "a word that is not null"},
		{`[1,]`, 3, "']' where a value should be"},
		{`[1 2]`, 3, "where a comma or ] should be"},
		{`[1`, 2, "the end of the text where a comma or ] should be"},
		{`[`, 1, "a value is missing: the text ends"},
		{`{"a" 1}`, 5, "where a colon should be"},
		{`{"a":1,}`, 7, "'}' where a key should be"},
		{`{a:1}`, 1, "'a' where a key should be"},
		{`{"a":1 "b":2}`, 7, "where a comma or } should be"},
		{`"abc`, 4, "a string is not closed"},
		{`"a\`, 3, "a string is not closed"},
		{"\"a\nb\"", 2, "control character"},
		{"\"a\\t\nb\"", 4, "control character"},
		{`"\x"`, 1, "unknown escape"},
		{`"ab\u12g4"`, 3, "four hexadecimal digits"},
		{`"\ud800"`, 1, "half a surrogate pair"},
		{`"\udc00\ud800"`, 1, "half a surrogate pair"},
		{`"\ud800\u0041"`, 1, "half a surrogate pair"},
		{"[\"a\xff\"]", 3, "invalid UTF-8"},
		{"\"\\n\xc3\"", 3, "invalid UTF-8"},
		{"{\"\xed\xa0\x80\":1}", 2, "invalid UTF-8"},
		{"\xef\xbb\xbf1", 0, "where a value should be"},
		{strings.Repeat("[", MaxDepth+2), MaxDepth + 1, "nested deeper"},
	} {
		_, err := Decode([]byte(c.text))
		var at *DecodeError
		if !errors.As(err, &at) {
			t.Errorf("%q: got %v, want a *DecodeError", clipText(c.text), err)
			continue
		}
		if at.Offset != c.offset || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: got %v, want %q at %d", clipText(c.text), err, c.says, c.offset)
		}
	}
}

func TestDecodeDoesNotKeepTheData(t *testing.T) {
	data := []byte(`{"key":"text","n":1}`)
	v, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got, err := Append(nil, v); err != nil || string(got) != `{"key":"text","n":1}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestDepthIsLimitedAlike(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	v := decode(t, deep)
	if got, err := Append(nil, v); err != nil || string(got) != deep {
		t.Errorf("what can be read cannot be written: %v", err)
	}
	if _, err := Append(nil, []any{v}); err == nil {
		t.Error("deeper than MaxDepth was written")
	}
	if _, err := Hash([]any{v}); err == nil {
		t.Error("deeper than MaxDepth was hashed")
	}
}

// wide is an object of n keys, the first and the last of them twice.
func wide(n int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	fmt.Fprintf(&b, `"k0":"first","k%d":"last"}`, n-1)
	return b.String()
}

func TestLastOfEqualKeysWinsInItsPlace(t *testing.T) {
	for _, n := range []int{2, indexFrom - 1, indexFrom, indexFrom + 1, 3 * indexFrom} {
		o, ok := decode(t, wide(n)).(*Object)
		if !ok || o.Len() != n {
			t.Fatalf("%d keys: got %v", n, o)
		}
		key, v := o.At(0)
		if got, _ := o.Get("k0"); key != "k0" || v != "first" || got != "first" {
			t.Errorf("%d keys: the first is %s: %v", n, key, v)
		}
		key, v = o.At(n - 1)
		if got, _ := o.Get(key); key != fmt.Sprintf("k%d", n-1) || v != "last" || got != "last" {
			t.Errorf("%d keys: the last is %s: %v", n, key, v)
		}
	}
}

// lenient finds the one kind of text that encoding/json takes and we
// refuse: it reads half a surrogate pair as U+FFFD, which changes the record.
func lenient(err error) bool {
	return strings.Contains(err.Error(), "surrogate") || strings.Contains(err.Error(), "invalid UTF-8")
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e10,"x\u00e9",null,true],"a":{}}`, `"\ud83d\ude00"`, `[[],{}]`, ` 0 `, `1e400`, "\"\xff\"", `{"a":1,}`,
		wide(2 * indexFrom),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		sameAsAllAtOnce(t, data, v, err)
		sameToReaders(t, data)
		if err != nil {
			var at *DecodeError
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > len(data) {
				t.Fatalf("%q: %v", data, err)
			}
			if json.Valid(data) && !lenient(err) {
				t.Fatalf("%q is valid for encoding/json, but: %v", data, err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is not valid for encoding/json", data)
		}
		written, err := Append(nil, v)
		if err != nil {
			t.Fatalf("%q cannot be written: %v", data, err)
		}
		again, err := Decode(written)
		if err != nil || !Equal(v, again) {
			t.Fatalf("%q was written as %q and read again: %v", data, written, err)
		}
		if twice, err := Append(nil, again); err != nil || string(twice) != string(written) {
			t.Fatalf("%q is written as %q, then as %q (%v)", data, written, twice, err)
		}
		h, err := Hash(v)
		if err != nil {
			t.Fatal(err)
		}
		if other, _ := Hash(again); h != other {
			t.Fatalf("%q: the hash changed", data)
		}
		canonical, err := AppendCanonical(nil, v)
		if err != nil || !Equal(decode(t, string(canonical)), v) {
			t.Fatalf("%q: its canonical form %q is another value (%v)", data, canonical, err)
		}
	})
}
