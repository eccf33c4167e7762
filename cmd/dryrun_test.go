package cmd

import (
	"bytes"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
)

const twoSources = `sources:
  - name: left
    kafka: {brokers: [b:1], topics: [l], group: g}
  - name: right
    kafka: {brokers: [b:1], topics: [r1, r2], group: g}
operators:
  - map: '{"value": value, "topic": topic}'
sinks:
  - name: both
    healing: {to: {kafka: {topic: out}}}
`

func TestDryRunOfSeveralSources(t *testing.T) {
	own(t)
	file(t, "p.yaml", twoSources)
	file(t, "l.jsonl", "1\n")
	file(t, "r.jsonl", "2\n")
	dry := func(args ...string) ran { return run(t, append([]string{"run", "p.yaml", "--dry-run"}, args...)...) }
	dry().exits(t, 2).says(t, `a dry run reaches no broker: give source "left" a file with --input left=FILE`)
	dry("--input", "left=l.jsonl").exits(t, 2).says(t, `give source "right" a file`)
	dry("--input", "l.jsonl", "--input", "right=r.jsonl").exits(t, 2).says(t, "there are several sources, say which as SOURCE=FILE (left, right)")
	dry("--input", "middle=l.jsonl").exits(t, 2).says(t, `there is no source "middle", only left, right`)
	dry("--input", "left=l.jsonl", "--input", "left=r.jsonl").exits(t, 2).says(t, `--input names source "left" twice`)
	dry("--input", "left=-", "--input", "right=-").exits(t, 2).says(t, "standard input can be read only once: source left and source right want it")

	// A source of one topic gives its records that topic; one of two cannot.
	left := dry("--input", "left=l.jsonl", "--input", "right=r.jsonl").exits(t, 0).
		says(t, "source left would commit offset 1\n", "source right would commit offset 1\n")
	a, b := `{"sink":"both","key":null,"value":{"value":1,"topic":"l"}}`+"\n", `{"sink":"both","key":null,"value":{"value":2,"topic":"r.jsonl"}}`+"\n"
	if left.stdout != a+b && left.stdout != b+a {
		t.Errorf("stdout is\n%s", left.stdout)
	}
}

// TestDryRunShowsMessages: one line per message, as an output would get it.
func TestDryRunShowsMessages(t *testing.T) {
	for _, c := range []struct{ name, operators, sinks, input, want string }{
		{
			"an element of a batch is a message", "  - partition: 2\n  - partition: 2\n", "  - name: s\n    healing: {}\n", "1\n2\n3\n",
			`{"sink":"s","key":null,"value":1}` + "\n" + `{"sink":"s","key":null,"value":2}` + "\n" + `{"sink":"s","key":null,"value":3}` + "\n",
		},
		{
			"a list is one message", "  - partition: 2\n  - map: value\n", "  - name: s\n    healing: {}\n", "1\n2\n",
			`{"sink":"s","key":null,"value":[1,2]}` + "\n",
		},
		{
			"a tombstone", "  - map: nil\n", "  - name: s\n    kafka: {topic: t, key: '\"k\"'}\n", "1\n",
			`{"sink":"s","key":"k","value":null}` + "\n",
		},
		{
			"keys", "  - map: value\n", "  - name: s\n    kafka: {topic: t, key: value}\n", `7` + "\n" + `{"a":1.10}` + "\n" + `null` + "\n",
			`{"sink":"s","key":"7","value":7}` + "\n" + `{"sink":"s","key":"{\"a\":1.10}","value":{"a":1.10}}` + "\n" + `{"sink":"s","key":null,"value":null}` + "\n",
		},
		{
			"text that looks like JSON", "  - map: value\n", "  - name: s\n    kafka: {topic: t, encode: text}\n", "7\n",
			`{"sink":"s","key":null,"value":"7"}` + "\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			own(t)
			file(t, "p.yaml", "sources:\n  - stdin: {}\noperators:\n"+c.operators+"sinks:\n"+c.sinks)
			runWith(t, c.input, "run", "p.yaml", "--dry-run").exits(t, 0).prints(t, c.want)
		})
	}
}

func TestDryRunKeyThatIsNotUTF8(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - name: in\n    kafka: {brokers: [b:1], topics: [in], group: g}\n    decode: bytes\n"+
		"sinks:\n  - name: s\n    healing: {to: {kafka: {topic: t, key: value}}}\n")
	runWith(t, "\xff\xfe\n", "run", "p.yaml", "--dry-run", "--input", "-").exits(t, 0).
		prints(t, `{"sink":"s","key":"//4=","key_encoding":"base64","value":"//4=","value_encoding":"base64"}`+"\n")
}

func TestDryRunOfKafkaBatched(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - name: in\n    kafka_batched: {brokers: [b:1], topics: [in], group: g, size: 2}\n"+
		"operators:\n  - map: sum(value)\nsinks:\n  - name: s\n    healing: {}\n")
	runWith(t, "1\n2\n3\n", "run", "p.yaml", "--dry-run", "--input", "-").exits(t, 0).
		prints(t, `{"sink":"s","key":null,"value":3}`+"\n"+`{"sink":"s","key":null,"value":3}`+"\n").
		says(t, "source in would commit offset 3")
}

