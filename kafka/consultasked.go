package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"waterhealer/configs"
)

// The operations in the bit fields that brokers give.
const (
	mayRead    = 1 << 3
	mayWrite   = 1 << 4
	notTold    = -1 << 31
	limitEntry = "max.message.bytes"
)

// topics looks whether topics exist and may be used.
func (c *consultant) topics(client sarama.Client) error {
	var names []string
	for _, n := range c.sources {
		names = append(names, n.Values.Strings("topics")...)
	}
	for _, o := range c.outputs {
		if topic := fixedTopic(o.node); topic != "" {
			names = append(names, topic)
		}
	}
	slices.Sort(names)
	request := sarama.NewMetadataRequest(client.Config().Version, slices.Compact(names))
	request.IncludeTopicAuthorizedOperations = request.Version >= 8
	broker := client.LeastLoadedBroker()
	if broker == nil {
		return sarama.ErrOutOfBrokers
	}
	response, err := broker.GetMetadata(request)
	if err != nil {
		return err
	}
	states := make(map[string]*sarama.TopicMetadata)
	for _, t := range response.Topics {
		states[t.Name] = t
	}
	for _, n := range c.sources {
		for _, topic := range n.Values.Strings("topics") {
			c.topic(n.Values, "topics", topic, states[topic], mayRead, "read")
		}
	}
	for _, o := range c.outputs {
		if topic := fixedTopic(o.node); topic != "" {
			c.topic(o.node.Values, "topic", topic, states[topic], mayWrite, "written to")
		}
	}
	return nil
}

func fixedTopic(n *configs.Node) string {
	if n.Values.Alternative("topic") {
		return ""
	}
	return n.Values.String("topic")
}

func (c *consultant) topic(v configs.Values, field, topic string, state *sarama.TopicMetadata, operation int32, done string) {
	report := func(severity configs.Severity, code, hint, format string, args ...any) {
		at := itemOf(v, field, topic)
		c.reportAt(configs.Diagnostic{Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint, Position: at.Pos(), Width: at.Width()})
	}
	switch {
	case state == nil, state.Err == sarama.ErrUnknownTopicOrPartition, len(state.Partitions) == 0 && state.Err == sarama.ErrNoError:
		report(configs.Error, configs.CodeMissingTopic, "create it: topics are never created by a pipeline", "there is no topic %s on %s", topic, c.connection.names())
	case errors.Is(state.Err, sarama.ErrTopicAuthorizationFailed), refused(state.TopicAuthorizedOperations, operation):
		report(configs.Error, configs.CodeNotAuthorized, "ask whoever keeps the cluster for an ACL", "topic %s may not be %s%s", topic, done, c.as())
	case state.Err != sarama.ErrNoError:
		report(configs.Warning, configs.CodeMissingTopic, "", "topic %s: %v", topic, state.Err)
	}
	for _, p := range leaderless(state) {
		report(configs.Warning, configs.CodeMissingTopic, "it cannot be read or written until a broker that has it is back", "partition %d of topic %s has no leader", p, topic)
	}
}

// itemOf is the item of a list that has a text, or the whole list.
func itemOf(v configs.Values, field, text string) configs.Item {
	for _, item := range v.Item(field).Items() {
		if item.String() == text {
			return item
		}
	}
	return v.Item(field)
}

// refused says that an operation is not among those that the brokers told of.
func refused(told, operation int32) bool { return told != notTold && told != 0 && told&operation == 0 }

func leaderless(state *sarama.TopicMetadata) []int32 {
	var all []int32
	if state != nil {
		for _, p := range state.Partitions {
			if p.Leader < 0 {
				all = append(all, p.ID)
			}
		}
	}
	return all
}

// as names the user, where there is one.
func (c *consultant) as() string {
	if c.connection.SASL == nil {
		return ""
	}
	return " by " + c.connection.SASL.Username
}

