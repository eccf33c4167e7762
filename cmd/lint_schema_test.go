package cmd

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"waterhealer/configs"
)

// TestSchemaFileIsBesideThePipeline: wherever lint is called from.
func TestSchemaFileIsBesideThePipeline(t *testing.T) {
	own(t)
	if err := os.MkdirAll("pipelines/schemas", 0o755); err != nil {
		t.Fatal(err)
	}
	pipeline := kafkaOrders + "    schema: file:schemas/order.json\noperators:\n  - filter: value.totl > 3\nsinks:\n  - healing: {}\n"
	file(t, "pipelines/p.yaml", pipeline)
	file(t, "pipelines/schemas/order.json", `{"properties": {"total": {"type": "number"}}, "additionalProperties": false}`)
	const want = `value has no field "totl", by the schema`
	check := func(got ran) {
		t.Helper()
		if !strings.Contains(got.exits(t, exitHalted).stdout, want) {
			t.Errorf("%s%s", got.stdout, got.stderr)
		}
	}
	check(run(t, "lint", "pipelines/p.yaml"))
	run(t, "run", "pipelines/p.yaml", "--dry-run").exits(t, exitUsage).says(t, want)
	runWith(t, pipeline, "lint", "-").exits(t, exitHalted)
	t.Chdir("pipelines")
	check(run(t, "lint", "p.yaml"))
	check(runWith(t, pipeline, "lint", "-"))
}

// TestSchemaFileThatIsNone: a pipe is not waited for, and what is too large is not
// read to its end.
func TestSchemaFileThatIsNone(t *testing.T) {
	own(t)
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	file(t, "large.json", strings.Repeat(" ", 3<<20)+"{}")
	for path, want := range map[string]string{
		"pipe": "cannot read the schema: pipe is no file", ".": "cannot read the schema: . is no file", "large.json": "the schema large.json is larger than 2 MiB",
	} {
		file(t, "p.yaml", kafkaOrders+"    schema: file:"+path+"\nsinks:\n  - healing: {}\n")
		start := time.Now()
		got := run(t, "lint", "p.yaml").exits(t, exitHalted)
		if !strings.HasPrefix(got.stdout, "p.yaml:4:13: error[unreadable-file]: "+want) || time.Since(start) > time.Minute {
			t.Errorf("%s: %s%s", path, got.stdout, got.stderr)
		}
	}
}

// TestLintHostileTypes expects an answer to schemas and pipelines whose types would
// grow without end.
func TestLintHostileTypes(t *testing.T) {
	source := func(schema string) string {
		return "sources:\n  - name: orders\n    file: orders.jsonl\n    schema: " + schema + "\n"
	}
	var bomb strings.Builder
	for i := range 30 {
		fmt.Fprintf(&bomb, `"d%d": {"anyOf": [{"$ref": "#/$defs/d%d"}, {"properties": {"a": {"$ref": "#/$defs/d%d"}, "b": {"$ref": "#/$defs/d%d"}}}]}, `, i, i+1, i+1, i+1)
	}
	many := func(operator string) string {
		return source("{type: object}") + "operators:\n" + strings.Repeat("  - "+operator+"\n", 300)
	}
	for name, pipeline := range map[string]string{
		"a bomb of references": source(`{"$defs": {` + bomb.String() + `"d30": true}, "$ref": "#/$defs/d0"}`),
		"a schema in a schema": source(strings.Repeat(`{"items": `, 90) + "true" + strings.Repeat("}", 90)),
		"doubling":             many("map: {a: value, b: value}"),
		"pairs":                many("map: '[value, value]'"),
		"merging":              many(`map: 'merge(value, {"x": value})'`),
		"remembering":          many("accumulate: {expr: {a: state, b: value}, start: 0}"),
		"windows":              many("sliding_window: 2"),
		"deep":                 many("foreach_map: {expr: value, depth: 100}"),
	} {
		start := time.Now()
		l := (&program{}).check("p.yaml", []byte(pipeline+"sinks:\n  - stdout: {}\n"))
		took := time.Since(start)
		t.Logf("%s: %v", name, took)
		if took > time.Minute {
			t.Errorf("%s takes %v", name, took)
		}
		for _, d := range l.diagnostics {
			if d.Code != configs.CodeForgets && d.Code != configs.CodeWrongKind {
				t.Errorf("%s: %v", name, d)
			}
		}
	}
}
