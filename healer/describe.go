package healer

import (
	"errors"
	"fmt"
	"strings"
)

// describedRuns is how many runs Describe prints.
const describedRuns = 8

// Describe says in one line what a commit's metadata holds, for people. It
// believes nothing: whether a map applies is for the decoders to tell.
func Describe(metadata string) string {
	if metadata == "" {
		return "no metadata"
	}
	if strings.HasPrefix(metadata, mapPrefix) || !errors.Is(foreign(metadata), ErrUnknownMap) {
		return describeMap(metadata)
	}
	encoding, body, err := openForeign(metadata)
	if encoding.name == "" {
		return fmt.Sprintf("unknown metadata, %d bytes: %.40q", len(metadata), metadata)
	}
	var (
		ranges []Range
		length int64
	)
	if err == nil {
		ranges, length, err = encoding.runs(body)
	}
	if err != nil {
		return fmt.Sprintf("looks like a map of parallel-consumer (%s), but: %v", encoding.name, err)
	}
	h := NewHoles(ranges...)
	return fmt.Sprintf("map of parallel-consumer (%s): %d of %d offsets from the committed one on are complete%s",
		encoding.name, h.Len(), length, describeRuns(h, "+"))
}

func describeMap(metadata string) string {
	g, h, err := readMap(metadata)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("map of %d finished offsets from %d on, partition %d, topic id %s, cluster %q%s",
		h.Len(), g.Base, g.Partition, topicID(g.TopicID), g.ClusterID, describeRuns(h, ""))
}

func describeRuns(h Holes, sign string) string {
	var text strings.Builder
	runs, separator := 0, ": "
	for r := range h.Ranges() {
		if runs == describedRuns {
			text.WriteString(", …")
			break
		}
		runs++
		fmt.Fprintf(&text, "%s%s%d", separator, sign, r.First)
		if r.Last > r.First {
			fmt.Fprintf(&text, "-%s%d", sign, r.Last)
		}
		separator = ", "
	}
	return text.String()
}
