//go:build browser

package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"waterhealer/observe"
)

// drawn is a pipeline in a state that is hard to bring a real one into.
type drawn struct {
	state atomic.Pointer[func() *observe.Status]
	quiet bool // no history yet
}

func (d *drawn) set(state func() *observe.Status) { d.state.Store(&state) }

func (d *drawn) Status() *observe.Status {
	s := (*d.state.Load())()
	s.At = time.Now().UTC()
	return s
}

func (d *drawn) History() []observe.Point {
	var points []observe.Point
	for i := 180; i > 0 && !d.quiet; i-- {
		wave := math.Sin(float64(i) / 9)
		points = append(points, observe.Point{
			At: time.Now().Add(time.Duration(-i) * 5 * time.Second), In: 12_000 + 3_000*wave, Out: 5_900 + 1_500*wave,
			Lag: int64(40_000 + 30_000*wave), InFlight: int64(900 + 400*wave),
		})
	}
	return points
}

func (*drawn) Config() string {
	return "name: orders\nsources:\n  - kafka: {brokers: [localhost:9092], sasl: {username: me, password: ***}}\n"
}

func (*drawn) Tap(ctx context.Context, node, _ string, _ int) (<-chan observe.Sample, error) {
	out := make(chan observe.Sample)
	go func() {
		defer close(out)
		for i := range 12 {
			key := fmt.Sprintf("customer-%d", i)
			sample := observe.Sample{
				EmitID: fmt.Sprintf("orders/1/%d", 1234+i), At: time.Now(), Node: node, Topic: "orders", Partition: 1, Offset: int64(1234 + i), Key: &key,
				Value: json.RawMessage(`{"id":"o-` + key + `","amount":12.50,"items":[{"sku":"s-1","n":2}],"note":"an order like any other"}`),
			}
			select {
			case out <- sample:
			case <-ctx.Done():
				return
			}
		}
		<-ctx.Done()
	}()
	return out, nil
}

func ago(d time.Duration) time.Time { return time.Now().Add(-d).UTC() }

// healthy is a pipeline with everything in it that a page shows, and nothing wrong.
func healthy() *observe.Status {
	s := &observe.Status{
		Pipeline: "orders", Version: "1.4.0", Run: "a", Started: ago(26 * time.Hour), State: observe.StateRunning,
		Health: observe.Health{Live: true, Ready: true, Problems: []observe.Problem{}},
		Totals: observe.Totals{In: 1_123_456_789, Out: 561_000_123, Dropped: 562_000_000, Commits: 93_600, InFlight: 845, Lag: 8_312},
		Rates:  observe.Rates{In: 12_371.7, Out: 6_123},
		Nodes: []observe.Node{
			{Name: "orders", Kind: "kafka", Role: observe.RoleSource, Where: "orders.yaml:6:5", Detail: "orders, group billing", In: 1_123_456_789, Out: 1_123_456_789, InRate: 12_371.7, OutRate: 12_371.7, Seconds: 4.5e-7},
			{Name: "filter-1", Kind: "filter", Role: observe.RoleOperator, Where: "orders.yaml:12:5", Detail: `value.status == "paid"`, In: 1_123_456_789, Out: 561_456_789, Dropped: 562_000_000, InRate: 12_371.7, OutRate: 6_123, Seconds: 1.2e-7, Queue: 312},
			{Name: "map-1", Kind: "map", Role: observe.RoleOperator, Where: "orders.yaml:13:5", Detail: "id, customer, amount", In: 561_456_789, Out: 561_456_789, InRate: 6_123, OutRate: 6_123, Seconds: 2.3e-6},
			{Name: "partition-1", Kind: "partition", Role: observe.RoleOperator, Where: "orders.yaml:14:5", Detail: "size 50, timeout 2s", State: true, In: 561_456_789, Out: 561_456_750, InRate: 6_123, OutRate: 6_123, Held: 39, Seconds: 8e-7},
			{Name: "billing", Kind: "healing", Role: observe.RoleSink, Where: "orders.yaml:17:5", Heals: true, In: 561_456_750, Out: 561_456_750, InRate: 6_123, OutRate: 6_123},
			{Name: "billing/kafka", Kind: "kafka", Role: observe.RoleOutput, Sink: "billing", Where: "orders.yaml:19:9", Detail: "bills", In: 561_456_750, Out: 561_000_123, InRate: 6_123, OutRate: 6_123, Seconds: .0032},
			{Name: "dead_letter", Kind: "kafka", Role: observe.RoleOutput, Aside: "dead_letter", Where: "orders.yaml:24:3", Detail: "orders.dead"},
		},
		Edges: []observe.Edge{
			{From: "orders", To: "filter-1"}, {From: "filter-1", To: "map-1"}, {From: "map-1", To: "partition-1"},
			{From: "partition-1", To: "billing"}, {From: "billing", To: "billing/kafka"},
		},
		Groups:   []observe.Group{{Name: "billing", Sources: []string{"orders"}, Topics: []string{"orders"}, Joined: true, Generation: 4, Rebalances: 2, Commits: 93_600, LastCommit: ago(300 * time.Millisecond)}},
		Stuck:    []observe.Stuck{},
		Failures: []observe.Failure{},
	}
	for _, from := range []string{"filter-1", "map-1", "billing/kafka"} {
		s.Edges = append(s.Edges, observe.Edge{From: from, To: "dead_letter", Aside: "dead_letter"})
	}
	for p := range int32(6) {
		s.Partitions = append(s.Partitions, moving("orders", p))
	}
	return s
}

