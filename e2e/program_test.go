package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "waterhealer-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "waterhealer")
	build := exec.Command("go", "build", "-o", binary, "..")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program is one run of the binary.
type program struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout lockedBuffer
	stderr lockedBuffer
	done   chan struct{}
	err    error
}

// lockedBuffer may be read while the program writes.
type lockedBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// next is closed at the next write.
func (b *lockedBuffer) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// start runs the program in the background; it is killed when the test ends.
func start(t testing.TB, env []string, args ...string) *program {
	t.Helper()
	p := prepared(t, env, args...)
	p.begin()
	return p
}

// prepared is a program that is not started.
func prepared(t testing.TB, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p
}

// begin starts it; it is killed when the test ends.
func (p *program) begin() {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	p.t.Cleanup(func() {
		p.kill()
		if p.t.Failed() {
			p.t.Logf("waterhealer %s\nstderr:\n%s", strings.Join(p.cmd.Args[1:], " "), tail(p.stderr.String(), 6000))
		}
	})
}

func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return "…" + text[len(text)-n:]
}

// kill ends the program with SIGKILL and waits for it.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// signal sends a signal.
func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// freeze stops the program where it stands, until SIGCONT, and returns when it
// does: on a busy machine it may run on for a while after the signal.
func (p *program) freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	until(p.t, time.Minute, "the program stands still", func(ctx context.Context) (bool, error) {
		state, err := exec.CommandContext(ctx, "ps", "-o", "state=", "-p", strconv.Itoa(p.cmd.Process.Pid)).Output()
		return strings.HasPrefix(strings.TrimSpace(string(state)), "T"), err
	})
}

// wait returns the exit code; the test fails when it takes longer.
func (p *program) wait(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.t.Fatalf("the program still runs after %v", within)
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return exit.ExitCode()
	}
	if p.err != nil {
		p.t.Fatal(p.err)
	}
	return 0
}

// says waits until stderr contains a text.
func (p *program) says(text string, within time.Duration) {
	p.t.Helper()
	deadline := time.After(within)
	for {
		next := p.stderr.next()
		if strings.Contains(p.stderr.String(), text) {
			return
		}
		select {
		case <-next:
		case <-p.done:
			if !strings.Contains(p.stderr.String(), text) {
				p.t.Fatalf("the program ended and never said %q", text)
			}
			return
		case <-deadline:
			p.t.Fatalf("the program did not say %q within %v", text, within)
		}
	}
}

// run runs the program to its end.
func run(t testing.TB, env []string, within time.Duration, args ...string) (code int, p *program) {
	t.Helper()
	p = start(t, env, args...)
	return p.wait(within), p
}

// file writes a file for the program and returns its path.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// until asks again and again until ask is satisfied; the pause between is that
// of the outside world, which gives no notice.
func until(t testing.TB, within time.Duration, what string, ask func(context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	var last error
	for {
		ok, err := ask(ctx)
		if ok && err == nil {
			return
		}
		if err != nil {
			last = err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within %v (last error: %v)", what, within, last)
		}
	}
}
