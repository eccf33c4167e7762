package cmd

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// terminal is stderr. On a terminal it keeps one live line below the log; when
// stderr is a file or a pipe there is no such line.
type terminal struct {
	mu   sync.Mutex
	w    io.Writer
	live bool
	// width tells the columns of the terminal; a line that is longer would wrap
	// and could not be taken back.
	width func() int
	line  string
}

const eraseLine = "\r\x1b[K"

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w}
	if file, ok := w.(*os.File); ok && isTerminal(w) && os.Getenv("TERM") != "dumb" {
		t.live = true
		t.width = func() int {
			columns, _, err := term.GetSize(int(file.Fd()))
			if err != nil || columns <= 0 {
				return 80
			}
			return columns
		}
	}
	return t
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colored says whether colours make sense on w.
func colored(w io.Writer) bool {
	return wantsColor(isTerminal(behind(w)), os.Getenv)
}

// wantsColor says whether a stream with this environment is coloured.
func wantsColor(terminal bool, environment func(string) string) bool {
	return terminal && environment("NO_COLOR") == "" && environment("TERM") != "dumb"
}

// Write prints log lines above the live line.
func (t *terminal) Write(data []byte) (int, error) { return t.above(t.w, data) }

// above writes to w, which shares the screen, above the live line.
func (t *terminal) above(w io.Writer, data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.line == "" {
		return w.Write(data)
	}
	_, _ = io.WriteString(t.w, eraseLine)
	n, err := w.Write(data)
	_, _ = io.WriteString(t.w, t.line)
	return n, err
}

// beside is stdout where it may be the same screen: what is written to it must
// not run into the live line.
func (t *terminal) beside(stdout io.Writer) io.Writer {
	if !t.live || !isTerminal(stdout) {
		return stdout
	}
	return sharedScreen{terminal: t, stdout: stdout}
}

type sharedScreen struct {
	terminal *terminal
	stdout   io.Writer
}

func (s sharedScreen) Write(data []byte) (int, error) { return s.terminal.above(s.stdout, data) }

// behind is the stream that a writer of the screen writes to.
func behind(w io.Writer) io.Writer {
	if shared, ok := w.(sharedScreen); ok {
		return shared.stdout
	}
	return w
}

// show replaces the live line; "" removes it.
func (t *terminal) show(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if runes := []rune(line); t.width != nil && len(runes) >= t.width() {
		line = string(runes[:max(t.width()-1, 0)])
	}
	if line == t.line {
		return
	}
	t.line = line
	_, _ = io.WriteString(t.w, eraseLine+line)
}
