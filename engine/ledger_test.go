package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"waterhealer/healer"
)

// id is a source record of one claim.
type id struct {
	partition int32
	epoch     int64
	offset    int64
}

// trace is the value of every record in these tests: what it was made of, and
// its place in its order unit ("" where none is checked).
type trace struct {
	ids  []id
	unit string
	seq  int64
}

// ledger keeps account of what is open of each source record, from outside:
// operators, outputs and sources tell it what they do. It is the model that
// the engine is checked against.
type ledger struct {
	mu       sync.Mutex
	open     map[id]int
	fails    map[id][]Then
	letters  map[id]int
	given    map[*failure]bool // failures that were counted
	blockers map[string][]id   // by order unit: failed in an operator before any queue
	claims   []*watched
	gone     map[int64]bool // epochs whose revoke returned after a full drain
	problems []string
}

// watched is a claim whose progress is checked.
type watched struct {
	claim   *Claim
	start   int64
	checked int64
	holes   map[int64]bool
}

func newLedger() *ledger {
	return &ledger{
		open: make(map[id]int), fails: make(map[id][]Then), letters: make(map[id]int),
		given: make(map[*failure]bool), blockers: make(map[string][]id), gone: make(map[int64]bool),
	}
}

func (l *ledger) problem(format string, args ...any) {
	if len(l.problems) < 10 {
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}

func (l *ledger) opened(ids []id, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range ids {
		l.open[i] += n
	}
}

func (l *ledger) closed(ids []id) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close(ids)
}

func (l *ledger) close(ids []id) {
	for _, i := range ids {
		l.open[i]--
		if l.open[i] < 0 {
			l.problem("the test closed %v too often", i)
		}
	}
}

// failed notes a failure that takes `then`.
func (l *ledger) failed(ids []id, then Then) {
	for _, i := range ids {
		l.fails[i] = append(l.fails[i], then)
	}
}

// settled says that nothing of a source record is open and its failures have
// been dealt with.
func (l *ledger) settled(i id) bool {
	if l.open[i] > 0 {
		return false
	}
	switch fails := l.fails[i]; {
	case slices.Contains(fails, ThenHalt):
		return false
	case slices.Contains(fails, ThenDeadLetter):
		return l.letters[i] > 0
	}
	return true
}

// check compares what the claims say is finished with the account.
func (l *ledger) check() {
	l.mu.Lock()
	claims := slices.Clone(l.claims)
	l.mu.Unlock()
	for _, w := range claims {
		watermark, holes := w.claim.Progress()
		l.mu.Lock()
		l.compare(w, watermark, holes)
		l.mu.Unlock()
	}
}

func (l *ledger) compare(w *watched, watermark int64, holes healer.Holes) {
	finished := func(offset int64) {
		i := id{w.claim.Partition, w.claim.Epoch, offset}
		if !l.settled(i) {
			l.problem("%v counts as finished: open %d, failed %v, letters %d", i, l.open[i], l.fails[i], l.letters[i])
		}
	}
	for ; w.checked < watermark; w.checked++ {
		finished(w.checked)
	}
	for r := range holes.Ranges() {
		for offset := r.First; offset <= r.Last; offset++ {
			if !w.holes[offset] {
				w.holes[offset] = true
				finished(offset)
			}
		}
	}
}

// onFailure hears of failures at outputs, which the outputs themselves cannot
// tell from further tries.
func (l *ledger) onFailure(f *Failure) {
	var cause *failure
	if !errors.As(f.Err, &cause) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given[cause] {
		return
	}
	l.given[cause] = true
	l.failed(cause.ids, f.Then)
	l.close(cause.ids)
}

// failure is an error of a test output about one record.
type failure struct {
	ids   []id
	fault Fault
}

func (f *failure) Error() string { return fmt.Sprintf("fault %d on %v", f.fault, f.ids) }

// idsOf are the source records below a record, each once per element.
func idsOf(r *Record) []id {
	var ids []id
	r.Elements(func(element *Record) { ids = append(ids, element.Value.(*trace).ids...) })
	return ids
}

func union(records ...*Record) []id {
	var ids []id
	for _, r := range records {
		for _, i := range idsOf(r) {
			if !slices.Contains(ids, i) {
				ids = append(ids, i)
			}
		}
	}
	return ids
}

// tally is a test operator: it tells the ledger what its work does.
type tally struct {
	l    *ledger
	node *Node
	work func(ctx context.Context, r *Record, out tallyOut) error
}

// fanout is how many references of one emission the readers of n take.
func fanout(n *Node) int {
	total := 0
	for _, e := range n.edges {
		if e.to.Role == RoleHealing {
			total += len(e.to.edges)
			continue
		}
		total++
	}
	return total
}

func (o *tally) Process(ctx context.Context, r *Record, out *Out) (err error) {
	defer o.done(r, &err)
	return o.work(ctx, r, tallyOut{out, o})
}

