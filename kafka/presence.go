package kafka

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// presence is whether any broker of a watch's clients answers. As long as bytes
// come in on any connection one does. Where none have come for a while the
// brokers are asked over fresh connections: an idle client hears nothing of
// brokers that are gone.
type presence struct {
	heard  atomic.Int64 // when bytes came last, in the time of the watch
	asking atomic.Bool
	next   atomic.Int64 // no question before
	away   atomic.Pointer[absence]
}

// absence is since when no broker has answered.
type absence struct {
	since time.Time
	err   error
}

const (
	// presenceAgain is between questions while nobody answers.
	presenceAgain = time.Second
	// presenceAsked is how many brokers are asked at once.
	presenceAsked = 5
)

// hears notes that bytes came in.
func (p *presence) hears(now int64) {
	p.heard.Store(now)
	if p.away.Load() != nil {
		p.away.Store(nil)
	}
}

// lookForBrokers asks whether any broker is there, when it is time to.
func (w *watch) lookForBrokers(ctx context.Context) {
	p := &w.presence
	quiet := time.Duration(w.now() - p.heard.Load())
	if w.times.quiet <= 0 || quiet < w.times.quiet || w.now() < p.next.Load() {
		return
	}
	if p.heard.Load() != 0 && quiet < w.times.idle && p.away.Load() == nil && !w.waits() {
		return
	}
	if !p.asking.CompareAndSwap(false, true) {
		return
	}
	w.running.Go(func() {
		defer p.asking.Store(false)
		w.askForBrokers(ctx)
	})
}

// waits says that a connection waits for its peer.
func (w *watch) waits() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.lines {
		if since := l.since(); since != 0 && time.Duration(w.now()-since) >= w.times.quiet/2 {
			return true
		}
	}
	return false
}

func (w *watch) askForBrokers(ctx context.Context) {
	p := &w.presence
	heard := p.heard.Load()
	limited, cancel := context.WithTimeout(ctx, w.times.ask)
	defer cancel()
	c := w.connection
	c.Brokers = w.anyBrokers()
	err := c.probe(limited, c.Config())
	switch {
	case ctx.Err() != nil:
	case err == nil:
		if before := p.away.Load(); before != nil {
			w.logger.Info("kafka brokers answer again", "brokers", w.connection.Brokers, "after", time.Since(before.since).Round(time.Millisecond))
		}
		p.hears(w.now())
	case p.heard.Load() != heard: // one has answered meanwhile
	default:
		p.next.Store(w.now() + int64(presenceAgain))
		since := w.began.Add(time.Duration(heard))
		if before := p.away.Load(); before == nil {
			w.logger.Warn("no kafka broker answers", "brokers", w.connection.Brokers, "since", since, "error", err)
		}
		p.away.Store(&absence{since: since, err: err})
		if p.heard.Load() != heard { // between the look and the word
			p.away.Store(nil)
		}
	}
}

// anyBrokers are some of those that are known, in any order.
func (w *watch) anyBrokers() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	brokers := make([]string, 0, len(w.known))
	for address := range w.known {
		brokers = append(brokers, address)
	}
	rand.Shuffle(len(brokers), func(i, j int) { brokers[i], brokers[j] = brokers[j], brokers[i] })
	return brokers[:min(len(brokers), presenceAsked)]
}

// absent is since when no broker has answered, and why; the zero time while one
// does, or where there is no watch yet.
func (w *watch) absent() (since time.Time, err error) {
	if w == nil {
		return time.Time{}, nil
	}
	if a := w.presence.away.Load(); a != nil {
		return a.since, a.err
	}
	return time.Time{}, nil
}
