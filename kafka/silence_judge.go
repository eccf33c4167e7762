package kafka

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/IBM/sarama"
)

// otherWitnesses is how many other brokers are asked about one that does not
// answer itself.
const otherWitnesses = 3

// run looks at the connections until ctx is done.
func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(w.times.look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, s := range w.suspects() {
			w.running.Go(func() { w.judge(ctx, s) })
		}
		w.lookForBrokers(ctx)
	}
}

// suspect is a broker to ask about.
type suspect struct {
	address string
	limit   time.Duration // of the question
	shut    bool
}

// suspects lists the brokers that are silent, and those that are shut, when it
// is time to ask about them.
func (w *watch) suspects() []suspect {
	w.mu.Lock()
	defer w.mu.Unlock()
	silent := w.silent()
	for address := range silent {
		if w.peers[address] == nil {
			w.peers[address] = &peer{limit: w.times.ask, stale: w.times.stale}
		}
	}
	var all []suspect
	for address, p := range w.peers {
		if p.asked || time.Now().Before(p.next) || !p.shut && !silent[address] {
			continue
		}
		p.asked = true
		all = append(all, suspect{address: address, limit: p.limit, shut: p.shut})
	}
	return all
}

// silent are the addresses with a connection that has been silent for long
// enough to ask about it; the caller holds mu.
func (w *watch) silent() map[string]bool {
	silent := make(map[string]bool)
	for l := range w.lines {
		if since := l.since(); since != 0 && time.Duration(w.now()-since) >= w.times.after {
			silent[l.address] = true
		}
	}
	return silent
}

// judge asks about one broker and acts on what is said.
func (w *watch) judge(ctx context.Context, s suspect) {
	own, err := w.ask(ctx, s.address, s.limit)
	leave := ctx.Err() == nil && err != nil && !s.shut && !final(err) && w.replaceable(ctx, s)
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[s.address]
	p.asked, p.next = false, time.Now().Add(w.times.again)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		p.limit, p.unanswered = w.times.ask, time.Time{}
		w.answered(s.address, p, own)
	default:
		p.limit = min(2*p.limit, ioTimeout)
		if leave && w.silent()[s.address] { // not if it has come back meanwhile
			p.shut = true
			w.logger.Warn("a kafka broker does not answer: going on without it", "broker", s.address)
			w.endAll(s.address)
		}
	}
}

// testimony is what a broker says when it is asked over a fresh connection.
type testimony struct {
	coordinator string // the address of the group's; "" is not known
	parked      bool   // it is the coordinator, and may owe a member its answer
}

// ask opens a connection and asks one broker, at most for limit.
func (w *watch) ask(ctx context.Context, address string, limit time.Duration) (testimony, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	config := w.connection.Config()
	breakOff(ctx, config)
	if w.group == "" {
		return testimony{}, reach(address, config)
	}
	broker := sarama.NewBroker(address)
	if err := broker.Open(config); err != nil {
		return testimony{}, err
	}
	defer func() { _ = broker.Close() }() // nothing was sent that could be lost
	if _, err := broker.Connected(); err != nil {
		return testimony{}, err
	}
	found, err := broker.FindCoordinator(&sarama.FindCoordinatorRequest{
		Version: 3, CoordinatorKey: w.group, CoordinatorType: sarama.CoordinatorGroup,
	})
	if err != nil {
		return testimony{}, err
	}
	if found.Err != sarama.ErrNoError || found.Coordinator == nil {
		return testimony{}, nil // it is there, but does not know at this moment
	}
	said := testimony{coordinator: found.Coordinator.Addr()}
	if said.coordinator == address {
		said.parked = w.mayPark(broker)
	}
	return said, nil
}

// mayPark says whether the coordinator may keep a member waiting: it does so
// from a member's JoinGroup to the others', and from there to the leader's plan.
func (w *watch) mayPark(coordinator *sarama.Broker) bool {
	described, err := coordinator.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 5, Groups: []string{w.group}})
	if err != nil || len(described.Groups) != 1 || described.Groups[0].Err != sarama.ErrNoError {
		return true // not known
	}
	switch described.Groups[0].State {
	case "Stable", "Empty", "Dead":
		return false
	}
	return true
}

// forgetful is how long ago an ended connection no longer counts.
const forgetful = 2 * time.Minute

// answered acts on a broker that answers on a fresh connection: it is dialed
// again, and connections that were silent for longer than any answer takes, as
// two questions say, are ended. The caller holds mu.
func (w *watch) answered(address string, p *peer, own testimony) {
	if p.shut {
		p.shut = false
		w.logger.Info("a kafka broker answers again", "broker", address)
	}
	if own.parked {
		return
	}
	now := w.now()
	if now-p.ended > int64(forgetful) {
		p.stale = w.times.stale
	}
	ended, repeated := false, false
	for l := range w.lines {
		since, allowed, young := l.since(), w.times.stale, l.opened > p.ended
		if young {
			allowed = p.stale
		}
		switch {
		case l.address != address || since == 0 || time.Duration(now-since) < allowed:
		case l.doubted != since:
			l.doubted = since
		default:
			ended, repeated = true, repeated || young
			l.end()
		}
	}
	if ended {
		w.logger.Warn("a connection to a kafka broker was silent though the broker is not: connecting anew",
			"broker", address)
	}
	if repeated {
		p.stale, p.ended = min(2*p.stale, max(ioTimeout, w.times.stale)), now
	}
}

// replaceable says whether to go on without a broker that does not answer.
// Others have to answer, else nothing would be gained. A coordinator is left as
// soon as there is another: before, the membership would only be lost.
func (w *watch) replaceable(ctx context.Context, s suspect) bool {
	others := w.others(s.address)
	type answer struct {
		said testimony
		err  error
	}
	answers := make(chan answer, len(others))
	for _, address := range others {
		go func() {
			said, err := w.ask(ctx, address, w.times.ask)
			answers <- answer{said, err}
		}()
	}
	answered, elsewhere, coordinates := 0, 0, 0
	for range others { // all are awaited, so that no goroutine outlives the call
		a := <-answers
		switch {
		case a.err != nil:
			continue
		case a.said.coordinator == s.address:
			coordinates++
		case a.said.coordinator != "":
			elsewhere++
		}
		answered++
	}
	switch {
	case ctx.Err() != nil || answered == 0:
		return false
	case w.group == "" || elsewhere > 0 && coordinates == 0:
		return true
	}
	return w.unanswered(s.address) > w.times.hold
}

// unanswered is for how long a broker has answered no question.
func (w *watch) unanswered(address string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[address]
	if p.unanswered.IsZero() {
		p.unanswered = time.Now()
	}
	return time.Since(p.unanswered)
}

// others are brokers that are known beside one, in any order.
func (w *watch) others(address string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var others []string
	for a := range w.known {
		if p := w.peers[a]; a != address && (p == nil || !p.shut) {
			others = append(others, a)
		}
	}
	rand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	return others[:min(len(others), otherWitnesses)]
}

// endAll ends all connections to a broker; the caller holds mu.
func (w *watch) endAll(address string) {
	for l := range w.lines {
		if l.address == address {
			l.end()
		}
	}
}
