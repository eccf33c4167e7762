package kafka

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// The pauses between tries to read a partition that cannot be read at the
// moment.
const (
	firstReadPause = 100 * time.Millisecond
	lastReadPause  = 2 * time.Second
)

// reader reads the partitions of a member: one fetch at a time from each broker
// that leads any, of all that have room. Errors that can pass are waited for, at
// the same position; see [reader.tryOn] for others.
type reader struct {
	client    sarama.Client
	isolation sarama.IsolationLevel
	logger    *slog.Logger
	// tryOn is asked about errors that are not about the way to a leader. When it
	// says no the partition is not read any more.
	tryOn func(place, error) bool
	// compacts says whether compaction may have left nothing of a topic's records
	// somewhere. It may ask the brokers.
	compacts func(topic string) bool

	lost  chan struct{}  // capacity 1: a stream has no leader
	loops sync.WaitGroup // and looks for leaders

	mu      sync.Mutex
	streams map[*stream]struct{}
	leaders map[*sarama.Broker]*fetchLoop
}

// stream is one partition that is read, from an offset on.
type stream struct {
	place
	reader *reader
	blocks chan fetched // capacity 1, sent to by the loop of its leader
	high   atomic.Int64 // the offset that the next record of the log gets, as far as it is known

	// Guarded by reader.mu.
	loop    *fetchLoop // of its leader, nil while that is not known
	epoch   int32
	next    int64 // the first offset of the next fetch
	stable  int64 // the end of what may be read, as the last answer said
	size    int32 // what the next fetch asks for at least
	paused  bool
	busy    bool // what was read last is not taken yet
	alone   bool // nothing else in the next fetch
	closed  bool // nothing is read any more
	looking bool // for the leader
	stale   bool // what the client knows of the leader is in doubt
	missed  bool // it was said that records are missing
	backoff time.Duration
	after   time.Time // no look for the leader before
}

func newReader(client sarama.Client, isolation sarama.IsolationLevel, logger *slog.Logger,
	tryOn func(place, error) bool, compacts func(topic string) bool,
) *reader {
	return &reader{
		client: client, isolation: isolation, logger: logger, tryOn: tryOn, compacts: compacts,
		lost:    make(chan struct{}, 1),
		streams: make(map[*stream]struct{}), leaders: make(map[*sarama.Broker]*fetchLoop),
	}
}

// read begins to read a partition.
func (r *reader) read(p place, from, high int64) *stream {
	s := &stream{place: p, reader: r, blocks: make(chan fetched, 1), next: from, stable: math.MaxInt64}
	s.high.Store(high)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams[s] = struct{}{}
	r.look()
	return s
}

// close ends the reading: nothing more comes.
func (s *stream) close() {
	r := s.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	s.closed = true
	delete(r.streams, s)
	s.leave()
}

// leave takes a stream from its loop. The caller holds mu.
func (s *stream) leave() {
	if s.loop == nil {
		return
	}
	s.loop.streams = slices.DeleteFunc(s.loop.streams, func(o *stream) bool { return o == s })
	s.loop.poke()
	s.loop = nil
}

// hold leaves the partition out of fetches, or no longer does. What is on its
// way still comes.
func (s *stream) hold(paused bool) {
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	s.paused = paused
	s.poke()
	if s.loop != nil {
		s.loop.soon = time.Now().Add(fetchSoon)
	}
}

// taken says that what was read last has been taken, and more may come.
func (s *stream) taken() {
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	s.busy = false
	s.poke()
}

// poke has the loop look whether there is something to fetch. The caller holds mu.
func (s *stream) poke() {
	if s.loop != nil {
		s.loop.poke()
	}
}

// look has the reader look for leaders.
func (r *reader) look() {
	select {
	case r.lost <- struct{}{}:
	default:
	}
}

// run reads until ctx is done.
func (r *reader) run(ctx context.Context) {
	defer r.loops.Wait()
	for {
		timer := time.NewTimer(r.lookForLeaders(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.lost:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lookForLeaders starts a look for each topic with a stream that wants one, and
// returns the time to the next. Looks that take long hold up no other topic.
func (r *reader) lookForLeaders(ctx context.Context) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, wait := time.Now(), time.Hour
	due := make(map[string][]*stream)
	for s := range r.streams {
		if s.loop != nil || s.looking || s.closed {
			continue
		}
		if left := s.after.Sub(now); left > 0 {
			wait = min(wait, left)
			continue
		}
		s.looking = true
		due[s.topic] = append(due[s.topic], s)
	}
	for topic, streams := range due {
		r.loops.Go(func() { r.findLeaders(ctx, topic, streams) })
	}
	return wait
}

// findLeaders gives streams of a topic to the loops of their leaders.
func (r *reader) findLeaders(ctx context.Context, topic string, streams []*stream) {
	var failed error
	if slices.ContainsFunc(streams, func(s *stream) bool { return s.stale }) {
		failed = r.client.RefreshMetadata(topic)
	}
	if errors.Is(failed, sarama.ErrLeaderNotAvailable) {
		failed = nil // of some partition, perhaps of none of these
	}
	for _, s := range streams {
		err := failed
		var leader *sarama.Broker
		var epoch int32
		if err == nil {
			leader, epoch, err = r.client.LeaderAndEpoch(topic, s.partition)
		}
		r.settle(ctx, s, leader, epoch, err)
	}
}

// settle is the end of a look for a leader.
func (r *reader) settle(ctx context.Context, s *stream, leader *sarama.Broker, epoch int32, err error) {
	over := ctx.Err() != nil || errors.Is(err, sarama.ErrClosedClient)
	if err != nil && !over && !r.tryOn(s.place, err) {
		r.giveUp(s)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.looking = false
	switch {
	case s.closed || over:
	case err != nil:
		s.wait()
		r.look()
	default:
		s.epoch, s.loop = epoch, r.loopOf(ctx, leader)
		s.loop.streams = append(s.loop.streams, s)
		s.loop.soon = time.Now().Add(fetchSoon)
		s.loop.poke()
	}
}

// wait makes the next look for a leader a later one, and a real one. The caller
// holds mu.
func (s *stream) wait() {
	s.stale = true
	s.backoff = min(max(2*s.backoff, firstReadPause), lastReadPause)
	s.after = time.Now().Add(s.backoff)
}

// giveUp reads a partition no more.
func (r *reader) giveUp(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.closed = true
	s.leave()
}

// loopOf is the loop of a broker. The caller holds mu.
func (r *reader) loopOf(ctx context.Context, leader *sarama.Broker) *fetchLoop {
	l := r.leaders[leader]
	if l == nil {
		l = &fetchLoop{reader: r, broker: leader, wake: make(chan struct{}, 1)}
		r.leaders[leader] = l
		r.loops.Go(func() { l.run(ctx) })
	}
	return l
}
