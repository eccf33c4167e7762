package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// The tries that one Write gives a batch, and the pauses between them. Longer
// outages are the engine's: it repeats without end and tells the user.
const (
	attempts   = 5
	patience   = 10 * time.Second // a batch gets no further try after that time
	retryPause = 50 * time.Millisecond
	ackTimeout = 10 * time.Second // how long a leader waits for its replicas
)

// errConnection marks an error after which it is not known whether the broker
// got the request.
var errConnection = errors.New("kafka: connection")

// answer is what came back of one request or one question for leaders.
type answer struct {
	link     *link // nil for leaders
	targets  []*target
	response *sarama.ProduceResponse
	leaders  []leader // of targets
	err      error
}

type leader struct {
	address string
	err     error
}

// run sends until every message has its answer, or ctx is done.
func (d *delivery) run(ctx context.Context) {
	for {
		wake := d.send()
		if d.flying == 0 && wake.IsZero() {
			return
		}
		var timer <-chan time.Time
		if !wake.IsZero() {
			timer = time.After(time.Until(wake))
		}
		select {
		case a := <-d.answers:
			d.flying--
			d.answered(a)
		case <-timer:
		case <-ctx.Done():
			d.abandon(ctx.Err())
			return
		}
	}
}

// send starts all requests that can go now, one per broker, and asks for the
// leaders that are not known. It returns when the next batch may be tried
// again; zero when none waits for that.
func (d *delivery) send() (wake time.Time) {
	now := time.Now()
	var lost []*target
	for _, t := range d.active {
		t.recut(d)
		if t.batch == nil && !t.done() {
			t.take(d)
		}
		switch {
		case t.batch == nil || t.busy:
		case now.Before(t.notBefore):
			if wake.IsZero() || t.notBefore.Before(wake) {
				wake = t.notBefore
			}
		case t.stale || t.leader == "":
			lost = append(lost, t)
		default:
			d.load(t)
		}
	}
	if len(lost) > 0 {
		d.ask(lost)
	}
	for _, l := range d.links {
		if len(l.loaded) > 0 {
			d.request(l)
		}
	}
	return wake
}

// load puts a batch on its broker's next request, unless one is on its way or
// the request is full: then the batch goes with a later one.
func (d *delivery) load(t *target) {
	l := d.linkTo(t.leader)
	if l.busy || len(l.loaded) > 0 && (l.bytes+t.bytes > requestBytes || t.alone || l.loaded[0].alone) {
		return
	}
	l.loaded = append(l.loaded, t)
	l.bytes += t.bytes
}

// request sends what a link has loaded.
func (d *delivery) request(l *link) {
	targets := l.loaded
	l.loaded, l.bytes = nil, 0
	// Version 10 is the newest that sarama writes; it sends the newest that
	// the broker knows.
	request := &sarama.ProduceRequest{
		Version:      10,
		RequiredAcks: d.acks,
		Timeout:      int32(ackTimeout / time.Millisecond),
	}
	for _, t := range targets {
		t.busy = true
		request.AddBatch(t.topic, t.partition, t.set)
	}
	l.busy = true
	d.flying++
	if err := l.open(); err != nil {
		d.answers <- answer{link: l, targets: targets, err: err}
		return
	}
	answers, broker := d.answers, l.broker
	d.running.Go(func() {
		response, err := produce(broker, request)
		answers <- answer{link: l, targets: targets, response: response, err: err}
	})
}

// ask finds the leaders of partitions, from fresh metadata where what is known
// has proved wrong.
func (d *delivery) ask(targets []*target) {
	var refresh []string
	for _, t := range targets {
		t.busy = true
		if t.stale {
			refresh = append(refresh, t.topic)
		}
	}
	d.flying++
	slices.Sort(refresh)
	refresh = slices.Compact(refresh)
	answers, client := d.answers, d.client
	d.running.Go(func() {
		leaders := make([]leader, len(targets))
		var err error
		if len(refresh) > 0 {
			err = client.RefreshMetadata(refresh...)
		}
		for i, t := range targets { // their topics and partitions never change
			leaders[i] = leaderOf(client, t, err)
		}
		answers <- answer{targets: targets, leaders: leaders}
	})
}

// leaderOf is the leader as the client knows it after a refresh, or the error
// of that refresh where it left the client with what it knew before.
func leaderOf(client sarama.Client, t *target, refresh error) leader {
	if errors.Is(refresh, sarama.ErrOutOfBrokers) {
		return leader{err: refresh}
	}
	broker, err := client.Leader(t.topic, t.partition)
	if err != nil {
		return leader{err: err}
	}
	return leader{address: broker.Addr()}
}

// answered works an answer in.
func (d *delivery) answered(a answer) {
	for _, t := range a.targets {
		t.busy = false
	}
	if a.link == nil {
		for i, t := range a.targets {
			if err := a.leaders[i].err; err != nil {
				d.retry(t, fmt.Errorf("no leader is known: %w", err))
				continue
			}
			t.leader, t.stale = a.leaders[i].address, false
		}
		return
	}
	a.link.busy = false
	if a.err != nil {
		d.broken(a)
		return
	}
	for _, t := range a.targets {
		block := a.response.GetBlock(t.topic, t.partition)
		if block == nil {
			d.retry(t, sarama.ErrIncompleteResponse)
			continue
		}
		d.settle(t, block)
	}
}

// broken handles a request without an answer.
func (d *delivery) broken(a answer) {
	var encoding sarama.PacketEncodingError
	if errors.As(a.err, &encoding) { // it was not sent: one of the batches is no good
		for _, t := range a.targets {
			if t.alone = true; len(a.targets) == 1 {
				d.refuse(t, a.err, nil)
			}
		}
		return
	}
	a.link.close()
	err := fmt.Errorf("broker %s: %w", a.link.address, a.err)
	for _, t := range a.targets {
		t.doubt = true
		if t.tries == 0 {
			// It may have been stored: the same batch is sent once more, and known
			// by its sequence, however long the connection was silent.
			t.since = time.Now()
		}
		d.retry(t, err)
	}
}

// abandon ends a Write whose time is over: requests on their way are broken off
// and awaited, so that nothing of this Write is written later.
func (d *delivery) abandon(cause error) {
	for _, l := range d.links {
		if l.busy {
			l.close()
		}
	}
	for d.requesting() {
		a := <-d.answers
		if a.link == nil {
			continue
		}
		a.link.busy = false
		if a.err == nil { // it was answered in the last moment
			d.answered(a)
		}
	}
	for _, t := range d.active {
		if !t.done() {
			d.giveUp(t, cause)
		}
	}
}

func (d *delivery) requesting() bool {
	for _, l := range d.links {
		if l.busy {
			return true
		}
	}
	return false
}
