package engine

import (
	"sync"
	"sync/atomic"
)

// budget bounds the payload bytes of all unfinished records of the process.
type budget struct {
	limit int64
	used  atomic.Int64

	mu     sync.Mutex
	claims map[*Claim]struct{}
}

func newBudget(limit int64) *budget {
	return &budget{limit: limit, claims: make(map[*Claim]struct{})}
}

// over says whether the bound, scaled by share/of, is reached.
func (b *budget) over(share, of int64) bool { return b.beyond(b.used.Load(), share, of) }

func (b *budget) beyond(used, share, of int64) bool { return used*of >= b.limit*share }

func (b *budget) take(bytes int64) { b.used.Add(bytes) }

// give returns bytes and, when a quarter of the bound becomes free, wakes the
// claims that wait for others' bytes.
func (b *budget) give(bytes int64) {
	after := b.used.Add(-bytes)
	if b.beyond(after, 3, 4) || !b.beyond(after+bytes, 3, 4) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.claims {
		c.report()
	}
}

func (b *budget) join(c *Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.claims[c] = struct{}{}
}

// leave forgets a claim; closing its tracker has returned what it still held.
func (b *budget) leave(c *Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.claims, c)
}
