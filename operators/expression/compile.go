package expression

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/parser/lexer"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// maxSource bounds an expression, in bytes, and with it the depth of its tree.
const maxSource = 64 << 10

// eval computes a part of an expression.
type eval func(f *frame) (any, error)

// node is a compiled part.
type node struct {
	run eval
	types.Type
	// fixed says that the result is the same for every record.
	fixed bool
	// path is set for fields of fields: one closure reads them all.
	path *path
	// isValue says that it is the variable value and nothing more.
	isValue bool
	// foreign says that it is, or hangs on, what another language has and this has
	// not: all of it is written otherwise here.
	foreign bool
	// against is set for a field of the value that is held against a constant.
	against against
}

// Compile compiles an expression. Its error is of type [Errors].
func Compile(source string, o Options) (p *Program, err error) {
	c := newCompiler(source, o)
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, Errors{{Line: 1, Width: 1, Message: fmt.Sprintf("internal error: %v", r)}}
		}
	}()
	tree := c.parse(source)
	if tree != nil {
		c.finish(c.node(tree))
	}
	if len(c.errors) > 0 {
		slices.SortStableFunc(c.errors, inOrder)
		return nil, c.errors
	}
	return c.program, nil
}

// compiler turns a tree into closures. After an error it goes on to find the
// others, and what it makes is never run: a part that is wrong may give anything
// from there on, so that what is above it is reported only where it is wrong
// whatever stands in that place.
type compiler struct {
	program    *Program
	lines      lines
	functions  map[string]*function
	predicates map[string]*predicate
	names      map[string]bool
	lets       []binding
	loops      []scope
	errors     Errors
	mistakes   int       // how many were found, also those that are not told
	check      *checking // nil when it compiles
}

// binding is a let variable in sight.
type binding struct {
	name string
	slot int
	node node
}

func newCompiler(source string, o Options) *compiler {
	o = withDefaults(o)
	c := &compiler{
		program:    &Program{options: o, reads: map[string]bool{}, calls: map[string]bool{}, fields: map[*path]bool{}},
		lines:      newLines(source),
		functions:  map[string]*function{},
		predicates: map[string]*predicate{},
		names:      map[string]bool{},
	}
	for _, fn := range functions() {
		c.functions[fn.name] = fn
	}
	for _, p := range predicates() {
		c.predicates[p.name] = &p
	}
	for name, call := range o.Functions {
		c.functions[name] = external(name, call)
	}
	for _, name := range o.Names {
		c.names[name] = true
	}
	c.program.whole = c.lines.place(file.Location{From: leadingSpace(source)})
	return c
}

func leadingSpace(source string) int {
	rest := strings.TrimLeft(source, " \t\r\n")
	return utf8.RuneCountInString(source) - utf8.RuneCountInString(rest)
}

func (c *compiler) finish(root node) {
	p := c.program
	p.run, p.kinds, p.against = root.run, root.Kinds, root.against
	p.valueOnly = true
	for name := range p.reads {
		p.valueOnly = p.valueOnly && (name == "value" || name == "vars")
	}
	if root.path != nil && root.path.ofValue {
		p.path = root.path.keys()
	}
	p.frames.New = func() any { return &frame{program: p, locals: make([]any, p.slots)} }
}

// parse checks the text, then has expr parse it.
func (c *compiler) parse(source string) ast.Node {
	start := file.Location{}
	switch {
	case len(source) > maxSource:
		c.fail(start, "the expression is longer than 64 KiB")
	case !utf8.ValidString(source):
		c.fail(start, "the expression is not UTF-8")
	case strings.TrimSpace(source) == "":
		c.fail(start, "the expression is empty")
	default:
		c.checkNumbers(source)
		c.checkDivision(source)
	}
	if c.mistakes > 0 {
		return nil
	}
	tree, err := parser.Parse(source)
	if err == nil {
		return tree.Node
	}
	var at *file.Error
	if errors.As(err, &at) {
		// The lexer points beyond the end at what is not closed.
		size := utf8.RuneCountInString(source)
		at.From, at.To = min(at.From, size-1), min(at.To, size)
		message, hint := syntax(at.Message, string([]rune(source)[:max(at.From, 0)]), string([]rune(source)[max(at.From, 0):]))
		c.failHint(at.Location, hint, "%s", message)
	} else {
		c.fail(start, "%v", err)
	}
	return nil
}

