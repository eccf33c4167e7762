package cmd

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/kafka"
)

// TestLintAndEmbeddedRunAgree runs every good file whose sources are in Kafka
// against a broker, to the end: brokers, too, take what lint accepts.
func TestLintAndEmbeddedRunAgree(t *testing.T) {
	setEnvironment(t)
	t.Setenv("KAFKA_PASSWORD", "hunter2")
	texts := make(map[string]string)
	for _, path := range pipelines(t, "testdata/lint/good", 60) {
		l := (&program{}).check(path, []byte(readAll(t, path)))
		if !slices.ContainsFunc(l.pipeline.Sources, func(n *configs.Node) bool { return !runsEmbedded(n, l.pipeline) }) {
			texts[path] = readAll(t, path)
		}
	}
	if len(texts) < 30 {
		t.Fatalf("only %d files have sources in one Kafka", len(texts))
	}
	own(t)
	for path, text := range texts {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if r := run(t, "run", file(t, "p.yaml", text), "--embedded", "--until-end"); r.code != exitDone || strings.Contains(r.stderr, "ERROR") {
				t.Errorf("exit code %d\n%s", r.code, r.stderr)
			}
		})
	}
}

// runsEmbedded reports a source of the one cluster that --embedded makes of all.
func runsEmbedded(n *configs.Node, p *configs.Pipeline) bool {
	return (n.Kind == "kafka" || n.Kind == "kafka_batched") && kafka.SameBrokers(n.Values, p.Sources[0].Values)
}
