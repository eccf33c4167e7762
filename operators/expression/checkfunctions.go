package expression

import (
	"github.com/expr-lang/expr/ast"

	"waterhealer/operators/types"
)

// tuple is what a list of written items gives.
func (c *compiler) tuple(items []types.Type) types.Type {
	if c.check == nil {
		return types.Of(isList)
	}
	return types.TupleOf(items...)
}

// fieldsOf is what an object of written fields gives.
func (c *compiler) fieldsOf(pairs []pair) types.Type {
	if c.check == nil {
		return types.Of(isObject)
	}
	var f types.Fields
	at := make(map[string]int, len(pairs))
	for i := range pairs {
		p := &pairs[i]
		if p.key != nil {
			return types.Of(isObject) // a computed name may be any
		}
		if first, twice := at[p.name]; twice {
			f.List[first].Type = p.gives
			continue
		}
		at[p.name] = len(f.List)
		f.List = append(f.List, types.Field{Name: p.name, Type: p.gives})
	}
	return types.ObjectOf(f)
}

// partOf is what base[from:to] gives.
func (c *compiler) partOf(base types.Type) types.Type {
	if c.check == nil {
		return types.Of(base.Kinds & (isList | isString | isBytes))
	}
	of := types.Of(base.Kinds & (isString | isBytes))
	if base.Kinds&isList != 0 {
		of = types.Union(of, types.ListOf(base.Each()))
	}
	return of
}

// functionGives is what a function gives for what it is given.
func (c *compiler) functionGives(fn *function, args []argument) types.Type {
	gives := types.Of(fn.gives)
	if c.check == nil || len(args) == 0 {
		return gives
	}
	first := args[0].given
	switch fn.name {
	case "first", "last":
		return first.Each().With(isNil)
	case "take", "reverse", "uniq", "sort":
		return types.ListOf(first.Each())
	case "concat":
		var each types.Type
		for _, arg := range args {
			each = types.Union(each, arg.given.Each())
		}
		return types.ListOf(each)
	case "keys", "split", "splitAfter":
		return types.ListOf(types.Of(isString))
	case "merge":
		return merged(first, args[1].given)
	case "get":
		return c.got(args)
	}
	return gives
}

// merged is what merge gives: the fields of both, of which b's count.
func merged(a, b types.Type) types.Type {
	of, over := a.Fields(), b.Fields()
	if of == nil || over == nil {
		if over == nil {
			return types.Of(isObject) // what is not known may stand over any field
		}
		of = &types.Fields{Rest: types.Any()}
	}
	f := types.Fields{Rest: types.Union(of.Rest, over.Rest), Sampled: of.Sampled || over.Sampled, Says: of.Says}
	if !over.Closed() {
		f.Says = over.Says
	}
	for _, field := range of.List {
		other, there := over.Find(field.Name)
		switch {
		case there && !other.Optional:
			field = other
		case there:
			field.Type = types.Union(field.Type, other.Type)
		default:
			field.Type = types.Union(field.Type, over.Rest)
		}
		f.List = append(f.List, field)
	}
	for _, field := range over.List {
		if _, there := of.Find(field.Name); there {
			continue
		}
		if field.Optional && !of.Closed() {
			field.Type = types.Union(field.Type, of.Rest)
		}
		f.List = append(f.List, field)
	}
	return types.ObjectOf(f)
}

// got is what get gives, which provides for what is not there.
func (c *compiler) got(args []argument) types.Type {
	from := args[0].given
	name, named := args[1].node.(*ast.StringNode)
	switch {
	case named && from.Kinds&^(isObject|isNil) == 0:
		of, _ := from.Field(name.Value)
		if f := from.Fields(); f != nil && f.Closed() {
			if _, there := f.Find(name.Value); !there {
				c.find(finding{at: name.Location(), mistake: UnknownField, minor: true, hint: choices([]string{name.Value}, f.Names()),
					message: written(args[0].node) + " has no field " + written(name) + f.Vouched()})
				return types.Any()
			}
		}
		return of.With(isNil)
	case from.Kinds&^(isList|isNil) == 0:
		return from.Each().With(isNil)
	}
	return types.Any()
}

// predicateGives is what a function over the items of a list gives.
func (c *compiler) predicateGives(n *ast.BuiltinNode, p *predicate, list, body types.Type) types.Type {
	if c.check == nil {
		return types.Of(p.gives)
	}
	switch p.name {
	case "filter", "sortBy":
		return types.ListOf(list.Each())
	case "map":
		return types.ListOf(body)
	case "find", "findLast":
		return list.Each().With(isNil)
	case "groupBy":
		return types.ObjectOf(types.Fields{Rest: types.ListOf(list.Each())})
	case "sum":
		if !body.Empty() && body.Kinds&isNumber == 0 {
			c.inDoubt(nil, func() {
				c.fail(n.Arguments[len(n.Arguments)-1].Location(), "sum needs numbers, but the items give %s", body.Kinds)
			})
		}
	}
	return types.Of(p.gives)
}
