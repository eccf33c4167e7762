package engine

import (
	"context"
	"sync"

	"waterhealer/healer"
)

// item is a record on its way to a node that another goroutine runs. It
// carries one reference of the record.
type item struct {
	port   int
	record *Record
	// healed is set where a healing sink wants to know when the element is done.
	healed *healedElement
	// letter is the source record that a dead letter stands for; the item then
	// carries no reference.
	letter *healer.Ack
	// report is what a report weighs.
	report *reportWeight
}

// queue carries slices to one goroutine. Pushing never blocks, so that no cycle
// of full queues can form; whoever can wait, waits for room before it takes
// more.
type queue struct {
	mu     sync.Mutex
	slices [][]item
	length int
	kept   int // taken, and not begun
	ended  bool
	room   chan struct{} // closed and replaced when what is queued was taken
	crowd  crowd

	bell // rings when something changed
}

// queueBound is where producers begin to wait. It is more than one partition has
// in flight by default, so that one alone does not stop lanes that others need.
const queueBound = 16_384

// queueShort is what is no crowd yet. With what a lane has in hand, which goes on
// top, an output finds as much as it takes at once when it is back from a write.
const queueShort = sliceLimit - batchMost

func newQueue(p *pace) *queue {
	return &queue{crowd: crowd{pace: p, bound: queueShort}, bell: newBell()}
}

func (q *queue) push(items []item) {
	q.mu.Lock()
	q.slices = append(q.slices, items)
	q.length += len(items)
	q.crowd.has(q.length + q.kept)
	q.mu.Unlock()
	q.wake()
}

// end says that nothing more is pushed.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.wake()
}

// take returns the slices there are, and whether these are the last. The reader
// then says how much of it is still before it, see [queue.keeps].
func (q *queue) take() (slices [][]item, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices, q.slices = q.slices, nil
	q.kept, q.length = q.kept+q.length, 0
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	return slices, q.ended
}

// keeps notes how much of what was taken is not begun.
func (q *queue) keeps(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.kept = n
	q.crowd.has(q.length + n)
}

// waitRoom returns when the queue is below its bound or ctx is done.
func (q *queue) waitRoom(ctx context.Context) {
	for q.turns == nil { // else nobody could make room meanwhile
		q.mu.Lock()
		if q.length < queueBound {
			q.mu.Unlock()
			return
		}
		if q.room == nil {
			q.room = make(chan struct{})
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return
		}
	}
}

// empty says that nothing waits. What was taken may still be in hand.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.length == 0
}