// TestDryRunSummaryAsJSON is the whole of stderr, for scripts.
func TestDryRunSummaryAsJSON(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - name: in\n    kafka: {brokers: [b:1], topics: [in], group: g}\n"+
		"operators:\n  - filter: value.n > 1\nsinks:\n  - name: s\n    healing: {}\non_error: {then: skip}\n")
	input := file(t, "in.jsonl", "{\"n\":1}\n\n{\"n\":\"x\"}\n{\"n\":2}\nnot json\n")
	got := run(t, "run", "p.yaml", "--dry-run", "--input", input, "--summary", "json").exits(t, 0)
	var s summary
	if err := json.Unmarshal([]byte(got.stderr), &s); err != nil {
		t.Fatalf("%v in\n%s", err, got.stderr)
	}
	if len(s.Nodes) != 3 || s.Nodes[1] != (summaryNode{Name: "filter-1", Kind: "filter", In: 3, Out: 1, Dropped: 1, Failed: 1}) {
		t.Errorf("nodes are %+v", s.Nodes)
	}
	if len(s.Commits) != 1 || s.Commits[0] != (summaryCommit{Source: "in", File: "in.jsonl", Offset: 4}) {
		t.Errorf("commits are %+v", s.Commits)
	}
	if len(s.Failures) != 2 || s.Failures[0].Record != "in.jsonl:3" || s.Failures[0].Then != "skip" ||
		s.Failures[0].Node != "filter-1" || s.Failures[1].Record != "in.jsonl:5" || s.Failures[1].Node != "in" {
		t.Errorf("failures are %+v", s.Failures)
	}
}

// TestDryRunOfAJoinedValueNamesEveryRecord: what was made of three records
// fails for all three.
func TestDryRunOfAJoinedValueNamesEveryRecord(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - name: in\n    kafka: {brokers: [b:1], topics: [in], group: g}\n"+
		"operators:\n  - partition: 3\n  - map: 'fail(\"no\")'\nsinks:\n  - healing: {}\n")
	input := file(t, "in.jsonl", "1\n\n2\n3\n")
	run(t, "run", "p.yaml", "--dry-run", "--input", input).exits(t, 1).prints(t, "").
		says(t, "in.jsonl:1: failed", "in.jsonl:3: failed", "in.jsonl:4: failed", "3 failures would halt the pipeline")
}

func TestDryRunWithoutEndIsRefused(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - name: ticks\n    generate: index\nsinks:\n  - stdout: {}\n")
	run(t, "run", "p.yaml", "--dry-run").exits(t, 2).says(t, `source "ticks" generates records without end`)
	input := file(t, "in=1.jsonl", "1\n")
	run(t, "run", "p.yaml", "--dry-run", "--input", input).exits(t, 0).prints(t, `{"sink":"stdout-1","key":null,"value":1}`+"\n")
}

// TestDryRunWritesNothing: files that a pipeline would write are not even made.
func TestDryRunWritesNothing(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - values: [1]\nsinks:\n  - file: out.jsonl\n  - healing: {to: {file: healed.jsonl}, report: {file: report.jsonl}}\n"+
		"on_error: {then: dead_letter, dead_letter: {file: dead.jsonl}}\n")
	run(t, "run", "p.yaml", "--dry-run").exits(t, 0)
	if left := folder(t); len(left) != 1 {
		t.Errorf("the folder has %v", left)
	}
}

// What a file would refuse in a real run fails in a dry run, too.
func TestDryRunOfLinesThatAreNone(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - values: [\"a\\nb\", c]\nsinks:\n  - file: {path: out.txt, format: text}\non_error: {then: skip}\n")
	run(t, "run", "p.yaml", "--dry-run").exits(t, 0).
		prints(t, "{\"sink\":\"file-1\",\"key\":null,\"value\":\"c\"}\n").
		says(t, "values-1/0/0: failed at file-1 (p.yaml:4:5), then skip: a value with a line end in it cannot be a line of text")
}

// Branches, windows, sinks and sources have goroutines of their own, which must
// not show: each record comes through everything before the next one.
func TestDryRunIsTheSameEachTime(t *testing.T) {
	own(t)
	file(t, "p.yaml", `max_in_flight: 2
sources:
  - {name: a, values: [1, 2, x]}
  - {name: b, values: [10, 20]}
operators:
  - {name: next, from: [a, b], map: value + 1}
  - {name: pairs, from: next, partition: {size: 2, timeout: 1ns}}
  - {name: all, from: [pairs, next], map: value}
sinks:
  - {name: left, from: all, healing: {to: [{stdout: {}}, {file: f}]}}
  - {name: right, from: [next, pairs], stdout: {}}
on_error: {then: dead_letter, dead_letter: {file: {path: dead}}}
`)
	line := func(sink, value string) string {
		return `{"sink":"` + sink + `","key":null,"value":` + value + "}\n"
	}
	want := line("left", "2") + line("left", "2") + line("right", "2") +
		line("left", "11") + line("left", "[2,11]") + line("left", "11") + line("left", "[2,11]") + line("right", "11") + line("right", "2") + line("right", "11") +
		line("left", "3") + line("left", "3") + line("right", "3") +
		line("left", "21") + line("left", "[3,21]") + line("left", "21") + line("left", "[3,21]") + line("right", "21") + line("right", "3") + line("right", "21")
	var before ran
	for i := range 30 {
		now := run(t, "run", "p.yaml", "--dry-run").exits(t, 0)
		lines, letter, _ := strings.Cut(now.stdout, `{"dead_letter":true`)
		if lines != want || !strings.Contains(letter, `"value":"x"`) {
			t.Fatalf("run %d prints\n%s", i, now.stdout)
		}
		if i > 0 && now.stderr != before.stderr {
			t.Fatalf("run %d says\n%s\nafter\n%s", i, now.stderr, before.stderr)
		}
		before = now
	}
}

