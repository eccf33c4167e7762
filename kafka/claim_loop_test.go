package kafka

import (
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// bareClaim is a claim of t/0 without brokers, which has read records at these
// offsets, and nothing else below next.
func bareClaim(in *fakeIntake, node *sourceNode, start, end, next int64, offsets ...int64) *claim {
	node.topics = []string{"t"}
	g := newGroup(membership{group: "g"}, Connection{}, []SourceSettings{{}}, []*sourceNode{node})
	g.intake = in
	c := &claim{
		place: place{"t", 0}, group: g, node: node, start: start, end: end,
		stream: newReader(nil, sarama.ReadCommitted, g.logger, nil, nil).read(place{"t", 0}, start, next),
		rest:   fetched{next: next}, tracker: in.Claim(engine.ClaimOptions{Topic: "t", Start: start}),
	}
	for _, o := range offsets {
		c.rest.parts = append(c.rest.parts, part{first: o, rest: []*sarama.Record{{Value: []byte("v")}}})
	}
	c.next.Store(start)
	return c
}

func TestPushCutsAtTheEnd(t *testing.T) {
	in := newIntake(nil)
	c := bareClaim(in, &sourceNode{}, 3, 8, 11, 3, 6, 9, 10)
	c.push(nil)
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{3, 6}) {
		t.Errorf("pushed %v", got)
	}
	if watermark, _ := c.tracker.Progress(); watermark != 8 || !c.atEnd.Load() {
		t.Errorf("the watermark is %d, at the end %v", watermark, c.atEnd.Load())
	}
}

func TestPushGoesOnWithoutAnEnd(t *testing.T) {
	in := newIntake(nil)
	c := bareClaim(in, &sourceNode{}, 0, -1, 9, 0, 1, 5)
	c.push(nil)
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 1, 5}) || c.atEnd.Load() || c.next.Load() != 9 {
		t.Errorf("pushed %v, next %d", got, c.next.Load())
	}
	if watermark, _ := c.tracker.Progress(); watermark != 9 {
		t.Errorf("the watermark is %d", watermark)
	}
}

// A slice at a time, and what lies behind the last record only counts with the
// last of them.
func TestPushTakesSlices(t *testing.T) {
	in := newIntake(nil)
	offsets := make([]int64, sliceSize+1)
	for i := range offsets {
		offsets[i] = int64(i)
	}
	c := bareClaim(in, &sourceNode{}, 0, -1, sliceSize+9, offsets...)
	for _, want := range []int64{sliceSize, sliceSize + 9} {
		c.push(nil)
		if watermark, _ := c.tracker.Progress(); watermark != want || c.next.Load() != want {
			t.Errorf("the watermark is %d, next %d, want %d", watermark, c.next.Load(), want)
		}
	}
	if got := in.count(); got != len(offsets) {
		t.Errorf("%d records were pushed", got)
	}
}

func TestNothingIsPushedAfterAStop(t *testing.T) {
	in := newIntake(nil)
	c := bareClaim(in, &sourceNode{}, 0, -1, 10, 0, 1)
	c.group.stop()
	c.push(nil)
	c.advanceTo(10, nil)
	if watermark, _ := c.tracker.Progress(); in.count() != 0 || watermark != 0 || c.next.Load() != 0 {
		t.Errorf("%d pushed, watermark %d, next %d", in.count(), watermark, c.next.Load())
	}
}

// What waits for its batch is not passed: what lies behind it counts once the
// batch has been pushed.
func TestPartBatchBeforeATail(t *testing.T) {
	in := newIntake(nil)
	c := bareClaim(in, &sourceNode{batchSize: 2, batchTimeout: time.Hour}, 0, -1, 5, 0)
	batch := newBatcher(c)
	c.push(batch)
	if watermark, _ := c.tracker.Progress(); in.count() != 0 || watermark != 0 || c.next.Load() != 1 {
		t.Errorf("%d pushed, watermark %d, next %d", in.count(), watermark, c.next.Load())
	}
	c.rest = fetched{next: 9, parts: []part{{first: 5, rest: []*sarama.Record{{}}}}}
	c.push(batch)
	if watermark, _ := c.tracker.Progress(); watermark != 9 || c.next.Load() != 9 {
		t.Errorf("the watermark is %d, next %d", watermark, c.next.Load())
	}
}

// What waits for its batch is pushed before a tail behind it counts as
// finished, and if it cannot be, the tail does not count.
func TestAdvanceBehindAPartBatch(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		in := newIntake(never)
		c := bareClaim(in, &sourceNode{batchSize: 10, batchTimeout: time.Hour}, 0, -1, 2, 0, 1)
		batch := newBatcher(c)
		c.push(batch)
		want := 2
		if stopped {
			c.group.stop()
			want = 0
		}
		c.advanceTo(5, batch)
		batch.stop()
		if watermark, _ := c.tracker.Progress(); in.count() != want || watermark != 0 {
			t.Errorf("stopped %v: %d pushed, watermark %d", stopped, in.count(), watermark)
		}
		if !stopped {
			in.finish("t", 0, 0, 1)
			if watermark, _ := c.tracker.Progress(); watermark != 5 {
				t.Errorf("the watermark is %d", watermark)
			}
		}
	}
}
