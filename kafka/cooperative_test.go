package kafka

import (
	"fmt"
	"testing"
	"time"
)

// Members come and go, two at a time, while records flow and finish out of
// order. Seen from outside, nothing unfinished is ever committed or marked, no
// committed offset goes back, and no new owner does again what was marked: it
// starts from the watermark minus the holes.
func TestRebalanceUnderLoad(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 6})
			membersComeAndGo(t, b, "t", 6, func(_ string, o *sourceTest) { o.membership.rebalance = []string{strategy} })
		})
	}
	t.Run("static members", func(t *testing.T) {
		t.Parallel()
		b := sourceBroker(t, map[string]int32{"t": 6})
		membersComeAndGo(t, b, "t", 6, func(name string, o *sourceTest) { o.membership.instance = name })
	})
}

func membersComeAndGo(t *testing.T, b brokers, topic string, partitions int32, with func(name string, o *sourceTest)) {
	named := func(name string) func(*sourceTest) {
		return func(o *sourceTest) {
			o.membership.group, o.settings.CommitInterval = topic, 5*time.Millisecond
			// The embedded broker forgets members that are late under load.
			o.membership.sessionTimeout, o.membership.rebalanceTimeout = 4*time.Second, 20*time.Second
			with(name, o)
		}
	}
	w := newWorld(t, b, topic, topic, partitions)
	steady := w.join(named("steady"))
	finish := w.load()
	guest := w.join(named("guest"))
	for range 2 {
		other := w.join(named("other"))
		guest.leave()
		guest = w.join(named("guest"))
		other.leave()
	}
	each := finish()
	guest.leave()
	steady.leave()
	w.look(t.Context())
	if !w.done(each) {
		t.Error("what was committed is not the end")
	}
}

// A group of range members moves over to cooperative-sticky in the two rolling
// restarts that the documentation describes, while records flow.
func TestMoveToCooperative(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 6})
	moveToCooperative(t, b, "t")
}

func moveToCooperative(t *testing.T, b brokers, topic string) {
	const members = 2
	sharing := func(strategies ...string) func(*sourceTest) {
		return func(o *sourceTest) {
			o.membership.group, o.settings.CommitInterval = topic, 5*time.Millisecond
			// The embedded broker forgets members that are late under load.
			o.membership.sessionTimeout, o.membership.rebalanceTimeout = 4*time.Second, 20*time.Second
			o.membership.rebalance = strategies
		}
	}
	w := newWorld(t, b, topic, topic, 6)
	var group [members]*member
	for i := range group {
		group[i] = w.join(sharing(strategyRange))
	}
	finish := w.load()
	for _, step := range [][]string{{strategyCooperative, strategyRange}, {strategyCooperative}} {
		for i := range group {
			group[i].leave()
			group[i] = w.join(sharing(step...))
		}
	}
	eventually(t, "the members share", func() bool { return len(group[0].held()) == 3 && len(group[1].held()) == 3 })
	finish()

	// It is cooperative now: who comes takes what it gets, and the rest stays.
	before := w.begun()
	third := w.join(sharing(strategyCooperative))
	eventually(t, "three share", func() bool {
		return len(group[0].held()) == 2 && len(group[1].held()) == 2 && len(third.held()) == 2
	})
	if moved := w.begun() - before; moved != 2 {
		t.Errorf("%d claims began when a third member came, want 2: %s", moved, fmt.Sprint(group[0].held(), group[1].held(), third.held()))
	}
	third.leave()
	for _, m := range group {
		m.leave()
	}
}
