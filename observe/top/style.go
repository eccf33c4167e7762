package top

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// style is an ANSI colour, "" is none.
type style string

const (
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
	marked style = "7"
)

// paint colours a text where colours are wanted.
func (s *Screen) paint(how style, text string) string {
	if !s.Color || how == "" || text == "" {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// plain makes a text from outside safe to print: one line, no control characters.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

// inRows writes parts side by side, in as many lines as they need.
func inRows(width int, parts ...string) []string {
	var lines []string
	for _, part := range parts {
		last := len(lines) - 1
		if last >= 0 && ansi.StringWidth(lines[last])+2+ansi.StringWidth(part) <= width {
			lines[last] += "  " + part
			continue
		}
		lines = append(lines, part)
	}
	return lines
}

// mostLines is how many lines a text from outside may take.
const mostLines = 3

// told is what is wrong, in red, behind a mark and in several lines where it is
// long.
func (s *Screen) told(mark, text string, width int) []string {
	indent := ansi.StringWidth(mark)
	lines := strings.Split(ansi.Wrap(text, max(10, width-indent), ""), "\n")
	if len(lines) > mostLines {
		lines = append(lines[:mostLines-1], strings.Join(lines[mostLines-1:], " ")) // its end is cut
	}
	for i, line := range lines {
		if i > 0 {
			mark = strings.Repeat(" ", indent)
		}
		lines[i] = s.paint(red, mark+line)
	}
	return lines
}

// left fills a text up to a width, or cuts it.
func left(text string, width int) string {
	if w := ansi.StringWidth(text); w <= width {
		return text + strings.Repeat(" ", width-w)
	}
	return ansi.Truncate(text, width, "…")
}

func right(text string, width int) string {
	if width == 0 {
		return ""
	}
	if w := ansi.StringWidth(text); w < width {
		return strings.Repeat(" ", width-w) + text
	}
	return ansi.Truncate(text, width, "…")
}

// count is a number as short as a column wants it: 987, 12.3k, 4.56M.
func count(n int64) string {
	switch {
	case n < 0:
		return "-"
	case n < 10_000:
		return strconv.FormatInt(n, 10)
	case n < 1_000_000:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.2fM", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2fG", float64(n)/1e9)
}

// rate is a number per second.
func rate(n float64) string {
	switch {
	case n == 0:
		return "0"
	case n < 10:
		return fmt.Sprintf("%.1f", n)
	}
	return count(int64(n + .5))
}

// seconds is a duration as people say it.
func seconds(n float64) string {
	switch {
	case n <= 0:
		return "-"
	case n < 1e-3:
		return fmt.Sprintf("%.1fµs", n*1e6)
	case n < 1:
		return fmt.Sprintf("%.1fms", n*1e3)
	case n < 60:
		return fmt.Sprintf("%.1fs", n)
	}
	return (time.Duration(n) * time.Second).String()
}

// bars draws numbers as a row of bars, the last ones where there are too many.
func bars(numbers []float64, width int) string {
	if len(numbers) > width {
		numbers = numbers[len(numbers)-width:]
	}
	most := 0.0
	for _, n := range numbers {
		most = max(most, n)
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range numbers {
		if most == 0 || n <= 0 {
			b.WriteRune(levels[0])
			continue
		}
		b.WriteRune(levels[min(len(levels)-1, int(n/most*float64(len(levels))))])
	}
	return b.String()
}
