package embedded

import (
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Guarded are options of a cluster with access control, for tests: ada may read the topic
// in, write out and use the group free; bob sees in and may read out.
func Guarded(password string) []kfake.Opt {
	const topic, group = kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup
	const mechanism = "SCRAM-SHA-256"
	acl := func(resource kmsg.ACLResourceType, name string, operation kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
	}
	return []kfake.Opt{
		kfake.EnableACLs(),
		kfake.User(mechanism, "ada", password,
			acl(topic, "in", kmsg.ACLOperationRead), acl(topic, "out", kmsg.ACLOperationWrite), acl(group, "free", kmsg.ACLOperationRead)),
		kfake.User(mechanism, "bob", password,
			acl(topic, "in", kmsg.ACLOperationDescribe), acl(topic, "out", kmsg.ACLOperationRead)),
	}
}
