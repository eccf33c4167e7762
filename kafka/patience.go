package kafka

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// patient is a steered client for a membership. Sarama gives the membership up
// after six heartbeats that failed in a row, with no pause between those that
// find nobody: so a coordinator that restarts, or one that is killed and only
// replaced when the cluster misses it (9 s), would cost all claims, and what is
// in flight would be done again. The group itself waits a session for a
// member. So does a member for the group: as long as nobody is there to
// ask, [patient.Coordinator] waits, and the heartbeat behind it.
type patient struct {
	steered
	ctx     context.Context // of the membership: nobody waits once it is over
	session time.Duration
	closing sync.Once
	// In the time of the watch; 0 is never.
	last  atomic.Int64 // when a call ended
	since atomic.Int64 // when the first of the calls in a row that found nobody did so
}

// Close may be called by several at once, which sarama's own may not.
func (p *patient) Close() error {
	p.closing.Do(func() { _ = p.steered.Close() }) // ErrClosedClient is all it can say
	return nil
}

const (
	patientPause = 250 * time.Millisecond // between looks: short enough to be back within a session
	closely      = time.Second            // calls that follow each other so closely are tries again
)

// Coordinator gives a coordinator that can be talked to, as far as there is one
// within a session.
func (p *patient) Coordinator(group string) (*sarama.Broker, error) {
	defer func() { p.last.Store(p.watch.now()) }()
	last := p.last.Load()
	doubtful := last != 0 && time.Duration(p.watch.now()-last) < closely
	broker, err := p.reach(group, doubtful)
	if err == nil || !passing(err) || p.ctx.Err() != nil {
		p.since.Store(0)
		return broker, err
	}
	if p.since.CompareAndSwap(0, p.watch.now()) {
		p.watch.logger.Warn("the coordinator of the consumer group cannot be reached: its partitions are kept meanwhile",
			"group", group, "for", p.session, "error", err)
	}
	for p.away() < p.session {
		select {
		case <-p.ctx.Done():
			return nil, err
		case <-time.After(patientPause):
		}
		_ = p.RefreshCoordinator(group) // what it says shows when it is reached
		if broker, err = p.reach(group, true); err == nil {
			p.watch.logger.Info("the coordinator of the consumer group can be reached again",
				"group", group, "broker", broker.Addr(), "after", p.away().Round(time.Millisecond))
			p.since.Store(0)
			return broker, nil
		}
		if !passing(err) {
			break
		}
	}
	return nil, err
}

// away is for how long nobody has been found.
func (p *patient) away() time.Duration { return time.Duration(p.watch.now() - p.since.Load()) }

// reach finds the coordinator and waits until it is connected. What stands
// between may take connections in place of a broker that is away: where there is
// doubt, the broker is asked whether it is there and still the coordinator.
func (p *patient) reach(group string, doubtful bool) (*sarama.Broker, error) {
	broker, err := p.steered.Coordinator(group)
	if err != nil {
		return nil, err
	}
	connected, err := broker.Connected()
	switch {
	case err != nil:
		return nil, err
	case !connected:
		return nil, sarama.ErrNotConnected
	case !doubtful:
		return broker, nil
	}
	found, err := broker.FindCoordinator(&sarama.FindCoordinatorRequest{
		Version: 3, CoordinatorKey: group, CoordinatorType: sarama.CoordinatorGroup,
	})
	switch {
	case err != nil:
		_ = broker.Close() // so that the next look connects anew
		return nil, err
	case found.Err != sarama.ErrNoError:
		return nil, found.Err
	case found.Coordinator == nil || found.Coordinator.ID() != broker.ID():
		return nil, sarama.ErrNotCoordinatorForConsumer
	}
	return broker, nil
}
