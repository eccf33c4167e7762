package cmd

import (
	"strings"
	"testing"
)

// TestBadFiles: every mistake in a file is one message with its place; `run`
// starts nothing and exits with 2, `lint` exits with 1.
func TestBadFiles(t *testing.T) {
	const around = "sources:\n  - values: [1]\noperators:\n%s\nsinks:\n  - stdout: {}\n"
	with := func(operators string) string { return strings.Replace(around, "%s", operators, 1) }
	for _, c := range []struct{ name, content, want string }{
		{"not YAML", "sources: [\n", "p.yaml:1:10: error[yaml-syntax]: "},
		{"binary", "\x00\x01\x02", "p.yaml:1:1: error[yaml-encoding]: "},
		{"empty", "", "p.yaml:1:1: error[yaml-documents]: "},
		{"text", "hello there\n", "p.yaml:1:1: error[wrong-type]: a pipeline file is a mapping"},
		{"a list", "- 1\n", "p.yaml:1:1: error[wrong-type]: a pipeline file is a mapping"},
		{"other YAML", "version: 3\nsources: [{values: [1]}]\nsinks: [{stdout: {}}]\n", "p.yaml:1:1: error[unknown-key]: "},
		{"a cycle", with("  - {name: a, map: value, from: b}\n  - {name: b, map: value, from: a}"), "p.yaml:4:33: error[cycle]: "},
		{"two of one name", with("  - {name: a, map: value}\n  - {name: a, map: value}"), "p.yaml:5:12: error[duplicate-name]: "},
		{"unknown from", with("  - {name: first, map: value}\n  - {map: value, from: frist}"), "p.yaml:5:24: error[unknown-node]: "},
		{"no expression", with("  - map: value +* 2"), "p.yaml:4:17: error[expression]: "},
		{"unknown variable", with("  - map: 'valu + 1'"), "p.yaml:4:11: error[expression]: "},
		{"never boolean", with("  - filter: '\"yes\"'"), "p.yaml:4:14: error[not-boolean]: "},
		{"a loop", "sources:\n  - kafka: {brokers: [b:1], topics: [a, t], group: g}\nsinks:\n  - healing: {to: {kafka: {topic: t}}}\n", "p.yaml:4:35: error[loop]: source kafka-1 reads topic t"},
		{"a start that is none", "sources:\n  - kafka: {brokers: [b:1], topics: [t], group: g, start: yesterday}\nsinks:\n  - healing: {}\n", "p.yaml:2:59: error[wrong-value]: start must be earliest"},
		{"half a certificate", "sources:\n  - kafka: {brokers: [b:1], topics: [t], group: g, tls: {cert: c}}\nsinks:\n  - healing: {}\n", "p.yaml:2:64: error[missing-field]: \"cert\" needs \"key\" beside it"},
		{"a rebalance too short", "sources:\n  - kafka: {brokers: [b:1], topics: [t], group: g, rebalance_timeout: 5s}\nsinks:\n  - healing: {}\n", "p.yaml:2:71: error[wrong-value]: rebalance_timeout is 5s"},
		{"one topic twice", "sources:\n  - {name: a, kafka: {brokers: [b:1], topics: [t], group: g}}\n  - {name: b, kafka: {brokers: [b:1], topics: [t], group: g}}\nsinks:\n  - healing: {}\n", "p.yaml:3:47: error[wrong-value]: topic t belongs to source a already"},
		{"idempotent without acks", "sources:\n  - values: [1]\nsinks:\n  - kafka: {brokers: [b:1], topic: t, acks: leader, idempotent: true}\n", "p.yaml:4:65: error[wrong-value]: idempotent needs acks: all"},
		{"unset variable", with("  - map: ${NOT_SET_ANYWHERE}"), "p.yaml:4:10: error[unset-variable]: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			own(t)
			file(t, "p.yaml", c.content)
			run(t, "run", "p.yaml").exits(t, 2).says(t, c.want, "p.yaml has errors and was not started")
			lint := run(t, "lint", "p.yaml").exits(t, 1)
			if !strings.Contains(lint.stdout, c.want) || lint.stderr != "" {
				t.Errorf("lint says\n%s%s", lint.stdout, lint.stderr)
			}
			if n := strings.Count(lint.stdout, "error["); n != 1 {
				t.Errorf("%d messages for one mistake:\n%s", n, lint.stdout)
			}
		})
	}
}

