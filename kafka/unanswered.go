package kafka

import (
	"sync"
	"time"

	"waterhealer/engine"
)

var (
	_ engine.Committing = (*group)(nil)
	_ engine.Unread     = (*group)(nil)
)

// unanswered is since when there is something to commit that the brokers have
// not taken.
type unanswered struct {
	mu    sync.Mutex
	since time.Time // zero while there is nothing
	err   error     // of the last try
}

func (u *unanswered) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.since.IsZero() {
		u.since = time.Now()
	}
}

func (u *unanswered) answered(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err = err; err == nil {
		u.since = time.Time{}
	}
}

// Committing tells the engine's watchdog of commits that nobody takes. Where the
// sinks ignore such errors there is nothing to tell.
func (g *group) Committing() (source string, since time.Time, err error) {
	if g.settings.IgnoreCommitErrors {
		return "", time.Time{}, nil
	}
	g.committed.mu.Lock()
	defer g.committed.mu.Unlock()
	return g.nodes[0].name, g.committed.since, g.committed.err
}
