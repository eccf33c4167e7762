package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// A broker whose machine is frozen, or behind a way that swallows everything,
// ends no connection: whoever waits for its answer waits until a timeout. The
// group's is longer than a rebalance, since sarama has one for all requests and
// a JoinGroup is answered when the slowest member has joined; and whoever waits
// holds locks that the other brokers' requests need as well. So all connections
// are watched from outside of sarama: one that has been silent for a while
// makes the watch ask about its broker over fresh connections, and only what
// those say ends it. See silence_judge.go.

// silence are the times of a watch.
type silence struct {
	look  time.Duration // between looks at the connections
	after time.Duration // a connection that has been silent for so long is asked about
	ask   time.Duration // how long the first question may take; it doubles up to ioTimeout
	again time.Duration // between questions about one broker
	// stale is how long a connection may be silent while its broker answers on
	// another: longer than any answer may take. It doubles with each that is
	// ended for it, up to ioTimeout, so that slow answers get their time.
	stale time.Duration
	hold  time.Duration // how long a coordinator that does not answer is not left unless it is replaced
	// refuse is how long dialing a broker that is shut takes to fail. Sarama's
	// clients hold a broker's lock meanwhile, and look at all locks in turn.
	refuse time.Duration
	// quiet is how long nothing may come in while a client waits before somebody
	// asks whether any broker is there, and idle the same while none waits; 0 is
	// that nobody asks. See presence.go.
	quiet, idle time.Duration
}

// memberSilence is for the clients of a group. Fetches come back after a
// quarter of a second; what may take longer is answered for by its coordinator.
func memberSilence(session time.Duration) silence {
	return silence{
		look: 500 * time.Millisecond, after: 3 * time.Second, ask: 3 * time.Second, again: 2 * time.Second,
		stale: 8 * time.Second, hold: session, quiet: 4 * time.Second, idle: 4 * time.Second,
	}
}

// writerSilence is for an output: a leader answers when its replicas have.
func writerSilence() silence {
	return silence{
		look: 500 * time.Millisecond, after: 4 * time.Second, ask: 3 * time.Second, again: 2 * time.Second,
		stale: ackTimeout + time.Second, refuse: 500 * time.Millisecond, quiet: 4 * time.Second, idle: 6 * time.Second,
	}
}

// errSilent is that a broker is not dialed because it does not answer. To
// sarama it is a connection that was closed.
var errSilent = fmt.Errorf("the broker does not answer: %w", net.ErrClosed)

// watch knows since when each connection of some clients has waited for its
// peer, and ends those that wait in vain.
type watch struct {
	connection Connection
	group      string // the group whose coordinator counts; "" none
	times      silence
	logger     *slog.Logger
	began      time.Time
	cancel     context.CancelFunc
	running    sync.WaitGroup
	presence   presence

	// The watch never calls a client: its locks may be held by what waits for a
	// silent broker.
	mu    sync.Mutex
	lines map[*line]struct{}
	peers map[string]*peer    // by address, of those that were asked about
	known map[string]struct{} // addresses of brokers
}

// peer is what a watch knows of a broker.
type peer struct {
	asked      bool          // a question is on its way
	next       time.Time     // no question before
	limit      time.Duration // of the next question
	unanswered time.Time     // the first question in a row that had no answer; zero is none
	shut       bool          // it is not dialed
	stale      time.Duration // the silence.stale of connections that were opened since
	ended      int64         // this moment of the watch, when one was ended for it
}

// newWatch starts a watch; its owner stops it.
func newWatch(c Connection, group string, times silence) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{
		connection: c, group: group, times: times, logger: c.logger(), began: time.Now(), cancel: cancel,
		lines: make(map[*line]struct{}), peers: make(map[string]*peer), known: make(map[string]struct{}),
	}
	w.know(c.Brokers...)
	w.running.Go(func() { w.run(ctx) })
	return w
}

// stop ends the watch; connections live on.
func (w *watch) stop() {
	w.cancel()
	w.running.Wait()
}

