package kafka

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
)

var strategies = []string{strategyCooperative, strategySticky, strategyRange}

// held counts the partitions whose last claim is not revoked.
func (f *fakeIntake) held() []int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := make(map[int32]*fakeClaim)
	for _, c := range f.claims {
		last[c.options.Partition] = c
	}
	var held []int32
	for p, c := range last {
		if !slices.Contains(f.revoked, c) {
			held = append(held, p)
		}
	}
	slices.Sort(held)
	return held
}

// Partitions move to a member that joins and back when it leaves. What was
// finished is not done again, what was not is.
func TestRebalance(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 4})
			for p := range int32(4) {
				produceValues(t, b, "t", p, numbered("a", 100)...)
			}
			odd := func(r *engine.Record) bool { return r.Offset%2 == 1 }
			with := func(o *sourceTest) { o.membership.rebalance = []string{strategy} }
			one, two := newIntake(odd), newIntake(nil)
			first := runSource(t, newSource(t, b, with, "t"), one)
			eventually(t, "the first member has read all", func() bool { return one.count() == 400 })

			second := runSource(t, newSource(t, b, with, "t"), two)
			eventually(t, "the members share", func() bool { return len(one.held()) == 2 && len(two.held()) == 2 })
			admin := control(t, b, "g")
			for _, p := range two.held() {
				eventually(t, "the second member has committed", func() bool { return committedAt(t, admin, "t", p).offset == 100 })
				claim := two.claim("t", p)
				if claim.options.Start != 0 || !claim.options.Finished(99) || claim.options.Finished(98) {
					t.Errorf("partition %d was not handed over with its holes: %+v", p, claim.options)
				}
			}
			if strategy == strategyCooperative && len(one.claims) != 4 {
				t.Errorf("the first member had %d claims: it gave up what it kept", len(one.claims))
			}
			if err := first.close(t); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the second member has all", func() bool { return len(two.held()) == 4 })
			for p := range int32(4) {
				eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", p).offset == 100 })
			}
			if err := second.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A revoke waits for outputs, but not longer than it may, and the membership
// survives it.
func TestRevokeWaitsForOutputs(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 2})
			produceValues(t, b, "t", 0, "x")
			produceValues(t, b, "t", 1, "x")
			log := new(logged)
			with := func(o *sourceTest) {
				o.membership.rebalance = []string{strategy}
				o.settings.DrainTimeout = 500 * time.Millisecond
				o.settings.Logger = slog.New(slog.NewTextHandler(log, nil))
			}
			one, two := newIntake(never), newIntake(nil)
			one.block = make(chan struct{}) // an output that never answers
			first := runSource(t, newSource(t, b, with, "t"), one)
			eventually(t, "the first member has read all", func() bool { return one.count() == 2 })
			began := time.Now()
			second := runSource(t, newSource(t, b, with, "t"), two)
			eventually(t, "the second member reads what was not finished", func() bool { return two.count() == 1 })
			if waited := time.Since(began); waited < 500*time.Millisecond {
				t.Errorf("the claim was given up after %s", waited)
			}
			if !log.has("their records may be written again") {
				t.Error("nothing says that a write was not awaited")
			}
			close(one.block)
			if err := errors.Join(first.close(t), second.close(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRevokeCommitsWhatWasFinishedMeanwhile(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	produceValues(t, b, "t", 0, "x", "y")
	produceValues(t, b, "t", 1, "x", "y")
	one, two := newIntake(never), newIntake(nil)
	one.block = make(chan struct{})
	slow := func(o *sourceTest) { o.settings.CommitInterval = time.Hour } // only revokes commit
	first := runSource(t, newSource(t, b, slow, "t"), one)
	eventually(t, "the first member has read all", func() bool { return one.count() == 4 })
	second := runSource(t, newSource(t, b, slow, "t"), two)
	joined := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Observe: true, Count: -1})
	eventually(t, "the second member joins", func() bool { return joined.Hits() > 0 })
	one.finish("t", 0, 0)
	one.finish("t", 1, 0)
	close(one.block)
	eventually(t, "the second member has the rest", func() bool { return two.count() == 1 })
	if got := slices.Concat(two.offsets("t", 0), two.offsets("t", 1)); !slices.Equal(got, []int64{1}) {
		t.Errorf("the second member was pushed %v", got)
	}
	if err := errors.Join(first.close(t), second.close(t)); err != nil {
		t.Fatal(err)
	}
}

// Heartbeats say that the group no longer knows us: nothing is committed, and
// the member joins anew.
func TestLostAssignment(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			in := newIntake(never)
			in.block = make(chan struct{})
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				o.membership.rebalance = []string{strategy}
				o.settings.CommitInterval = time.Hour
			}, "t"), in)
			eventually(t, "all is read", func() bool { return in.count() == 10 })
			in.finish("t", 0, 0, 1, 2)
			commits := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Observe: true, Count: -1})
			b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID})
			eventually(t, "the next claim reads all again", func() bool { return in.count() == 20 })
			if commits.Hits() != 0 {
				t.Errorf("%d commits of what was lost", commits.Hits())
			}
			close(in.block)
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A member with an instance id does not leave, and takes its partitions up
// again at once; one without would be waited for.
func TestStaticMembership(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 2})
			left := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.LeaveGroup}, Observe: true, Count: -1})
			with := func(o *sourceTest) {
				o.membership.rebalance, o.membership.instance = []string{strategy}, "one"
				o.membership.sessionTimeout, o.membership.rebalanceTimeout = 30*time.Second, 60*time.Second
			}
			produceValues(t, b, "t", 0, "x")
			produceValues(t, b, "t", 1, "x")
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, with, "t"), in)
			eventually(t, "all is read", func() bool { return in.count() == 2 })
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
			if left.Hits() != 0 {
				t.Error("it left the group")
			}
			produceValues(t, b, "t", 0, "y")
			again := newIntake(nil)
			began := time.Now()
			source = runSource(t, newSource(t, b, with, "t"), again)
			eventually(t, "the next one goes on", func() bool { return slices.Equal(again.offsets("t", 0), []int64{1}) })
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFencedInstance(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	with := func(o *sourceTest) { o.membership.instance = "one" }
	one := newIntake(nil)
	first := runSource(t, newSource(t, b, with, "t"), one)
	eventually(t, "the partition is claimed", func() bool { return one.claim("t", 0) != nil })
	two := newIntake(nil)
	runSource(t, newSource(t, b, with, "t"), two)
	eventually(t, "the second instance has the partition", func() bool { return two.claim("t", 0) != nil })
	if err := first.result(t); err == nil {
		t.Error("the first instance ended without an error")
	}
}
