package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"waterhealer/engine"
)

// progressInterval is how often the live line changes.
const progressInterval = 500 * time.Millisecond

// progress shows a run on the live line until the returned function is called.
func (t *terminal) progress(rt *engine.Runtime, sources []engine.Source) (stop func()) {
	if !t.live {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()
		before, at := int64(0), time.Now()
		for {
			select {
			case <-quit:
				t.show("")
				return
			case now := <-ticker.C:
				s := snapshot{totals: totalsOf(rt.Stats())}
				s.lag, s.lagKnown = lagOf(sources)
				s.stuck = rt.Stuck()
				s.rate = float64(s.in-before) / now.Sub(at).Seconds()
				before, at = s.in, now
				t.show(s.String())
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// snapshot is what the live line shows.
type snapshot struct {
	totals
	lag      int64
	lagKnown bool
	rate     float64 // records read per second
	stuck    []engine.Stuck
}

func (s snapshot) String() string {
	line := fmt.Sprintf("in %s  out %s  failed %s", grouped(s.in), grouped(s.out), grouped(s.failed))
	if s.lagKnown {
		line += "  lag " + grouped(s.lag)
	}
	line += fmt.Sprintf("  %s records/s", grouped(int64(s.rate)))
	if len(s.stuck) > 0 {
		line += fmt.Sprintf("  no progress since %s: %s %s", s.stuck[0].Since.Format(time.TimeOnly), s.stuck[0].Node, s.stuck[0].Doing)
	}
	return line
}

// lagOf is how far the sources that know it are behind.
func lagOf(sources []engine.Source) (total int64, known bool) {
	for _, s := range sources {
		if lagging, ok := s.(interface{ Lag() int64 }); ok {
			total, known = total+lagging.Lag(), true
		}
	}
	return total, known
}

// totals are what came from sources, what outputs acknowledged (or healing
// sinks without output took), and what failed.
type totals struct{ in, out, failed int64 }

func totalsOf(nodes []engine.NodeStats) totals {
	var t totals
	written := make(map[string]bool)
	for _, n := range nodes {
		if n.Role == engine.RoleOutput && n.Sink != "" {
			written[n.Sink] = true
		}
	}
	for _, n := range nodes {
		t.failed += n.Failed
		switch n.Role {
		case engine.RoleSource:
			t.in += n.In
		case engine.RoleOutput:
			if n.Sink != "" {
				t.out += n.Out
			}
		case engine.RoleHealing:
			if !written[n.Name] {
				t.out += n.Out
			}
		case engine.RoleOperator:
		}
	}
	return t
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), ",")
}
