package expression

import (
	"fmt"
	"slices"

	"waterhealer/engine/value"
)

// listFunctions work on lists; they give the items as they are.
func listFunctions() []*function {
	return []*function{
		{name: "first", signature: "first(list)", doc: "The first item, nil if there is none.",
			examples: []string{`first([1, 2, 3]) == 1`, `first([]) == nil`},
			takes:    []kinds{isList}, gives: anything,
			call: func(_ *frame, args []any) (any, error) { return end(args[0].([]any), 0), nil }},
		{name: "last", signature: "last(list)", doc: "The last item, nil if there is none.",
			examples: []string{`last([1, 2, 3]) == 3`},
			takes:    []kinds{isList}, gives: anything,
			call: func(_ *frame, args []any) (any, error) { return end(args[0].([]any), -1), nil }},
		{name: "take", signature: "take(list, n)", doc: "The first n items, or all if there are fewer.",
			examples: []string{`take([1, 2, 3, 4], 2) == [1, 2]`, `take([1], 5) == [1]`},
			takes:    []kinds{isList, isInt}, gives: isList, call: take},
		{name: "reverse", signature: "reverse(list)", doc: "The items from the last to the first.",
			examples: []string{`reverse([3, 1, 4]) == [4, 1, 3]`},
			takes:    []kinds{isList}, gives: isList,
			call: func(f *frame, args []any) (any, error) {
				list := slices.Clone(args[0].([]any))
				slices.Reverse(list)
				return list, f.spend(len(list) * itemWork)
			}},
		{name: "uniq", signature: "uniq(list)", doc: "The items without those that equal an earlier one.",
			examples: []string{`uniq([1, 2, 1.0, 3]) == [1, 2, 3]`},
			takes:    []kinds{isList}, gives: isList, call: uniq},
		{name: "concat", signature: "concat(list, …)", doc: "The items of all lists in one.",
			examples: []string{`concat([1, 2], [3], [4]) == [1, 2, 3, 4]`},
			takes:    []kinds{isList}, rest: true, gives: isList, call: concat},
		{name: "flatten", signature: "flatten(list)", doc: "The items of the list and of all lists in it, in one list.",
			examples: []string{`flatten([1, [2, [3]], 4]) == [1, 2, 3, 4]`},
			takes:    []kinds{isList}, gives: isList,
			call: func(f *frame, args []any) (any, error) { return flatten(f, args[0].([]any), []any{}, 0) }},
		{name: "sort", signature: `sort(list[, "asc" or "desc"])`, doc: "The items in order; all must be numbers, or strings, times or durations. Equal ones keep their order.",
			examples: []string{`sort([3, 1.5, 2]) == [1.5, 2, 3]`, `sort(["a", "c", "b"], "desc") == ["c", "b", "a"]`},
			takes:    []kinds{isList, isString}, optional: 1, gives: isList,
			call: func(f *frame, args []any) (any, error) {
				list := args[0].([]any)
				return sorted(f, list, list, args[1:])
			}},
	}
}

func end(list []any, n int64) any {
	item, _ := itemAt(list, len(list), n)
	return item
}

func take(_ *frame, args []any) (any, error) {
	list := args[0].([]any)
	n, err := count(args, 1, 0)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("take needs a number that is not negative, got %d", n)
	}
	n = min(n, len(list))
	return list[:n:n], nil
}

func concat(f *frame, args []any) (any, error) {
	size := 0
	for _, arg := range args {
		size += len(arg.([]any))
	}
	if err := f.spend(size * itemWork); err != nil {
		return nil, err
	}
	all := make([]any, 0, size)
	for _, arg := range args {
		all = append(all, arg.([]any)...)
	}
	return all, nil
}

func flatten(f *frame, list, flat []any, depth int) ([]any, error) {
	if depth > value.MaxDepth {
		return nil, fmt.Errorf("lists nested deeper than %d", value.MaxDepth)
	}
	if err := f.spend((len(list) + 1) * itemWork); err != nil {
		return nil, err
	}
	for _, item := range list {
		inner, ok := item.([]any)
		if !ok {
			flat = append(flat, item)
			continue
		}
		var err error
		if flat, err = flatten(f, inner, flat, depth+1); err != nil {
			return nil, err
		}
	}
	return flat, nil
}

// uniq finds equal items by their canonical JSON, then compares them: values of
// different kinds may be written alike.
func uniq(f *frame, args []any) (any, error) {
	list := args[0].([]any)
	kept, seen := make([]any, 0, len(list)), make(map[string][]any, len(list))
	for _, item := range list {
		text, err := value.AppendCanonical(nil, item)
		if err != nil {
			return nil, err
		}
		if err := f.spend(len(text) + itemWork); err != nil {
			return nil, err
		}
		alike := seen[string(text)]
		if slices.ContainsFunc(alike, func(v any) bool { return value.Equal(v, item) }) {
			continue
		}
		seen[string(text)] = append(alike, item)
		kept = append(kept, item)
	}
	return kept, nil
}

// sorted orders items by their keys, which may be the items themselves.
func sorted(f *frame, items, keys []any, direction []any) (any, error) {
	sign := 1
	if len(direction) > 0 {
		switch direction[0] {
		case "asc":
		case "desc":
			sign = -1
		default:
			return nil, fmt.Errorf(`the order is "asc" or "desc", got %q`, clip(direction[0].(string)))
		}
	}
	if err := f.spend(len(items) * itemWork * 2); err != nil {
		return nil, err
	}
	places := make([]int, len(items))
	for i := range places {
		places[i] = i
	}
	var failed error
	slices.SortStableFunc(places, func(i, j int) int {
		c, err := order(keys[i], keys[j])
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s and %s have no order", aKind(keys[i]), aKind(keys[j]))
		}
		return c * sign
	})
	if failed == nil && len(keys) == 1 && !orderable.Has(keys[0]) {
		failed = fmt.Errorf("%s has no order", aKind(keys[0]))
	}
	if failed != nil {
		return nil, failed
	}
	list := make([]any, len(items))
	for i, place := range places {
		list[i] = items[place]
	}
	return list, nil
}

// orderable is what < and sort work on.
const orderable = isNumber | isString | isTime | isDuration
