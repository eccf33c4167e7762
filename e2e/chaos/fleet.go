package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
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

// start starts a process in a slot, which stands for a machine.
func (f *fleet) start(slot int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.born[slot]++
	p := &process{slot: slot, started: time.Now(), writer: fmt.Sprintf("p%d.%d", slot, f.born[slot]), done: make(chan struct{})}
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