// checkNumbers refuses number literals that do not fit, at their own place;
// expr's parser reports the token after them.
func (c *compiler) checkNumbers(source string) {
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil {
		return // the parser says it better
	}
	for _, t := range tokens {
		if t.Kind != lexer.Number {
			continue
		}
		text := strings.ReplaceAll(t.Value, "_", "")
		hex := len(text) > 1 && (text[1] == 'x' || text[1] == 'X')
		if !hex && strings.ContainsAny(text, ".eE") {
			_, err = strconv.ParseFloat(text, 64)
		} else if base := 10; true {
			if len(text) > 1 && strings.ContainsAny(text[1:2], "xXoObB") {
				base = 0
			}
			_, err = strconv.ParseInt(text, base, 64)
		}
		if errors.Is(err, strconv.ErrRange) {
			c.failHint(t.Location, "integers have 64 bits, floats go up to 1.8e308; the smallest integer is written -9223372036854775807 - 1",
				"the number %s is too big", clip(t.Value))
		} else if err != nil {
			c.fail(t.Location, "%s is not a number", clip(t.Value))
		}
	}
}

func (c *compiler) place(n ast.Node) place { return c.lines.place(n.Location()) }

// slot reserves a place in the frame's locals.
func (c *compiler) slot() int {
	c.program.slots++
	return c.program.slots - 1
}

// constant is a node that always gives v.
func constant(v any) node {
	return node{run: func(*frame) (any, error) { return v, nil }, Type: types.Of(types.KindOf(v)), fixed: true}
}

// fold computes a part that is the same for every record, now. Where that fails
// it is left for the run: the error is then the record's.
func (c *compiler) fold(n node) node {
	if !n.fixed {
		return n
	}
	f := &frame{program: c.program, budget: maxWork / 64}
	v, err := n.run(f)
	if err != nil {
		if c.check != nil {
			c.failsAlways(f, err)
			n.fixed = false
		}
		return n
	}
	folded := c.constant(v)
	if c.check != nil {
		folded.Type = folded.AnyText() // vars may say something else elsewhere
	}
	return folded
}

// constant is a node that always gives v, of which a check wants to know more.
func (c *compiler) constant(v any) node {
	n := constant(v)
	if c.check != nil {
		n.Type = types.Exactly(v)
	}
	return n
}

// literal is the value of a fixed node, if it has one.
func (c *compiler) literal(n node) (any, bool) {
	if !n.fixed {
		return nil, false
	}
	v, err := n.run(&frame{program: c.program, budget: maxWork / 64})
	return v, err == nil
}

// node compiles any part of the tree. Where something is wrong in it, it is not
// computed, and what is above it need not say so again.
func (c *compiler) node(n ast.Node) node {
	before := c.mistakes
	part, folds := c.part(n)
	switch {
	case c.mistakes > before:
		part.fixed = false
	case folds:
		part = c.fold(part)
	}
	if part.Empty() {
		part.Type = types.Any()
	}
	return part
}

// part compiles a part, and says whether it can be computed now if it is fixed.
func (c *compiler) part(n ast.Node) (part node, folds bool) {
	switch n := n.(type) {
	case *ast.NilNode:
		return constant(nil), false
	case *ast.BoolNode:
		return c.constant(n.Value), false
	case *ast.IntegerNode:
		return constant(int64(n.Value)), false
	case *ast.FloatNode:
		return c.constant(n.Value), false
	case *ast.StringNode:
		return c.text(n), false
	case *ast.BytesNode:
		return c.constant(n.Value), false
	case *ast.IdentifierNode:
		return c.identifier(n), false
	case *ast.UnaryNode:
		return c.unary(n), true
	case *ast.BinaryNode:
		return c.binary(n), true
	case *ast.ChainNode, *ast.MemberNode, *ast.SliceNode:
		return c.access(n), true
	case *ast.CallNode:
		return c.call(n), true
	case *ast.BuiltinNode:
		return c.builtin(n), true
	case *ast.PointerNode:
		return c.pointer(n), false
	case *ast.VariableDeclaratorNode:
		return c.let(n), false
	case *ast.SequenceNode:
		return c.sequence(n), false
	case *ast.ConditionalNode:
		return c.conditional(n), false
	case *ast.ArrayNode:
		return c.array(n), true
	case *ast.MapNode:
		return c.object(n), true
	}
	c.fail(n.Location(), "this is not supported here")
	return broken(), false
}

func (c *compiler) text(n *ast.StringNode) node {
	if !utf8.ValidString(n.Value) {
		c.failHint(n.Location(), `write b"…" for bytes`, "the string is not UTF-8")
	}
	return c.constant(n.Value)
}

// clip shortens a text for a message.
func clip(s string) string {
	const limit = 60
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit]) + "…"
}

// written is an operand as it stands in the source, for a message.
func written(n ast.Node) string { return clip(n.String()) }

// truth reads a condition.
func (c *compiler) truth(n ast.Node, of string) func(f *frame) (bool, error) {
	cond := c.node(n)
	if c.never(cond.Kinds, isBool) {
		c.fail(n.Location(), "%s needs a boolean, got %s", of, cond.Kinds)
	}
	at := c.place(n)
	return func(f *frame) (bool, error) {
		v, err := cond.run(f)
		if err != nil {
			return false, err
		}
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return false, at.errorf("%s needs a boolean, got %s", of, value.Kind(v))
	}
}
