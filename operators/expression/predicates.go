package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// predicates are the functions that compute an expression for each item of a
// list. In it # is the item, .x its field, #index its number from 0.
func predicates() []predicate {
	return []predicate{
		{name: "all", signature: "all(list, predicate)", doc: "Whether the predicate holds for every item.",
			examples: []string{`all([1, 2], # > 0)`, `all([], # > 0)`}, needs: 2, gives: isBool, truth: true, start: startTests(true)},
		{name: "any", signature: "any(list, predicate)", doc: "Whether the predicate holds for an item.",
			examples: []string{`any([1, 2], # > 1)`, `not any([], true)`}, needs: 2, gives: isBool, truth: true, start: startTests(false)},
		{name: "none", signature: "none(list, predicate)", doc: "Whether the predicate holds for no item.",
			examples: []string{`none([1, 2], # > 2)`}, needs: 2, gives: isBool, truth: true, start: startNone},
		{name: "one", signature: "one(list, predicate)", doc: "Whether the predicate holds for exactly one item.",
			examples: []string{`one([1, 2], # > 1)`}, needs: 2, gives: isBool, truth: true, start: startOne},
		{name: "filter", signature: "filter(list, predicate)", doc: "The items for which the predicate holds.",
			examples: []string{`filter([1, 2, 3], # > 1) == [2, 3]`, `filter([{"a": 1}, {"a": 2}], .a > 1) == [{"a": 2}]`}, needs: 2, gives: isList, truth: true, start: startFilter},
		{name: "map", signature: "map(list, expression)", doc: "What the expression gives for each item.",
			examples: []string{`map([1, 2], # * 2) == [2, 4]`, `map([{"a": 1}], .a) == [1]`, `map(["a", "b"], #index) == [0, 1]`}, needs: 2, gives: isList, start: startMap},
		{name: "find", signature: "find(list, predicate)", doc: "The first item for which the predicate holds; nil if there is none.",
			examples: []string{`find([1, 2, 3], # > 1) == 2`}, needs: 2, gives: anything, truth: true, start: startFind},
		{name: "findIndex", signature: "findIndex(list, predicate)", doc: "The number of the first item for which the predicate holds; nil if there is none.",
			examples: []string{`findIndex([1, 2, 3], # > 1) == 1`}, needs: 2, gives: isInt | isNil, truth: true, start: startFindIndex},
		{name: "findLast", signature: "findLast(list, predicate)", doc: "The last item for which the predicate holds; nil if there is none.",
			examples: []string{`findLast([1, 2, 3], # > 1) == 3`}, needs: 2, gives: anything, truth: true, backwards: true, start: startFind},
		{name: "findLastIndex", signature: "findLastIndex(list, predicate)", doc: "The number of the last item for which the predicate holds; nil if there is none.",
			examples: []string{`findLastIndex([1, 2, 3], # > 1) == 2`}, needs: 2, gives: isInt | isNil, truth: true, backwards: true, start: startFindIndex},
		{name: "count", signature: "count(list[, predicate])", doc: "How many items the predicate holds for, or how many are true.",
			examples: []string{`count([1, 2, 3], # > 1) == 2`, `count([true, false, true]) == 2`}, needs: 1, gives: isInt, truth: true, start: startCount},
		{name: "sum", signature: "sum(list[, expression])", doc: "The sum of the items, or of what the expression gives for them: an integer while all are integers, 0 if there are none.",
			examples: []string{`sum([1, 2, 3]) == 6`, `sum([{"a": 1.5}, {"a": 2}], .a) == 3.5`, `sum([]) == 0`}, needs: 1, gives: isNumber, start: startSum},
		{name: "groupBy", signature: "groupBy(list, expression)", doc: "An object with a list of items for each result of the expression, in order of appearance. The results are strings, or numbers or booleans whose text becomes the name.",
			examples: []string{`groupBy([1, 2, 3], # % 2 == 0 ? "even" : "odd") == {"odd": [1, 3], "even": [2]}`}, needs: 2, gives: isObject, start: startGroup},
		{name: "sortBy", signature: `sortBy(list, expression[, "asc" or "desc"])`, doc: "The items in the order of what the expression gives for them. Equal ones keep their order.",
			examples: []string{`sortBy([{"a": 2}, {"a": 1}], .a) == [{"a": 1}, {"a": 2}]`, `sortBy(["b", "ccc"], len(#), "desc") == ["ccc", "b"]`}, needs: 2, gives: isList, start: startSort},
		{name: "reduce", signature: "reduce(list, expression[, start])", doc: "Computes the expression for each item, with #acc its last result: the start at first, or else the first item.",
			examples: []string{`reduce([1, 2, 3], #acc + #) == 6`, `reduce([1, 2], #acc + string(#), "") == "12"`}, needs: 2, gives: anything, start: startReduce},
	}
}

// predicate is a function of a list and an expression over its items.
type predicate struct {
	name, signature, doc string
	examples             []string
	needs                int // arguments at least
	gives                kinds
	truth                bool // the expression gives a boolean
	backwards            bool // from the last item to the first
	start                func(w *walk) fold
}

// fold takes what the expression gives, item by item, and gives the result.
type fold struct {
	// add takes the result for item i; it may end the walk.
	add func(i int, item, result any) (stop bool, err error)
	end func() (any, error)
}

// walk is one call: its list and its further argument.
type walk struct {
	frame *frame
	list  []any
	// extra is the third argument, if there is one.
	extra []any
	loop  *loop
}

// scope is what #, #index and #acc mean while a predicate is compiled.
type scope struct {
	item, index, acc int // slots; acc is -1 where there is none
	each             types.Type
}