func TestMissingFiles(t *testing.T) {
	own(t)
	file(t, "good.yaml", "sources:\n  - name: in\n    kafka: {brokers: [b:1], topics: [t], group: g}\nsinks:\n  - healing: {}\n")
	file(t, "reads.yaml", "sources:\n  - file: nowhere.jsonl\nsinks:\n  - stdout: {}\n")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"the pipeline", []string{"run", "nowhere.yaml"}, 2, "waterhealer: nowhere.yaml: there is no such file"},
		{"a pipeline to lint", []string{"lint", "good.yaml", "nowhere.yaml"}, 2, "waterhealer: nowhere.yaml: there is no such file"},
		{"a pipeline to draw", []string{"graph", "nowhere.yaml"}, 2, "waterhealer: nowhere.yaml: there is no such file"},
		{"a folder", []string{"run", "."}, 2, "cannot read the pipeline file: read .: is a directory"},
		{"a source's file", []string{"run", "reads.yaml"}, 1, "reads.yaml:2:11: node file-1: open nowhere.jsonl: no such file or directory"},
		{"an input", []string{"run", "good.yaml", "--dry-run", "--input", "nowhere.jsonl"}, 2, `--input is "nowhere.jsonl": there is no such file`},
		{"a named input", []string{"run", "good.yaml", "--dry-run", "--input", "in=nowhere.jsonl"}, 2, `--input is "nowhere.jsonl": there is no such file`},
		{"an input that is a folder", []string{"run", "good.yaml", "--dry-run", "--input", "."}, 2, `--input is ".", a folder: "*" reads the files in it`},
		{"a seed", []string{"run", "good.yaml", "--embedded", "--seed", "t=nowhere.jsonl"}, 2, `seed of topic "t": open nowhere.jsonl: no such file or directory`},
		{"settings", []string{"run", "good.yaml", "--settings", "nowhere.yaml"}, 2, "settings file nowhere.yaml does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) { run(t, c.args...).exits(t, c.code).says(t, c.want) })
	}
}

// TestSecretsStaySecret: what the environment, a file or the pipeline file
// itself holds as a password is in no message.
func TestSecretsStaySecret(t *testing.T) {
	own(t)
	t.Setenv("PASSWORD", "hunter2")
	file(t, "password.txt", "hunter2\n")
	for name, written := range map[string]string{"environment": "${PASSWORD}", "file": "${file:password.txt}", "written": "hunter2"} {
		for what, broken := range map[string]string{"whole": "", "broken": ", mechanism: hunter3", "not YAML": ", ]"} {
			t.Run(name+" "+what, func(t *testing.T) {
				file(t, "p.yaml", `sources:
  - kafka:
      brokers: ["127.0.0.1:1"]
      topics: [t]
      group: g
      sasl: {username: me, password: "`+written+`"`+broken+`}
sinks:
  - healing: {to: {kafka: {topic: o}}}
`)
				for _, args := range [][]string{
					{"graph", "p.yaml"}, {"graph", "p.yaml", "--format", "dot"}, {"graph", "p.yaml", "--format", "mermaid"}, {"graph", "p.yaml", "--format", "svg"},
					{"lint", "p.yaml"}, {"lint", "p.yaml", "--format", "json"}, {"lint", "p.yaml", "--format", "github"}, {"lint", "p.yaml", "--format", "sarif"},
					{"run", "p.yaml", "--connect-timeout", "50ms", "--log-level", "debug"},
					{"offsets", "p.yaml", "--connect-timeout", "50ms", "--log-level", "debug"},
				} {
					got := run(t, args...)
					if strings.Contains(got.stdout+got.stderr, "hunter2") {
						t.Errorf("%s prints the password:\n%s%s", strings.Join(args, " "), got.stdout, got.stderr)
					}
				}
			})
		}
	}
}

// TestSecretsInExpressions: what is substituted in an expression is in no message,
// when it is compiled and when it runs.
func TestSecretsInExpressions(t *testing.T) {
	own(t)
	t.Setenv("PASSWORD", "hunter2")
	for expression, code := range map[string]int{
		`(value.a ?? "${PASSWORD}").b`: exitHalted, `date("${PASSWORD}")`: exitUsage, `fail(value.id + "${PASSWORD}")`: exitHalted,
		`"${PASSWORD}".b`: exitUsage, `${PASSWORD}`: exitUsage, `value.${PASSWORD}()`: exitUsage, `value matches "${PASSWORD}["`: exitUsage,
	} {
		file(t, "p.yaml", "sources: [{values: [{id: a}]}]\noperators:\n  - map: '"+expression+"'\nsinks: [{stdout: {}}]\n")
		got := run(t, "run", "p.yaml", "--dry-run").exits(t, code)
		if strings.Contains(got.stdout+got.stderr, "hunter") {
			t.Errorf("%s: the password is printed:\n%s%s", expression, got.stdout, got.stderr)
		}
	}
}
