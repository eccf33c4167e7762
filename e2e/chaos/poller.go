package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"waterhealer/kafka/kafkatest"
)

const pollEvery = 25 * time.Millisecond

// poller looks at what the group has committed, and after each look asks how
// far the outputs reach: whatever a commit says is finished must lie below.
type poller struct {
	client *kafkatest.Client
	topics topics
	lanes  *lanes

	mu      sync.Mutex
	looks   []look
	history [][]commit    // per input partition, where it changed
	changed chan struct{} // closed at the next look
	away    int           // looks that got no answer
}

// look is one observation.
type look struct {
	at   time.Time
	ends []int64 // per lane, never less than in an earlier look
}

// commit is what was committed on a partition from a look on.
type commit struct {
	look     int
	at       time.Time
	offset   int64
	metadata string
}

// lanes number the partitions of all topics that are written to.
type lanes struct {
	topics []string
	first  []int
	count  int
}

func newLanes() *lanes { return &lanes{} }

func (l *lanes) add(topic string, partitions int) {
	l.topics = append(l.topics, topic)
	l.first = append(l.first, l.count)
	l.count += partitions
}

// of is the number of a topic's partition.
func (l *lanes) of(topic string, partition int32) int {
	return l.first[slices.Index(l.topics, topic)] + int(partition)
}

// name is the topic and partition of a lane.
func (l *lanes) name(lane int) string {
	for i := len(l.first) - 1; i >= 0; i-- {
		if lane >= l.first[i] {
			return fmt.Sprintf("%s/%d", l.topics[i], lane-l.first[i])
		}
	}
	return "nowhere"
}

// watch looks until ctx ends.
func (p *poller) watch(ctx context.Context) error {
	return p.client.Watch(ctx, p.topics.group, pollEvery, func(commits []kafkatest.Commit) {
		at := time.Now()
		ends, err := p.ends(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil {
			p.away++
			return
		}
		p.note(at, commits, ends)
	})
}

func (p *poller) ends(ctx context.Context) ([]int64, error) {
	all := make([]int64, p.lanes.count)
	for i, topic := range p.lanes.topics {
		ends, err := p.client.Ends(ctx, topic)
		if err != nil {
			return nil, err
		}
		copy(all[p.lanes.first[i]:], ends)
	}
	return all, nil
}

// note keeps a look. A new leader may, for a moment, show an end before one
// that was shown already; what lay below it is there all the same.
func (p *poller) note(at time.Time, commits []kafkatest.Commit, ends []int64) {
	if len(p.looks) > 0 {
		for i, before := range p.looks[len(p.looks)-1].ends {
			ends[i] = max(ends[i], before)
		}
	}
	for _, c := range commits {
		if c.Topic != p.topics.in || c.Offset < 0 {
			continue
		}
		for len(p.history) <= int(c.Partition) {
			p.history = append(p.history, nil)
		}
		of := &p.history[c.Partition]
		if n := len(*of); n > 0 && (*of)[n-1].offset == c.Offset && (*of)[n-1].metadata == c.Metadata {
			continue
		}
		*of = append(*of, commit{look: len(p.looks), at: at, offset: c.Offset, metadata: c.Metadata})
	}
	p.looks = append(p.looks, look{at: at, ends: ends})
	close(p.changed)
	p.changed = make(chan struct{})
}

// committed is the last offset seen of each partition, 0 where there is none.
func (p *poller) committed(partitions int) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.committedLocked(partitions)
}

func (p *poller) committedLocked(partitions int) []int64 {
	offsets := make([]int64, max(partitions, len(p.history)))
	for i, of := range p.history {
		if len(of) > 0 {
			offsets[i] = of[len(of)-1].offset
		}
	}
	return offsets
}

// maps counts the partitions whose last commit has a map.
func (p *poller) maps() (maps int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, of := range p.history {
		if len(of) > 0 && len(of[len(of)-1].metadata) > mapless {
			maps++
		}
	}
	return maps
}

// mapless is the most that metadata has without a map.
const mapless = 40

// until waits for the committed offsets to satisfy reached. Where it gives up it
// returns what it last saw. patience is how long there may be no change at all.
func (p *poller) until(ctx context.Context, partitions int, patience time.Duration, reached func([]int64) bool) ([]int64, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var last []int64
	for {
		p.mu.Lock()
		now, next := p.committedLocked(partitions), p.changed
		p.mu.Unlock()
		if reached(now) {
			return now, nil
		}
		if !slices.Equal(now, last) {
			last = now
			timer.Reset(patience)
		}
		select {
		case <-next:
		case <-timer.C:
			return now, fmt.Errorf("no committed offset has changed for %v", patience)
		case <-ctx.Done():
			return now, context.Cause(ctx)
		}
	}
}

// mark is a moment from which progress is measured.
type mark struct {
	at        time.Time
	committed []int64
}

// fresh returns when a look that began after the call is there.
func (p *poller) fresh(ctx context.Context) {
	for range 2 { // the first may have begun before
		p.mu.Lock()
		next := p.changed
		p.mu.Unlock()
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
}

// progress is how long after a mark the last of the partitions moved on, as far
// as the poller saw it.
func (p *poller) progress(m mark) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var longest time.Duration
	for partition, before := range m.committed {
		if partition >= len(p.history) {
			continue
		}
		of := p.history[partition]
		i := slices.IndexFunc(of, func(c commit) bool { return c.offset > before && c.at.After(m.at) })
		if i >= 0 {
			longest = max(longest, of[i].at.Sub(m.at))
		}
	}
	return longest
}