// groups looks whether groups may be used, and are in use.
func (c *consultant) groups(client sarama.Client) {
	for _, n := range c.sources {
		group := n.Values.String("group")
		description, err := describeGroup(client, group)
		switch {
		case errors.Is(err, sarama.ErrGroupAuthorizationFailed), err == nil && refused(description.AuthorizedOperations, mayRead):
			c.report(configs.Error, n.Values, "group", configs.CodeNotAuthorized, "ask whoever keeps the cluster for an ACL",
				"group %s may not be joined and committed to%s", group, c.as())
		case err != nil:
			c.report(configs.Warning, n.Values, "group", configs.CodeUnreachable, "", "asking for group %s: %v", group, err)
		case len(description.Members) > 0:
			var members []string
			for _, m := range description.Members {
				members = append(members, fmt.Sprintf("%s at %s", m.ClientId, strings.TrimPrefix(m.ClientHost, "/")))
			}
			slices.Sort(members)
			c.report(configs.Warning, n.Values, "group", configs.CodeGroupInUse, "is that this pipeline? Another one would share its partitions",
				"group %s is in use by %s", group, strings.Join(slices.Compact(members), ", "))
		}
	}
}

func describeGroup(client sarama.Client, group string) (*sarama.GroupDescription, error) {
	broker, err := client.Coordinator(group)
	if err != nil {
		return nil, err
	}
	response, err := broker.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 4, Groups: []string{group}, IncludeAuthorizedOperations: true})
	if err != nil {
		return nil, err
	}
	if len(response.Groups) != 1 {
		return nil, sarama.ErrIncompleteResponse
	}
	switch g := response.Groups[0]; g.Err {
	case sarama.ErrNoError:
		return g, nil
	case sarama.ErrGroupIDNotFound:
		return &sarama.GroupDescription{AuthorizedOperations: notTold}, nil
	default:
		return nil, g.Err
	}
}

// sizes looks whether what a source's topic may hold is too large for where it goes.
func (c *consultant) sizes(admin sarama.ClusterAdmin, settings configs.Values) {
	memory := settings.Object("max_in_flight").Size("bytes")
	for _, n := range c.sources {
		for _, topic := range n.Values.Strings("topics") {
			if limit := c.limit(admin, topic); settings.Alternative("max_in_flight") && limit > memory {
				at := itemOf(n.Values, "topics", topic)
				c.reportAt(configs.Diagnostic{
					Position: at.Pos(), Width: at.Width(), Severity: configs.Warning, Code: configs.CodeMessageSize,
					Message: fmt.Sprintf("a record of topic %s may have %d bytes, max_in_flight allows %d", topic, limit, memory),
					Hint:    "raise the bytes of `max_in_flight`",
				})
			}
		}
	}
	for _, o := range c.outputs {
		to := fixedTopic(o.node)
		if to == "" {
			continue
		}
		for _, n := range o.sources {
			for _, from := range n.Values.Strings("topics") {
				takes, gives := c.limit(admin, to), c.limit(admin, from)
				if takes > 0 && gives > takes && slices.Contains(c.sources, n) {
					c.report(configs.Warning, o.node.Values, "topic", configs.CodeMessageSize, "give both topics the same "+limitEntry+", or make records smaller",
						"a record of topic %s may have %d bytes, topic %s takes %d", from, gives, to, takes)
				}
			}
		}
	}
}

// limit is the max.message.bytes of a topic, 0 where the brokers do not tell.
func (c *consultant) limit(admin sarama.ClusterAdmin, topic string) int64 {
	if limit, known := c.limits[topic]; known {
		return limit
	}
	c.limits[topic] = 0
	if limit, err := topicSetting(admin, topic, limitEntry); err == nil {
		c.limits[topic], _ = strconv.ParseInt(limit, 10, 64)
	}
	return c.limits[topic]
}

// topicSetting is one entry of a topic's configuration, "" where it has none of
// that name.
func topicSetting(admin sarama.ClusterAdmin, topic, name string) (string, error) {
	results, err := admin.DescribeConfigs([]*sarama.ConfigResource{
		{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{name}},
	}, sarama.DescribeConfigsOptions{})
	if err != nil {
		return "", err
	}
	for _, result := range results {
		for _, e := range result.Configs {
			if e.Name == name {
				return e.Value, nil
			}
		}
	}
	return "", nil
}
