package operators

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// OutputRequest is an output to be made.
type OutputRequest struct {
	Node *configs.Node
	// Name is the output's name in the graph, Sink that of the sink whose
	// records it writes ("" for dead letters and reports).
	Name, Sink string
	Render     engine.Render
	// Codec is how Render encodes values: json, text, bytes or csv.
	Codec string
	// Sources are the source nodes whose records reach it.
	Sources []*configs.Node
	// DeadLetter and Report say what the output is for, beside records.
	DeadLetter, Report bool
}

// Connectors make what touches the world outside.
type Connectors struct {
	// Sources makes the sources of all source nodes; settings are by node name.
	Sources func(nodes []*configs.Node, settings map[string]SourceSettings) ([]engine.Source, error)
	Output  func(OutputRequest) (engine.Output, error)
	// Unwritten makes an output for healing sinks without one; nil is none.
	// A dry run shows there what would be healed.
	Unwritten func(OutputRequest) (engine.Output, error)
}

// Graph connects a plan without errors.
func (p *Plan) Graph(c Connectors) (*engine.Graph, error) {
	b := &graphBuilder{
		plan: p, connectors: c,
		graph: &engine.Graph{Name: p.pipeline.Name},
		nodes: make(map[*configs.Node]*engine.Node),
		dead:  make(map[*configs.Node]*engine.Node),
	}
	p.settings(b.graph)
	if err := b.build(); err != nil {
		return nil, err
	}
	return b.graph, nil
}

// settings copies the pipeline's own keys.
func (p *Plan) settings(g *engine.Graph) {
	s := p.pipeline.Settings
	g.Workers = runtime.NumCPU()
	if s.Has("workers") {
		g.Workers = int(s.Int("workers"))
	}
	switch s.String("order") {
	case "key":
		g.Order = engine.OrderKey
	case "none":
		g.Order = engine.OrderNone
	}
	if p.key != nil {
		g.Key = func(r *engine.Record) (string, bool, error) {
			v, err := p.key.Run(r)
			if err != nil || v == nil {
				return "", false, err
			}
			text, err := value.AppendCanonical(nil, v)
			return string(text), err == nil, err
		}
	}
	if s.Alternative("max_in_flight") {
		limits := s.Object("max_in_flight")
		g.Limits.Records, g.Limits.Bytes = limits.Int("records"), limits.Size("bytes")
	} else {
		g.Limits.Records = s.Int("max_in_flight")
	}
	g.Limits.Ahead = s.Int("max_ahead")
	g.ShutdownTimeout = s.Duration("shutdown_timeout")
	supervise := s.Object("supervise")
	g.StallAfter = supervise.Duration("stall_after")
	g.Supervise = engine.Supervise{
		OnError: supervise.Bool("on_error"), NoCommit: supervise.Duration("no_commit"), NoPoll: supervise.Duration("no_poll"),
		MaxUptime: supervise.Duration("max_uptime"), MaxCommits: supervise.Int("max_commits"),
	}
}

type graphBuilder struct {
	plan       *Plan
	connectors Connectors
	graph      *engine.Graph
	nodes      map[*configs.Node]*engine.Node
	dead       map[*configs.Node]*engine.Node
}

func (b *graphBuilder) build() error {
	p := b.plan.pipeline
	for _, n := range p.Sources {
		b.add(n, &engine.Node{Role: engine.RoleSource, Decode: b.plan.decoding(n)})
	}
	for _, n := range inOrder(p.Operators) {
		kind := b.plan.kinds[n]
		if m, ok := b.plan.operators[n].(*mapOperator); ok && !b.plan.held(n) {
			m.tree.borrow()
		}
		b.add(n, &engine.Node{
			Role: engine.RoleOperator, Operator: b.plan.operators[n], State: kind.State,
			Keyed: kind.Key != "" && n.Values.Has(kind.Key), Branches: n.Branches(),
		})
	}
	for _, n := range p.Sinks {
		if err := b.sink(n); err != nil {
			return err
		}
	}
	for _, nodes := range [][]*configs.Node{p.Operators, p.Sinks} {
		for _, n := range nodes {
			b.connect(n)
		}
	}
	for _, nodes := range [][]*configs.Node{p.Sources, p.Operators, p.Sinks} {
		for _, n := range nodes {
			if err := b.policy(n); err != nil {
				return err
			}
		}
	}
	sources, err := b.connectors.Sources(p.Sources, b.plan.sourceSettings())
	if err != nil {
		return err
	}
	b.graph.Sources = sources
	return nil
}

