package observe

import (
	"encoding/json"
	"strings"
	"testing"

	"waterhealer/engine"
)

// What a record held is shown as JSON, or as a string where it is none.
func TestValueOfAFailure(t *testing.T) {
	made := &engine.Record{}
	made.SetValue("made")
	long := strings.Repeat("ä", 3000)
	for name, c := range map[string]struct {
		record *engine.Record
		want   string
	}{
		"JSON":        {&engine.Record{Raw: []byte(`{"a": 1.10}`)}, `{"a": 1.10}`},
		"text":        {&engine.Record{Raw: []byte(`{"a": `)}, `"{\"a\": "`},
		"no UTF-8":    {&engine.Record{Raw: []byte{'a', 0xff}}, `"a\ufffd"`},
		"null":        {&engine.Record{}, `null`},
		"empty":       {&engine.Record{Raw: []byte{}}, `""`},
		"made":        {made, `"made"`},
		"long":        {&engine.Record{Raw: []byte(`"` + long + `"`)}, `"\"` + long[:4094] + `… (6002 bytes)"`},
		"long, cut ä": {&engine.Record{Raw: []byte(long)}, `"` + long[:4096] + `… (6000 bytes)"`},
	} {
		got := valueOf(c.record)
		if string(got) != c.want || !json.Valid(got) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
