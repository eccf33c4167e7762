package kafka

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// logged are the messages of a logger.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) has(part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), part)
}

const (
	saidShut  = "a kafka broker does not answer"
	saidBack  = "a kafka broker answers again"
	saidStale = "was silent though the broker is not"

	saidAway    = "the coordinator of the consumer group cannot be reached"
	saidReached = "the coordinator of the consumer group can be reached again"
)

// source is one that looks for silence often, with times of the group that are
// too long for any test.
func (n *network) source(change func(*sourceTest), topics ...string) (*group, *logged) {
	logs := &logged{}
	g := newSource(n.t, n, func(o *sourceTest) {
		o.membership.sessionTimeout, o.membership.rebalanceTimeout = 30*time.Second, 2*time.Minute
		o.settings.Logger = slog.New(slog.NewTextHandler(logs, nil))
		if change != nil {
			change(o)
		}
	}, topics...)
	g.connection.ClientID, g.silence = victim, soon()
	return g, logs
}

// claimed counts the claims that were begun.
func (f *fakeIntake) claimed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.claims)
}

// everywhere writes values to all three partitions, and waits until the source
// has committed all that was written so far.
func (n *network) everywhere(in *fakeIntake, values []string, total int64) {
	n.t.Helper()
	for p := range int32(3) {
		produceValues(n.t, n, "t", p, values...)
	}
	n.committed(total, 0, 1, 2)
	if got := int64(in.count()); got < 3*total {
		n.t.Errorf("%d records were pushed, want %d at least", got, 3*total)
	}
}

func (n *network) committed(total int64, partitions ...int32) {
	n.t.Helper()
	for _, p := range partitions {
		eventually(n.t, "all is committed", func() bool {
			info := n.Cluster().GroupInfo("g")
			return info != nil && info.Commits["t"][p].Offset == total
		})
	}
}

// A broker that goes silent is left as soon as the cluster has others in its
// place, and the claims stay.
func TestGoesOnWithoutASilentBroker(t *testing.T) {
	for name, test := range map[string]struct{ leads, coordinates bool }{
		"leader":                 {leads: true},
		"coordinator":            {coordinates: true},
		"leader and coordinator": {leads: true, coordinates: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, 3, map[string]int32{"t": 3})
			for p := range int32(3) {
				n.lead("t", p, 2*(p%2)) // on 0 and 2
			}
			n.coordinate("g", 2)
			if test.leads {
				n.lead("t", 1, 1)
			}
			if test.coordinates {
				n.coordinate("g", 1)
			}
			in := newIntake(nil)
			g, logs := n.source(nil, "t")
			runSource(t, g, in)
			n.everywhere(in, numbered("a", 100), 100)

			n.gates[1].freeze()
			n.lead("t", 1, 2)
			if test.coordinates {
				n.coordinate("g", 0)
			}
			n.everywhere(in, numbered("b", 100), 200)
			if !logs.has(saidShut) {
				t.Error("nothing was said")
			}
			if got := in.claimed(); got != 3 {
				t.Errorf("there were %d claims: the membership was lost", got)
			}
			n.gates[1].thaw()
			eventually(t, "the broker is back", func() bool { return logs.has(saidBack) })
			n.lead("t", 0, 1)
			n.everywhere(in, numbered("c", 100), 300)
			if got := in.count(); got != 900 {
				t.Errorf("%d records were pushed, want each once", got)
			}
		})
	}
}

// A silent leader without a successor holds up its partitions alone.
func TestSilentLeaderHoldsUpItsPartitionsAlone(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 3, map[string]int32{"t": 3})
	for p := range int32(3) {
		n.lead("t", p, p)
	}
	n.coordinate("g", 0)
	in := newIntake(nil)
	g, logs := n.source(nil, "t")
	runSource(t, g, in)
	n.everywhere(in, numbered("a", 100), 100)
	n.gates[1].freeze()
	eventually(t, "it is left", func() bool { return logs.has(saidShut) })
	for p := range int32(3) {
		produceValues(t, n, "t", p, numbered("b", 100)...)
	}
	n.committed(200, 0, 2)
	n.gates[1].thaw()
	n.committed(200, 1)
	if got := in.claimed(); got != 3 {
		t.Errorf("there were %d claims: the membership was lost", got)
	}
}

