package cmd

import (
	"strings"
	"testing"
)

const kafkaOrders = "sources:\n  - name: orders\n    kafka: {brokers: [kafka-1:9092], topics: [orders], group: billing}\n"

// TestLintSample: what a sample of records shows is believed, in whatever format
// it comes, and messages say that it is from there.
func TestLintSample(t *testing.T) {
	own(t)
	file(t, "orders.jsonl", "{\"id\": \"a\", \"total\": 3, \"buyer\": {\"name\": \"x\"}}\n\n{\"id\": \"b\", \"total\": 4.5, \"tags\": [\"new\"]}\n")
	file(t, "orders.csv", "id,total\na,3\n")
	file(t, "rows.txt", "a;3\n")
	file(t, "many.jsonl", strings.Repeat("{\"n\": 1}\n", 100_001))
	file(t, "numbers.jsonl", strings.Repeat("1\n", 1234))
	const text = "sources:\n  - {name: orders, file: {path: orders.csv, format: csv}}\n"
	const both = kafkaOrders + "  - {name: rows, stdin: text}\n"
	for _, c := range []struct {
		sources, operators, sample string
		want                       string // what is said, "" is nothing
	}{
		{kafkaOrders, "filter: value.total > 3", "orders.jsonl", ""},
		{kafkaOrders, "filter: value.totl > 3", "orders.jsonl", `:5:19: error[unknown-field]: value has no field "totl" in the sample's 2 records`},
		{kafkaOrders, "filter: value.totl > 3", "orders=orders.jsonl", `:5:19: error[unknown-field]: value has no field "totl" in the sample's 2 records`},
		{kafkaOrders, "filter: value.buyer.nam == nil", "orders.jsonl", `:5:25: warning[unknown-field]: value.buyer has no field "nam" in the sample's 2 records`},
		{kafkaOrders, "filter: value.id > 3", "orders.jsonl", ":5:22: error[never-holds]: > does not work on string and integer, in the sample's 2 records"},
		{kafkaOrders, "filter: value.id == 3", "orders.jsonl", `:5:22: error[never-holds]: == never holds: value.id is a string, 3 is an integer, in the sample's 2 records`},
		{kafkaOrders, "filter: value.tags", "orders.jsonl", ":5:13: error[not-boolean]: filter needs an expression that is true or false; this one gives a list or nil, in the sample's 2 records"},
		{kafkaOrders, "map: value.tags?.[0] + 1", "orders.jsonl", ":5:26: error[wrong-kind]: + does not work on string or nil and integer, in the sample's 2 records"},
		{kafkaOrders, "map: 'value.rush ?? false'", "orders.jsonl", `:5:17: warning[unknown-field]: value has no field "rush" in the sample's 2 records`},
		{kafkaOrders, "map: 'value.total > 3 ? value.rush : 1'", "orders.jsonl", `:5:35: warning[unknown-field]: value has no field "rush" in the sample's 2 records`},
		{kafkaOrders, "pluck: [id, totl]", "orders.jsonl", `:5:17: error[unknown-field]: there is no field "totl" in the sample's 2 records`},
		{kafkaOrders, "flatten: {}", "orders.jsonl", ":5:5: error[wrong-kind]: flatten needs a batch or a list; what comes is an object, in the sample's 2 records"},
		{kafkaOrders, "filter: value.total > 3", "orders.csv", ":5:25: error[never-holds]: > does not work on string and integer, in the sample's 1 record"},
		{text, "filter: value.total > 3", "orders.csv", ":4:25: error[never-holds]: > does not work on string and integer, in the sample's 1 record"},
		{text, "filter: value.totl == '3'", "orders.csv", `:4:19: error[unknown-field]: value has no field "totl" in the sample's 1 record`},
		{both, "{name: a, from: orders, filter: value.totl > 3}\n  - {name: b, from: rows, filter: value > '3'}\n  - {from: [a, b], union: {}}", "orders=orders.jsonl rows=rows.txt", `:6:43: error[unknown-field]: value has no field "totl" in the sample's 2 records`},
		{kafkaOrders, "filter: value.m > 3", "many.jsonl", `:5:19: error[unknown-field]: value has no field "m" in the sample's first 100,000 records`},
		{kafkaOrders, "filter: value.m > 3", "numbers.jsonl", `:5:19: error[wrong-kind]: value is a number or nil, so it has no field "m", in the sample's 1,234 records`},
		{kafkaOrders + "    schema: {properties: {total: {type: number}}}\n", "filter: value.totl > 3", "orders.jsonl", `:6:19: warning[unknown-field]: value may have no field "totl", by the schema`},
		{kafkaOrders + "    schema: {properties: {id: {type: string}, total: {type: string}}}\n", "map: value", "orders.jsonl",
			":4:13: warning[schema]: 2 of the sample's 2 records are not as the schema says, the first in orders.jsonl:1"},
		{kafkaOrders + "    schema: {required: [buyer]}\n", "map: value", "orders.jsonl", ":4:13: warning[schema]: 1 of the sample's 2 records is not as the schema says, the first in orders.jsonl:3"},
		{kafkaOrders + "    schema: {required: [id]}\n", "map: value", "orders.jsonl", ""},
	} {
		t.Run(c.operators+" "+c.sample, func(t *testing.T) {
			pipeline := c.sources + "operators:\n  - " + c.operators + "\nsinks:\n  - healing: {}\n"
			file(t, "p.yaml", pipeline)
			args := []string{"lint", "p.yaml"}
			for _, s := range strings.Fields(c.sample) {
				args = append(args, "--sample", s)
			}
			got := run(t, args...)
			first, _, _ := strings.Cut(got.stdout, "\n")
			if got.stderr != "" || (c.want == "") != (first == "") || c.want != "" && !strings.HasPrefix(first, "p.yaml"+c.want) {
				t.Errorf("%s\nsays %s%s\nwant %s", pipeline, got.stdout, got.stderr, c.want)
			}
			code := exitDone
			if strings.Contains(got.stdout, ": error[") {
				code = exitHalted
			}
			got.exits(t, code)
		})
	}
}

