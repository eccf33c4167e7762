package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// plan is a random pipeline with random faults.
type plan struct {
	Partitions, Records, Slice int
	Batched                    bool
	Workers                    int
	InTurn                     bool // with one worker
	Order                      Order
	Limits                     Limits
	Nodes                      []nodePlan
	Sinks                      []sinkPlan
	Revokes                    int // of each partition, at most
	Early                      int // every so many records could not be read; 0 is none
	Halts                      bool
	Signal                     time.Duration // after so long the run is stopped; 0 is never
	Seed                       uint64
	Watched                    bool // somebody looks at it all the time
}

type nodePlan struct {
	Kind   string
	Inputs []int // of Nodes; -1 is the source
	A, B   int64
	Policy policyPlan
}

type policyPlan struct {
	Then     Then
	Attempts int
	Elapsed  time.Duration
}

type sinkPlan struct {
	Input   int
	Bare    bool
	Outputs []outputPlan
	Policy  policyPlan
}

type outputPlan struct {
	Every    uint64 // of so many records one fails; 0 is none
	Fault    Fault
	Tries    int // so many times; beyond any policy's attempts it is poison
	Sync     bool
	Unheld   bool // errors of a slice are all real, nothing is held back
	Lateness int  // of 100 slices, how many are answered late
}

func drawPlan(t *rapid.T, halts bool) plan {
	thens := []Then{ThenDeadLetter, ThenSkip}
	if halts {
		thens = append(thens, ThenHalt)
	}
	policy := func(name string) policyPlan {
		return policyPlan{
			Then:     rapid.SampledFrom(thens).Draw(t, name+" then"),
			Attempts: rapid.IntRange(1, 3).Draw(t, name+" attempts"),
			Elapsed:  rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Millisecond}).Draw(t, name+" elapsed"),
		}
	}
	p := plan{
		Partitions: rapid.IntRange(1, 3).Draw(t, "partitions"),
		Records:    rapid.IntRange(1, 40).Draw(t, "records"),
		Slice:      rapid.IntRange(1, 9).Draw(t, "slice"),
		Batched:    rapid.IntRange(0, 3).Draw(t, "batched") == 0,
		Workers:    rapid.SampledFrom([]int{1, 2, 3, 16}).Draw(t, "workers"),
		Order:      rapid.SampledFrom([]Order{OrderPartition, OrderKey, OrderNone}).Draw(t, "order"),
		Early:      rapid.SampledFrom([]int{0, 0, 0, 7}).Draw(t, "early"),
		Halts:      halts,
		Seed:       rapid.Uint64().Draw(t, "seed"),
	}
	p.InTurn = p.Workers == 1 && rapid.Bool().Draw(t, "in turn")
	p.Watched = rapid.Bool().Draw(t, "watched")
	kinds := []string{"pass", "map", "filter", "twice", "flatten", "poison", "panic", "foreach", "sum", "slow", "window", "timed", "keyed", "pairs", "delay", "single"}
	for i := range rapid.IntRange(0, 5).Draw(t, "nodes") {
		n := nodePlan{
			Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
			A:      rapid.Int64Range(2, 7).Draw(t, "a"),
			B:      rapid.Int64Range(0, 6).Draw(t, "b"),
			Policy: policy("node"),
		}
		for range rapid.IntRange(1, 2).Draw(t, "inputs") {
			// Mostly the one above, so that graphs are deep.
			input := max(i-1-rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "input"), -1)
			if !slices.Contains(n.Inputs, input) {
				n.Inputs = append(n.Inputs, input)
			}
		}
		p.Nodes = append(p.Nodes, n)
	}
	if !slices.ContainsFunc(p.Nodes, func(n nodePlan) bool { return n.Kind == "window" || n.Kind == "keyed" || n.Kind == "pairs" }) {
		p.Limits.Records = rapid.SampledFrom([]int64{0, 1, 5}).Draw(t, "in flight")
		p.Limits.Bytes = rapid.SampledFrom([]int64{0, 2, 10}).Draw(t, "bytes")
		p.Limits.Ahead = rapid.SampledFrom([]int64{0, 12}).Draw(t, "ahead")
	}
	for i := range rapid.IntRange(1, 2).Draw(t, "sinks") {
		s := sinkPlan{Input: len(p.Nodes) - 1, Bare: rapid.Bool().Draw(t, "bare"), Policy: policy("sink")}
		if i > 0 {
			s.Input = rapid.IntRange(-1, len(p.Nodes)-1).Draw(t, "sink input")
		}
		outputs := 1
		if !s.Bare {
			outputs = rapid.IntRange(0, 2).Draw(t, "outputs")
		}
		for range outputs {
			s.Outputs = append(s.Outputs, outputPlan{
				Every:    rapid.SampledFrom([]uint64{0, 2, 3, 7}).Draw(t, "every"),
				Fault:    rapid.SampledFrom([]Fault{FaultDestination, FaultRecord, FaultExpression}).Draw(t, "fault"),
				Tries:    rapid.IntRange(1, 4).Draw(t, "tries"),
				Sync:     rapid.IntRange(0, 3).Draw(t, "sync") == 0,
				Unheld:   rapid.IntRange(0, 3).Draw(t, "unheld") == 0,
				Lateness: rapid.SampledFrom([]int{0, 30}).Draw(t, "lateness"),
			})
		}
		for _, o := range s.Outputs {
			if o.Sync { // an error of Sync names no record, so that nobody could tell what was given up
				s.Policy.Elapsed = 0
			}
		}
		p.Sinks = append(p.Sinks, s)
	}
	return p
}

