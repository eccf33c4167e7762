package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// process is a child, from its start to its end.
type process struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	began          time.Time
	took           time.Duration
	done           chan struct{}
	err            error
}

// newProcess makes a child, which is killed when ctx is done, and dies with this
// process where the system can see to that.
func newProcess(ctx context.Context, environment []string, name string, args ...string) *process {
	p := &process{command: exec.CommandContext(ctx, name, args...), done: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.SysProcAttr = attributes()
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	return p
}

func (p *process) start() error {
	started := make(chan error, 1)
	go func() {
		// The system ties the child's life to the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		p.began = time.Now()
		err := p.command.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.command.Wait()
		p.took = time.Since(p.began)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", p.command.Path, err)
	}
	return nil
}

// wait waits for a child to end well.
func (p *process) wait() error {
	<-p.done
	if p.err != nil {
		return fmt.Errorf("%s %s: %w\n%s", p.command.Path, strings.Join(p.command.Args[1:], " "), p.err, tail(p.stderr.String()))
	}
	return nil
}

// kill ends a child with SIGKILL.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
}

// tail is the last lines of a text.
func tail(text string) string {
	const lines = 20
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