// TestLintSampleFromStdin: a sample may come through a pipe, and is read once.
func TestLintSampleFromStdin(t *testing.T) {
	own(t)
	pipeline := kafkaOrders + "operators:\n  - filter: value.totl > 3\nsinks:\n  - healing: {}\n"
	file(t, "p.yaml", pipeline)
	file(t, "q.yaml", pipeline)
	got := runWith(t, "{\"total\": 1}\n", "lint", "p.yaml", "--sample", "-").exits(t, exitHalted)
	if want := "in the sample's 1 record"; !strings.Contains(got.stdout, want) {
		t.Errorf("no %s in %s", want, got.stdout)
	}
	for _, args := range []string{"p.yaml q.yaml --sample -", "- --sample -", "p.yaml --sample - --sample orders=-"} {
		runWith(t, "{}\n", append([]string{"lint"}, strings.Fields(args)...)...).exits(t, exitUsage).says(t, "standard input can be read only once")
	}
}

// TestLintSampleRefused: what cannot be read tells nothing, and is no reason to
// say that all is well.
func TestLintSampleRefused(t *testing.T) {
	own(t)
	file(t, "ok.jsonl", "{}\n")
	file(t, "bad.jsonl", "{}\n{\"id\": \n")
	file(t, "bytes.txt", "a\n\xff\n")
	file(t, "empty.jsonl", "\n")
	sinks := "sinks:\n  - healing: {}\n"
	file(t, "p.yaml", kafkaOrders+sinks)
	file(t, "text.yaml", kafkaOrders+"    decode: text\n"+sinks)
	file(t, "two.yaml", kafkaOrders+"  - {name: others, stdin: text}\n"+sinks)
	file(t, "broken.yaml", kafkaOrders+"    decodes: text\n"+sinks)
	for args, want := range map[string]string{
		"p.yaml --sample nowhere.jsonl":                     `--sample is "nowhere.jsonl": there is no such file`,
		"p.yaml --sample .":                                 `--sample is ".", a folder`,
		"p.yaml --sample order=ok.jsonl":                    `--sample is "order=ok.jsonl": there is no source "order", only orders`,
		"p.yaml --sample ok.jsonl --sample orders=ok.jsonl": `--sample names source "orders" twice`,
		"p.yaml --sample bad.jsonl":                         `cannot read the sample of source "orders": bad.jsonl:2: payload is not json: `,
		"text.yaml --sample bytes.txt":                      `cannot read the sample of source "orders": bytes.txt:2: payload is not text: `,
		"p.yaml --sample empty.jsonl":                       `the sample empty.jsonl of source "orders" has no records`,
		"two.yaml --sample ok.jsonl":                        `--sample is "ok.jsonl": there are several sources, say which as SOURCE=FILE (orders, others)`,
		"two.yaml p.yaml --sample others=ok.jsonl":          `there is no source "others", only orders`,
	} {
		got := run(t, append([]string{"lint"}, strings.Fields(args)...)...).exits(t, exitUsage).says(t, want)
		if got.stdout != "" {
			t.Errorf("lint %s prints %s", args, got.stdout)
		}
	}
	// A file that is broken is not held against a sample.
	if got := run(t, "lint", "broken.yaml", "--sample", "nowhere.jsonl").exits(t, exitHalted); !strings.HasPrefix(got.stdout, "broken.yaml:4:5: error[unknown-key]") {
		t.Errorf("%s%s", got.stdout, got.stderr)
	}
}
