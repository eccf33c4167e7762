package engine

import (
	"context"
	"fmt"
	"time"
)

// Supervise are rules by which a run ends itself, as a signal would end it:
// what is in flight is finished and committed. A zero field is no rule.
type Supervise struct {
	// OnError ends it at the first record whose tries have ended, whatever then
	// becomes of the record.
	OnError bool
	// NoCommit ends it when nothing was committed for so long while something
	// waits for it: records that are in flight and are not only held by operators
	// until more comes, finished ones, or unread ones.
	NoCommit time.Duration
	// NoPoll ends it when nothing was read for so long while there was something
	// to read.
	NoPoll time.Duration
	// MaxUptime ends it so long after the start.
	MaxUptime time.Duration
	// MaxCommits ends it after so many acknowledged commits, each partition's
	// counted.
	MaxCommits int64
}

// Rule is one of [Supervise], by its name in the pipeline file.
type Rule string

// The rules.
const (
	RuleOnError    Rule = "on_error"
	RuleNoCommit   Rule = "no_commit"
	RuleNoPoll     Rule = "no_poll"
	RuleMaxUptime  Rule = "max_uptime"
	RuleMaxCommits Rule = "max_commits"
)

// Stopped is the rule of [Supervise] that ended a run, and what it saw.
type Stopped struct {
	Rule Rule
	Err  error
}

func (s *Stopped) Error() string { return fmt.Sprintf("%s: %v", s.Rule, s.Err) }

func (s *Stopped) Unwrap() error { return s.Err }

// Unread is a [Source] that knows how many offsets lie between what it has read
// and the ends, as far as it has heard of these.
type Unread interface {
	Unread() int64
}

// superviseLook is the longest time between two looks at the rules.
const superviseLook = time.Second

// supervisor watches over the rules of one run. Its methods do nothing on nil,
// which a run without rules has.
type supervisor struct {
	rt    *Runtime
	rules Supervise
	stop  context.CancelCauseFunc
	// Owned by the goroutine that looks: what it saw last, and since when that
	// stands still while work waits.
	commits, pushed           int64
	committedSince, readSince time.Time
}

// supervise makes ctx end by the rules, too. A run that lists failures or whose
// timers wait for somebody to move the clock is a rehearsal, to which they do
// not apply. The returned function ends the watch.
func (rt *Runtime) supervise(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	end := func() { cancel(context.Canceled) }
	rules := rt.graph.Supervise
	_, virtual := rt.clock.(*VirtualClock)
	if virtual || rt.options.ListFailures || rules == (Supervise{}) {
		return ctx, end
	}
	s := &supervisor{rt: rt, rules: rules, stop: cancel}
	rt.supervisor.Store(s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(ctx)
	}()
	return ctx, func() {
		end()
		<-done
	}
}

// run looks at the rules about time until ctx is done.
func (s *supervisor) run(ctx context.Context) {
	began := time.Now()
	s.committedSince, s.readSince = began, began
	var uptime <-chan time.Time
	if s.rules.MaxUptime > 0 {
		timer := time.NewTimer(s.rules.MaxUptime)
		defer timer.Stop()
		uptime = timer.C
	}
	var looks <-chan time.Time
	if s.rules.NoCommit > 0 || s.rules.NoPoll > 0 {
		ticker := time.NewTicker(s.interval())
		defer ticker.Stop()
		looks = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-uptime:
			s.end(RuleMaxUptime, fmt.Errorf("it has run for %s", s.rules.MaxUptime))
		case now := <-looks:
			s.look(now)
		}
	}
}

// interval is short enough that a rule is at most a tenth late.
func (s *supervisor) interval() time.Duration {
	shortest := superviseLook * 10
	for _, d := range []time.Duration{s.rules.NoCommit, s.rules.NoPoll} {
		if d > 0 {
			shortest = min(shortest, d)
		}
	}
	return max(shortest/10, time.Millisecond)
}

// look compares what was read and committed with the last look.
func (s *supervisor) look(now time.Time) {
	unread := s.rt.unread()
	commits, pushed := s.rt.commits.Load(), s.rt.pushed.Load()
	if commits != s.commits || unread == 0 && !s.rt.uncommitted() {
		s.commits, s.committedSince = commits, now
	}
	if pushed != s.pushed || unread == 0 {
		s.pushed, s.readSince = pushed, now
	}
	if since := now.Sub(s.committedSince); s.rules.NoCommit > 0 && since >= s.rules.NoCommit {
		s.end(RuleNoCommit, fmt.Errorf("nothing was committed for %s while %d records are in flight and %d offsets are not read",
			since.Round(time.Millisecond), s.rt.inFlight(), unread))
	}
	if since := now.Sub(s.readSince); s.rules.NoPoll > 0 && since >= s.rules.NoPoll {
		s.end(RuleNoPoll, fmt.Errorf("nothing was read for %s while %d offsets are there to be read", since.Round(time.Millisecond), unread))
	}
}

// failed is told of each record whose tries have ended.
func (s *supervisor) failed(first *Failure) {
	if s != nil && s.rules.OnError {
		s.end(RuleOnError, first)
	}
}

// committed is told how many commits were acknowledged so far.
func (s *supervisor) committed(commits int64) {
	if s != nil && s.rules.MaxCommits > 0 && commits >= s.rules.MaxCommits {
		s.end(RuleMaxCommits, fmt.Errorf("commits acknowledged: %d", commits))
	}
}

// end ends the run as a signal would; the first rule counts.
func (s *supervisor) end(rule Rule, why error) {
	stopped := &Stopped{Rule: rule, Err: why}
	if !s.rt.stopped.CompareAndSwap(nil, stopped) {
		return
	}
	s.rt.log.Warn("the run is ended by a rule of supervise: what is in flight is finished and committed first", "rule", string(rule), "why", why)
	s.stop(stopped)
}

// unread adds up what sources know that they have not read.
func (rt *Runtime) unread() int64 {
	var total int64
	for _, s := range rt.graph.Sources {
		if source, ok := s.(Unread); ok {
			total += source.Unread()
		}
	}
	return total
}

// uncommitted says that claims whose offsets are committed have something to
// commit, or will have when what is under way is done. What operators only hold
// until more comes does not count: on an idle topic they may hold it for ever.
func (rt *Runtime) uncommitted() bool {
	busy := false
	rt.claimMutex.Lock()
	for c := range rt.claims {
		if !c.commits {
			continue
		}
		if c.tracker.Watermark() > c.committed.Load() {
			rt.claimMutex.Unlock()
			return true
		}
		records, _ := c.tracker.InFlight()
		busy = busy || records > 0
	}
	rt.claimMutex.Unlock()
	return busy && rt.working()
}

// working says that something is under way in a lane, a stage or a writer. A
// timer that is set is not.
func (rt *Runtime) working() bool {
	if rt.dispatch.moving() {
		return true
	}
	for _, s := range rt.stages {
		if s.x.pulse.doing() != "" || !s.queue.empty() {
			return true
		}
	}
	for _, w := range rt.allWriters() {
		if w.moving.Load() > 0 || !w.queue.empty() {
			return true
		}
	}
	return false
}

// inFlight counts the unfinished records of all claims.
func (rt *Runtime) inFlight() int64 {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	var total int64
	for c := range rt.claims {
		records, _ := c.tracker.InFlight()
		total += records
	}
	return total
}
