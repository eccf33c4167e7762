package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Every line about a record names it, the same in each run, whatever it has
// become: a part of a batch, a sum.
func TestLogNamesRecords(t *testing.T) {
	own(t)
	path := file(t, "p.yaml", `sources:
  - name: in
    values: {items: [{n: 1}, {n: 2}, {n: 3}, {n: 4}]}
operators:
  - name: checked
    map: 'value.n == 2 ? fail("two") : value.n'
  - partition: 3
  - name: total
    map: sum(value)
  - name: refused
    map: 'value == 8 ? fail("eight") : value'
sinks:
  - drop: {}
on_error: {then: skip}
`)
	var runs [2][]string
	for i := range runs {
		r := run(t, "run", path, "--log-format", "json", "--log-records").exits(t, exitDone)
		for line := range strings.Lines(r.stderr) {
			var said struct {
				Message, EmitID, Node, Topic string
				Partition, Offset            *int64
				MadeOf                       int
				Also                         []string
				Value                        string
			}
			fields := map[string]any{"msg": &said.Message, "emit_id": &said.EmitID, "node": &said.Node, "topic": &said.Topic,
				"partition": &said.Partition, "offset": &said.Offset, "made_of": &said.MadeOf, "also": &said.Also, "value": &said.Value}
			var raw map[string]json.RawMessage
			if err := json.Unmarshal([]byte(line), &raw); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			for name, to := range fields {
				if text, ok := raw[name]; ok {
					if err := json.Unmarshal(text, to); err != nil {
						t.Fatalf("%s: %s: %v", line, name, err)
					}
				}
			}
			if said.Message != "record" && said.Message != "record failed" {
				continue
			}
			if said.Partition == nil || said.Offset == nil || said.EmitID != fmt.Sprintf("%s/%d/%d", said.Topic, *said.Partition, *said.Offset) || said.Node == "" {
				t.Errorf("this does not name its record: %s", line)
			}
			runs[i] = append(runs[i], fmt.Sprintf("%s %s %s made of %d, also %v: %s", said.Message, said.EmitID, said.Node, said.MadeOf, said.Also, said.Value))
		}
	}
	all := strings.Join(runs[0], "\n")
	for _, want := range []string{
		"record failed in/0/1 checked made of 0, also []: ",
		"record in/0/2 checked made of 0, also []: 3",
		"record in/0/0 partition-1 made of 0, also []: [1,3,4]",
		"record in/0/0 total made of 3, also []: 8",
		"record failed in/0/0 refused made of 0, also [in/0/2 in/0/3]: ",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %q in\n%s", want, all)
		}
	}
	if second := strings.Join(runs[1], "\n"); len(runs[0]) != len(runs[1]) {
		t.Errorf("another run says\n%s", second)
	}
}