// loop is a compiled call.
type loop struct {
	predicate *predicate
	scope     scope
	list      eval
	body      eval // nil where the item itself counts
	extra     eval // nil where there is none
	place     place
	bodyPlace place
}

func (c *compiler) predicate(n *ast.BuiltinNode, p *predicate) node {
	if len(n.Arguments) < p.needs {
		c.failHint(n.Location(), p.signature, "%s takes at least %s, got %d", p.name, counted(p.needs), len(n.Arguments))
		c.nodes(n.Arguments)
		return broken()
	}
	list := c.node(n.Arguments[0])
	if c.never(list.Kinds, isList) {
		c.failHint(n.Arguments[0].Location(), listHint(list.Kinds), "%s needs a list, got %s", p.name, list.Kinds.Names())
		list.Type = types.Any()
	}
	l := &loop{predicate: p, list: list.run, place: c.place(n), bodyPlace: c.place(n.Arguments[0])}
	body := node{Type: list.Each()}
	if len(n.Arguments) > 1 {
		c.inDoubt(nil, func() { body = c.body(n.Arguments[1], p, l, list.Each()) })
	}
	if len(n.Arguments) > 2 {
		extra := c.node(n.Arguments[2])
		if p.name == "sortBy" && c.never(extra.Kinds, isString) {
			c.fail(n.Arguments[2].Location(), `the order is "asc" or "desc", got %s`, extra.Kinds.Names())
		}
		l.extra = extra.run
	}
	of := n.Arguments[0]
	return node{run: func(f *frame) (any, error) { return l.run(f, of) }, Type: c.predicateGives(n, p, list.Type, body.Type)}
}

// body compiles the expression over the items.
func (c *compiler) body(n ast.Node, p *predicate, l *loop, each types.Type) node {
	l.scope = scope{item: c.slot(), index: c.slot(), acc: -1, each: each}
	if p.name == "reduce" {
		l.scope.acc = c.slot()
	}
	inner, ok := n.(*ast.PredicateNode)
	if !ok {
		c.fail(n.Location(), "%s needs an expression over the items", p.name)
		return broken()
	}
	c.loops = append(c.loops, l.scope)
	body := c.node(inner.Node)
	c.loops = c.loops[:len(c.loops)-1]
	if p.truth && c.never(body.Kinds, isBool) {
		c.fail(inner.Node.Location(), "%s needs a predicate that gives a boolean, got %s", p.name, body.Kinds.Names())
	}
	l.body, l.bodyPlace = body.run, c.place(inner.Node)
	return body
}

func (c *compiler) pointer(n *ast.PointerNode) node {
	if len(c.loops) == 0 {
		c.fail(n.Location(), "# is known in predicates only")
		return broken()
	}
	s := c.loops[len(c.loops)-1]
	slot, of := s.item, s.each
	switch n.Name {
	case "":
	case "index":
		slot, of = s.index, types.Of(isInt)
	case "acc":
		slot, of = s.acc, types.Any()
	default:
		c.failHint(n.Location(), "#, #index and, in reduce, #acc are known", "unknown name #%s", n.Name)
		return broken()
	}
	if slot < 0 {
		c.fail(n.Location(), "#acc is known in reduce only")
		return broken()
	}
	return node{run: func(f *frame) (any, error) { return f.locals[slot], nil }, Type: of}
}

func listHint(k kinds) string {
	if k == isObject {
		return "values(…), keys(…) and toPairs(…) make lists of an object"
	}
	return ""
}

func (l *loop) run(f *frame, of ast.Node) (any, error) {
	v, err := l.list(f)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		e := l.place.errorf("%s needs a list, but %s is %s", l.predicate.name, written(of), value.Kind(v))
		return nil, e.hint("%s", listHint(types.KindOf(v)))
	}
	w := &walk{frame: f, list: list, loop: l}
	if l.extra != nil {
		extra, err := l.extra(f)
		if err != nil {
			return nil, err
		}
		w.extra = []any{extra}
	}
	fold := l.predicate.start(w)
	if err := w.each(fold); err != nil {
		return nil, err
	}
	result, err := fold.end()
	if err != nil {
		return nil, l.place.wrap(err)
	}
	return result, nil
}

// each computes the expression for the items and hands the results on.
func (w *walk) each(fold fold) error {
	l, n := w.loop, len(w.list)
	for k := w.skip(); k < n; k++ {
		if err := w.frame.spend(stepWork); err != nil {
			return l.place.wrap(err)
		}
		i := k
		if l.predicate.backwards {
			i = n - 1 - k
		}
		result, err := w.compute(i)
		if err != nil {
			return err
		}
		stop, err := fold.add(i, w.list[i], result)
		if err != nil {
			return l.bodyPlace.wrap(err)
		}
		if stop {
			return nil
		}
	}
	return nil
}

// skip is the item to begin with: reduce without a start takes the first item
// as its start.
func (w *walk) skip() int {
	if w.loop.scope.acc < 0 || w.loop.body == nil || len(w.extra) > 0 {
		return 0
	}
	return 1
}

func (w *walk) compute(i int) (any, error) {
	l, result := w.loop, w.list[i]
	if l.body != nil {
		locals := w.frame.locals
		locals[l.scope.item] = w.list[i]
		locals[l.scope.index] = int64(i)
		var err error
		if result, err = l.body(w.frame); err != nil {
			return nil, err
		}
	}
	if _, ok := result.(bool); l.predicate.truth && !ok {
		return nil, l.bodyPlace.errorf("%s needs a boolean for each item, got %s for item %d", l.predicate.name, value.Kind(result), i)
	}
	return result, nil
}

func errEmptyReduce() error {
	return fmt.Errorf("reduce of an empty list needs a start: reduce(list, expression, start)")
}