// Close beside a broker that is shut commits what the others lead, and does not
// wait for the one.
func TestCloseBesideASilentBroker(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 3, map[string]int32{"t": 3})
	for p := range int32(3) {
		n.lead("t", p, p)
	}
	n.coordinate("g", 0)
	in := newIntake(never)
	g, logs := n.source(nil, "t")
	source := runSource(t, g, in)
	for p := range int32(3) {
		produceValues(t, n, "t", p, numbered("a", 10)...)
	}
	eventually(t, "all is read", func() bool { return in.count() == 30 })
	n.gates[1].freeze()
	eventually(t, "it is left", func() bool { return logs.has(saidShut) })
	for p := range int32(3) {
		in.finish("t", p, 0, 1, 2, 3, 4)
	}
	began := time.Now()
	if err := source.close(t); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second { // idle it takes 15 ms
		t.Errorf("Close took %s", took)
	}
	n.committed(5, 0, 1, 2)
	n.gates[1].thaw()
}

// Connections that swallow everything are ended when their broker answers on
// new ones.
func TestStalledConnections(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 1, map[string]int32{"t": 3})
	in := newIntake(nil)
	g, logs := n.source(nil, "t")
	runSource(t, g, in)
	n.everywhere(in, numbered("a", 100), 100)
	n.gates[0].stall()
	n.everywhere(in, numbered("b", 100), 200)
	if !logs.has(saidStale) || logs.has(saidShut) {
		t.Error("it is not said that the broker answers")
	}
	n.gates[0].stall() // those that were opened meanwhile
	n.everywhere(in, numbered("c", 100), 300)
}

// A member waits for the others as long as they may take, though its
// connection to the coordinator is silent all the time.
func TestSlowRebalanceIsNotSilence(t *testing.T) {
	for _, strategy := range []string{strategySticky, strategyRange} { // with the other members do not wait
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, 1, map[string]int32{"t": 2})
			questions := &atomic.Int32{}
			n.Cluster().ControlKey(int16(kmsg.DescribeGroups), func(kmsg.Request) (kmsg.Response, error, bool) {
				questions.Add(1)
				return nil, nil, false
			})
			produceValues(t, n, "t", 0, "x")
			produceValues(t, n, "t", 1, "x")
			one, two := newIntake(never), newIntake(nil)
			one.block = make(chan struct{}) // an output that does not answer
			with := func(o *sourceTest) {
				o.membership.rebalance = []string{strategy}
			}
			g, first := n.source(with, "t")
			runSource(t, g, one)
			eventually(t, "the first member has read all", func() bool { return one.count() == 2 })
			g, second := n.source(with, "t")
			runSource(t, g, two)
			eventually(t, "the wait was asked about for a while", func() bool { return questions.Load() >= 25 })
			close(one.block)
			eventually(t, "the second member reads", func() bool { return two.count() == 1 })
			for _, logs := range []*logged{first, second} {
				if logs.has(saidShut) || logs.has(saidStale) {
					t.Error("the wait was taken for silence")
				}
			}
		})
	}
}

