package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/configs"
	"waterhealer/kafka/embedded"
)

// TestConsultACLs: a user who may do all is told nothing, one who may only see
// is told of each thing that the pipeline wants to do.
func TestConsultACLs(t *testing.T) {
	acl := func(resource kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
	}
	const topic, group = kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup
	broker, err := embedded.Start(embedded.Options{
		Topics: map[string]int32{"in": 1, "out": 1, "hidden": 1},
		Users:  []embedded.User{{Mechanism: MechanismSHA256, Name: "root", Password: "p"}},
		Cluster: []kfake.Opt{
			kfake.EnableACLs(),
			kfake.User(MechanismSHA256, "ada", "p", acl(topic, "in", kmsg.ACLOperationRead), acl(topic, "out", kmsg.ACLOperationWrite), acl(group, "g", kmsg.ACLOperationRead)),
			kfake.User(MechanismSHA256, "bob", "p", acl(topic, "in", kmsg.ACLOperationDescribe), acl(topic, "out", kmsg.ACLOperationRead)),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	for user, want := range map[string][]string{
		"root": nil, "ada": nil,
		"bob": {
			"p.yaml:5:16: error[not-authorized]: topic in may not be read by bob",
			"p.yaml:6:14: error[not-authorized]: group g may not be joined and committed to by bob",
			"p.yaml:9:20: error[not-authorized]: topic out may not be written to by bob",
			"p.yaml:10:20: error[not-authorized]: topic hidden may not be written to by bob",
		},
	} {
		t.Run(user, func(t *testing.T) {
			file := "sources:\n  - kafka:\n      brokers: [\"" + strings.Join(broker.Addresses(), ",") + "\"]\n      sasl: {mechanism: SCRAM-SHA-256, username: " + user + ", password: p}\n" +
				"      topics: [in]\n      group: g\nsinks:\n  - drop: {}\n  - kafka: {topic: out}\n"
			if user == "bob" {
				file += "  - kafka: {topic: hidden}\n"
			}
			drop := configs.Spec{Section: configs.SectionOutput, Kind: "drop"}
			p, problems := configs.Parse("p.yaml", []byte(file), append(SourceSpecs(), OutputSpec(), drop), configs.Environment{})
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			found := Consult(t.Context(), p, time.Minute)
			found.Sort()
			for i, d := range found {
				if i >= len(want) || d.String() != want[i] {
					t.Errorf("%v", d)
				}
			}
			if len(found) != len(want) {
				t.Errorf("%d diagnostics, want %d", len(found), len(want))
			}
		})
	}
}
