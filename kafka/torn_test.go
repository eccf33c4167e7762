package kafka

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// through has the victim's connections made slow or bad.
func (n *network) through(way func(net.Conn) net.Conn) {
	for _, g := range n.gates {
		g.mu.Lock()
		g.slow = way
		g.mu.Unlock()
	}
}

// torn is a connection that is reset in the middle of an answer, when it has at
// least that many bytes and the count of such answers says so.
type torn struct {
	net.Conn
	atLeast int
	answers *atomic.Int32
	every   int32
	times   *atomic.Int32
	left    *atomic.Int32 // how many more may be torn until somebody sets it again; nil is any number
}

func (c *torn) Write(b []byte) (int, error) {
	if len(b) < c.atLeast || c.answers.Add(1)%c.every != 0 || c.left != nil && c.left.Add(-1) < 0 {
		return c.Conn.Write(b)
	}
	c.times.Add(1)
	n, err := c.Conn.Write(b[:len(b)/2])
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		err = errors.Join(err, tcp.SetLinger(0)) // a reset, not an end
	}
	return n, errors.Join(err, c.Close(), net.ErrClosed)
}

// sliced is a way that takes its time and passes on little at once.
type sliced struct{ net.Conn }

func (c *sliced) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		<-time.After(2 * time.Millisecond)
		n, err := c.Conn.Write(b[written:min(len(b), written+700)])
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

// checkPushed makes sure that offsets 0 to n-1 of each partition were pushed in
// order, and each once.
func checkPushed(t *testing.T, in *fakeIntake, partitions int32, n int64) {
	t.Helper()
	for p := range partitions {
		got := in.offsets("t", p)
		for i, offset := range got {
			if offset != int64(i) {
				t.Fatalf("partition %d: offset %d was pushed as number %d", p, offset, i)
			}
		}
		if int64(len(got)) != n {
			t.Errorf("partition %d: %d records were pushed, want %d", p, len(got), n)
		}
	}
}

// long are values that make answers large.
func long(prefix string, n int) []string {
	values := numbered(prefix, n)
	for i := range values {
		values[i] += strings.Repeat("-", 200)
	}
	return values
}

// Connections that are reset in the middle of what was fetched lose nothing and
// repeat nothing.
func TestResetWhileFetching(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"t": 3})
	times, answers := &atomic.Int32{}, &atomic.Int32{}
	n.through(func(c net.Conn) net.Conn {
		return &torn{Conn: c, atLeast: 4000, answers: answers, every: 2, times: times}
	})
	in := newIntake(nil)
	g, _ := n.source(nil, "t")
	runSource(t, g, in)
	total := int64(0)
	for round := 0; times.Load() < 3; round++ {
		total += 200
		n.everywhere(in, long(fmt.Sprint("r", round, "-"), 200), total)
	}
	checkPushed(t, in, 3, total)
	if got := in.claimed(); got != 3 {
		t.Errorf("there were %d claims: the membership was lost", got)
	}
}

// output is one of the victim's that looks for silence often.
func (n *network) output() *output {
	n.t.Helper()
	return n.outputOver(Connection{Brokers: n.Addresses(), ClientID: victim})
}

func (n *network) outputOver(c Connection) *output {
	n.t.Helper()
	o := NewOutput(OutputOptions{
		Connection: c,
		Topic:      "out", Render: verbatim, Idempotent: true,
	}).(*output)
	o.unit, o.silence = unitOf, soon()
	if err := o.Open(within(n.t)); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := o.Close(within(n.t)); err != nil {
			n.t.Error(err)
		}
	})
	return o
}

// Connections that are reset in the middle of acknowledgements lose nothing,
// and the brokers know what is sent again. Fewer are reset than a Write has tries:
// one that gives up may store its messages again.
func TestResetWhileWriting(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"out": 2})
	times, answers, left := &atomic.Int32{}, &atomic.Int32{}, &atomic.Int32{}
	o := n.output()
	n.through(func(c net.Conn) net.Conn {
		return &torn{Conn: c, answers: answers, every: 3, times: times, left: left}
	})
	keys := keysFor(2)
	want := [][]string{nil, nil}
	for i := 0; times.Load() < 10; i++ {
		a, b := fmt.Sprint("a", i), fmt.Sprint("b", i)
		left.Store(attempts - 2)
		if errs := o.Write(within(t), append(notes("u", keys[0], a, a+a), notes("w", keys[1], b)...)); errs != nil {
			t.Fatal(errs)
		}
		want[0], want[1] = append(want[0], a, a+a), append(want[1], b)
	}
	n.through(nil)
	checkValues(t, n.Broker, want...)
}

