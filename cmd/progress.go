package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"waterhealer/observe"
)

// progressInterval is how often the live line changes.
const progressInterval = 500 * time.Millisecond

// progress shows a run on the live line until the returned function is called.
func (t *terminal) progress(observed observe.Pipeline) (stop func()) {
	if !t.live {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				t.show("")
				return
			case <-ticker.C:
				t.show(progressLine(observed.Status()))
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// progressLine says in one line what a pipeline does: counts, rate, lag, and
// what keeps it from doing more.
func progressLine(s *observe.Status) string {
	line := fmt.Sprintf("in %s  out %s  failed %s", grouped(s.Totals.In), grouped(s.Totals.Out), grouped(s.Totals.Failed))
	if s.Totals.Lag >= 0 {
		line += "  lag " + grouped(s.Totals.Lag)
	}
	line += fmt.Sprintf("  %s records/s", grouped(int64(s.Rates.In)))
	return line + progressTrouble(s)
}

// headTime is how old the head of a partition is before the line names it.
const headTime = 5.0

// progressTrouble is the worst that there is to say, "" for nothing.
func progressTrouble(s *observe.Status) string {
	if len(s.Stuck) > 0 {
		worst := &s.Stuck[0]
		text := fmt.Sprintf("  no progress since %s: %s %s", worst.Since.Local().Format(time.TimeOnly), worst.Node, worst.Doing)
		if worst.Error != "" {
			text += ": " + oneLine(worst.Error)
		}
		return text
	}
	for _, p := range s.Health.Problems {
		if p.Code == observe.ProblemBrokersAway || p.Code == observe.ProblemWrites {
			return "  " + p.Text
		}
	}
	var oldest *observe.Head
	for i := range s.Partitions {
		if h := s.Partitions[i].Head; h != nil && h.Seconds >= headTime && (oldest == nil || h.Seconds > oldest.Seconds) {
			oldest = h
		}
	}
	if oldest == nil {
		return ""
	}
	text := fmt.Sprintf("  %s for %s", oldest.EmitID, (time.Duration(oldest.Seconds) * time.Second).String())
	if oldest.Node != "" {
		text += fmt.Sprintf(" at %s: %s", oldest.Node, oldest.Doing)
	}
	if oldest.Error != "" {
		text += ": " + oneLine(oldest.Error)
	}
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

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
