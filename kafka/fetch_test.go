package kafka

import (
	"errors"
	"log/slog"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// bareLoop is a loop without a broker that reads so many partitions.
func bareLoop(n int) *fetchLoop {
	r := newReader(nil, sarama.ReadCommitted, slog.New(slog.DiscardHandler), nil, func(string) bool { return true })
	l := &fetchLoop{reader: r, wake: make(chan struct{}, 1)}
	for p := range n {
		s := r.read(place{"t", int32(p)}, 0, -1)
		s.loop = l
		l.streams = append(l.streams, s)
	}
	return l
}

func (l *fetchLoop) stream(p int32) *stream {
	for _, s := range l.streams {
		if s.partition == p {
			return s
		}
	}
	return nil
}

// Partitions with a backlog take turns; those at their end are always asked.
func TestTurns(t *testing.T) {
	l := bareLoop(11)
	l.stream(10).stable = 0 // at its end
	times := make(map[int32]int)
	for range 10 {
		chosen, share := l.turn(true)
		if len(chosen) != fetchAnswer/fetchLeast+1 || share != fetchLeast {
			t.Fatalf("%d partitions were chosen, %d of each", len(chosen), share)
		}
		for _, s := range chosen {
			times[s.partition]++
		}
	}
	for p := range int32(10) {
		if times[p] != 4 {
			t.Errorf("partition %d had %d turns of 10", p, times[p])
		}
	}
	if times[10] != 10 {
		t.Errorf("the one at its end was asked %d times", times[10])
	}
}

func TestShares(t *testing.T) {
	for _, test := range []struct {
		partitions int
		fastest    time.Duration
		chosen     int
		share      int32
	}{
		{1, 0, 1, fetchShare},
		{2, 0, 2, fetchAnswer / 2},
		{4, time.Millisecond, 4, fetchLeast},
		{100, time.Millisecond, 4, fetchLeast},
		{1, time.Second, 1, fetchShare},
		{8, time.Second, 8, fetchShare},
		{100, time.Second, 32, fetchLeast},
	} {
		l := bareLoop(test.partitions)
		l.fastest = test.fastest
		if chosen, share := l.turn(true); len(chosen) != test.chosen || share != test.share {
			t.Errorf("of %d partitions, %s away: %d, %d of each, want %d, %d", test.partitions, test.fastest, len(chosen), share, test.chosen, test.share)
		}
	}
}

// A claim that has not taken what it was given is waited for, but not for long;
// one that is full is not.
func TestTurnOfBusyAndFull(t *testing.T) {
	l := bareLoop(3)
	l.stream(0).busy = true
	if chosen, _ := l.turn(true); len(chosen) != 0 {
		t.Errorf("%d partitions were chosen while a claim was about to take", len(chosen))
	}
	if chosen, _ := l.turn(false); len(chosen) != 2 {
		t.Errorf("%d partitions were chosen without it", len(chosen))
	}
	l.stream(0).paused = true
	if chosen, _ := l.turn(true); len(chosen) != 2 {
		t.Errorf("%d partitions were chosen beside a full one", len(chosen))
	}
	l.stream(1).alone = true
	if chosen, _ := l.turn(true); len(chosen) != 1 || chosen[0].partition != 1 {
		t.Errorf("%d partitions were chosen beside one that is asked for alone", len(chosen))
	}
	l.stream(1).paused, l.stream(2).paused = true, true
	if chosen, _ := l.turn(false); len(chosen) != 0 {
		t.Errorf("%d full partitions were chosen", len(chosen))
	}
}

// What cannot be had whole is asked for alone and in growing sizes, and in the
// end it is an error, never a gap.
func TestBatchThatNeverComesWhole(t *testing.T) {
	l := bareLoop(2)
	s := l.stream(0)
	block := &sarama.FetchResponseBlock{Partial: true, HighWaterMarkOffset: 9, LastStableOffset: 9}
	room := int32(fetchLeast)
	for tries := 0; ; tries++ {
		err := l.take(asked{stream: s, room: room, single: s.alone}, block, fetched{})
		if s.next != 0 || len(s.blocks) > 0 {
			t.Fatal("it was passed over")
		}
		if err != nil {
			if room != fetchMost {
				t.Errorf("it was given up at %d bytes", room)
			}
			return
		}
		if !s.alone || s.size <= room || tries > 20 {
			t.Fatalf("asked for alone: %v, %d bytes after %d", s.alone, s.size, room)
		}
		room = s.size
	}
}

// An empty answer before the end is believed only when nothing else could be in
// it and much was asked for.
func TestEmptyAnswerBeforeTheEnd(t *testing.T) {
	l := bareLoop(1)
	s := l.stream(0)
	block := &sarama.FetchResponseBlock{HighWaterMarkOffset: 12, LastStableOffset: 9}
	for tries := 0; s.next == 0; tries++ {
		a := asked{stream: s, room: max(s.size, fetchLeast), single: s.alone}
		if err := l.take(a, block, fetched{}); err != nil || tries > 20 {
			t.Fatal(tries, err)
		}
		if s.next != 0 && (!a.single || a.room < fetchEmpty) {
			t.Errorf("believed of %d bytes, alone: %v", a.room, a.single)
		}
	}
	if s.next != 9 || s.high.Load() != 12 || (<-s.blocks).next != 9 || s.alone || s.size != 0 {
		t.Errorf("next is %d of %d", s.next, s.high.Load())
	}
	// Where nothing compacts it is not believed at all.
	l.reader.compacts = func(string) bool { return false }
	if err := l.take(asked{stream: s, from: 5, room: fetchEmpty, single: true}, block, fetched{next: 5}); !errors.Is(err, errWithheld) || s.next != 9 {
		t.Error("without compaction: ", err, s.next)
	}
	// At the end it says nothing.
	if err := l.take(asked{stream: s, from: 9, room: fetchLeast}, block, fetched{next: 9}); err != nil || s.alone || s.next != 9 {
		t.Error("at the end: ", err, s.alone, s.next)
	}
}

// What comes after the end of a stream is for nobody.
func TestAnswerAfterTheEnd(t *testing.T) {
	l := bareLoop(1)
	s := l.stream(0)
	s.close()
	block := &sarama.FetchResponseBlock{HighWaterMarkOffset: 9, LastStableOffset: 9}
	if err := l.take(asked{stream: s, room: fetchLeast}, block, fetched{next: 5}); err != nil || len(s.blocks) > 0 || s.next != 0 {
		t.Error("it was handed over")
	}
	if len(l.streams) != 0 || s.stable != math.MaxInt64 {
		t.Error("the stream is still read")
	}
}

// Sarama's own consumers, which the membership brings along, read nothing once
// their claims have begun.
func TestOnlyWeFetch(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 3})
	theirs := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1, When: func(r kmsg.Request) bool {
		return r.GetVersion() != fetchVersion
	}})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	for p := range int32(3) {
		produceValues(t, b, "t", p, "v")
	}
	eventually(t, "all is read", func() bool { return in.count() == 3 })
	before := theirs.Hits()
	for p := range int32(3) {
		produceValues(t, b, "t", p, numbered("v", 1000)...)
	}
	eventually(t, "more is read", func() bool { return in.count() == 3003 })
	commitsPass(t, b)
	if after := theirs.Hits(); after != before {
		t.Errorf("sarama made %d fetches", after-before)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// A broker that does not get at old records in time, since it keeps them in another
// store, answers as if there were none. They are waited for: none is passed over
// where no compaction can have taken them.
func TestWithheldRecords(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("v", 3)...)
	var empty atomic.Int32
	b.Cluster().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		request := r.(*kmsg.FetchRequest)
		if empty.Add(1) > 12 {
			return nil, nil, false
		}
		return (&shelf{high: 3, stable: 3, scale: 1}).fetch(request), nil, true
	})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 1, 2}) {
		t.Errorf("pushed %v of 3 records", got)
	}
}