// done tells of the end of a call, also after a panic, which the engine takes for an
// error.
func (o *tally) done(r *Record, err *error) {
	ids := idsOf(r)
	p := recover()
	o.l.mu.Lock()
	if *err != nil || p != nil {
		o.l.failed(ids, o.node.Policy.Then)
		o.l.blocks(r)
	}
	o.l.close(ids)
	o.l.mu.Unlock()
	if p != nil {
		panic(p)
	}
}

// blocks notes that the order unit of a record is held from here on. Only
// partitions and keys are checked: their records come one after another.
func (l *ledger) blocks(r *Record) {
	if r.Batch != nil {
		return
	}
	if t := r.Value.(*trace); t.unit != "" && t.unit[0] == 'p' {
		l.blockers[t.unit] = append(l.blockers[t.unit], t.ids...)
	}
}

type tallyOut struct {
	out *Out
	o   *tally
}

func (t tallyOut) emit(r *Record) { t.emitKeyed(r, "") }

func (t tallyOut) emitKeyed(r *Record, key string) {
	t.o.l.opened(idsOf(r), fanout(t.o.node))
	t.out.EmitKeyed(r, key)
}

func (t tallyOut) keep(r *Record) {
	t.o.l.opened(idsOf(r), 1)
	t.out.Keep(r)
}

func (t tallyOut) letGo(r *Record) {
	t.o.l.closed(idsOf(r))
	t.out.LetGo(r)
}

func (t tallyOut) fail(element *Record, err error) {
	t.o.l.mu.Lock()
	t.o.l.failed(idsOf(element), t.o.node.Policy.Then)
	t.o.l.mu.Unlock()
	t.out.Fail(element, err)
}

// collect is a window of a size, with a timeout where it is not zero.
type collect struct {
	tally
	size    int
	timeout time.Duration
	keys    int64 // by offset modulo keys
	slide   bool  // emits each record joined with the one before it, instead of batches
	delay   bool  // emits each record after the timeout
	coarse  bool  // the elements of a batch share one place

	held map[int64][]*Record
	due  map[int64]time.Time
	seq  int64
}

func (c *collect) key(r *Record) int64 { return idsOf(r)[0].offset % c.keys }

func (c *collect) collect(_ context.Context, r *Record, out tallyOut) error {
	if c.held == nil {
		c.held, c.due = make(map[int64][]*Record), make(map[int64]time.Time)
	}
	if len(idsOf(r)) == 0 {
		return nil // an empty batch
	}
	k := c.key(r)
	out.keep(r)
	c.held[k] = append(c.held[k], r)
	switch {
	case c.slide:
		if pair := c.held[k]; len(pair) == 2 {
			out.emitKeyed(NewJoined(&trace{ids: union(pair...)}, pair...), fmt.Sprint(k))
			out.letGo(pair[0])
			c.held[k] = pair[1:]
		}
		return nil
	case !c.delay && len(c.held[k]) >= c.size:
		c.send(k, out)
		return nil
	}
	if c.timeout > 0 && c.due[k].IsZero() {
		c.due[k] = out.out.Now().Add(c.timeout)
	}
	return nil
}

func (c *collect) send(k int64, out tallyOut) {
	records := c.held[k]
	delete(c.held, k)
	delete(c.due, k)
	key := fmt.Sprint(k)
	if c.delay {
		for _, r := range records {
			c.seq++
			out.emitKeyed(c.stamped(r, k), key)
			out.letGo(r)
		}
		return
	}
	batch := make([]*Record, len(records))
	c.seq++
	for i, r := range records {
		batch[i] = c.stamped(r, k)
	}
	out.emitKeyed(NewBatch(batch), key)
	for _, r := range records {
		out.letGo(r)
	}
}

// stamped gives a record, or each element of a batch, its place in the stream.
func (c *collect) stamped(r *Record, k int64) *Record {
	if r.Batch != nil {
		elements := make([]*Record, len(r.Batch))
		for i, element := range r.Batch {
			elements[i] = c.stamped(element, k)
		}
		return NewBatch(elements)
	}
	if !c.coarse {
		c.seq++
	}
	return r.With(&trace{ids: r.Value.(*trace).ids, unit: fmt.Sprintf("%s/%d", c.node.Name, k), seq: c.seq})
}

func (c *collect) Next() time.Time {
	var next time.Time
	for _, due := range c.due {
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

func (c *collect) Fire(_ context.Context, now time.Time, out *Out) error {
	for k, due := range c.due {
		if !now.Before(due) {
			c.send(k, tallyOut{out, &c.tally})
		}
	}
	return nil
}

func (c *collect) Flush(_ context.Context, end bool, out *Out) error {
	if !end && c.timeout == 0 {
		return nil
	}
	for k, records := range c.held {
		if !c.slide {
			c.send(k, tallyOut{out, &c.tally})
			continue
		}
		for _, r := range records {
			tallyOut{out, &c.tally}.letGo(r)
		}
	}
	c.held = nil
	return nil
}

func (c *collect) Evict(gone func(*Record) bool) {
	for k, records := range c.held {
		if c.held[k] = slices.DeleteFunc(records, gone); len(c.held[k]) == 0 {
			delete(c.held, k)
			delete(c.due, k)
		}
	}
}
