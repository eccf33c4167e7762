package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

var _ engine.Source = (*group)(nil)

// group is one member of a consumer group: an [engine.Source] that serves all
// source nodes with these brokers and this group.
type group struct {
	membership
	connection Connection
	settings   SourceSettings
	nodes      []*sourceNode
	owners     map[string]*sourceNode // by topic
	topics     []string
	logger     *slog.Logger
	letters    *letterIntake // of a group that puts dead letters back; nil of others

	// Set by open, before anything runs.
	intake    intake
	cluster   *cluster
	client    sarama.Client
	abort     context.CancelFunc   // breaks off client's connections
	consumer  sarama.ConsumerGroup // for the membership alone
	reader    *reader
	clusterID string
	topicIDs  map[string][16]byte
	ends      map[place]int64 // with until-end: where each partition ended at the start
	// nothingLeft says that all of it was committed already.
	nothingLeft bool

	running   sync.WaitGroup // the goroutines that open started
	member    context.CancelFunc
	stopped   chan struct{} // closed when nothing more is to be taken
	stopOnce  sync.Once
	pushing   sync.RWMutex // held for reading around Push; stop takes it
	failures  chan error   // capacity 1: the first error that ends the source
	ended     chan struct{}
	endedOnce sync.Once

	logStartInterval time.Duration // between looks at retention
	refreshInterval  time.Duration // added partitions are seen within two of them
	pacing           pacing
	silence          silence
	told             told

	// committing holds a token while a commit is under way: one at a time.
	committing chan struct{}
	committed  unanswered
	doubts     chan struct{}                                  // capacity 1: a commit had no answer
	beginnings map[string]*rounds[place, map[place]committed] // by topic, which one that is sick must not keep from others
	endings    *rounds[*claim, struct{}]
	wake       chan struct{} // capacity 1: look at the ends

	mu       sync.Mutex
	session  sarama.ConsumerGroupSession // nil outside of a session
	claims   map[place]*claim
	closing  context.Context // of Close; nil before
	doubtful time.Time       // until then a commit without an answer may still be carried out
	pending  map[place]int64 // start offsets that only a member may commit
	last     error           // the first failure
}

func newGroup(m membership, c Connection, settings []SourceSettings, nodes []*sourceNode) *group {
	g := &group{
		membership: m, connection: c, settings: merge(settings), nodes: nodes,
		owners:   make(map[string]*sourceNode),
		claims:   make(map[place]*claim),
		stopped:  make(chan struct{}),
		ended:    make(chan struct{}),
		failures: make(chan error, 1),
		wake:     make(chan struct{}, 1),

		committing:       make(chan struct{}, 1),
		doubts:           make(chan struct{}, 1),
		beginnings:       make(map[string]*rounds[place, map[place]committed]),
		endings:          newRounds[*claim, struct{}](),
		logStartInterval: 30 * time.Second,
		refreshInterval:  3 * time.Second,
		pacing:           pacing{limit: engine.PaceLimit},
		silence:          memberSilence(m.sessionTimeout),
	}
	g.logger = g.settings.Logger.With("group", m.group)
	g.connection.Logger = g.settings.Logger
	g.connection.ConnectTimeout = g.settings.ConnectTimeout
	for _, n := range nodes {
		for _, topic := range n.topics {
			g.owners[topic] = n
			g.topics = append(g.topics, topic)
			g.beginnings[topic] = newRounds[place, map[place]committed]()
		}
	}
	return g
}

// Run joins the group and pushes records until ctx is done, the ends are
// reached, or something is wrong that trying on cannot heal. The membership,
// its claims and their commits go on until Close.
func (g *group) Run(ctx context.Context, in engine.Intake) error {
	var way intake = engineIntake{in}
	if g.letters != nil {
		g.letters.intake = way
		way = g.letters
	}
	if err := g.run(ctx, way); err != nil {
		return fmt.Errorf("%s: %w", g.nodes[0].position, err)
	}
	return nil
}

func (g *group) run(ctx context.Context, in intake) error {
	defer g.stop()
	g.intake = in
	if err := g.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // it was stopped while it started
		}
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-g.failures:
		return err
	case <-g.ended:
		return nil
	}
}