// connect adds the edges to a node: those of its inputs, then those of what a
// field names as one more.
func (b *graphBuilder) connect(n *configs.Node) {
	inputs := n.InputList()
	if field := b.plan.kinds[n].Signal; field != "" {
		inputs = append(inputs, n.Values.Item(field).Inputs()...)
	}
	for port, in := range inputs {
		if in.Branch == "" {
			b.graph.Connect(b.nodes[in.Node], b.nodes[n], port)
			continue
		}
		branch := slices.Index(in.Node.Branches(), in.Branch) + 1
		b.graph.ConnectBranch(b.nodes[in.Node], branch, b.nodes[n], port)
	}
}

func (b *graphBuilder) add(n *configs.Node, node *engine.Node) *engine.Node {
	node.Name, node.Kind, node.Where = n.Name, n.Kind, n.KindPos.String()
	node.Inspect = n.Common.Bool("inspect")
	b.nodes[n] = node
	b.graph.Nodes = append(b.graph.Nodes, node)
	return node
}

// sink adds a sink and, of a healing sink, its outputs as nodes behind it.
func (b *graphBuilder) sink(n *configs.Node) error {
	if n.Kind != "healing" {
		output, err := b.connectors.Output(OutputRequest{
			Node: n, Name: n.Name, Sink: n.Name, Sources: sourcesOf(n),
			Render: b.plan.renders[n].render, Codec: b.plan.renders[n].codec,
		})
		if err != nil {
			return err
		}
		b.add(n, &engine.Node{Role: engine.RoleOutput, Output: output, Sink: n.Name, SyncInterval: time.Second})
		return nil
	}
	healing := b.add(n, &engine.Node{Role: engine.RoleHealing, ReportAtOnce: b.plan.reportsAtOnce(n)})
	outputs := n.Values.Outputs("to")
	for i, to := range outputs {
		name := n.Name + "/" + to.Kind
		if len(outputs) > 1 {
			name = fmt.Sprintf("%s-%d", name, i+1)
		}
		output, err := b.output(OutputRequest{Node: to, Name: ownName(to, name), Sink: n.Name, Sources: sourcesOf(n)}, n)
		if err != nil {
			return err
		}
		b.graph.Connect(healing, output, 0)
	}
	if len(outputs) == 0 && b.connectors.Unwritten != nil {
		codec := cmp.Or(agreedCodec(sourcesOf(n)), codecJSON)
		made, err := b.connectors.Unwritten(OutputRequest{Node: n, Name: n.Name, Sink: n.Name, Render: renderUnwritten(codec), Codec: codec})
		if err != nil {
			return err
		}
		output := &engine.Node{Name: n.Name, Kind: "healing", Where: n.KindPos.String(), Role: engine.RoleOutput, Output: made, Sink: n.Name}
		b.graph.Nodes = append(b.graph.Nodes, output)
		b.graph.Connect(healing, output, 0)
	}
	for _, report := range n.Values.Outputs("report") {
		output, err := b.output(OutputRequest{Node: report, Name: ownName(report, n.Name+"/report"), Sources: sourcesOf(n), Report: true}, n)
		if err != nil {
			return err
		}
		if output != nil {
			healing.Report = output
		}
	}
	return nil
}

// renderUnwritten shows what reaches a healing sink that writes nothing. Nothing
// can be refused there, so that a value that an operator made is JSON, whatever
// the sources decode.
func renderUnwritten(codec string) engine.Render {
	intact, made := &rendering{codec: codec}, &rendering{codec: codecJSON}
	return func(r *engine.Record) (engine.Message, error) {
		if r.Intact {
			return intact.render(r)
		}
		return made.render(r)
	}
}