// joins says that branches meet. A batch comes through one branch after the
// other, so that its elements have no order among themselves there.
func (p plan) joins() bool {
	return slices.ContainsFunc(p.Nodes, func(n nodePlan) bool { return len(n.Inputs) > 1 })
}

// world is a plan at work.
type world struct {
	plan    plan
	l       *ledger
	graph   *Graph
	rt      *Runtime
	dead    *Node
	source  *planSource
	outputs []*planOutput
}

func build(p plan) *world {
	w := &world{plan: p, l: newLedger()}
	w.graph = &Graph{Workers: p.Workers, Order: p.Order, Limits: p.Limits, ShutdownTimeout: time.Minute}
	if p.Signal > 0 {
		w.graph.ShutdownTimeout = 100 * time.Millisecond // some of it is cut short
	}
	w.dead = &Node{Name: "dead", Role: RoleOutput, Policy: w.policy(policyPlan{Then: ThenSkip})}
	dead := &planOutput{w: w, node: w.dead, plan: outputPlan{Every: 3, Tries: 2}, letters: true}
	w.dead.Output = dead
	source := &Node{Name: "in", Role: RoleSource, Policy: w.policy(policyPlan{Then: ThenDeadLetter})}
	w.graph.Nodes = append(w.graph.Nodes, source)
	at := func(i int) *Node { return w.graph.Nodes[i+1] }
	for i, n := range p.Nodes {
		node := w.operator(n)
		node.Name = fmt.Sprintf("%s-%d", n.Kind, i)
		w.graph.Nodes = append(w.graph.Nodes, node)
		for port, input := range n.Inputs {
			w.graph.Connect(at(input), node, port)
		}
	}
	for i, s := range p.Sinks {
		from := at(s.Input)
		if !s.Bare {
			healing := &Node{Name: fmt.Sprintf("healing-%d", i), Role: RoleHealing, Policy: w.policy(s.Policy)}
			w.graph.Nodes = append(w.graph.Nodes, healing)
			w.graph.Connect(from, healing, 0)
			from = healing
		}
		for j, o := range s.Outputs {
			node := &Node{Name: fmt.Sprintf("out-%d-%d", i, j), Role: RoleOutput, Policy: w.policy(s.Policy), SyncInterval: 5 * time.Millisecond}
			output := &planOutput{w: w, node: node, plan: o, random: rand.New(rand.NewPCG(p.Seed, uint64(i*7+j)))}
			if node.Output = output; o.Sync {
				node.Output = &planSyncOutput{planOutput: output}
			}
			w.graph.Nodes = append(w.graph.Nodes, node)
			w.graph.Connect(from, node, 0)
			w.outputs = append(w.outputs, output)
		}
	}
	w.graph.Nodes = append(w.graph.Nodes, w.dead)
	w.source = &planSource{w: w, node: source}
	w.graph.Sources = []Source{w.source}
	return w
}