// Nothing is asked while nothing is due: neither with idle partitions nor with
// paused ones, whose broker has only heartbeats to answer.
func TestIdleIsNotSilence(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"t": 3})
	in := newIntake(never)
	g, logs := n.source(func(o *sourceTest) { o.membership.sessionTimeout = 6 * time.Second }, "t")
	fetches, beats := &atomic.Int32{}, &atomic.Int32{}
	n.Cluster().Control(func(r kmsg.Request) (kmsg.Response, error, bool) {
		n.Cluster().KeepControl()
		switch r.(type) {
		case *kmsg.FetchRequest:
			fetches.Add(1)
		case *kmsg.HeartbeatRequest:
			beats.Add(1)
		}
		return nil, nil, false
	})
	runSource(t, g, in)
	eventually(t, "fetches find nothing", func() bool { return fetches.Load() > 20 })
	for p := range int32(3) {
		in.claim("t", p).setFull(true)
		produceValues(t, n, "t", p, "x")
	}
	eventually(t, "the claims are paused", func() bool { return in.count() == 3 })
	beats.Store(0)
	eventually(t, "heartbeats go on", func() bool { return beats.Load() >= 3 })
	if logs.has(saidShut) || logs.has(saidStale) {
		t.Error("a wait for records was taken for silence")
	}
	for p := range int32(3) {
		in.claim("t", p).setFull(false)
		produceValues(t, n, "t", p, "y")
	}
	eventually(t, "the claims go on", func() bool { return in.count() == 6 })
}

// A coordinator that is away for some seconds, whether or not something takes
// connections in its place, costs no membership, and nothing is done twice.
func TestCoordinatorAway(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 1, map[string]int32{"t": 3})
	in := newIntake(nil)
	g, logs := n.source(nil, "t")
	source := runSource(t, g, in)
	n.everywhere(in, numbered("a", 10), 10)
	generation := source.generation()
	n.gates[0].sever()
	eventuallyWithin(t, 2*longEnough, "the next heartbeat fails", func() bool { return logs.has(saidAway) })
	away := time.Now()
	eventually(t, "many heartbeats could have failed", func() bool { return time.Since(away) > 3*time.Second })
	n.gates[0].mend()
	n.everywhere(in, numbered("b", 10), 20)
	eventually(t, "the heartbeats go on", func() bool { return logs.has(saidReached) })
	if got := in.claimed(); got != 3 {
		t.Errorf("there were %d claims: the membership was lost", got)
	}
	if got := source.generation(); got != generation {
		t.Errorf("the generation was %d, and is %d", generation, got)
	}
	if got := in.count(); got != 60 {
		t.Errorf("%d records were pushed: some twice", got)
	}
}

// A coordinator that stays away for longer than a session has given the
// partitions to others: they are given up.
func TestCoordinatorAwayForASession(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 1, map[string]int32{"t": 3})
	in := newIntake(nil)
	g, logs := n.source(func(o *sourceTest) { o.membership.sessionTimeout = 2 * time.Second }, "t")
	runSource(t, g, in)
	n.everywhere(in, numbered("a", 10), 10)
	n.gates[0].sever()
	eventually(t, "the heartbeats have failed", func() bool { return logs.has(saidAway) })
	eventually(t, "the partitions are given up", func() bool { return len(in.held()) == 0 })
	n.gates[0].mend()
	eventually(t, "they are claimed again", func() bool { return len(in.held()) == 3 })
	n.everywhere(in, numbered("b", 10), 20)
}

// What a peer had not taken when its connection was given up never arrives: it
// was sent again elsewhere.
func TestNothingIsSentAfterAConnectionIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	w := newWatch(Connection{}, "", soon())
	defer w.stop()
	conn, err := watchedDialer{watch: w, ctx: t.Context(), timeout: longEnough}.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := conn.Write([]byte("a request")); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // it may have been closed by its context already
	if _, err := io.Copy(io.Discard, peer); err == nil {
		t.Error("the connection ended as usual: all that was sent will arrive")
	}
}

// One silent broker among those that are given keeps nothing from starting.
func TestStartsBesideASilentBroker(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, 2, map[string]int32{"t": 3, "out": 2})
	for p := range int32(3) {
		n.lead("t", p, 0)
	}
	n.lead("out", 0, 0)
	n.lead("out", 1, 0)
	n.coordinate("g", 0)
	n.gates[1].freeze()
	in := newIntake(nil)
	g, _ := n.source(nil, "t")
	runSource(t, g, in)
	o := n.output()
	write(t, o, notes("u", nil, "a", "b"), "")
	n.everywhere(in, numbered("a", 100), 100)
}
