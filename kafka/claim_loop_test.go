package kafka

import (
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// bufferedMessages is a claim's channel as sarama would fill it.
type bufferedMessages struct {
	sarama.ConsumerGroupClaim
	buffered chan *sarama.ConsumerMessage
}

func (m bufferedMessages) Messages() <-chan *sarama.ConsumerMessage { return m.buffered }

// bareClaim is a claim of t/0 without brokers: its records from the start on
// are buffered at these offsets.
func bareClaim(in *fakeIntake, node *sourceNode, start, end int64, offsets ...int64) (*claim, *sarama.ConsumerMessage) {
	node.topics = []string{"t"}
	g := newGroup(membership{group: "g"}, Connection{}, []SourceSettings{{}}, []*sourceNode{node})
	g.intake = in
	buffered := make(chan *sarama.ConsumerMessage, len(offsets))
	for _, o := range offsets {
		buffered <- &sarama.ConsumerMessage{Topic: "t", Offset: o, Value: []byte("v")}
	}
	c := &claim{
		place: place{"t", 0}, group: g, node: node, start: start, end: end,
		messages: bufferedMessages{buffered: buffered}, tracker: in.Claim(engine.ClaimOptions{Topic: "t", Start: start}),
	}
	c.next.Store(start)
	return c, <-buffered
}

func TestPushCutsAtBothEnds(t *testing.T) {
	in := newIntake(nil)
	c, first := bareClaim(in, &sourceNode{}, 3, 8, 1, 2, 3, 6, 9, 10)
	c.push(first, nil)
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{3, 6}) {
		t.Errorf("pushed %v", got)
	}
	if watermark, _ := c.tracker.Progress(); watermark != 8 || !c.atEnd.Load() {
		t.Errorf("the watermark is %d, at the end %v", watermark, c.atEnd.Load())
	}
}

func TestPushGoesOnWithoutAnEnd(t *testing.T) {
	in := newIntake(nil)
	c, first := bareClaim(in, &sourceNode{}, 0, -1, 0, 1, 5)
	c.push(first, nil)
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 1, 5}) || c.atEnd.Load() || c.next.Load() != 6 {
		t.Errorf("pushed %v, next %d", got, c.next.Load())
	}
}

func TestNothingIsPushedAfterAStop(t *testing.T) {
	in := newIntake(nil)
	c, first := bareClaim(in, &sourceNode{}, 0, -1, 0, 1)
	c.group.stop()
	c.push(first, nil)
	c.advanceTo(10, nil)
	if watermark, _ := c.tracker.Progress(); in.count() != 0 || watermark != 0 || c.next.Load() != 0 {
		t.Errorf("%d pushed, watermark %d, next %d", in.count(), watermark, c.next.Load())
	}
}

// What waits for its batch is pushed before a tail behind it counts as
// finished, and if it cannot be, the tail does not count.
func TestAdvanceBehindAPartBatch(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		in := newIntake(never)
		c, first := bareClaim(in, &sourceNode{batchSize: 10, batchTimeout: time.Hour}, 0, -1, 0, 1)
		batch := newBatcher(c)
		c.push(first, batch)
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
