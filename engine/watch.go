package engine

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// tellAfter is how long something stands still before the log names it, where
// the graph does not say it.
const tellAfter = time.Minute

// watchdog remembers since when parts of the pipeline stand still.
type watchdog struct {
	rt     *Runtime
	signal context.Context //nolint:containedctx // to know whether the stop has begun
	after  time.Duration
	seen   map[any]*stand
}

// part is something that has work, as it is at one look.
type part struct {
	id   any // what tells it from others
	mark any // what changes with any progress
	// silent is not named in the log, because its parts are; halts says that
	// Graph.StallAfter is about it.
	silent, halts bool
	stuck         Stuck
}

// stand is a part that was seen, and since when nothing has changed.
type stand struct {
	part
	since time.Time
	told  bool
	here  bool // in this look
}

func (rt *Runtime) newWatchdog(signal context.Context) *watchdog {
	after := rt.graph.StallAfter
	if after <= 0 {
		after = tellAfter
	}
	return &watchdog{rt: rt, after: after, seen: make(map[any]*stand), signal: signal}
}

// interval is how often it looks: what stands still is named at most a quarter
// late.
func (d *watchdog) interval() time.Duration {
	return min(max(d.after/4, time.Millisecond), time.Second)
}

// look compares everything with the last look.
func (d *watchdog) look(now time.Time) {
	for _, s := range d.seen {
		s.here = false
	}
	for _, p := range d.rt.parts() {
		d.see(now, p)
	}
	var list []Stuck
	var halting *Stuck
	for id, s := range d.seen {
		switch {
		case !s.here:
			d.moves(now, s)
			delete(d.seen, id)
			continue
		case now.Sub(s.since) < d.after:
			continue
		case !s.silent:
			d.tell(now, s)
			list = append(list, s.stuck)
		}
		if s.halts && (halting == nil || s.since.Before(halting.Since)) {
			halting = &s.stuck
		}
	}
	slices.SortFunc(list, func(a, b Stuck) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Partition, b.Partition))
	})
	d.rt.stuckNow.Store(&list)
	if halting != nil && d.rt.graph.StallAfter > 0 && d.signal.Err() == nil {
		d.rt.halt(&StuckError{Stuck: *halting, For: now.Sub(halting.Since)})
	}
}

// see notes what a part is at.
func (d *watchdog) see(now time.Time, p part) {
	s := d.seen[p.id]
	switch {
	case s == nil:
		s = &stand{since: now}
		d.seen[p.id] = s
	case s.mark != p.mark:
		d.moves(now, s)
		s.since = now
	}
	s.part, s.here = p, true
	s.stuck.Since = s.since
}

// tell names a part that stands still, once.
func (d *watchdog) tell(now time.Time, s *stand) {
	if !s.told {
		s.told = true
		d.rt.log.Warn("no progress", append(s.stuck.attributes(), "for", now.Sub(s.since).Round(time.Millisecond))...)
	}
}

// moves says that what was named goes on.
func (d *watchdog) moves(now time.Time, s *stand) {
	if s.told {
		s.told = false
		d.rt.log.Info("progress again", append(s.stuck.attributes(), "after", now.Sub(s.since).Round(time.Millisecond))...)
	}
}

// parts are all parts of the pipeline that have work now.
func (rt *Runtime) parts() []part {
	var list []part
	rt.eachPulse(func(p *pulse) {
		mark := p.mark()
		if stuck, busy := p.stuck(); busy {
			list = append(list, part{id: p, mark: mark, halts: true, stuck: stuck})
		}
	})
	for _, w := range rt.allWriters() {
		if p, ok := w.part(); ok {
			list = append(list, p)
		}
	}
	for i, s := range rt.graph.Sources {
		committing, ok := s.(Committing)
		if !ok {
			continue
		}
		if p, ok := committingPart(i, committing); ok {
			list = append(list, p)
		}
	}
	return append(list, rt.fullParts()...)
}

func (rt *Runtime) allWriters() []*writer { return slices.Concat(rt.writers, rt.aside) }

// eachPulse calls yield for all goroutines that run operators or outputs.
func (rt *Runtime) eachPulse(yield func(*pulse)) {
	for _, l := range rt.lanes {
		yield(&l.x.pulse)
	}
	for _, s := range rt.stages {
		yield(&s.x.pulse)
	}
	for _, w := range rt.allWriters() {
		yield(&w.pulse)
	}
}

// busy are the calls that are under way.
func (rt *Runtime) busy() []Stuck {
	var list []Stuck
	rt.eachPulse(func(p *pulse) {
		if s, ok := p.stuck(); ok {
			list = append(list, s)
		}
	})
	return list
}

// part is an output that tries something again. What it writes or gives up in
// between is progress.
func (w *writer) part() (part, bool) {
	t := w.trying.Load()
	if t == nil {
		return part{}, false
	}
	p := part{id: w, mark: t.progress, halts: true}
	p.stuck = Stuck{Node: w.node.Name, Where: w.node.Where, Doing: "trying again", Err: t.err}
	p.stuck.at(t.record)
	return p, true
}

// trying is what a writer has to try again.
type trying struct {
	record   *Record
	err      error
	progress int64 // what the writer has written or given up
	since    time.Time
	away     time.Time // since when the destination answers nothing
}

// tries publishes what the writer has to try again, nil for nothing.
func (w *writer) tries(e *entry) {
	switch {
	case e != nil:
		w.trying.Store(&trying{record: e.record, err: e.trouble.err, progress: w.progress, since: e.trouble.since, away: w.awaySince})
	case w.trying.Load() != nil:
		w.trying.Store(nil)
	}
}

func committingPart(at int, s Committing) (part, bool) {
	source, since, err := s.Committing()
	if since.IsZero() {
		return part{}, false
	}
	type place int
	return part{id: place(at), mark: since, halts: true, stuck: Stuck{Node: source, Doing: "committing", Offset: -1, Err: err}}, true
}

// standingStill identifies the pipeline as a whole.
type standingStill struct{}

// fullParts are the partitions that are not read because they are full. Each
// is named when nothing of it is finished any more. That may be because others
// come first; only when nothing else moves, either, it is a reason to halt.
func (rt *Runtime) fullParts() []part {
	var list []part
	held, total := rt.heldBy()
	seen := rt.seen()
	still := total > 0 && !rt.moving()
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	for c := range rt.claims {
		if !c.waiting.Load() || c.ended.Load() || c.paused() {
			continue
		}
		records, _ := c.tracker.InFlight()
		p := part{id: c, mark: [2]int64{c.tracker.Watermark(), records}, stuck: Stuck{
			Node: c.Source, Doing: "full, it is not read on", Topic: c.Topic, Partition: c.Partition, Offset: c.tracker.Watermark(), Held: held,
		}}
		if c.node != nil {
			p.stuck.Where = c.node.Where
		}
		list = append(list, p)
		if still {
			p.id, p.mark, p.silent, p.halts = standingStill{}, seen, true, true
			list, still = append(list, p), false
		}
	}
	return list
}
