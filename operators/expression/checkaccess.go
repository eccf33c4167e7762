package expression

import (
	"fmt"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// behind compiles a link of a chain, which is in doubt behind a ?. .
func (c *compiler) behind(optional bool, link func()) {
	if optional {
		c.inDoubt(nil, link)
		return
	}
	link()
}

// skipped is what a link of a chain reads from: where the link is written ?. and
// there may be nil, the rest of the chain is in doubt. nothing says that there
// is only nil.
func (c *compiler) skipped(base types.Type, optional bool) (from types.Type, doubt, nothing bool) {
	if c.check == nil || !optional || base.Kinds&isNil == 0 {
		return base, false, false
	}
	from = base.Without(isNil)
	return from, true, from.Empty()
}

// readField is what a field of base gives. sure is false where it never does.
func (c *compiler) readField(n *ast.MemberNode, base node, key string) (of types.Type, sure bool) {
	from, doubt, nothing := c.skipped(base.Type, n.Optional)
	if nothing {
		return types.Of(isNil), true
	}
	of, sure = types.Any(), true
	read := func() {
		if c.never(from.Kinds, isObject) {
			hint := ""
			if from.Kinds == isList {
				hint = fmt.Sprintf("take an item with [0], or all of them with map(%s, .%s)", written(n.Node), clip(key))
			}
			c.failHint(n.Location(), hint, "%s is %s, so it has no field %q", written(n.Node), from.Kinds, clip(key))
			sure = false
			return
		}
		if c.check != nil {
			of, sure = c.knownField(n, from, key)
		} else {
			sure = !c.misspeltVar(n, key)
		}
	}
	if doubt {
		c.inDoubt(nil, read)
	} else {
		read()
	}
	return of, sure
}

// misspeltVar says that a name is read below vars that is not there. [Check] tells
// of it, and what is made of it is not computed before.
func (c *compiler) misspeltVar(n *ast.MemberNode, key string) bool {
	of, ok := n.Node.(*ast.IdentifierNode)
	vars, has := c.program.options.Vars.(*value.Object)
	if !ok || !has || of.Value != "vars" {
		return false
	}
	_, there := vars.Get(key)
	return !there
}

// knownField is what a field gives of which the type knows.
func (c *compiler) knownField(n *ast.MemberNode, from types.Type, key string) (of types.Type, sure bool) {
	of, there := from.Field(key)
	f := from.Fields()
	if f == nil {
		return of, true
	}
	_, listed := f.Find(key)
	lacks := c.check.lacks[n]
	switch {
	case listed:
		return of, true
	case there:
		// There may be other fields; one that is almost as a known one is written
		// wrongly rather than one of those.
		if near := misspelt(key, f); near != "" && f.Says != "" && !lacks {
			c.find(finding{at: n.Property.Location(), mistake: UnknownField, minor: true, hint: fmt.Sprintf("did you mean %s?", near),
				message: fmt.Sprintf("%s may have no field %q%s", written(n.Node), clip(key), f.Vouched())})
		}
		return of, true
	}
	c.find(finding{at: n.Property.Location(), mistake: UnknownField, minor: lacks || f.Sampled && c.check.doubt > 0,
		hint: choices([]string{key}, f.Names()), message: fmt.Sprintf("%s has no field %q%s", written(n.Node), clip(key), f.Vouched())})
	return types.Any(), false
}

func misspelt(key string, f *types.Fields) string {
	if len(key) > 100 {
		return ""
	}
	return types.Nearest(key, f.Names())
}

// readItem is what base[by] gives.
func (c *compiler) readItem(n *ast.MemberNode, base, by node) (of types.Type, sure bool) {
	from, doubt, nothing := c.skipped(base.Type, n.Optional)
	if nothing {
		return types.Of(isNil), true
	}
	of, sure = types.Any(), true
	read := func() {
		switch {
		case c.never(from.Kinds, isObject|isList|isString|isBytes):
			c.fail(n.Location(), "%s is %s, so it has no items", written(n.Node), from.Kinds)
		case c.never(by.Kinds, isInt|isString):
			c.fail(n.Property.Location(), "an index is an integer or a string, got %s", by.Kinds)
		case c.check == nil:
			return
		case from.Kinds&isObject == 0 && by.Kinds&isInt == 0:
			c.fail(n.Property.Location(), "%s is %s: its items are read by an integer, got %s", written(n.Node), from.Kinds, by.Kinds)
		case from.Kinds&^(isObject|isNil) == 0 && by.Kinds&isString == 0:
			c.fail(n.Property.Location(), "%s is %s: its fields are read by a string, got %s", written(n.Node), from.Kinds, by.Kinds)
		default:
			of, sure = c.knownItem(n, from, by)
			return
		}
		sure = false
	}
	if doubt {
		c.inDoubt(nil, read)
	} else {
		read()
	}
	return of, sure
}

// knownItem is what an item gives of which the type knows.
func (c *compiler) knownItem(n *ast.MemberNode, from types.Type, by node) (of types.Type, sure bool) {
	switch from.Kinds &^ isNil {
	case isString:
		return types.Of(isString), true
	case isBytes:
		return types.Of(isInt), true
	case isList:
	default:
		return types.Any(), true
	}
	at, ok := c.literal(by)
	place, whole := integer(at)
	if !ok || !whole {
		return from.Each(), true
	}
	of, there := from.Item(place)
	if !there {
		c.find(finding{at: n.Property.Location(), mistake: AlwaysFails, fails: true, hint: fmt.Sprintf("get(…, %d) gives nil there", place),
			message: fmt.Sprintf("the index %d is out of range: %s has %d items", place, written(n.Node), len(from.Items().Tuple))})
		return types.Any(), false
	}
	return of, true
}
