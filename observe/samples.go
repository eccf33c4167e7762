package observe

import (
	"slices"
	"sync"
	"time"

	"waterhealer/engine"
)

const (
	// rateSpan is over how long rates are made.
	rateSpan = 5 * time.Second
	// pointInterval is how far points of the history are apart, historySpan how
	// long it is.
	pointInterval = 5 * time.Second
	historySpan   = 15 * time.Minute
)

// sample are the counters at one moment.
type sample struct {
	at     time.Time
	totals Totals
	nodes  []engine.NodeStats
}

// samples are those of the last few seconds, and points of the last minutes.
type samples struct {
	mu     sync.Mutex
	recent []sample // the oldest first, those of rateSpan and one before
	points []Point
	last   sample // of the last point
}

func (s *samples) add(now sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent = append(s.recent, now)
	for len(s.recent) > 2 && now.at.Sub(s.recent[1].at) >= rateSpan {
		s.recent = slices.Delete(s.recent, 0, 1)
	}
	if s.last.at.IsZero() {
		s.last = now
		return
	}
	span := now.at.Sub(s.last.at)
	if span < pointInterval {
		return
	}
	p := Point{At: now.at.UTC(), Lag: now.totals.Lag, InFlight: now.totals.InFlight}
	p.In = perSecond(s.last.totals.In, now.totals.In, span)
	p.Out = perSecond(s.last.totals.Out, now.totals.Out, span)
	p.Failed = perSecond(s.last.totals.Failed, now.totals.Failed, span)
	s.last = now
	s.points = append(s.points, p)
	old := 0
	for old < len(s.points) && now.at.Sub(s.points[old].At) > historySpan {
		old++
	}
	s.points = slices.Delete(s.points, 0, old)
}

func (s *samples) history() []Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.points == nil {
		return []Point{}
	}
	return slices.Clone(s.points)
}

// rates fills in what is per second.
func (s *samples) rates(status *Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) < 2 {
		return
	}
	first, last := &s.recent[0], &s.recent[len(s.recent)-1]
	span := last.at.Sub(first.at)
	status.Rates = Rates{
		In: perSecond(first.totals.In, last.totals.In, span), Out: perSecond(first.totals.Out, last.totals.Out, span),
		Failed: perSecond(first.totals.Failed, last.totals.Failed, span), Retried: perSecond(first.totals.Retried, last.totals.Retried, span),
	}
	for i := range status.Nodes {
		n, a, b := &status.Nodes[i], &first.nodes[i], &last.nodes[i]
		if timed := b.Timed - a.Timed; timed > 0 {
			n.Seconds = (b.Took - a.Took).Seconds() / float64(timed)
		}
		n.InRate, n.OutRate, n.FailedRate = perSecond(a.In, b.In, span), perSecond(a.Out, b.Out, span), perSecond(a.Failed, b.Failed, span)
	}
}

func perSecond(from, to int64, span time.Duration) float64 {
	if span <= 0 {
		return 0
	}
	return float64(to-from) / span.Seconds()
}