// ownName is what a nested output is called: by the file, or else by its place.
func ownName(n *configs.Node, byPlace string) string {
	if n.Named() {
		return n.Name
	}
	return byPlace
}

// output adds a nested output as a node of its own.
func (b *graphBuilder) output(request OutputRequest, sink *configs.Node) (*engine.Node, error) {
	rendering := b.plan.renders[request.Node]
	request.Render, request.Codec = rendering.render, rendering.codec
	made, err := b.connectors.Output(request)
	if err != nil {
		return nil, err
	}
	node := &engine.Node{
		Name: request.Name, Kind: request.Node.Kind, Where: request.Node.KindPos.String(),
		Role: engine.RoleOutput, Output: made, Sink: request.Sink, SyncInterval: time.Second,
		Policy: engine.DefaultPolicy(),
	}
	if sink != nil {
		node.SyncInterval = sink.Values.Duration("interval")
	}
	b.graph.Nodes = append(b.graph.Nodes, node)
	return node, nil
}

// policy sets what is done about errors at a node, and at the outputs of a sink.
func (b *graphBuilder) policy(n *configs.Node) error {
	policy := engine.DefaultPolicy()
	for _, onError := range []*configs.OnError{b.plan.pipeline.OnError, n.OnError} {
		if err := b.apply(&policy, onError); err != nil {
			return err
		}
	}
	node := b.nodes[n]
	node.Policy = policy
	for _, output := range node.Successors() {
		if n.Kind == "healing" {
			output.Policy = policy
		}
	}
	return nil
}

// apply lets an `on_error:` override what it says itself.
func (b *graphBuilder) apply(policy *engine.Policy, onError *configs.OnError) error {
	if onError == nil {
		return nil
	}
	retry := onError.Values.Object("retry")
	if retry.Has("attempts") {
		policy.Attempts = int(retry.Int("attempts"))
	}
	if retry.Has("backoff") {
		policy.Backoff = retry.Duration("backoff")
	}
	if retry.Has("max_backoff") {
		policy.MaxBackoff = retry.Duration("max_backoff")
	}
	if retry.Has("max_elapsed") {
		policy.MaxElapsed = retry.Duration("max_elapsed")
	}
	if onError.Values.Has("then") {
		switch onError.Values.String("then") {
		case "halt":
			policy.Then = engine.ThenHalt
		case "dead_letter":
			policy.Then = engine.ThenDeadLetter
		case "skip":
			policy.Then = engine.ThenSkip
		}
	}
	if onError.DeadLetter == nil {
		return nil
	}
	dead := b.dead[onError.DeadLetter]
	if dead == nil {
		name := "dead_letter"
		if len(b.dead) > 0 {
			name = fmt.Sprintf("dead_letter-%d", len(b.dead)+1)
		}
		var err error
		dead, err = b.output(OutputRequest{
			Node: onError.DeadLetter, Name: ownName(onError.DeadLetter, name), Sources: b.plan.pipeline.Sources, DeadLetter: true,
		}, nil)
		if err != nil {
			return err
		}
		limits := onError.DeadLetter.Common
		dead.StopRule = engine.StopRule{Max: limits.Int("max"), Window: limits.Int("window")}
		b.dead[onError.DeadLetter] = dead
	}
	policy.DeadLetter = dead
	return nil
}

// inOrder sorts operators so that each stands behind its inputs.
func inOrder(nodes []*configs.Node) []*configs.Node {
	var out []*configs.Node
	seen := make(map[*configs.Node]bool)
	var visit func(*configs.Node)
	visit = func(n *configs.Node) {
		if seen[n] || n.Section != configs.SectionOperator {
			return
		}
		seen[n] = true
		for _, input := range n.Reads() {
			visit(input.Node)
		}
		out = append(out, n)
	}
	for _, n := range nodes {
		visit(n)
	}
	return out
}
