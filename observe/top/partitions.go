package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"waterhealer/observe"
)

// full is said of a partition that reads no more.
const full = " full"

// partitions are the lines of all partitions: those that are stuck or late first.
func (s *Screen) partitions(width int) (head string, lines []string) {
	name, committed, inFlight := 24, 12, 10
	if width < narrow { // the strip says more
		name, committed = max(16, min(24, width-52)), 0
	}
	if width < 70 {
		inFlight = 0
	}
	rest := name + committed + 9 + inFlight + 9 + 2
	wide := max(10, width-rest-len(full))
	head = left("topic/partition", name-1) + " " + right("committed", committed) + right("lag", 9) + right("in flight", inFlight) + right("oldest", 9) + "  " + left("committed to read", max(wide, width-rest))
	ordered := slices.Clone(s.Status.Partitions)
	slices.SortStableFunc(ordered, func(a, b observe.Partition) int {
		return cmp.Or(cmp.Compare(worry(&b), worry(&a)), cmp.Compare(b.Lag, a.Lag))
	})
	for i := range ordered {
		p := &ordered[i]
		line := left(fmt.Sprintf("%s/%d", plain(p.Topic), p.Partition), name-1) + " " + right(offset(p.Committed), committed) + right(count(p.Lag), 9) +
			right(count(p.InFlight), inFlight) + right(seconds(p.OldestSeconds), 9) + "  " + s.strip(p, wide)
		if p.Full {
			line += s.paint(yellow, full)
		}
		lines = append(lines, line)
		if h := p.Head; h != nil && worry(p) > 0 {
			lines = append(lines, s.told("  └ ", s.headOf(h), width)...)
		}
	}
	return head, lines
}

// worry is how much a partition needs to be looked at.
func worry(p *observe.Partition) int {
	switch h := p.Head; {
	case h == nil:
		return 0
	case h.Error != "":
		return 2
	case h.Seconds > 10:
		return 1
	}
	return 0
}

// headOf says what keeps a partition's watermark where it is.
func (s *Screen) headOf(h *observe.Head) string {
	text := fmt.Sprintf("%s for %s", plain(h.EmitID), seconds(h.Seconds))
	if h.Node != "" {
		text += " at " + plain(h.Node)
	}
	if h.Doing != "" {
		text += ", " + plain(h.Doing)
	}
	if h.Attempts > 0 {
		text += fmt.Sprintf(", try %d", h.Attempts)
	}
	if !h.NextTry.IsZero() && h.NextTry.After(s.Status.At) {
		text += ", next in " + h.NextTry.Sub(s.Status.At).Round(100*time.Millisecond).String()
	}
	if h.Error != "" {
		text += ": " + plain(h.Error)
	}
	return text
}

func offset(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// strip draws what was read and not committed: what is finished in order, what
// is unfinished, and what is finished behind something unfinished. A place that
// stands for several offsets shows the worst of them.
func (s *Screen) strip(p *observe.Partition, width int) string {
	from, to := max(p.Committed, 0), p.Position
	if p.Committed < 0 {
		from = p.Watermark
	}
	span := to - from
	if span <= 0 {
		all := "all that was read is committed"
		if len(all) > width+len(full) {
			all = "all committed"
		}
		return s.paint(faint, all)
	}
	places := int(min(int64(width), span))
	cells := make([]rune, places)
	for i := range cells {
		cells[i] = s.cell(p, from+span*int64(i)/int64(places), from+span*int64(i+1)/int64(places))
	}
	var b strings.Builder
	for i := 0; i < len(cells); {
		j := i
		for j < len(cells) && cells[j] == cells[i] {
			j++
		}
		b.WriteString(s.paint(map[rune]style{'█': green, '▒': yellow, '▓': cyan}[cells[i]], string(cells[i:j])))
		i = j
	}
	return b.String()
}

// cell is the sign of the offsets [from, to): █ finished, ▒ unfinished,
// ▓ finished out of order.
func (s *Screen) cell(p *observe.Partition, from, to int64) rune {
	if to <= p.Watermark {
		return '█'
	}
	from = max(from, p.Watermark)
	for _, hole := range p.Finished {
		if hole[0] <= from && to <= hole[1] {
			return '▓'
		}
	}
	return '▒'
}
