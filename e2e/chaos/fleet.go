package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// fleet is the processes of one group, the living and the dead.
type fleet struct {
	binary   string
	dir      string      // where pipeline and logs are
	pipeline string      // path
	died     func(error) // called when a process ends that was not asked to

	mu   sync.Mutex
	all  []*process
	born map[int]int // processes so far, per slot
}

// process is one process, from its start to its end.
type process struct {
	writer  string // what it calls itself in all that it writes
	slot    int
	command *exec.Cmd
	log     string // path of its stderr
	done    chan struct{}

	mu       sync.Mutex
	asked    bool   // its end is wanted
	victim   bool   // a fault is at work on it
	forgiven string // it may halt, if it says this
	isolated bool   // it was, for a time, dead to the group and did not know
	resident int64
	threads  int64
}

// start starts a process in a slot, which stands for a machine.
func (f *fleet) start(slot int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.born[slot]++
	p := &process{slot: slot, writer: fmt.Sprintf("p%d.%d", slot, f.born[slot]), done: make(chan struct{})}
	p.log = filepath.Join(f.dir, p.writer+".log")
	output, err := os.Create(p.log)
	if err != nil {
		return err
	}
	p.command = exec.Command(f.binary, "run", f.pipeline, "--connect-timeout", "2m")
	p.command.Dir = f.dir
	p.command.Env = append(os.Environ(), "WRITER="+p.writer)
	p.command.Stdout, p.command.Stderr = output, output
	p.command.SysProcAttr = attributes()
	started := make(chan error, 1)
	go func() {
		// The system ties the child's life to the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		defer output.Close()
		err := p.command.Start()
		started <- err
		if err != nil {
			return
		}
		err = p.command.Wait()
		if !p.wasAsked() && !p.mayHalt() {
			f.died(fmt.Errorf("process %s ended by itself (%w):\n%s", p.writer, err, tail(p.log, 20)))
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", f.binary, err)
	}
	f.all = append(f.all, p)
	return nil
}

// living are the processes that nobody has ended yet.
func (f *fleet) living() []*process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.all), func(p *process) bool { return p.wasAsked() || p.ended() })
}

// choose picks a living process for one fault alone, until it is released.
func (f *fleet) choose(random *rand.Rand) (p *process, release func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	free := slices.DeleteFunc(slices.Clone(f.all), func(p *process) bool { return p.wasAsked() || p.ended() || p.isVictim() })
	if len(free) == 0 {
		return nil, nil, errNobody
	}
	p = pick(random, free)
	p.strike(true)
	return p, func() { p.strike(false) }, nil
}

// find is the process that writes under a name, nil when there never was one.
func (f *fleet) find(writer string) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.all {
		if p.writer == writer {
			return p
		}
	}
	return nil
}

// measure notes how much memory each process has.
func (f *fleet) measure() {
	for _, p := range f.living() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
		if err != nil {
			continue // it has just ended, or this system has no such file
		}
		p.mu.Lock()
		p.resident = max(p.resident, field(status, "VmRSS:")<<10)
		p.threads = max(p.threads, field(status, "Threads:"))
		p.mu.Unlock()
	}
}

func field(status []byte, name string) int64 {
	_, rest, _ := bytes.Cut(status, []byte(name))
	words := bytes.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(words[0]), 10, 64)
	return n
}

// most is the most memory and threads that any process had.
func (f *fleet) most() (resident, threads int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.all {
		p.mu.Lock()
		resident, threads = max(resident, p.resident), max(threads, p.threads)
		p.mu.Unlock()
	}
	return resident, threads
}

// killAll leaves no process behind.
func (f *fleet) killAll() {
	f.mu.Lock()
	all := slices.Clone(f.all)
	f.mu.Unlock()
	for _, p := range all {
		p.kill()
	}
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

// lostClaims says that the process knows of partitions that the group gave to
// others before it had let them go, or that it was cut off on purpose: what it
// had handed to an output then may arrive at any time.
func (p *process) lostClaims() bool {
	p.mu.Lock()
	isolated := p.isolated
	p.mu.Unlock()
	if isolated {
		return true
	}
	text, err := os.ReadFile(p.log)
	return err == nil && lostLine.Match(text)
}

var lostLine = regexp.MustCompile(`gave a partition up.* lost=true`)

// tail is the last lines of a file, as far as it can be read.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
