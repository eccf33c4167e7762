package operators_test

import (
	"strings"
	"testing"

	"waterhealer/engine"
)

// TestValuesThatNobodyReadsAreOnlyChecked looks at what decoding makes of a
// source's records in different pipelines. What is refused is always the same.
func TestValuesThatNobodyReadsAreOnlyChecked(t *testing.T) {
	for pipeline, read := range map[string]bool{
		"": false,
		"sinks: [{healing: {to: [{memory: {}}, {memory: {topic: u}}]}}]\n": false,
		"sinks: [{healing: {}}]\n":                                                           false,
		"on_error: {then: dead_letter, dead_letter: {memory: {}}}\n":                         false,
		"operators: [{filter: partition == 0}]\n":                                            true,
		"sinks: [{healing: {to: {memory: {key: value.id}}}}]\n":                              true,
		"sinks: [{healing: {to: {memory: {topic: {expr: topic}}}}}]\n":                       true,
		"sinks: [{healing: {to: {memory: {headers: {a: key}}}}}]\n":                          true,
		"sinks: [{healing: {to: {memory: {}}}}, {stdout: {}}]\n":                             true,
		"sinks: [{healing: {report: {memory: {}}}}]\n":                                       true,
		"order: key\nkey: value.id\n":                                                        true,
		"on_error: {then: dead_letter, dead_letter: {memory: {key: value.id}}}\n":            true,
		"sources: [{name: in, memory: {}, decode: bytes}]\n":                                 false,
		"sources: [{name: in, memory: {}, decode: text}]\n":                                  true,
		"sources: [{name: in, memory: {}}, {name: b, memory: {}}]\noperators: [{map: 1}]\n":  true,
		"sources: [{name: in, memory: {}}]\nsinks: [{name: out, memory: {encode: text}}]\n":  false,
		"sources: [{name: in, memory: {}}]\nsinks: [{name: out, memory: {encode: bytes}}]\n": false,
	} {
		decode := decoding(t, pipeline)
		if strings.Contains(pipeline, "decode: bytes") {
			if decode != nil {
				t.Errorf("%s: bytes are decoded", pipeline)
			}
			continue
		}
		r := &engine.Record{Raw: []byte(`{"id":1}`)}
		if err := decode(r); err != nil || (r.Value != nil) != read {
			t.Errorf("%s: the value is %v (%v); is it read: %v", pipeline, r.Value, err, read)
		}
		if strings.Contains(pipeline, "decode: text") {
			continue
		}
		if err := decode(&engine.Record{Raw: []byte(`{"id":1`)}); err == nil || !strings.Contains(err.Error(), "payload is not json: not JSON: the end of the text") {
			t.Errorf("%s: half a record: %v", pipeline, err)
		}
		if err := decode(&engine.Record{}); err != nil {
			t.Errorf("%s: a null payload: %v", pipeline, err)
		}
	}
}
