package embedded

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// RefuseCommits lets the broker refuse commits, for tests, as of somebody who
// has no right to them: the first count, or all for -1. Commits of offset 0, as
// a new group begins with, are taken.
func (b *Broker) RefuseCommits(count int) {
	b.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.TopicAuthorizationFailed, Count: count,
		When: func(r kmsg.Request) bool {
			for _, topic := range r.(*kmsg.OffsetCommitRequest).Topics {
				for _, p := range topic.Partitions {
					if p.Offset > 0 {
						return true
					}
				}
			}
			return false
		},
	})
}
