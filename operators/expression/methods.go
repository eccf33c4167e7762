package expression

import (
	"sort"
	"time"

	"github.com/expr-lang/expr/ast"

	"waterhealer/operators/types"
)

// method is what can be called on a time or a duration: now().Year().
type method struct {
	of    kinds
	takes []kinds
	gives kinds
	call  func(v any, args []any) (any, error)
}

// methods finds the methods of a name, one per kind that has one.
func methods(name string) []method {
	var found []method
	if m, ok := timeMethods()[name]; ok {
		m.of = isTime
		found = append(found, m)
	}
	if m, ok := durationMethods()[name]; ok {
		m.of = isDuration
		found = append(found, m)
	}
	return found
}

func timeMethods() map[string]method {
	number := func(get func(t time.Time) int64) method {
		return method{gives: isInt, call: func(v any, _ []any) (any, error) { return get(v.(time.Time)), nil }}
	}
	compare := func(holds func(t, u time.Time) bool) method {
		return method{takes: []kinds{isTime}, gives: isBool, call: func(v any, args []any) (any, error) {
			return holds(v.(time.Time), args[0].(time.Time)), nil
		}}
	}
	shift := func(by func(t time.Time, d time.Duration) time.Time) method {
		return method{takes: []kinds{isDuration}, gives: isTime, call: func(v any, args []any) (any, error) {
			return by(v.(time.Time), args[0].(time.Duration)), nil
		}}
	}
	return map[string]method{
		"Year":       number(func(t time.Time) int64 { return int64(t.Year()) }),
		"Month":      number(func(t time.Time) int64 { return int64(t.Month()) }),
		"Day":        number(func(t time.Time) int64 { return int64(t.Day()) }),
		"Hour":       number(func(t time.Time) int64 { return int64(t.Hour()) }),
		"Minute":     number(func(t time.Time) int64 { return int64(t.Minute()) }),
		"Second":     number(func(t time.Time) int64 { return int64(t.Second()) }),
		"Nanosecond": number(func(t time.Time) int64 { return int64(t.Nanosecond()) }),
		"Weekday":    number(func(t time.Time) int64 { return int64(t.Weekday()) }),
		"YearDay":    number(func(t time.Time) int64 { return int64(t.YearDay()) }),
		"Unix":       number(time.Time.Unix),
		"UnixMilli":  number(time.Time.UnixMilli),
		"UnixMicro":  number(time.Time.UnixMicro),
		"UnixNano":   number(time.Time.UnixNano),
		"Before":     compare(time.Time.Before),
		"After":      compare(time.Time.After),
		"Equal":      compare(time.Time.Equal),
		"Add":        shift(time.Time.Add),
		"Round":      shift(time.Time.Round),
		"Truncate":   shift(time.Time.Truncate),
		"UTC":        {gives: isTime, call: func(v any, _ []any) (any, error) { return v.(time.Time).UTC(), nil }},
		"Sub": {takes: []kinds{isTime}, gives: isDuration, call: func(v any, args []any) (any, error) {
			return between(v.(time.Time), args[0].(time.Time))
		}},
		"In": {takes: []kinds{isString}, gives: isTime, call: func(v any, args []any) (any, error) {
			return inZone(v.(time.Time), args[0].(string))
		}},
		"Format": {takes: []kinds{isString}, gives: isString, call: func(v any, args []any) (any, error) {
			return v.(time.Time).Format(args[0].(string)), nil
		}},
	}
}