// moving is a partition that makes progress.
func moving(topic string, number int32) observe.Partition {
	at := int64(187_000_000) + int64(number)*1234
	p := observe.Partition{
		Source: "orders", Topic: topic, Partition: number, Committed: at, Watermark: at + 60, Position: at + 200, End: at + 1_300 + int64(number)*90,
		InFlight: 90, Holes: 50, Finished: [][2]int64{{at + 90, at + 130}, {at + 150, at + 160}}, OldestSeconds: .012,
		Head: &observe.Head{EmitID: fmt.Sprintf("%s/%d/%d", topic, number, at+60), Offset: at + 60, Seconds: .012},
	}
	p.Lag = p.End - p.Committed
	return p
}

// stuck has a record that a broken output refuses again and again, and some that
// have failed for good.
func stuck() *observe.Status {
	s := healthy()
	s.Health = observe.Health{Live: true, Problems: []observe.Problem{{Code: observe.ProblemStalled, Text: "billing/kafka: orders/2/187002468 waits for a try", Node: "billing/kafka", Since: ago(72 * time.Second)}}}
	s.Totals.Failed, s.Totals.DeadLetters, s.Totals.Retried, s.Totals.Skipped, s.Totals.Lag = 3, 2, 17, 1, 1_234_567
	out := &s.Nodes[5]
	out.Errors, out.Retried, out.Queue = "kafka server: Message was too large, server rejected it to avoid allocation error", 17, 400
	s.Nodes[2].Failed, s.Nodes[2].Skipped = 2, 1
	s.Nodes[6].DeadLetters, s.Nodes[6].In, s.Nodes[6].Out = 2, 2, 2
	p := &s.Partitions[2]
	p.Committed, p.Watermark = 187_002_468, 187_002_468
	p.Position, p.End, p.Lag, p.InFlight, p.Full, p.Holes = p.Watermark+12_000, p.Watermark+1_226_000, 1_226_000, 10_000, true, 2_000
	p.Finished = nil
	for i := int64(1); i < 40; i += 2 {
		p.Finished = append(p.Finished, [2]int64{p.Watermark + i*100, p.Watermark + i*100 + 100})
	}
	p.OldestSeconds = 72
	p.Head = &observe.Head{
		EmitID: "orders/2/187002468", Offset: p.Watermark, Seconds: 72, Node: "billing/kafka", Doing: "waits for a try",
		Error: out.Errors, Attempts: 17, NextTry: time.Now().Add(8 * time.Second).UTC(),
	}
	s.Stuck = []observe.Stuck{{Node: "billing/kafka", Where: "orders.yaml:19:9", Doing: "waits for a try", Topic: "orders", Partition: 2, Offset: p.Watermark, Since: ago(72 * time.Second), Error: out.Errors}}
	key := "customer-17"
	s.Failures = []observe.Failure{
		{EmitID: "orders/1/187001300", At: ago(9 * time.Second), Node: "map-1", Where: "orders.yaml:13:5", Source: "orders", Topic: "orders", Partition: 1, Offset: 187_001_300, Attempts: 1, Error: `orders.yaml:13:22: value.customer.id: there is no "customer" in the value`, Then: "dead_letter",
			Key: &key, Value: json.RawMessage(`{"id":"o-1","amount":12.50,"items":[{"sku":"s-1","n":2}]}`), Headers: map[string]string{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "origin": "shop"}},
		{EmitID: "orders/4/187004999", At: ago(95 * time.Second), Node: "map-1", Where: "orders.yaml:13:5", Source: "orders", Topic: "orders", Partition: 4, Offset: 187_004_999, Attempts: 1, Error: `orders.yaml:13:22: value.amount is "many", must be a number`, Then: "dead_letter"},
		{EmitID: "orders/0/186990001", At: ago(40 * time.Minute), Node: "billing/kafka", Where: "orders.yaml:19:9", Source: "orders", Topic: "orders", Partition: 0, Offset: 186_990_001, Attempts: 5, Error: "kafka server: the record is invalid", Then: "skip"},
	}
	return s
}

