package operators

import (
	"fmt"

	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// foreach is the flow of kinds that work on the elements of batches and the items
// of lists.
func (f *flow) foreach(filters bool) stream {
	in, depth := f.in(), int(max(f.node.Values.Int("depth"), 1))
	elements, there := in.at(depth)
	if !there {
		message := "needs a batch or a list; what comes is " + kindsOf(in.list())
		if depth > 1 {
			message = fmt.Sprintf("needs batches or lists, %d deep; what comes are none", depth)
		}
		f.fails(f.node.Kind + " " + message + vouched(in.says))
		return anything()
	}
	if elements.none() {
		elements = anything() // all are empty
	}
	known := expression.Known{"index": types.Of(types.Int)}
	if filters {
		f.condition(f.node.Values.Expression("expr"), elements, known)
		return in.again(depth, nil, in.says)
	}
	result := f.tree("expr", elements, known).Made(f.by())
	return in.again(depth, &result, f.by())
}

// at are the elements and items at a depth, 1 is those of the batch or the list
// itself; false where there can be none, because there is no list.
func (s stream) at(depth int) (stream, bool) {
	if s.open {
		return anything(), true
	}
	var all stream
	there := false
	add := func(part stream, ok bool) {
		if there = there || ok; ok {
			all = either(all, part)
		}
	}
	if s.batch != nil {
		if depth == 1 {
			add(*s.batch, true)
		} else {
			add(s.batch.at(depth - 1))
		}
	}
	if s.value.Kinds&types.List != 0 {
		items := stream{value: s.value.Each(), topic: s.topic, says: s.says}
		switch {
		case depth == 1 || items.none():
			add(items, true)
		default:
			add(items.at(depth - 1))
		}
	}
	return all, there
}

// again is what foreach makes of a stream: the same batches and lists, with
// another value in place of the elements at a depth. Without one some may be
// missing.
func (s stream) again(depth int, of *types.Type, by string) stream {
	var out stream
	if elements, batched := s.elements(); batched {
		inner := elements
		switch {
		case depth > 1:
			inner = elements.again(depth-1, of, by)
		case of != nil:
			inner = elements.made(*of, by)
		}
		out = inner.batches()
		out.topic = s.topic
	}
	if s.value.Kinds&types.List != 0 {
		out = either(out, stream{value: itemsAgain(s.value, depth, of), topic: s.topic, says: by})
	}
	return out
}

func itemsAgain(list types.Type, depth int, of *types.Type) types.Type {
	each := list.Each()
	switch {
	case depth > 1:
		each = itemsAgain(each, depth-1, of)
	case of != nil:
		each = *of
	}
	return types.ListOf(each)
}