// A full disk behind stdout ends a dry run, which would otherwise try for ever.
func TestDryRunThatCannotPrint(t *testing.T) {
	own(t)
	file(t, "p.yaml", "sources:\n  - generate: {value: index, count: 100000}\nsinks:\n  - stdout: {}\n")
	var stderr bytes.Buffer
	code := execute(t.Context(), []string{"run", "p.yaml", "--dry-run"}, strings.NewReader(""), full{}, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "waterhealer: print: no space left on device") {
		t.Errorf("exit code %d, stderr\n%s", code, stderr.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A healing sink that writes nothing refuses nothing, whatever the source decodes.
func TestDryRunOfHealingAlone(t *testing.T) {
	own(t)
	for decode, want := range map[string]string{
		"text":  `{"sink":"healing-1","key":null,"value":{"v":"a,1"}}`,
		"bytes": `{"sink":"healing-1","key":null,"value":{"v":"YSwx"}}`,
		"csv":   `{"sink":"healing-1","key":null,"value":{"v":["a","1"]}}`,
	} {
		file(t, "p.yaml", "sources:\n  - kafka: {brokers: [b:1], topics: [t], group: g}\n    decode: "+decode+
			"\noperators:\n  - name: m\n    map: {v: value}\nsinks:\n  - healing: {}\n")
		runWith(t, "a,1\n", "run", "p.yaml", "--dry-run", "--input", "-").exits(t, 0).prints(t, want+"\n")
	}
}

func TestDryRunThatStalls(t *testing.T) {
	own(t)
	file(t, "p.yaml", "max_in_flight: 10\nsources:\n  - generate: {value: index, count: 3000}\noperators:\n  - partition_unique: {size: 5, key: value % 3}\nsinks:\n  - stdout: {}\n")
	run(t, "run", "p.yaml", "--dry-run").exits(t, 3).says(t, "waterhealer: stalled: ", "held by partition_unique-1")
}

func TestOutputWithoutBrokers(t *testing.T) {
	own(t)
	file(t, "none.yaml", "sources:\n  - values: [1]\nsinks:\n  - kafka: {topic: t}\n")
	file(t, "two.yaml", "sources:\n  - {name: a, kafka: {brokers: [x:1], topics: [t], group: g}}\n  - {name: b, kafka: {brokers: [y:1], topics: [t], group: g}}\n"+
		"sinks:\n  - healing: {to: {kafka: {topic: u}}}\n")
	run(t, "run", "none.yaml", "--dry-run").exits(t, 0).
		says(t, `none.yaml:4:5: warning[missing-field]: the field "brokers" is missing: there is no Kafka source to take it from`)
	run(t, "run", "none.yaml").exits(t, 2).says(t, "brokers is missing")
	if lint := run(t, "lint", "two.yaml").exits(t, 0); !strings.Contains(lint.stdout, "two.yaml:5:20: warning[missing-field]: ") ||
		!strings.Contains(lint.stdout, "the sources a and b have different ones") {
		t.Errorf("lint says\n%s", lint.stdout)
	}
}

func TestRunFlagsThatDoNotGoTogether(t *testing.T) {
	own(t)
	file(t, "p.yaml", twoSources)
	for want, args := range map[string][]string{
		"--input needs --dry-run":                     {"--input", "left=-"},
		"--dry-run reaches no broker":                 {"--dry-run", "--embedded"},
		"--seed needs --embedded":                     {"--seed", "l=x"},
		`--seed is "x", must be TOPIC=FILE`:           {"--embedded", "--seed", "x"},
		`--summary is "xml", must be text or json`:    {"--dry-run", "--summary", "xml"},
		"--connect-timeout is 0s, must be more":       {"--connect-timeout", "0s"},
		"unknown flag: --dry":                         {"--dry"},
		`--log-format is "xml", must be text or json`: {"--log-format", "xml"},
		`--log-level is "loud", must be debug`:        {"--log-level", "loud"},
	} {
		run(t, append([]string{"run", "p.yaml"}, args...)...).exits(t, 2).says(t, want)
	}
	run(t, "run").exits(t, 2).says(t, "run takes one FILE, got 0")
	run(t, "dance").exits(t, 2).says(t, `unknown command "dance"`)
}