// A way with latency that passes on little at once is slow, but not silent.
func TestSlowWayIsNotSilence(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"t": 3, "out": 1})
	n.through(func(c net.Conn) net.Conn { return &sliced{c} })
	in := newIntake(nil)
	g, logs := n.source(nil, "t")
	runSource(t, g, in)
	n.everywhere(in, long("a", 1000), 1000) // for longer than silence lasts
	checkPushed(t, in, 3, 1000)
	o := n.output()
	values := long("b", 200)
	write(t, o, notes("u", nil, values...), "")
	checkValues(t, n.Broker, values)
	if logs.has(saidShut) || logs.has(saidStale) {
		t.Error("it was taken for silence")
	}
}

// What was on its way to a leader that goes silent reaches the next one, in
// order and once.
func TestWriteGoesOnWithoutASilentLeader(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 3, map[string]int32{"out": 3})
	for p := range int32(3) {
		n.lead("out", p, p)
	}
	o := n.output()
	keys := keysFor(3)
	records := func(values ...string) []*engine.Record {
		var all []*engine.Record
		for _, v := range values {
			for p, key := range keys {
				all = append(all, note(v, fmt.Sprint(p), key))
			}
		}
		return all
	}
	write(t, o, records("a", "b"), "")
	n.gates[1].freeze()
	done := make(chan []error, 1)
	go func() { done <- o.Write(within(t), records("c", "d")) }()
	eventually(t, "the leader's answer is kept back", func() bool {
		n.gates[1].mu.Lock()
		defer n.gates[1].mu.Unlock()
		return n.gates[1].held > 0
	})
	n.lead("out", 1, 2)
	if errs := <-done; errs != nil {
		t.Fatal(errs)
	}
	write(t, o, records("e"), "")
	all := []string{"a", "b", "c", "d", "e"}
	checkValues(t, n.Broker, all, all, all)
	// It comes back, and is written to again.
	n.gates[1].thaw()
	n.lead("out", 1, 1)
	eventually(t, "it is written to", func() bool {
		return o.Write(within(t), notes("1", keys[1], "f")) == nil
	})
	if got := values(contents(t, n.Broker, "out"))[1]; !slices.Equal(slices.Compact(got), append(all, "f")) {
		t.Errorf("partition 1 has %q", got)
	}
}

// A silent leader without a successor fails what is for it; the rest is
// written, and later Writes do not wait for it again.
func TestWriteBesideASilentLeader(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"out": 2})
	n.lead("out", 0, 0)
	n.lead("out", 1, 1)
	o := n.output()
	keys := keysFor(2)
	n.gates[1].freeze()
	both := append(notes("u", keys[0], "a"), notes("w", keys[1], "x")...)
	write(t, o, both, "", "away")
	for range 3 {
		write(t, o, notes("u", keys[0], "b"), "")
		write(t, o, notes("w", keys[1], "x"), "away")
	}
	n.gates[1].thaw()
	eventually(t, "it is written to again", func() bool { return o.Write(within(t), notes("w", keys[1], "x")) == nil })
	got := values(contents(t, n.Broker, "out"))
	if !slices.Equal(got[0], []string{"a", "b", "b", "b"}) || !slices.Contains(got[1], "x") {
		t.Errorf("got %q", got)
	}
}

// Connections of an output that swallow everything are ended, and what was on
// its way is stored once.
func TestWriteWithStalledConnections(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 1, map[string]int32{"out": 1})
	o := n.output()
	write(t, o, notes("u", nil, "a"), "")
	n.gates[0].stall()
	write(t, o, notes("u", nil, "b", "c"), "")
	checkValues(t, n.Broker, []string{"a", "b", "c"})
}

// The same with encryption and authentication, which questions need as well.
func TestStalledSecureConnections(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	encryption, err := NewTLS(TLSOptions{CA: ours.pem})
	if err != nil {
		t.Fatal(err)
	}
	n := startNetwork(t, 2, embedded.Options{
		Topics: map[string]int32{"t": 1, "out": 1}, TLS: ours.serverTLS(t, false, "127.0.0.1"),
		Users: []embedded.User{{Mechanism: "SCRAM-SHA-256", Name: "u", Password: "p"}},
	})
	n.lead("out", 0, 0)
	c := Connection{
		Brokers: n.Addresses(), ClientID: victim, TLS: encryption,
		SASL: &SASL{Mechanism: "SCRAM-SHA-256", Username: "u", Password: "p"},
	}
	o := n.outputOver(c)
	write(t, o, notes("u", nil, "a"), "")
	for _, g := range n.gates {
		g.stall()
	}
	write(t, o, notes("u", nil, "b"), "") // the broker answers: it connects anew
	n.gates[0].freeze()
	n.lead("out", 0, 1)
	write(t, o, notes("u", nil, "c"), "") // it does not, but another does

	n.coordinate("g", 1)
	w := newWatch(c, "g", soon())
	defer w.stop()
	said, err := w.ask(t.Context(), n.Addresses()[1], longEnough)
	if err != nil || said.coordinator != n.Addresses()[1] || said.parked {
		t.Errorf("the coordinator says %+v: %v", said, err)
	}
}
