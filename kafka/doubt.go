package kafka

import (
	"errors"
	"time"

	"github.com/IBM/sarama"
)

// A commit whose connection ended before its answer came may still be carried
// out, behind a newer one that takes another connection, and so take the
// committed offset back. No connection of ours leaves anything behind in this
// machine when it is closed ([abortable]), but what has left it nobody
// can call back.
const (
	// doubtTime is how long such a commit may be on its way.
	doubtTime = 20 * time.Second
	// resendInterval is how long the committed offset may stay where it took it.
	resendInterval = 250 * time.Millisecond
)

// doubt notes that nobody knows whether a commit was, or will be, carried out.
// So until that can no longer be, what is to be committed is sent again and
// again, changed or not.
func (g *group) doubt(part []change, err error) {
	var answered sarama.KError
	if errors.As(err, &answered) {
		return
	}
	until := time.Now().Add(doubtTime)
	for _, ch := range part {
		ch.claim.doubtful = until
	}
	g.mu.Lock()
	g.doubtful = until
	g.mu.Unlock()
	select {
	case g.doubts <- struct{}{}:
	default:
	}
}

// resendAfter is the time to the next commit.
func (g *group) resendAfter() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.doubtful) {
		return min(resendInterval, g.settings.CommitInterval)
	}
	return g.settings.CommitInterval
}