// over makes a config's connections be watched, and end when ctx is done like
// those of [breakOff].
func (w *watch) over(ctx context.Context, config *sarama.Config) {
	breakOff(ctx, config)
	config.Net.Proxy.Dialer = watchedDialer{watch: w, ctx: ctx, timeout: config.Net.DialTimeout}
}

// steered is a client that looks for the group's coordinator when the one that
// it knows is shut. Sarama itself does not when a connection breaks: it would
// send the heartbeats there until it gives the membership up.
type steered struct {
	sarama.Client
	watch *watch
}

func (s steered) Coordinator(group string) (*sarama.Broker, error) {
	broker, err := s.Client.Coordinator(group)
	if err != nil || !s.watch.isShut(broker.Addr()) {
		return broker, err
	}
	if err := s.Client.RefreshCoordinator(group); err != nil {
		return nil, err
	}
	broker, err = s.Client.Coordinator(group)
	if err == nil && s.watch.isShut(broker.Addr()) {
		return nil, sarama.ErrConsumerCoordinatorNotAvailable
	}
	return broker, err
}

// know notes the addresses of brokers, which may be asked about others.
func (w *watch) know(addresses ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range addresses {
		w.known[a] = struct{}{}
	}
}

// now counts from the start of the watch, and is never 0.
func (w *watch) now() int64 { return int64(time.Since(w.began)) + 1 }

type watchedDialer struct {
	watch   *watch
	ctx     context.Context
	timeout time.Duration
}

func (d watchedDialer) Dial(network, address string) (net.Conn, error) {
	if d.watch.isShut(address) {
		select {
		case <-d.ctx.Done():
		case <-time.After(d.watch.times.refuse):
		}
		return nil, fmt.Errorf("%s: %w", address, errSilent)
	}
	ctx, cancel := context.WithCancel(d.ctx)
	now := d.watch.now()
	l := &line{watch: d.watch, address: address, end: cancel, opened: now, dialing: now}
	d.watch.add(l)
	conn, err := abortable{ctx: ctx, dialer: net.Dialer{Timeout: d.timeout}, drop: true}.Dial(network, address)
	if err != nil {
		l.forget()
		return nil, err
	}
	d.watch.mu.Lock()
	l.Conn, l.dialing = conn, 0
	d.watch.mu.Unlock()
	return l, nil
}

// line is one connection. Sarama reads from it only while an answer is due.
type line struct {
	net.Conn
	watch   *watch
	address string
	end     context.CancelFunc // closes it, or ends dialing

	// Since when it waits, 0 is not at all.
	reading, writing atomic.Int64
	opened           int64
	dialing          int64 // guarded by watch.mu
	doubted          int64 // likewise: the wait of which one question said that it is in vain
}

func (l *line) Read(b []byte) (int, error) {
	l.reading.Store(l.watch.now())
	defer l.reading.Store(0)
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.watch.presence.hears(l.watch.now())
	}
	return n, err
}

// writePiece is small enough for a slow peer to take in time.
const writePiece = 32 << 10

// Write goes piece by piece, since one that is slowly taken is not silence.
func (l *line) Write(b []byte) (int, error) {
	defer l.writing.Store(0)
	written := 0
	for {
		l.writing.Store(l.watch.now())
		n, err := l.Conn.Write(b[written:min(len(b), written+writePiece)])
		if written += n; err != nil || written == len(b) {
			return written, err
		}
	}
}

func (l *line) Close() error {
	l.forget()
	return l.Conn.Close()
}

// forget releases what a line holds.
func (l *line) forget() {
	l.watch.mu.Lock()
	delete(l.watch.lines, l)
	l.watch.mu.Unlock()
	l.end()
}

// since is when the oldest wait began; 0 is none. The caller holds watch.mu.
func (l *line) since() int64 {
	first := l.dialing
	for _, at := range [...]int64{l.reading.Load(), l.writing.Load()} {
		if at != 0 && (first == 0 || at < first) {
			first = at
		}
	}
	return first
}

func (w *watch) add(l *line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines[l] = struct{}{}
	w.known[l.address] = struct{}{}
}

func (w *watch) isShut(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[address]
	return p != nil && p.shut
}