func halted() *observe.Status {
	s := stuck()
	s.State = observe.StateStopping
	s.Reason = `halted: orders/1/187001300: map-1 (orders.yaml:13:5): there is no "customer" in the value`
	s.Health = observe.Health{Problems: []observe.Problem{{Code: observe.ProblemHalted, Text: s.Reason, Node: "map-1", Since: ago(4 * time.Second)}}}
	return s
}

func brokersAway() *observe.Status {
	s := healthy()
	s.Rates = observe.Rates{}
	for i := range s.Nodes {
		s.Nodes[i].InRate, s.Nodes[i].OutRate, s.Nodes[i].Seconds = 0, 0, 0
	}
	s.Nodes[0].Errors = "kafka: client has run out of available brokers to talk to: dial tcp 127.0.0.1:9092: connect: connection refused"
	s.Groups[0].Joined, s.Groups[0].Error = false, s.Nodes[0].Errors
	s.Health = observe.Health{Live: true, Problems: []observe.Problem{
		{Code: observe.ProblemBrokersAway, Text: "no broker of orders answers (localhost:9092): dial tcp 127.0.0.1:9092: connect: connection refused", Node: "orders", Since: ago(3 * time.Minute)},
		{Code: observe.ProblemNotJoined, Text: "not a member of the group billing", Node: "orders", Since: ago(170 * time.Second)},
	}}
	return s
}

func manyPartitions() *observe.Status {
	s := stuck()
	for p := int32(6); p < 64; p++ {
		s.Partitions = append(s.Partitions, moving("orders", p))
	}
	return s
}

// manyNodes is a wide and deep graph, with a switch and long names.
func manyNodes() *observe.Status {
	s := healthy()
	node := func(name, kind, role string) {
		s.Nodes = append(s.Nodes, observe.Node{Name: name, Kind: kind, Role: role, Where: "wide.yaml:3:3", Detail: "value.a.rather.long.expression + that.goes(on)", In: 1e9, Out: 1e9, InRate: 1234, OutRate: 1200, Seconds: 1e-5})
	}
	edge := func(from, to string, branch int) {
		s.Edges = append(s.Edges, observe.Edge{From: from, To: to, Branch: branch})
	}
	s.Nodes, s.Edges = nil, nil
	s.Pipeline = "a-pipeline-with-a-name-that-is-far-longer-than-anybody-should-give-one"
	node("europe", "kafka", observe.RoleSource)
	node("asia", "kafka", observe.RoleSource)
	node("switch-1", "switch", observe.RoleOperator)
	edge("europe", "switch-1", 0)
	edge("asia", "switch-1", 0)
	for i := range 6 {
		check := fmt.Sprintf("check-number-%d-with-a-very-long-name-indeed", i)
		enrich := fmt.Sprintf("enrich-%d", i)
		node(check, "filter", observe.RoleOperator)
		node(enrich, "map", observe.RoleOperator)
		edge("switch-1", check, i+1)
		edge(check, enrich, 0)
	}
	node("union-1", "union", observe.RoleOperator)
	for i := range 6 {
		edge(fmt.Sprintf("enrich-%d", i), "union-1", 0)
	}
	node("heal", "healing", observe.RoleSink)
	node("heal/kafka", "kafka", observe.RoleOutput)
	node("heal/file", "file", observe.RoleOutput)
	edge("union-1", "heal", 0)
	edge("heal", "heal/kafka", 0)
	edge("heal", "heal/file", 0)
	s.Partitions = nil
	for p := range int32(3) {
		s.Partitions = append(s.Partitions, moving("a.topic.with.a.name.that.is.far.longer.than.anybody.should.give.one.but.some.do", p))
	}
	return s
}

// noRecords is a pipeline that has only just begun.
func noRecords() *observe.Status {
	s := healthy()
	s.Started, s.State = ago(2*time.Second), observe.StateStarting
	s.Totals, s.Rates = observe.Totals{Lag: -1}, observe.Rates{}
	s.Health = observe.Health{Live: true, Problems: []observe.Problem{{Code: observe.ProblemStarting, Text: "the sources are joining their groups", Since: s.Started}}}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		*n = observe.Node{Name: n.Name, Kind: n.Kind, Role: n.Role, Where: n.Where, Detail: n.Detail, State: n.State, Heals: n.Heals, Aside: n.Aside, Sink: n.Sink}
	}
	s.Groups = []observe.Group{{Name: "billing"}}
	s.Partitions = []observe.Partition{}
	return s
}
