package cmd

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"waterhealer/configs"
	"waterhealer/engine"
)

// TestLintAndRunAgree lints every pipeline file that there is and starts it:
// run refuses what has errors, and trips over nothing else.
func TestLintAndRunAgree(t *testing.T) {
	files := pipelineFiles(t)
	texts := make(map[string][]byte, len(files))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = data
	}
	setEnvironment(t)
	t.Setenv("KAFKA_PASSWORD", "hunter2")
	own(t)
	file(t, "empty", "")
	accepted := 0
	for _, path := range files {
		t.Run(path, func(t *testing.T) {
			own := file(t, "p.yaml", string(texts[path]))
			l := (&program{}).check(own, texts[path])
			args := []string{"run", own, "--dry-run"}
			for _, n := range l.pipeline.Sources {
				args = append(args, "--input", n.Name+"=empty")
			}
			r := run(t, args...)
			if l.diagnostics.HasErrors() {
				if r.code != exitUsage || !strings.Contains(r.stderr, "p.yaml has errors and was not started") || r.stdout != "" {
					t.Errorf("lint has errors, but run exits with %d\n%s%s", r.code, r.stdout, r.stderr)
				}
				return
			}
			accepted++
			if r.code != exitDone {
				t.Errorf("lint accepts what a dry run does not: exit code %d\n%s", r.code, r.stderr)
			}
			if err := starts(l); err != nil {
				t.Errorf("lint accepts what does not start: %v", err)
			}
		})
	}
	if accepted < 50 {
		t.Errorf("lint accepted %d of %d files", accepted, len(files))
	}
}

func setEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{"WORKERS", "TOPIC", "EMPTY", "PASSWORD", "EXPR", "FILE", "JOBS", "OUTPUT"} {
		if value, there := environment().Lookup(name); there {
			t.Setenv(name, value)
		}
	}
}

// starts does what run does before it reaches a broker. Missing brokers and
// certificates were warned of.
func starts(l *loaded) error {
	for _, d := range l.diagnostics {
		if d.Code == configs.CodeMissingField && strings.Contains(d.Message, `"brokers"`) || d.Code == configs.CodeUnreadableFile {
			return nil
		}
	}
	if err := oneStdin(l, nil); err != nil {
		return err
	}
	w := &wiring{
		program: &program{stdin: strings.NewReader(""), stdout: &strings.Builder{}, stderr: &strings.Builder{}}, loaded: l,
		options: runOptions{startOptions: startOptions{connectTimeout: time.Second}}, logger: slog.New(slog.DiscardHandler),
	}
	graph, err := l.plan.Graph(w.connectors())
	if err != nil {
		return err
	}
	_, err = engine.New(graph, engine.Options{Logger: w.logger})
	return err
}

// TestLintAndRunAgreeOnChanges: the same of good files in which a value was
// replaced or left out.
func TestLintAndRunAgreeOnChanges(t *testing.T) {
	setEnvironment(t)
	var good [][]byte
	for _, file := range pipelineFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if l := (&program{}).check(file, data); !l.diagnostics.HasErrors() && !strings.Contains(string(data), "<<") {
			good = append(good, data)
		}
	}
	t.Chdir(t.TempDir())
	values := []string{"1", "0", "-1", "2.5", "true", "text", "''", "null", "1s", "0s", "64KiB", "2024-01-01T00:00:00Z", "[]", "[1]", "[a, b]", "{}",
		"{a: 1}", "{expr: value}", "value", "value.a", "{drop: {}}", "dead_letter", "latest", "csv", "values-1", "orders", "key", "leader", "{kafka: {topic: orders}}"}
	taken := 0
	rapid.Check(t, func(r *rapid.T) {
		var n yaml.Node
		if err := yaml.Unmarshal(rapid.SampledFrom(good).Draw(r, "file"), &n); err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(r, "changes") {
			change(r, &n, values)
		}
		data, err := yaml.Marshal(&n)
		if err != nil {
			return // an anchor was replaced
		}
		l := (&program{}).check("p.yaml", data)
		if l.diagnostics.HasErrors() {
			return
		}
		taken++
		if err := starts(l); err != nil {
			r.Fatalf("lint accepts what does not start: %v\n%s", err, data)
		}
	})
	if taken == 0 {
		t.Error("no change left a file without errors")
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("nothing was run, but there are %v", left)
	}
}

// change replaces a value somewhere in a document, or removes a key or an element.
func change(r *rapid.T, n *yaml.Node, values []string) {
	var places []*yaml.Node
	collect(n, &places)
	place := rapid.SampledFrom(places).Draw(r, "place")
	if remove := rapid.Bool().Draw(r, "remove"); remove && len(place.Content) > 0 {
		step := 1
		if place.Kind == yaml.MappingNode {
			step = 2
		}
		i := rapid.IntRange(0, len(place.Content)/step-1).Draw(r, "which") * step
		place.Content = append(place.Content[:i:i], place.Content[i+step:]...)
		return
	}
	var put yaml.Node
	if err := yaml.Unmarshal([]byte(rapid.SampledFrom(values).Draw(r, "value")), &put); err != nil {
		r.Fatal(err)
	}
	*place = *put.Content[0]
}
