package kafkatest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// process is one running broker.
type process struct {
	command *exec.Cmd
	exited  chan struct{} // closed when it has ended
	err     error         // how it ended; read after exited is closed
}

// startProcess runs a command whose output is appended to the file log. The
// process ends with this one, also when this one is killed (on Linux).
func startProcess(log string, name string, args ...string) (*process, error) {
	output, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	command := exec.Command(name, args...) // without the context of its start, which it outlives
	command.Stdout, command.Stderr = output, output
	dieWithParent(command)

	p := &process{command: command, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The system ties the child's life to the thread that started it, so
		// that thread is kept for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		defer output.Close()
		err := command.Start()
		started <- err
		if err == nil {
			p.err = command.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return p, nil
}

// kill ends the process without warning (SIGKILL) and waits until it is gone.
// It is no error when it had ended before.
func (p *process) kill() error {
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.exited
	return nil
}

// tail is the last lines of a file, as far as they can be read.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	data = bytes.TrimSpace(data)
	start := len(data)
	for range lines {
		start = bytes.LastIndexByte(data[:start], '\n')
		if start < 0 {
			return string(data)
		}
	}
	return string(data[start+1:])
}