func (w *world) policy(p policyPlan) Policy {
	return Policy{
		Attempts: p.Attempts, MaxElapsed: p.Elapsed, Backoff: time.Millisecond, MaxBackoff: 8 * time.Millisecond,
		Then: p.Then, DeadLetter: w.dead,
	}
}

func (w *world) operator(p nodePlan) *Node {
	node := &Node{Role: RoleOperator, Policy: w.policy(p.Policy), Keyed: true}
	base := tally{l: w.l, node: node}
	hits := func(r *Record) bool { // deterministic, and the same for no two kinds
		ids := idsOf(r)
		return len(ids) > 0 && (ids[0].offset+int64(ids[0].partition))%(p.A+2) == p.B
	}
	again := func(r *Record) *Record {
		if r.Batch != nil {
			return NewJoined(&trace{ids: union(r)}, r)
		}
		return r.With(r.Value)
	}
	window := func(c *collect) {
		c.tally, c.keys, c.coarse = base, max(c.keys, 1), w.plan.joins()
		c.work = c.collect
		node.Operator, node.State = c, true
	}
	switch p.Kind {
	case "window":
		window(&collect{size: int(p.A)})
		return node
	case "timed":
		window(&collect{size: int(p.A) * 3, timeout: time.Duration(p.B+1) * time.Millisecond})
		return node
	case "keyed":
		window(&collect{size: int(p.A), keys: p.B + 1})
		return node
	case "pairs":
		window(&collect{slide: true})
		return node
	case "delay":
		window(&collect{delay: true, timeout: time.Duration(p.B+1) * time.Millisecond})
		return node
	}
	if p.Kind == "single" {
		node.Operator = &oneTally{tally: base, one: func(r *Record) (any, Fate, error) {
			switch {
			case !hits(r) && p.A%2 == 0 && r.Batch == nil:
				other := *r.Value.(*trace)
				return &other, Changed, nil
			case !hits(r):
				return nil, Passed, nil
			case p.B%3 == 0:
				return nil, Dropped, nil
			case p.B%3 == 1:
				panic("poison")
			}
			return nil, Dropped, errors.New("poison")
		}}
		return node
	}
	base.work = func(ctx context.Context, r *Record, out tallyOut) error {
		switch p.Kind {
		case "slow": // a few records take longer than a lane waits with others behind them
			if hits(r) {
				work(ctx, time.Duration(p.A)*time.Millisecond)
			}
			out.emit(r)
		case "pass":
			out.emit(r)
		case "map":
			out.emit(again(r))
		case "filter":
			if !hits(r) {
				out.emit(r)
			}
		case "twice":
			out.emit(again(r))
			out.emit(again(r))
		case "flatten":
			if r.Batch == nil {
				out.emit(r)
			}
			for _, element := range r.Batch {
				out.emit(element)
			}
		case "poison", "panic":
			if !hits(r) {
				out.emit(r)
				return nil
			}
			if p.B%2 == 0 {
				out.emit(r) // what was emitted before the error stays emitted
			}
			if p.Kind == "panic" {
				panic("poison")
			}
			return errors.New("poison")
		case "foreach":
			if r.Batch == nil {
				out.emit(r)
				return nil
			}
			var kept []*Record
			for _, element := range r.Batch {
				if hits(element) {
					out.fail(element, errors.New("poison"))
					continue
				}
				kept = append(kept, element)
			}
			out.emit(NewBatch(kept))
		case "sum":
			if len(r.Batch) == 0 {
				out.emit(r)
				return nil
			}
			out.emit(r.With(&trace{ids: union(r)}))
		}
		return nil
	}
	node.Operator = &base
	return node
}
