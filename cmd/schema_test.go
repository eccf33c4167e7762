package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"waterhealer/configs"
	"waterhealer/configs/schema"
)

// validator is the printed schema, compiled by a library that is not ours.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	printed, err := jsonschema.UnmarshalJSON(strings.NewReader(run(t, "schema").exits(t, 0).stdout))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("pipeline.json", printed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("pipeline.json") // also checks it against 2020-12
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jsonOf is a YAML document as an editor gives it to the schema: anchors and
// merges resolved, times as text.
func jsonOf(data []byte) (any, error) {
	var document any
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	text, err := json.Marshal(plain(document))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case map[any]any:
		named := make(map[string]any, len(v))
		for k, item := range v {
			named[fmt.Sprint(k)] = plain(item)
		}
		return named
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Sprint(v)
		}
	}
	return v
}

// pipelineFiles are all that there are: examples, golden files good and bad.
func pipelineFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, root := range []string{"../configs/testdata", "testdata", "../examples", "../operators/testdata", "../rehearsal"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".yaml" {
				files = append(files, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if len(files) < 100 {
		t.Fatalf("only %d pipeline files were found", len(files))
	}
	return files
}

// environment is what the golden files of configs may substitute. What others do
// is set, too, so that it is not their only mistake.
func environment() configs.Environment {
	values := map[string]string{"WORKERS": "3", "TOPIC": "quakes", "EMPTY": "", "PASSWORD": "hunter2", "EXPR": "value.mag > 4",
		"FILE": "f.jsonl", "JOBS": "jobs.jsonl", "OUTPUT": "out.jsonl"}
	return configs.Environment{
		Lookup:   func(name string) (string, bool) { v, there := values[name]; return v, there },
		ReadFile: func(string) ([]byte, error) { return []byte("text\n"), nil },
	}
}

// unseen are mistakes of codes that a schema sees sometimes, by their message,
// which it does not see.
func unseen(d configs.Diagnostic) bool {
	switch s := schema.Sights(); {
	case !slices.ContainsFunc(s, func(s schema.Sight) bool { return s.Code == d.Code && s.Seen != schema.Never }):
		return true
	case slices.ContainsFunc(s, func(s schema.Sight) bool { return s.Code == d.Code && s.Seen == schema.Always }):
		return false
	}
	return beyond.MatchString(d.Code + ": " + d.Message)
}

var beyond = regexp.MustCompile(strings.Join([]string{
	`^wrong-type: .* is not an integer`,                            // 0x10 and 1.0 are integers in JSON
	`^wrong-type: .* needs an expression`,                          // nothing is null in JSON, which is one
	`^wrong-value: .* is too (small|large)`,                        // durations and sizes
	`^wrong-value: .* reads from .* twice`,                         // `from: [a, a]`, which zip allows
	`^wrong-value: .* (could be an octal number|is no JSON value)`, // a number in JSON
	`^missing-field: dead letters have no`,                         // of the pipeline or of a node
	`^yaml-documents: a second`,
}, "|"))

// TestSchema: the schema takes every file that is parsed without errors, and
// refuses every file with an error that a schema can see.
func TestSchema(t *testing.T) {
	s := validator(t)
	valid, refused := 0, 0
	for _, file := range pipelineFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, diagnostics := configs.Parse(file, data, specs(), environment())
		document, err := jsonOf(data)
		if err != nil {
			if !diagnostics.HasErrors() {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		problem := s.Validate(document)
		if !diagnostics.HasErrors() {
			valid++
			if problem != nil {
				t.Errorf("%s has no errors, the schema refuses it: %v", file, problem)
			}
			continue
		}
		for _, d := range diagnostics {
			if d.Severity == configs.Error && !unseen(d) {
				if refused++; problem == nil {
					t.Errorf("the schema does not see %s", d)
				}
				break
			}
		}
	}
	if valid < 80 || refused < 20 {
		t.Errorf("%d valid files were taken and %d others refused: are they still found?", valid, refused)
	}
}

// TestSchemaSeesEach: a file per mistake that a schema must see, alone.
func TestSchemaSeesEach(t *testing.T) {
	s := validator(t)
	const good = "sources:\n  - values: [1]\noperators:\n  - partition: {size: 2, timeout: 1s}\nsinks:\n  - healing: {to: {stdout: {}}}\n"
	for _, change := range [][2]string{{"size: 2", "size: '${N}'"}, {"1s", "1m30s"}, {"{stdout: {}}", "[{stdout: {}}, {drop: {}}]"}, {"{size: 2, timeout: 1s}", "7"},
		{"sinks:", "shutdown_timeout: 0\nsinks:"}, {"sinks:", "shutdown_timeout: '0'\nsinks:"}, {"sinks:", "max_in_flight: {bytes: 10 B}\nsinks:"},
		{"sinks:", "  - foreach_map: {expr: value, depth: 2}\nsinks:"}, {"sinks:", "  - foreach_map: {a: value, b: 1}\nsinks:"},
	} {
		if err := s.Validate(document(t, strings.Replace(good, change[0], change[1], 1))); err != nil {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	for _, change := range [][2]string{
		{"size: 2", "size: two"}, {"size: 2", "size: 0"}, {"size: 2", "size: 2.5"}, {"size: 2", "sise: 2"}, {"1s", "1"}, {"1s", "soon"},
		{"partition", "partitoin"}, {"{stdout: {}}", "stdout"}, {"{stdout: {}}", "{stdout: {}, drop: {}}"}, {"{size: 2, timeout: 1s}", "[7]"},
		{"sinks:", "sink:"}, {"[1]", "{}"}, {"- values", "- from: x\n    values"}, {"- values", "- name: wait\n    values"}, {"sinks:", "key: value\nsinks:"},
		{"sinks:", "max_in_flight: {record: 1}\nsinks:"}, {"sinks:", "on_error: {then: stop}\nsinks:"}, {"sinks:", "on_error: {dead_letter: {drop: {}, max: 1}}\nsinks:"},
		{"sinks:", "max_in_flight: {bytes: 10KB}\nsinks:"}, {"sinks:", "shutdown_timeout: 1\nsinks:"}, {"sinks:", "  - foreach_map: {expr: value, depth: two}\nsinks:"},
		{"sinks:", "tests: [{input: [{wait: 1s, end: true}]}]\nsinks:"}, {"sinks:", "tests: [{input: []}, {}]\nsinks:"},
	} {
		changed := strings.Replace(good, change[0], change[1], 1)
		if s.Validate(document(t, changed)) == nil {
			t.Errorf("the schema takes %s", changed)
		}
	}
}

func document(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonOf([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}

// TestSchemaRefusesNothingGood changes values of good files at random: what is
// parsed without errors then must still be taken.
func TestSchemaRefusesNothingGood(t *testing.T) {
	s := validator(t)
	var good []yaml.Node
	for _, file := range pipelineFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, diagnostics := configs.Parse(file, data, specs(), environment()); diagnostics.HasErrors() || bytes.Contains(data, []byte("<<")) {
			continue
		}
		var n yaml.Node
		if err := yaml.Unmarshal(data, &n); err != nil {
			t.Fatal(err)
		}
		good = append(good, n)
	}
	values := []string{"1", "0", "-1", "2.5", "true", "text", "''", "null", "~", "1s", "0s", "'0'", "10ms", "64KiB", "2024-01-01", "'${WORKERS}'", "'$${'",
		"[]", "[1]", "[a, b]", "{}", "{a: 1}", "{expr: value}", "{size: 3}", "{drop: {}}", "halt", "csv", "values-1", "0x10", "1e3", "'1 KiB'", "+1s", "[{stdout: {}}]"}
	taken := 0
	rapid.Check(t, func(r *rapid.T) {
		var n yaml.Node
		text, err := yaml.Marshal(&good[rapid.IntRange(0, len(good)-1).Draw(r, "file")])
		if err != nil || yaml.Unmarshal(text, &n) != nil {
			r.Fatal(err)
		}
		var places []*yaml.Node
		collect(&n, &places)
		for range rapid.IntRange(1, 2).Draw(r, "changes") {
			var put yaml.Node
			if err := yaml.Unmarshal([]byte(rapid.SampledFrom(values).Draw(r, "value")), &put); err != nil {
				r.Fatal(err)
			}
			*places[rapid.IntRange(0, len(places)-1).Draw(r, "place")] = *put.Content[0]
		}
		data, err := yaml.Marshal(&n)
		if err != nil {
			return // an anchor was replaced
		}
		_, diagnostics := configs.Parse("f.yaml", data, specs(), environment())
		if diagnostics.HasErrors() {
			return
		}
		changed, err := jsonOf(data)
		if err != nil {
			r.Fatalf("%v\n%s", err, data)
		}
		taken++
		if err := s.Validate(changed); err != nil {
			r.Fatalf("the schema refuses\n%s\n%v", data, err)
		}
	})
	if taken == 0 {
		t.Error("no change left a file without errors")
	}
}

// collect lists the values of a document.
func collect(n *yaml.Node, places *[]*yaml.Node) {
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			*places = append(*places, child)
			collect(child, places)
		}
	}
}
