package kafka

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
)

// defaultRebalance is the strategy of a source that names none; doc.go says why.
const defaultRebalance = strategyCooperative

// startPolicy says where to begin a topic of which nothing is committed.
type startPolicy struct {
	time int64 // logStart, logEnd or milliseconds since 1970
}

func readStart(text string) (startPolicy, error) {
	switch text {
	case startEarliest:
		return startPolicy{logStart}, nil
	case startLatest:
		return startPolicy{logEnd}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return startPolicy{}, errors.New("start must be earliest, latest or an RFC 3339 time such as 2026-01-31T00:00:00Z")
	}
	// The brokers keep milliseconds: a record of the same millisecond counts.
	return startPolicy{max(0, t.UnixMilli())}, nil
}

// sourceNode is one source node of a pipeline.
type sourceNode struct {
	name          string
	position      configs.Position
	topics        []string
	start         startPolicy
	noMap         bool
	migrate       bool
	metadataLimit int
	batchSize     int // 0 is no batches
	batchTimeout  time.Duration
}

// membership is what nodes of one group must agree on.
type membership struct {
	group            string
	isolation        sarama.IsolationLevel
	instance         string
	rebalance        []string
	sessionTimeout   time.Duration
	rebalanceTimeout time.Duration
}

func readNode(n *configs.Node, settings SourceSettings) (*sourceNode, error) {
	v := n.Values
	start, err := readStart(v.String("start"))
	if err != nil {
		return nil, &settingError{at: v.Pos("start"), width: v.Width("start"), message: err.Error(), hint: startHint(v.String("start"))}
	}
	node := &sourceNode{
		name: n.Name, position: n.KindPos, topics: v.Strings("topics"), start: start,
		noMap: settings.NoMap, migrate: v.String("migrate") == migrateParallelConsumer,
		metadataLimit: int(v.Size("metadata_limit")),
	}
	if len(node.topics) == 0 {
		return nil, wrongSetting(v, "topics", "topics is empty")
	}
	if n.Kind == kindBatched {
		node.batchSize, node.batchTimeout = int(v.Int("size")), v.Duration("timeout")
	}
	return node, nil
}

func readMembership(v configs.Values) (membership, error) {
	m := membership{
		group:            v.String("group"),
		instance:         v.String("instance_id"),
		rebalance:        v.Strings("rebalance"),
		sessionTimeout:   v.Duration("session_timeout"),
		rebalanceTimeout: v.Duration("rebalance_timeout"),
	}
	if v.String("isolation") == isolationCommitted {
		m.isolation = sarama.ReadCommitted
	}
	if m.rebalanceTimeout < m.sessionTimeout {
		// A member that is only slow would be out of the group before a dead one.
		return m, wrongSetting(v, "rebalance_timeout", "rebalance_timeout is %s, must not be shorter than session_timeout, which is %s",
			m.rebalanceTimeout, m.sessionTimeout)
	}
	return m, nil
}

// differs names the first field in which two memberships of one group differ,
// "" when they agree.
func (m membership) differs(o membership) string {
	switch {
	case m.isolation != o.isolation:
		return "isolation"
	case m.instance != o.instance:
		return "instance_id"
	case !slices.Equal(m.rebalance, o.rebalance):
		return "rebalance"
	case m.sessionTimeout != o.sessionTimeout:
		return "session_timeout"
	case m.rebalanceTimeout != o.rebalanceTimeout:
		return "rebalance_timeout"
	}
	return ""
}

// strategies makes sarama's strategies; they hold state and are never shared.
func (m membership) strategies() []sarama.BalanceStrategy {
	var all []sarama.BalanceStrategy
	for _, name := range m.rebalance {
		switch name {
		case strategyCooperative:
			all = append(all, sarama.NewBalanceStrategyCooperativeSticky())
		case strategySticky:
			all = append(all, sarama.NewBalanceStrategySticky())
		case strategyRange:
			all = append(all, sarama.NewBalanceStrategyRange())
		}
	}
	return all
}

// apply sets up a client of the group. It leaves nothing to sarama's defaults
// that could lose a record.
func (m membership) apply(config *sarama.Config) {
	config.ChannelBufferSize = 128 // errors; no record goes through sarama's channels

	c := &config.Consumer
	c.Return.Errors = true
	c.IsolationLevel = m.isolation
	// The claims are paused before sarama fetches, or after one batch.
	c.Fetch.Default = 1
	c.Fetch.Max = 0                         // no limit: with one, sarama skips a record that is larger
	c.Offsets.Initial = sarama.OffsetOldest // of partitions that appear later
	c.Offsets.AutoCommit.Enable = false
	c.Group.ResetInvalidOffsets = false
	c.Group.InstanceId = m.instance
	c.Group.Session.Timeout = m.sessionTimeout
	c.Group.Heartbeat.Interval = min(m.sessionTimeout/4, 3*time.Second)
	c.Group.Rebalance.Timeout = m.rebalanceTimeout
	c.Group.Rebalance.GroupStrategies = m.strategies()
	c.Group.Rebalance.Retry.Backoff = 500 * time.Millisecond
	c.Group.Rebalance.Retry.Max = 8

	// A JoinGroup is answered when the slowest member has joined.
	config.Net.ReadTimeout = max(config.Net.ReadTimeout, m.rebalanceTimeout+10*time.Second)
	config.Metadata.Full = false
	config.Metadata.Retry.Max = 5
}

// key tells connections and groups apart.
func (m membership) key(c Connection) string {
	brokers := slices.Clone(c.Brokers)
	slices.Sort(brokers)
	return strings.Join(brokers, ",") + "\x00" + m.group
}
