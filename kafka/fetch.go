package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"
)

// Sizes of fetches. Small answers are taken apart while they are still in the
// processor's caches, and little of them is in memory at once: with 24 partitions
// and 512 KiB of each a reader took 15% more CPU and 100 MiB more.
const (
	// fetchAnswer is what an answer of a near broker is to bring, of all partitions
	// that have more to read.
	fetchAnswer = 1 << 20
	// fetchLeast and fetchShare bound what is asked of one partition.
	fetchLeast, fetchShare = 256 << 10, 1 << 20
	// fetchNear is within what time a near broker answers. From one that takes
	// longer more is asked, up to fetchFar times as much.
	fetchNear, fetchFar = 10 * time.Millisecond, 8
	// fetchEmpty is how much is asked for before an empty answer is believed. It is
	// not a multiple of the size of an empty batch, so that a run of those never
	// fills it without a partial one at its end.
	fetchEmpty = 48<<20 + 7
	// fetchMost is less than the largest answer that sarama takes.
	fetchMost = 96 << 20
)

// fetchVersion is the last that does not say where the reader is: brokers that are
// told may send it to a replica in place of the leader.
const fetchVersion = 10

// How long a broker may keep a fetch that finds nothing. It is shorter while a
// partition that is not in the fetch may want to be in the next one soon.
const (
	fetchWait      = 250 * time.Millisecond
	fetchWaitShort = 10 * time.Millisecond
	fetchSoon      = time.Second
	// fetchWaitLast is for the fetch after which an empty answer is believed: brokers
	// that keep old records in another store may need that long to get them.
	fetchWaitLast = 500 * time.Millisecond
)

// fetchPatience is how long a fetch waits for claims to take what they have been
// given, which is a matter of a moment unless lanes are crowded: without them it
// might wait for others.
const fetchPatience = 5 * time.Millisecond

// fetchLoop reads from one broker, one fetch at a time, as long as it leads
// something that is read.
type fetchLoop struct {
	reader *reader
	broker *sarama.Broker
	wake   chan struct{} // capacity 1: look what there is to fetch
	// fastest is the shortest time of a fetch that found something; 0 is none yet.
	fastest time.Duration

	// Guarded by reader.mu.
	streams []*stream // in the order of their turns
	soon    time.Time // until then fetches wait for little
}

// poke has the loop look for something to fetch.
func (l *fetchLoop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// asked is a stream in a fetch, as it was when it was sent.
type asked struct {
	*stream
	from   int64
	room   int32
	single bool // nothing else is asked for
}

func (l *fetchLoop) run(ctx context.Context) {
	patient := true
	for ctx.Err() == nil {
		request, streams, over := l.request(patient)
		if over {
			return
		}
		if len(streams) == 0 {
			patient = l.pause(ctx, patient)
			continue
		}
		patient = true
		sent := time.Now()
		response, err := l.broker.Fetch(request)
		if ctx.Err() != nil {
			return
		}
		if err == nil && len(response.Blocks) == 0 && response.ThrottleTime == 0 {
			err = sarama.ErrIncompleteResponse
		}
		if err != nil {
			l.broken(streams, err)
			return
		}
		found := false
		for _, s := range streams {
			found = l.answer(s, response.GetBlock(s.topic, s.partition)) || found
		}
		if took := time.Since(sent); found && (l.fastest == 0 || took < l.fastest) {
			l.fastest = took
		}
	}
}

// pause waits until there may be something to fetch; false is that the next fetch
// goes without those that it was waited for.
func (l *fetchLoop) pause(ctx context.Context, patient bool) bool {
	var enough <-chan time.Time
	if patient {
		timer := time.NewTimer(fetchPatience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-ctx.Done():
	case <-l.wake:
		return true
	case <-enough:
	}
	return false
}

// request is the next fetch, of nobody while there is none to make; over says
// that nothing is left to read here.
func (l *fetchLoop) request(patient bool) (request *sarama.FetchRequest, streams []asked, over bool) {
	r := l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(l.streams) == 0 {
		delete(r.leaders, l.broker)
		return nil, nil, true
	}
	wait := fetchWait
	if !patient || time.Now().Before(l.soon) {
		wait = fetchWaitShort
	}
	chosen, share := l.turn(patient)
	request = &sarama.FetchRequest{
		Version: fetchVersion, MinBytes: 1, MaxWaitTime: int32(wait / time.Millisecond), MaxBytes: fetchMost,
		Isolation: r.isolation, SessionEpoch: -1, // no fetch session
	}
	for _, s := range chosen {
		a := asked{stream: s, from: s.next, room: max(share, s.size), single: s.alone}
		switch {
		case s.alone && s.size >= fetchEmpty:
			request.MaxWaitTime = int32(fetchWaitLast / time.Millisecond)
		case s.alone:
			request.MaxWaitTime = 0 // there should be something
		}
		request.AddBlock(s.topic, s.partition, a.from, a.room, s.epoch)
		streams = append(streams, a)
	}
	return request, streams, false
}

// turn chooses the streams of the next fetch, and what to ask of each; with
// patience none while a claim is about to take what it has been given. Of those
// that have more to read than one answer is to bring, the ones that were left out
// come first the next time. The caller holds reader.mu.
func (l *fetchLoop) turn(patient bool) (chosen []*stream, share int32) {
	behind := int64(0)
	for _, s := range l.streams {
		switch {
		case s.busy && !s.paused && patient:
			return nil, 0
		case s.alone && !s.paused && !s.busy:
			return []*stream{s}, fetchLeast
		case s.next < s.stable:
			behind++
		}
	}
	answer := fetchAnswer * int64(min(max(l.fastest/fetchNear, 1), fetchFar))
	most := answer / fetchLeast
	var served, left []*stream
	for _, s := range l.streams {
		switch {
		case s.paused || s.busy:
			left = append(left, s)
		case s.next >= s.stable:
			chosen, left = append(chosen, s), append(left, s)
		case int64(len(served)) < most:
			chosen, served = append(chosen, s), append(served, s)
		default:
			left = append(left, s)
		}
	}
	l.streams = append(left, served...)
	return chosen, int32(min(answer/max(min(behind, most), 1), fetchShare))
}

// broken ends the loop after a fetch that had no answer, or one that cannot be
// read: the streams look for their leaders anew. Which of the partitions cannot be
// read shows when each is asked for alone.
func (l *fetchLoop) broken(streams []asked, err error) {
	_ = l.broker.Close() // so that the next try connects anew
	r := l.reader
	r.logger.Debug("fetching failed", "broker", l.broker.Addr(), "error", err)
	doubtful := !passing(err) && !errors.Is(err, sarama.ErrClosedClient)
	if doubtful && len(streams) == 1 && !r.tryOn(streams[0].place, err) {
		r.giveUp(streams[0].stream)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if doubtful {
		for _, s := range streams {
			s.alone = true
		}
	}
	delete(r.leaders, l.broker)
	for _, s := range l.streams {
		s.loop = nil
		s.wait()
	}
	l.streams = nil
	r.look()
}
