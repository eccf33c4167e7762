package expression

import (
	"fmt"

	"waterhealer/engine/value"
)

// objectFunctions work on objects; the order of keys stays.
func objectFunctions() []*function {
	return []*function{
		{name: "keys", signature: "keys(object)", doc: "The names of the fields, in their order.",
			examples: []string{`keys({"b": 1, "a": 2}) == ["b", "a"]`},
			takes:    []kinds{isObject}, gives: isList,
			call: func(f *frame, args []any) (any, error) {
				return eachField(f, args[0], func(key string, _ any) any { return key })
			}},
		{name: "values", signature: "values(object)", doc: "The values of the fields, in their order.",
			examples: []string{`values({"b": 1, "a": 2}) == [1, 2]`},
			takes:    []kinds{isObject}, gives: isList,
			call: func(f *frame, args []any) (any, error) {
				return eachField(f, args[0], func(_ string, v any) any { return v })
			}},
		{name: "toPairs", signature: "toPairs(object)", doc: "The fields as a list of [name, value].",
			examples: []string{`toPairs({"b": 1, "a": 2}) == [["b", 1], ["a", 2]]`},
			takes:    []kinds{isObject}, gives: isList,
			call: func(f *frame, args []any) (any, error) {
				return eachField(f, args[0], func(key string, v any) any { return []any{key, v} })
			}},
		{name: "fromPairs", signature: "fromPairs(list)", doc: "An object of a list of [name, value]; of equal names the last value wins, at the place of the first.",
			examples: []string{`fromPairs([["b", 1], ["a", 2]]) == {"b": 1, "a": 2}`},
			takes:    []kinds{isList}, gives: isObject, call: fromPairs},
		{name: "merge", signature: "merge(a, b)", doc: "An object with the fields of both. Where both have one, b's value stands at a's place; b's other fields follow.",
			examples: []string{`merge({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1, "b": 3, "c": 4}`},
			takes:    []kinds{isObject, isObject}, gives: isObject, call: merge},
		{name: "get", signature: "get(list, index) or get(object, name)", doc: "The item or the field; nil where there is none, and where the list or object is nil.",
			examples: []string{`get([1, 2, 3], 1) == 2`, `get([1], 5) == nil`, `get({"a": 1}, "b") == nil`},
			takes:    []kinds{isObject | isList | isString | isBytes | isNil, isInt | isString}, gives: anything, call: get},
		{name: "len", signature: "len(list, object, string or bytes)", doc: "The number of items, fields, characters or bytes.",
			examples: []string{`len([1, 2]) == 2`, `len({"a": 1}) == 1`, `len("né") == 2`},
			takes:    []kinds{isObject | isList | isString | isBytes}, gives: isInt, call: size},
	}
}

func eachField(f *frame, v any, item func(key string, v any) any) (any, error) {
	o := v.(*value.Object)
	if err := f.spend(o.Len() * 2 * itemWork); err != nil {
		return nil, err
	}
	list := make([]any, 0, o.Len())
	for key, v := range o.All() {
		list = append(list, item(key, v))
	}
	return list, nil
}

func fromPairs(f *frame, args []any) (any, error) {
	list := args[0].([]any)
	if err := f.spend(len(list) * 2 * itemWork); err != nil {
		return nil, err
	}
	o := value.NewObject(len(list))
	for i, item := range list {
		pair, ok := item.([]any)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("fromPairs needs a list of [name, value], but item %d is none", i)
		}
		key, ok := pair[0].(string)
		if !ok {
			return nil, fmt.Errorf("fromPairs needs names that are strings, but that of item %d is %s", i, aKind(pair[0]))
		}
		o.Set(key, pair[1])
	}
	return o, nil
}

func merge(f *frame, args []any) (any, error) {
	a, b := args[0].(*value.Object), args[1].(*value.Object)
	return a.Merge(b), f.spend((a.Len() + b.Len()) * itemWork)
}

func get(_ *frame, args []any) (any, error) {
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case *value.Object:
		key, ok := args[1].(string)
		if !ok {
			return nil, fmt.Errorf("get reads the fields of an object by a string, got %s", value.Kind(args[1]))
		}
		field, _ := v.Get(key)
		return field, nil
	}
	if !isInt.Has(args[1]) {
		return nil, fmt.Errorf("get reads the items of %s by an integer, got %s", aKind(args[0]), value.Kind(args[1]))
	}
	n, ok := integer(args[1])
	if !ok {
		return nil, nil // no list is that long
	}
	count, _ := length(args[0])
	item, _ := itemAt(args[0], count, n)
	return item, nil
}

func size(_ *frame, args []any) (any, error) {
	if o, ok := args[0].(*value.Object); ok {
		return int64(o.Len()), nil
	}
	n, _ := length(args[0])
	return int64(n), nil
}
