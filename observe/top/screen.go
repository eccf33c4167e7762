package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"waterhealer/observe"
)

// The panes.
const (
	paneNodes = iota
	panePartitions
	paneFailures
	panes
)

// Screen is what is shown.
type Screen struct {
	Address string
	Status  *observe.Status // nil before the first answer
	History []observe.Point
	Color   bool
	Pane    int
	Offset  int // of the first line shown of the pane
	// Away is since when the pipeline does not answer, zero while it does; Trouble
	// is why.
	Away    time.Time
	Trouble error
}

// historyKept is 15 minutes of points each 5 seconds.
const historyKept, historyStep = 180, 5 * time.Second

// take shows a new status; the history goes on from what was asked for.
func (s *Screen) take(status *observe.Status) {
	if s.Status != nil && s.Status.Run != status.Run {
		s.History = nil // another process
	}
	s.Status, s.Away, s.Trouble = status, time.Time{}, nil
	if n := len(s.History); n > 0 && status.At.Sub(s.History[n-1].At) < historyStep {
		return
	}
	s.History = append(s.History, observe.Point{
		At: status.At, In: status.Rates.In, Out: status.Rates.Out, Failed: status.Rates.Failed, Lag: status.Totals.Lag, InFlight: status.Totals.InFlight,
	})
	if n := len(s.History); n > historyKept {
		s.History = s.History[n-historyKept:]
	}
}

// Text is the screen, width columns wide; height 0 is as high as it must be,
// with all panes.
func (s *Screen) Text(width, height int) string {
	var lines []string
	if s.Status == nil {
		lines = append(lines, "asking "+s.Address)
	}
	if !s.Away.IsZero() {
		lines = append(lines, s.paint(red, fmt.Sprintf("no answer since %s: %v", s.Away.Format(time.TimeOnly), s.Trouble)))
	}
	if s.Status == nil {
		return fit(lines, width, height)
	}
	lines = append(lines, s.heading(width)...)
	lines = append(lines, s.graphs(width)...)
	if height == 0 {
		for pane := range panes {
			head, body := s.pane(pane, width)
			lines = append(append(lines, "", s.paint(bold, head)), body...)
		}
		return fit(lines, width, 0)
	}
	lines = append(lines, "", s.tabs())
	head, body := s.pane(s.Pane, width)
	lines = append(lines, s.paint(bold, head))
	room := max(1, height-len(lines)-1)
	s.Offset = min(s.Offset, max(0, len(body)-room))
	shown := body[s.Offset:min(len(body), s.Offset+room)]
	lines = append(lines, shown...)
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	keys := "tab next pane  ↑↓ scroll  q quit"
	if len(body) > len(shown) {
		keys += fmt.Sprintf("   %d-%d of %d lines", s.Offset+1, s.Offset+len(shown), len(body))
	}
	return fit(append(lines, s.paint(faint, keys)), width, height)
}

// fit cuts lines to the width and the height.
func fit(lines []string, width, height int) string {
	if height > 0 && len(lines) > height {
		lines = lines[:height]
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(ansi.Truncate(line, width, "…"), " ")
	}
	return strings.Join(lines, "\n")
}

func (s *Screen) heading(width int) []string {
	st := s.Status
	how, word := green, "ready"
	switch {
	case !st.Health.Live:
		how, word = red, "dead"
	case !st.Health.Ready:
		how, word = red, "not ready"
	}
	up := st.At.Sub(st.Started).Round(time.Second)
	lines := inRows(width, s.paint(bold, plain(st.Pipeline)), s.paint(how, word), st.State, fmt.Sprintf("up %s", up), s.Address, "waterhealer "+plain(st.Version))
	for _, p := range st.Health.Problems {
		lines = append(lines, s.told("! ", plain(p.Text)+" (since "+p.Since.Local().Format(time.TimeOnly)+")", width)...)
	}
	if st.Reason != "" {
		lines = append(lines, s.told("! ", plain(st.Reason), width)...)
	}
	t := st.Totals
	lines = append(lines, inRows(width,
		fmt.Sprintf("in %s (%s/s)", count(t.In), rate(st.Rates.In)), fmt.Sprintf("out %s (%s/s)", count(t.Out), rate(st.Rates.Out)),
		"in flight "+count(t.InFlight), "lag "+count(t.Lag), "commits "+count(t.Commits))...)
	lines = append(lines, inRows(width, "dropped "+count(t.Dropped), "skipped "+count(t.Skipped), "retried "+count(t.Retried),
		"failed "+count(t.Failed), "dead letters "+count(t.DeadLetters))...)
	for _, g := range st.Groups {
		lines = append(lines, s.group(g, width)...)
	}
	return lines
}

func (s *Screen) group(g observe.Group, width int) []string {
	parts := []string{"group " + plain(g.Name), "topics " + plain(strings.Join(g.Topics, " "))}
	if !g.Joined {
		return inRows(width, append(parts, s.paint(red, "not joined "+plain(g.Error)))...)
	}
	parts = append(parts, fmt.Sprintf("generation %d", g.Generation), fmt.Sprintf("rebalances %d", g.Rebalances))
	if !g.LastCommit.IsZero() {
		parts = append(parts, fmt.Sprintf("last commit %s ago", s.Status.At.Sub(g.LastCommit).Round(100*time.Millisecond)))
	}
	if g.CommitErrors > 0 {
		parts = append(parts, s.paint(yellow, fmt.Sprintf("commit errors %d", g.CommitErrors)))
	}
	return inRows(width, parts...)
}

// graphs are the last minutes as bars.
func (s *Screen) graphs(width int) []string {
	if len(s.History) < 2 {
		return nil
	}
	in, lag := make([]float64, len(s.History)), make([]float64, len(s.History))
	for i, p := range s.History {
		in[i], lag[i] = p.In, float64(max(p.Lag, 0))
	}
	wide := max(10, min(historyKept, width-12))
	return []string{"in/s " + s.paint(cyan, bars(in, wide)), "lag  " + s.paint(yellow, bars(lag, wide))}
}

func (s *Screen) tabs() string {
	names := []string{"nodes", fmt.Sprintf("partitions %d", len(s.Status.Partitions)), fmt.Sprintf("failures %d", len(s.Status.Failures))}
	for i, name := range names {
		name = " " + name + " "
		if i == s.Pane {
			if names[i] = s.paint(marked, name); !s.Color {
				names[i] = "[" + strings.TrimSpace(name) + "]"
			}
			continue
		}
		names[i] = name
	}
	return strings.Join(names, " ")
}

func (s *Screen) pane(which, width int) (head string, lines []string) {
	switch which {
	case panePartitions:
		return s.partitions(width)
	case paneFailures:
		return s.failures(width)
	}
	return s.nodes(width)
}
