package cmd

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// hungWriter takes nothing, and does not return either, until it is released.
type hungWriter struct {
	began   chan struct{} // capacity 1
	release chan struct{}
}

func (w *hungWriter) Write(p []byte) (int, error) {
	select {
	case w.began <- struct{}{}:
	default:
	}
	<-w.release
	return len(p), nil
}

// A run whose output hangs ends all the same: by stall_after with exit code 3,
// after a signal within shutdown_timeout with exit code 1.
func TestRunWithAHungOutput(t *testing.T) {
	for _, c := range []struct {
		name, supervise string
		signal          bool
		code            int
		says            string
	}{
		{"stall_after", "supervise: {stall_after: 2s}\n", false, exitStalled, "waterhealer: stalled: no progress for "},
		{"signal", "", true, exitHalted, "waterhealer: stopped before everything in flight was finished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			own(t)
			file(t, "p.yaml", c.supervise+"shutdown_timeout: 1s\nsources:\n  - generate: {value: index, interval: 10ms}\nsinks:\n  - stdout: {}\n")
			ctx, signal := context.WithCancel(t.Context())
			defer signal()
			stdout := &hungWriter{began: make(chan struct{}, 1), release: make(chan struct{})}
			var stderr bytes.Buffer
			code := make(chan int, 1)
			go func() {
				code <- execute(ctx, []string{"run", "p.yaml"}, strings.NewReader(""), io.Writer(stdout), &stderr)
			}()
			if c.signal {
				<-stdout.began
				signal()
			}
			select {
			case got := <-code:
				if got != c.code || !strings.Contains(stderr.String(), c.says) {
					t.Errorf("exit code %d, want %d:\n%s", got, c.code, stderr.String())
				}
				if c.code == exitStalled && !strings.Contains(stderr.String(), "p.yaml:6:5: node stdout-1: writing") {
					t.Errorf("it does not say what hangs:\n%s", stderr.String())
				}
			case <-time.After(time.Minute):
				t.Error("the run does not end")
			}
			close(stdout.release)
		})
	}
}