func durationMethods() map[string]method {
	float := func(get func(d time.Duration) float64) method {
		return method{gives: isFloat, call: func(v any, _ []any) (any, error) { return get(v.(time.Duration)), nil }}
	}
	number := func(get func(d time.Duration) int64) method {
		return method{gives: isInt, call: func(v any, _ []any) (any, error) { return get(v.(time.Duration)), nil }}
	}
	shift := func(by func(d, m time.Duration) time.Duration) method {
		return method{takes: []kinds{isDuration}, gives: isDuration, call: func(v any, args []any) (any, error) {
			return by(v.(time.Duration), args[0].(time.Duration)), nil
		}}
	}
	return map[string]method{
		"Hours":        float(time.Duration.Hours),
		"Minutes":      float(time.Duration.Minutes),
		"Seconds":      float(time.Duration.Seconds),
		"Milliseconds": number(time.Duration.Milliseconds),
		"Microseconds": number(time.Duration.Microseconds),
		"Nanoseconds":  number(time.Duration.Nanoseconds),
		"Round":        shift(time.Duration.Round),
		"Truncate":     shift(time.Duration.Truncate),
		"String":       {gives: isString, call: func(v any, _ []any) (any, error) { return v.(time.Duration).String(), nil }},
	}
}

// method compiles a call of a method of a time or a duration. It is applied as
// a function would be whose first argument is the time or duration.
func (c *compiler) method(n *ast.CallNode, member *ast.MemberNode, base node) node {
	name, ok := member.Property.(*ast.StringNode)
	if !ok {
		c.fail(n.Location(), "this is not a function")
		c.nodes(append([]ast.Node{member.Property}, n.Arguments...))
		return broken()
	}
	if base.foreign {
		return base
	}
	found := methods(name.Value)
	if len(found) == 0 {
		c.unknownMethod(n, name.Value)
		if _, overItems := c.predicates[name.Value]; !overItems && keepsArguments(name.Value) {
			c.nodes(n.Arguments)
		}
		return broken()
	}
	fn := &function{name: name.Value, takes: found[0].takes}
	fn.signature = "it is a method of a time or a duration"
	if !c.checkCount(n, fn, len(n.Arguments)) {
		c.nodes(n.Arguments)
		return broken()
	}
	var of kinds
	for _, m := range found {
		of, fn.gives = of|m.of, fn.gives|m.gives
	}
	if from, doubt, nothing := c.skipped(base.Type, member.Optional); !nothing && c.never(from.Kinds, of) {
		c.behind(doubt, func() {
			c.fail(n.Location(), "%s is a method of %s, not of %s", fn.name, of, types.WithArticle(from.Kinds.Names()))
		})
	}
	fn.call = func(_ *frame, args []any) (any, error) {
		for _, m := range found {
			if m.of.Has(args[0]) {
				return m.call(args[0], args[1:])
			}
		}
		return nil, errKinds
	}
	self := argument{run: orSkip(base.run, member.Optional), takes: of, place: c.place(member), node: member.Node}
	args, fixed := c.arguments(fn, n.Arguments)
	return c.applyTo(n, fn, append([]argument{self}, args...), fixed && base.fixed)
}

// orSkip ends the chain at nil, if it is written ?. there.
func orSkip(run eval, optional bool) eval {
	if !optional {
		return run
	}
	return func(f *frame) (any, error) {
		v, err := run(f)
		if v == nil && err == nil {
			return nil, errSkip
		}
		return v, err
	}
}

func (c *compiler) unknownMethod(n ast.Node, name string) {
	if c.mistakes > manyMistakes {
		c.fail(n.Location(), "unknown method %s", clip(name))
		return
	}
	var names []string
	for name := range timeMethods() {
		names = append(names, name)
	}
	for name := range durationMethods() {
		names = append(names, name)
	}
	sort.Strings(names)
	hint := "times and durations have methods, other values have none"
	if near := types.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	} else if name == "get" {
		hint = "write value.NAME, or value.NAME ?? DEFAULT"
	} else if way := wayOf(name); way != "" {
		hint = way
	} else if p, ok := c.predicates[name]; ok {
		hint = "write " + p.signature + ", where # is the item"
	} else if _, ok := c.functions[name]; ok {
		hint = "write " + name + "(…) or … | " + name + "()"
	}
	c.failHint(n.Location(), hint, "unknown method %s", clip(name))
}
