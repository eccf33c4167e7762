package kafka

import (
	"errors"

	"waterhealer/configs"
	"waterhealer/engine"
)

// NewSources makes the sources of a pipeline's Kafka source nodes. Nodes with
// the same brokers and group become one source, one member of the group; its
// topics are theirs together, and a topic belongs to one node. Settings are by
// node name. The error holds everything that is wrong, with its place.
func NewSources(nodes []*configs.Node, settings map[string]SourceSettings) ([]engine.Source, error) {
	groups, err := readGroups(nodes, settings)
	if err != nil {
		return nil, err
	}
	sources := make([]engine.Source, len(groups))
	for i, d := range groups {
		sources[i] = newGroup(d.membership, d.connection, d.settings, d.nodes)
	}
	return sources, nil
}

// declared is one group as the nodes declare it.
type declared struct {
	membership membership
	connection Connection
	settings   []SourceSettings
	nodes      []*sourceNode
	owners     map[string]*sourceNode
}

// readGroups puts nodes of one group together, in the order of the file.
func readGroups(nodes []*configs.Node, settings map[string]SourceSettings) ([]*declared, error) {
	var groups []*declared
	var wrong []error
	byKey := make(map[string]*declared)
	for _, n := range nodes {
		node, m, c, err := readSource(n, settings[n.Name])
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		d := byKey[m.key(c)]
		if d == nil {
			d = &declared{membership: m, connection: c, owners: make(map[string]*sourceNode)}
			byKey[m.key(c)] = d
			groups = append(groups, d)
		}
		if err := d.add(n, node, m); err != nil {
			wrong = append(wrong, err)
		}
		d.settings = append(d.settings, settings[n.Name])
	}
	return groups, errors.Join(wrong...)
}

func readSource(n *configs.Node, settings SourceSettings) (*sourceNode, membership, Connection, error) {
	node, err := readNode(n, settings)
	if err != nil {
		return nil, membership{}, Connection{}, err
	}
	m, err := readMembership(n.Values)
	if err != nil {
		return nil, membership{}, Connection{}, err
	}
	if settings.Connection != nil {
		return node, m, *settings.Connection, nil
	}
	c, err := ReadConnection(n.Values)
	return node, m, c, err
}

// add makes a node part of a group.
func (d *declared) add(n *configs.Node, node *sourceNode, m membership) error {
	if len(d.nodes) > 0 {
		if field := d.membership.differs(m); field != "" {
			return wrongSetting(n.Values, field, "%s is not that of source %s, which is in the same group: a process is one member of a group",
				field, d.nodes[0].name)
		}
	}
	d.nodes = append(d.nodes, node)
	for _, topic := range node.topics {
		if owner := d.owners[topic]; owner != nil {
			return wrongSetting(n.Values, "topics", "topic %s belongs to source %s already, which is in the same group: let both read from one source",
				topic, owner.name)
		}
		d.owners[topic] = node
	}
	return nil
}
