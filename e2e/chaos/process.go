package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one process, from its start to its end.
type process struct {
	writer  string // what it calls itself in all that it writes
	slot    int
	command *exec.Cmd
	log     string // path of its stderr
	started time.Time
	done    chan struct{}

	mu       sync.Mutex
	asked    bool   // its end is wanted
	victim   bool   // a fault is at work on it
	forgiven string // it may halt, if it says this
	isolated bool   // it was, for a time, dead to the group and did not know
	killed   bool
	resident int64
	threads  int64
}

func (p *process) wasAsked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *process) isVictim() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.victim
}

func (p *process) strike(victim bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.victim = victim
}

func (p *process) ask() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = true
}

// forgive lets the process halt by itself, if the last that it says holds text.
func (p *process) forgive(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgiven = text
}

func (p *process) mayHalt() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.forgiven != "" && p.command.ProcessState.ExitCode() == 1 && strings.Contains(tail(p.log, 3), p.forgiven)
}

// isolate notes that the group may take the process for dead while it lives.
func (p *process) isolate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isolated = true
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process with SIGKILL and waits for it.
func (p *process) kill() {
	p.ask()
	p.mu.Lock()
	p.killed = p.killed || !p.ended()
	p.mu.Unlock()
	_ = p.command.Process.Kill()
	<-p.done
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to %s: %w", s, p.writer, err)
	}
	return nil
}

// end ends the process as its users do. It must do so within limit, and well:
// with exit code 0, or where outputs are in trouble with 1, having said that it
// left work unfinished.
func (p *process) end(limit time.Duration, trouble bool) error {
	p.ask()
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return fmt.Errorf("I10: process %s still runs %v after SIGTERM:\n%s", p.writer, limit, tail(p.log, 20))
	}
	unfinished := trouble && strings.Contains(tail(p.log, 1), "stopped before everything in flight was finished")
	if code := p.command.ProcessState.ExitCode(); code != 0 && !(code == 1 && unfinished) {
		return fmt.Errorf("I10: process %s ended with %d after SIGTERM:\n%s", p.writer, code, tail(p.log, 20))
	}
	return nil
}

// census ends the process and says how many goroutines it had: Go's runtime
// lists them all on SIGQUIT.
func (p *process) census(limit time.Duration) (goroutines int, err error) {
	p.ask()
	if err := p.signal(syscall.SIGQUIT); err != nil {
		return 0, err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return 0, fmt.Errorf("process %s still runs %v after SIGQUIT", p.writer, limit)
	}
	text, err := os.ReadFile(p.log)
	return len(goroutineLine.FindAll(text, -1)), err
}

var goroutineLine = regexp.MustCompile(`(?m)^goroutine \d+`)

// lostClaims says that the process knows of partitions that the group gave to
// others before it had let them go, or that it was cut off on purpose: what it
// had handed to an output then may arrive at any time.
func (p *process) lostClaims() bool { return p.isIsolated() || p.said(lostLine) }

// untidy says that what the process had written may be written again: it was
// killed or lost its partitions, or it has said so.
func (p *process) untidy() bool {
	p.mu.Lock()
	killed := p.killed
	p.mu.Unlock()
	return killed || p.isIsolated() || p.said(untidyLine)
}

func (p *process) isIsolated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isolated
}

func (p *process) said(line *regexp.Regexp) bool {
	text, err := os.ReadFile(p.log)
	return err == nil && line.Match(text)
}

const lost = `gave a partition up.* lost=true`

var (
	lostLine   = regexp.MustCompile(lost)
	untidyLine = regexp.MustCompile(lost + `|may be written again|are processed again|will be read again`)
)

// tail is the last lines of a file, as far as it can be read.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
