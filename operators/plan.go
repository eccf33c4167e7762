package operators

import (
	"cmp"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/expression"
)

// Scope is what expressions can reach beside their record. The zero Scope is
// the real clock, random identifiers and the process's environment.
type Scope struct {
	Now       func() time.Time
	UUID      func() string
	LookupEnv func(string) (string, bool)
	// InTurn makes operators that work on several elements at once take one after
	// another, so that the same input gives the same output every time.
	InTurn bool
	// Functions are further functions, for tests and benchmarks.
	Functions map[string]func(args ...any) (any, error)
	// Sampled are samples of the records of sources, by their names.
	Sampled map[string]*Sampled
}

// Plan is a pipeline whose expressions, decoders and encoders are compiled. It
// has touched nothing outside: lint makes a plan and stops there.
type Plan struct {
	pipeline *configs.Pipeline
	scope    expression.Options
	inTurn   bool
	problems configs.Diagnostics
	sampled  map[string]*Sampled
	// compiled are the expressions without errors, wrong all others.
	compiled map[*configs.Expression]*Expression
	wrong    map[*configs.Expression]*wrong
	unheard  int // while it is not 0, findings are not reported
	// failing counts the expressions that fail for every record; while onlyFailing
	// is set, only those are reported.
	failing     int
	onlyFailing bool

	operators map[*configs.Node]engine.Operator
	kinds     map[*configs.Node]Kind
	decoders  map[*configs.Node]func(*engine.Record) error
	generate  map[*configs.Node]func(index int64) (any, error)
	renders   map[*configs.Node]*rendering
	key       *Expression
}

// NewPlan compiles a pipeline that parsed without errors. What is wrong comes
// as diagnostics; a plan that has errors among them has no graph.
func NewPlan(pipeline *configs.Pipeline, scope Scope) (*Plan, configs.Diagnostics) {
	p := &Plan{
		pipeline: pipeline, inTurn: scope.InTurn, sampled: scope.Sampled,
		compiled: make(map[*configs.Expression]*Expression), wrong: make(map[*configs.Expression]*wrong),
		scope: expression.Options{
			Now: scope.Now, UUID: scope.UUID, LookupEnv: scope.LookupEnv, Functions: scope.Functions,
		},
		operators: make(map[*configs.Node]engine.Operator),
		kinds:     make(map[*configs.Node]Kind),
		decoders:  make(map[*configs.Node]func(*engine.Record) error),
		generate:  make(map[*configs.Node]func(int64) (any, error)),
		renders:   make(map[*configs.Node]*rendering),
	}
	if pipeline.Vars != nil {
		if vars, err := value.Decode(pipeline.Vars); err == nil {
			p.scope.Vars = vars
		}
	}
	p.key = p.expression(pipeline.Settings.Expression("key"))
	for _, n := range pipeline.Sources {
		p.source(n)
	}
	for _, n := range pipeline.Operators {
		if kind, ok := kindOf(n.Kind); ok {
			p.kinds[n] = kind
			p.operators[n] = kind.Build(&Builder{Node: n, plan: p})
		}
	}
	for _, n := range p.outputs() {
		p.output(n.node, n.sources)
	}
	p.flow()
	p.checks()
	p.problems = p.problems.Distinct()
	return p, p.problems
}

func (p *Plan) problem(d configs.Diagnostic) {
	d.Severity = configs.Error
	d.Width = max(d.Width, 1)
	p.problems = append(p.problems, d)
}

// source compiles a source's decoder.
func (p *Plan) source(n *configs.Node) {
	if codec := sourceCodec(n); codec != "" {
		p.decoders[n] = decoder(codec)
	}
	if n.Kind == "generate" {
		if e := p.expression(n.Values.Expression("value"), n.Variables("value")...); e != nil {
			p.generate[n] = e.runIndex
		}
	}
}

// sourceCodec is how a source's payloads are decoded; "" where they are values
// already.
func sourceCodec(n *configs.Node) string {
	switch n.Kind {
	case "generate", "values":
		return ""
	case "file", "stdin":
		if n.Common.Has("decode") {
			return n.Common.String("decode")
		}
		switch n.Values.String("format") {
		case "csv":
			return ""
		case "text":
			return codecText
		}
		return codecJSON
	}
	if codec := n.Common.String("decode"); codec != "" {
		return codec
	}
	return codecJSON
}

