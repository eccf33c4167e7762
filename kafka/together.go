package kafka

import (
	"fmt"
	"slices"

	"waterhealer/configs"
)

// CheckTogether finds what pipelines that are linted together do to each other:
// two consumers of one group share its partitions, and its rebalances where they
// read other topics.
func CheckTogether(pipelines []*configs.Pipeline) configs.Diagnostics {
	var found configs.Diagnostics
	for i, p := range pipelines {
		for _, n := range kafkaSources(p) {
			if d, shared := sharedWith(p, n, pipelines[:i]); shared {
				found = append(found, d)
			}
		}
	}
	return found
}

func kafkaSources(p *configs.Pipeline) []*configs.Node {
	return slices.DeleteFunc(slices.Clone(p.Sources), func(n *configs.Node) bool { return n.Kind != kindKafka && n.Kind != kindBatched })
}

// sharedWith warns of the first pipeline before that is in the group of a
// source. Of the same topics, two files of one name are two versions of one
// pipeline, as for two stages.
func sharedWith(p *configs.Pipeline, n *configs.Node, before []*configs.Pipeline) (configs.Diagnostic, bool) {
	v := n.Values
	topics := groupTopics(p, v)
	for _, other := range before {
		i := slices.IndexFunc(kafkaSources(other), func(o *configs.Node) bool { return sameGroup(o.Values, v) })
		if i < 0 {
			continue
		}
		o := kafkaSources(other)[i].Values
		theirs := groupTopics(other, o)
		same := slices.Equal(topics, theirs)
		if same && p.Name == other.Name {
			continue
		}
		at := o.Pos("group")
		d := warning(v, "group", configs.CodeSharedGroup,
			fmt.Sprintf("%s is in this group, too, with other topics: whenever one of the two starts or stops, both are rebalanced", at),
			"give each pipeline a group of its own")
		if same {
			d.Message = fmt.Sprintf("%s is in this group, too: each of the two gets only a share of the records", at)
			d.Hint = "give each pipeline a group of its own; two versions of one pipeline have the same `name`"
		}
		return d, true
	}
	return configs.Diagnostic{}, false
}

func sameGroup(a, b configs.Values) bool {
	return a.String("group") != "" && a.String("group") == b.String("group") && SameCluster(a, b)
}

// groupTopics are all topics that a pipeline reads in the group of a source.
func groupTopics(p *configs.Pipeline, v configs.Values) []string {
	var topics []string
	for _, n := range kafkaSources(p) {
		if sameGroup(n.Values, v) {
			topics = append(topics, n.Values.Strings("topics")...)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}
