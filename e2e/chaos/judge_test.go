package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"waterhealer/healer"
)

// Each judge sees what it is there for, and nothing where all is well. The
// input has one partition with the offsets 0 to 3, the output one lane.
func TestJudges(t *testing.T) {
	ground := healer.Ground{ClusterID: "cluster", TopicID: [16]byte{1}}
	marks := func(base, offset int64) string {
		g := ground
		g.Base = base
		text, _ := healer.EncodeMap(g, healer.NewHoles(healer.Range{First: offset, Last: offset}), 4096)
		return text
	}
	lane := func(offsets ...int64) (places []place) {
		for _, o := range offsets {
			p := place{offset: o}
			if o < 0 {
				p.lane = -1
			}
			places = append(places, p)
		}
		return places
	}
	for name, test := range map[string]struct {
		first   []place
		repeat  []again
		commits []commit
		fleet   []*process
		want    string // what the failure says; "" is none
	}{
		"all is well":                  {first: lane(0, 1, 2, 3), commits: []commit{{look: 1, offset: 2}, {look: 3, offset: 4}}},
		"a hole that is there":         {first: lane(1, 2, 0, 3), commits: []commit{{look: 1, metadata: marks(0, 2)}, {look: 3, offset: 4}}},
		"a record is lost":             {first: lane(0, 1, -1, 3), want: "I1: record 2000"},
		"committed too early":          {first: lane(0, 1, 2, 3), commits: []commit{{look: 1, offset: 3}}, want: "I2: in/0: offset 2 was below"},
		"marked too early":             {first: lane(0, 1, 2, 3), commits: []commit{{look: 1, metadata: marks(0, 2)}}, want: "I2: in/0: offset 2 was marked"},
		"committed beyond the log":     {first: lane(0, 1, 2, 3), commits: []commit{{look: 3, offset: 5}}, want: "I2: in/0: committed 5"},
		"the committed offset is back": {first: lane(0, 1, 2, 3), commits: []commit{{look: 1, offset: 2}, {look: 2, offset: 1}}, want: "I3"},
		"done again, and was not finished": {first: lane(0, 1, 2, -1), repeat: []again{{offset: 2, at: place{offset: 3}}},
			commits: []commit{{look: 2, offset: 2}}, want: "I1"},
		"done again after it was committed": {first: lane(0, 1, 2, 4), repeat: []again{{offset: 1, at: place{offset: 3}}},
			commits: []commit{{look: 1, offset: 2}}, want: "I4: in/0: offset 1 was written again"},
		"done again after it was marked, the map being gone": {first: lane(2, 1, 0, 4), repeat: []again{{offset: 2, at: place{offset: 3}}},
			commits: []commit{{look: 0, metadata: marks(0, 2)}, {look: 1}}, want: "I4: in/0: offset 2 was written again"},
		"done again by whoever came after a process that was killed": {first: lane(0, 1, 2, 4),
			repeat:  []again{{offset: 1, at: place{offset: 3}, before: "a", writer: "b"}},
			fleet:   []*process{{writer: "a", killed: true}, {writer: "b"}},
			commits: []commit{{look: 4, offset: 4}}},
		"done again by whoever came after a process that was well": {first: lane(0, 1, 2, 4),
			repeat:  []again{{offset: 1, at: place{offset: 3}, before: "a", writer: "b"}},
			fleet:   []*process{{writer: "a"}, {writer: "b"}},
			commits: []commit{{look: 4, offset: 4}}, want: `I7: in/0: offset 1 was written by "a", which was not disturbed, and again by "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := &run{cluster: &fakeCluster{}, plan: plan{log: io.Discard}, topics: topics{in: "in"}, lanes: newLanes(), fleet: &fleet{all: test.fleet}, began: time.Now(),
				workload: workload{mix: mix{}}}
			r.lanes.add("out", 1)
			r.poller = &poller{history: [][]commit{test.commits}}
			for n := range 5 { // look n sees messages up to n; the first sees one
				r.poller.looks = append(r.poller.looks, look{ends: []int64{int64(n) + 1}})
			}
			j := &judgement{run: r, evidence: &evidence{first: [][]place{test.first}, repeat: test.repeat},
				clusterID: ground.ClusterID, topicID: ground.TopicID, finished: [][]int32{{-1, -1, -1, -1}}}
			j.lost()
			j.beyond(0)
			j.back(0)
			j.again()
			j.needless()
			got := strings.Join(r.failures.texts, "; ")
			if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
				t.Errorf("the judges said %q, want %q", got, test.want)
			}
		})
	}
}