// open connects, makes sure that there is nothing wrong with topics and
// offsets, and starts the membership.
func (g *group) open(ctx context.Context) error {
	var err error
	if g.cluster, err = openCluster(ctx, g.connection, g.group, g.isolation, g.newWatch()); err != nil {
		return err
	}
	if err := g.prepare(ctx); err != nil {
		return err
	}
	if g.letters != nil && g.nothingLeft {
		g.endedOnce.Do(func() { close(g.ended) }) // joining takes seconds on some brokers
		return nil
	}
	config := g.connection.Config()
	g.apply(config)
	config.Metadata.RefreshFrequency = g.refreshInterval
	var life context.Context
	life, g.abort = context.WithCancel(context.WithoutCancel(ctx))
	g.cluster.watch.over(life, config)
	client, err := g.connection.Client(ctx, config)
	if err != nil {
		return err
	}
	member, cancel := context.WithCancel(context.WithoutCancel(ctx))
	g.client = &patient{steered: steered{client, g.cluster.watch}, ctx: member, session: g.sessionTimeout}
	if g.consumer, err = sarama.NewConsumerGroupFromClient(g.memberOf(), g.client); err != nil {
		cancel()
		return fmt.Errorf("joining group %s: %w", g.group, err)
	}
	g.member = cancel
	g.reader = newReader(g.client, g.isolation, g.logger, g.tryOn, g.compacts)
	g.running.Go(func() { g.reader.run(member) })
	g.running.Go(func() { g.listen() })
	g.running.Go(func() { g.consume(member) })
	g.running.Go(func() { g.commitAtIntervals(member) })
	g.running.Go(func() { g.followEnds(member) })
	g.running.Go(func() { g.followLogStarts(member) })
	if g.settings.UntilEnd {
		g.running.Go(func() { g.awaitEnds(member) })
	}
	return nil
}

// newWatch starts to look for silent connections of a member.
func (g *group) newWatch() *watch {
	w := newWatch(g.connection, g.memberOf(), g.silence)
	g.told.watch.Store(w)
	return w
}

// stop ends the taking of records. When it returns no Push is under way, and
// none will be.
func (g *group) stop() {
	g.stopOnce.Do(func() { close(g.stopped) })
	g.pushing.Lock()
	defer g.pushing.Unlock()
}

// isStopped says that nothing more is to be taken.
func (g *group) isStopped() bool {
	select {
	case <-g.stopped:
		return true
	default:
		return false
	}
}

// fail ends the source with an error; the first one counts.
func (g *group) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last != nil {
		return
	}
	g.last = err
	g.failures <- err // capacity 1, sent once
}

func (g *group) failed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last != nil
}

// Close commits what is finished, gives up the claims, leaves the group (not
// with an instance id) and ends all connections. When ctx is done before that,
// requests are cut off. The error is one that came up since Run returned, or
// that finished offsets stayed uncommitted.
func (g *group) Close(ctx context.Context) error {
	g.stop()
	defer g.cluster.close()
	if g.abort != nil {
		defer g.abort()
	}
	if g.member == nil { // open failed, or there was nothing to read
		if g.consumer != nil {
			_ = g.consumer.Close()
		}
		if g.client != nil {
			_ = g.client.Close()
		}
		return nil
	}
	g.mu.Lock()
	g.closing = ctx
	before := g.last
	g.mu.Unlock()

	cut := context.AfterFunc(ctx, func() {
		g.abort()
		_ = g.client.Close()
		g.cluster.close()
	})
	defer cut()
	// One request for all claims now; when they end they find it done.
	claims := g.live()
	err := g.commitFinally(ctx, func(ctx context.Context) error { return g.commit(ctx, claims) })
	if ignored := (*ignoredError)(nil); errors.As(err, &ignored) {
		err = nil
	}
	g.member()
	leave := g.consumer.Close()
	g.running.Wait()
	_ = g.client.Close()
	if leave != nil && !errors.Is(leave, sarama.ErrClosedClient) {
		// The group finds out by itself, when the session has timed out.
		g.logger.Warn("leaving the consumer group failed", "error", leave)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if before == nil && g.last != nil {
		return g.last
	}
	return err
}

// live lists the claims that are held.
func (g *group) live() []*claim {
	g.mu.Lock()
	defer g.mu.Unlock()
	claims := make([]*claim, 0, len(g.claims))
	for _, c := range g.claims {
		claims = append(claims, c)
	}
	return claims
}

// Unread is how many offsets of the partitions that are held have not been read
// though they are there, as far as it is known without asking.
func (g *group) Unread() int64 {
	unread := int64(0)
	for _, c := range g.live() {
		if !c.atEnd.Load() {
			unread += max(0, c.tip()-c.next.Load())
		}
	}
	return unread
}

// drainContext bounds how long a revoked claim waits for outputs.
func (g *group) drainContext() (context.Context, context.CancelFunc) {
	g.mu.Lock()
	closing := g.closing
	g.mu.Unlock()
	if closing != nil {
		return context.WithCancel(closing)
	}
	limit := g.rebalanceTimeout / 2
	if g.settings.DrainTimeout > 0 {
		limit = min(limit, g.settings.DrainTimeout)
	}
	return context.WithTimeout(context.Background(), limit)
}

// finalCommitContext bounds the commit of a revoked claim.
func (g *group) finalCommitContext() (context.Context, context.CancelFunc) {
	g.mu.Lock()
	closing := g.closing
	g.mu.Unlock()
	if closing != nil {
		return context.WithCancel(closing)
	}
	return context.WithTimeout(context.Background(), min(g.rebalanceTimeout/4, 10*time.Second))
}
