package cmd

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"waterhealer/engine"
)

// terminal is stderr. On a terminal it keeps one live line below the log; when
// stderr is a file or a pipe there is no such line.
type terminal struct {
	mu   sync.Mutex
	w    io.Writer
	live bool
	line string
}

func newTerminal(w io.Writer) *terminal {
	file, ok := w.(*os.File)
	return &terminal{w: w, live: ok && term.IsTerminal(int(file.Fd()))}
}

// Write prints log lines above the live line.
func (t *terminal) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.line != "" {
		_, _ = io.WriteString(t.w, "\r\x1b[K")
	}
	n, err := t.w.Write(data)
	if t.line != "" {
		_, _ = io.WriteString(t.w, t.line)
	}
	return n, err
}

// show replaces the live line.
func (t *terminal) show(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line = line
	_, _ = io.WriteString(t.w, "\r\x1b[K"+line)
}

// clear removes the live line.
func (t *terminal) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.line != "" {
		t.line = ""
		_, _ = io.WriteString(t.w, "\r\x1b[K")
	}
}

// progressInterval is how often the live line changes.
const progressInterval = 500 * time.Millisecond

// progress shows a run on the live line until the returned function is called.
func (t *terminal) progress(rt *engine.Runtime, lag func() (int64, bool)) (stop func()) {
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
				t.clear()
				return
			case now := <-ticker.C:
				in, out, failed := totals(rt.Stats())
				rate := float64(in-before) / now.Sub(at).Seconds()
				before, at = in, now
				line := fmt.Sprintf("in %s  out %s  failed %s", grouped(in), grouped(out), grouped(failed))
				if n, known := lag(); known {
					line += "  lag " + grouped(n)
				}
				t.show(line + fmt.Sprintf("  %s records/s", grouped(int64(rate))))
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// totals sums up what came from sources, what outputs acknowledged (or healing
// sinks without output took), and what failed.
func totals(nodes []engine.NodeStats) (in, out, failed int64) {
	written := make(map[string]bool)
	for _, n := range nodes {
		if n.Role == engine.RoleOutput && n.Sink != "" {
			written[n.Sink] = true
		}
	}
	for _, n := range nodes {
		failed += n.Failed
		switch n.Role {
		case engine.RoleSource:
			in += n.In
		case engine.RoleOutput:
			if n.Sink != "" {
				out += n.Out
			}
		case engine.RoleHealing:
			if !written[n.Name] {
				out += n.Out
			}
		case engine.RoleOperator:
		}
	}
	return in, out, failed
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
