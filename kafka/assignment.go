package kafka

import (
	"fmt"
	"strconv"
	"strings"

	"waterhealer/configs"
)

// assignment is SOURCE[/TOPIC[/PARTITION]]=WHERE of `offsets --set`.
type assignment struct {
	text      string
	source    string
	topic     string // "" is all
	partition int32  // -1 is all
	offset    int64  // -1 is by start
	start     startPolicy
}

func readAssignments(nodes []*configs.Node, texts []string) ([]assignment, error) {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	all := make([]assignment, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = readAssignment(names, text); err != nil {
			return nil, fmt.Errorf("--set %s: %w", text, err)
		}
	}
	return all, nil
}

func readAssignment(sources []string, text string) (assignment, error) {
	a := assignment{text: text, partition: -1, offset: -1}
	where, to, ok := strings.Cut(text, "=")
	if !ok {
		return a, fmt.Errorf("must be SOURCE[/TOPIC[/PARTITION]]=earliest, latest, an offset or a time")
	}
	rest := ""
	for _, name := range sources { // a name may hold a slash: the longest that fits
		if after, fits := strings.CutPrefix(where+"/", name+"/"); fits && len(name) >= len(a.source) {
			a.source, rest = name, strings.TrimSuffix(after, "/")
		}
	}
	if a.source == "" {
		return a, fmt.Errorf("no Kafka source has that name, there are: %s", strings.Join(sources, ", "))
	}
	topic, partition, numbered := strings.Cut(rest, "/")
	a.topic = topic
	if numbered {
		n, err := strconv.ParseInt(partition, 10, 32)
		if err != nil || n < 0 {
			return a, fmt.Errorf("partition %q is not a number from 0", partition)
		}
		a.partition = int32(n)
	}
	if n, err := strconv.ParseInt(to, 10, 64); err == nil && n >= 0 {
		a.offset = n
		return a, nil
	}
	var err error
	if a.start, err = readStart(to); err != nil {
		return a, fmt.Errorf("%q is not earliest, latest, an offset or an RFC 3339 time", to)
	}
	return a, nil
}

func (a assignment) matches(row PartitionOffsets) bool {
	return row.Source == a.source && (a.topic == "" || a.topic == row.Topic) && (a.partition < 0 || a.partition == row.Partition)
}
