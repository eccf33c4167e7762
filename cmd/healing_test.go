package cmd

import (
	"fmt"
	"strings"
	"testing"

	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
)

// What becomes of a run whose commits are refused for good, and of its reports:
// a report waits for its commit, unless the sink is asynchronous.
func TestCommitsThatAreRefused(t *testing.T) {
	const report = `{"topic":"in","partition":0,"offset":%d,"success":true,"reason":null,"data":{"id":%d}}` + "\n"
	reports := fmt.Sprintf(report+report, 0, 0, 1, 1)
	for _, c := range []struct {
		name, fields string
		refused      int // commits
		code         int
		stdout       string
		says         []string
	}{
		{"halt", "", -1, 1, "", []string{"halted: ", "committing in/0 at 2", "not authorized to access this topic"}},
		{"ignore", "ignore: true", -1, 0, "", []string{"a commit failed and is ignored", "in             0    unknown"}},
		{"ignore what passes", "ignore: true", 1, 0, reports, []string{`msg="commits failed" count=1`, "in             0          2"}},
		{"asynchronous", "asynchronous: true", -1, 1, reports, []string{"halted: "}},
		{"asynchronous and ignore", "ignore: true, asynchronous: true", -1, 0, reports, []string{"a commit failed and is ignored"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			own(t)
			b, err := embedded.Start(embedded.Options{Topics: map[string]int32{"in": 1}})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			client, err := kafkatest.Connect(b.Addresses())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if err := client.Produce(t.Context(), "in", []kafkatest.Message{{Value: []byte(`{"id":0}`)}, {Value: []byte(`{"id":1}`)}}); err != nil {
				t.Fatal(err)
			}
			b.RefuseCommits(c.refused)
			pipeline := file(t, "p.yaml", fmt.Sprintf("sources:\n  - kafka: {brokers: [%q], topics: [in], group: g}\n"+
				"sinks:\n  - healing: {%s}\n", b.Addresses()[0], strings.Trim(c.fields+", interval: 100ms, report: {stdout: {}}", ", ")))
			run(t, "run", pipeline, "--until-end").exits(t, c.code).prints(t, c.stdout).says(t, c.says...)
		})
	}
}