// placedOutput is an output and the sources whose records reach it.
type placedOutput struct {
	node    *configs.Node
	sink    *configs.Node
	sources []*configs.Node
	dead    bool // for dead letters
	report  bool // for what a healing sink reports
}

// outputs are all outputs of the pipeline: bare ones, those of healing sinks
// and their reports, and dead letters. A dead letter output comes once.
func (p *Plan) outputs() []placedOutput {
	var out []placedOutput
	for _, sink := range p.pipeline.Sinks {
		sources := sourcesOf(sink)
		if sink.Kind != "healing" {
			out = append(out, placedOutput{node: sink, sink: sink, sources: sources})
			continue
		}
		for _, to := range sink.Values.Outputs("to") {
			out = append(out, placedOutput{node: to, sink: sink, sources: sources})
		}
		for _, report := range sink.Values.Outputs("report") {
			// What a report says is ours, whatever the sources decode.
			out = append(out, placedOutput{node: report, sink: sink, report: true})
		}
	}
	seen := make(map[*configs.Node]bool)
	for _, onError := range p.policies() {
		if dead := onError.DeadLetter; dead != nil && !seen[dead] {
			seen[dead] = true
			out = append(out, placedOutput{node: dead, sources: p.pipeline.Sources, dead: true})
		}
	}
	return out
}

// policies are all `on_error:` of the pipeline.
func (p *Plan) policies() []*configs.OnError {
	var out []*configs.OnError
	if p.pipeline.OnError != nil {
		out = append(out, p.pipeline.OnError)
	}
	for _, nodes := range [][]*configs.Node{p.pipeline.Sources, p.pipeline.Operators, p.pipeline.Sinks} {
		for _, n := range nodes {
			if n.OnError != nil {
				out = append(out, n.OnError)
			}
		}
	}
	return out
}

// sourcesOf are the source nodes from which a node is reached, each once.
func sourcesOf(n *configs.Node) []*configs.Node {
	var out []*configs.Node
	seen := make(map[*configs.Node]bool)
	var visit func(*configs.Node)
	visit = func(n *configs.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Section == configs.SectionSource {
			out = append(out, n)
		}
		for _, input := range n.Reads() {
			visit(input.Node)
		}
	}
	visit(n)
	return out
}

// output compiles how an output's messages are made.
func (p *Plan) output(n *configs.Node, sources []*configs.Node) {
	r := &rendering{native: agreedCodec(sources)}
	switch n.Kind {
	case "file", "stdout":
		r.line = true
		r.codec = formatCodecs[n.Values.String("format")]
	default:
		r.codec = n.Values.String("encode")
	}
	r.codec = cmp.Or(r.codec, r.native, codecJSON)
	if r.line && r.codec == codecBytes {
		r.codec = codecJSON // bytes are no line: they are written as base64
	}
	if n.Values.Alternative("topic") {
		r.topicOf = p.expression(n.Values.Object("topic").Expression("expr"))
	} else {
		r.topic = n.Values.String("topic")
	}
	r.key = p.expression(n.Values.Expression("key"))
	for _, h := range n.Values.Map("headers") {
		if e := p.expression(h.Value.Expression()); e != nil {
			r.headers = append(r.headers, headerOf{name: h.Key, value: e})
		}
	}
	p.renders[n] = r
}

// formatCodecs are the codecs of the formats in which files have lines.
//
//nolint:gochecknoglobals // a constant table
var formatCodecs = map[string]string{"jsonl": codecJSON, "csv": codecCSV, "text": codecText}

// agreedCodec is the codec of all sources; "" when they differ. A source that
// brings values counts as JSON.
func agreedCodec(sources []*configs.Node) string {
	agreed := ""
	for _, n := range sources {
		codec := sourceCodec(n)
		if codec == "" {
			codec = codecJSON
		}
		if agreed == "" {
			agreed = codec
		}
		if agreed != codec {
			return ""
		}
	}
	return agreed
}
