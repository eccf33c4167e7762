package expression

import (
	"fmt"
	"math"

	"waterhealer/engine/value"
)

// startTests stops at the first item for which the predicate is not all.
func startTests(all bool) func(*walk) fold {
	return func(*walk) fold {
		result := all
		return fold{
			add: func(_ int, _, holds any) (bool, error) {
				result = holds.(bool)
				return result != all, nil
			},
			end: func() (any, error) { return result, nil },
		}
	}
}

func startNone(*walk) fold {
	none := true
	return fold{
		add: func(_ int, _, holds any) (bool, error) {
			none = !holds.(bool)
			return !none, nil
		},
		end: func() (any, error) { return none, nil },
	}
}

func startOne(*walk) fold {
	n := 0
	return fold{
		add: func(_ int, _, holds any) (bool, error) {
			if holds.(bool) {
				n++
			}
			return n > 1, nil
		},
		end: func() (any, error) { return n == 1, nil },
	}
}

func startCount(*walk) fold {
	n := int64(0)
	return fold{
		add: func(_ int, _, holds any) (bool, error) {
			if holds.(bool) {
				n++
			}
			return false, nil
		},
		end: func() (any, error) { return n, nil },
	}
}

func startFilter(w *walk) fold {
	kept := []any{}
	return fold{
		add: func(_ int, item, holds any) (bool, error) {
			if holds.(bool) {
				kept = append(kept, item)
			}
			return false, nil
		},
		end: func() (any, error) { return kept, w.frame.spend(len(kept) * itemWork) },
	}
}

func startMap(w *walk) fold {
	results := make([]any, 0, len(w.list))
	return fold{
		add: func(_ int, _, result any) (bool, error) {
			results = append(results, result)
			return false, w.frame.spend(itemWork)
		},
		end: func() (any, error) { return results, nil },
	}
}

func startFind(*walk) fold {
	var found any
	return fold{
		add: func(_ int, item, holds any) (bool, error) {
			if holds.(bool) {
				found = item
			}
			return holds.(bool), nil
		},
		end: func() (any, error) { return found, nil },
	}
}

func startFindIndex(*walk) fold {
	var found any
	return fold{
		add: func(i int, _, holds any) (bool, error) {
			if holds.(bool) {
				found = int64(i)
			}
			return holds.(bool), nil
		},
		end: func() (any, error) { return found, nil },
	}
}

func startSum(*walk) fold {
	var sum any = int64(0)
	return fold{
		add: func(i int, _, result any) (bool, error) {
			if !isNumber.Has(result) {
				return false, fmt.Errorf("sum needs numbers, but item %d gives %s", i, aKind(result))
			}
			var err error
			sum, err = addNumbers(sum, result)
			return false, err
		},
		end: func() (any, error) { return sum, nil },
	}
}

// startGroup groups by the text of the keys, and refuses keys that are not
// equal and yet have the same text, such as 1 and "1".
func startGroup(w *walk) fold {
	groups, keys := value.NewObject(0), map[string]any{}
	return fold{
		add: func(i int, item, key any) (bool, error) {
			name, err := groupName(key)
			if err != nil {
				return false, fmt.Errorf("item %d: %w", i, err)
			}
			if first, ok := keys[name]; ok && !value.Equal(first, key) {
				return false, fmt.Errorf("groupBy gives %s and %s that are both written %s", aKind(first), aKind(key), clip(name))
			}
			keys[name] = key
			group, _ := groups.Get(name)
			items, _ := group.([]any)
			groups.Set(name, append(items, item))
			return false, w.frame.spend(itemWork)
		},
		end: func() (any, error) { return groups, nil },
	}
}

func groupName(key any) (string, error) {
	switch key := key.(type) {
	case string:
		return key, nil
	case bool, int64, float64, value.Number:
		text, err := value.AppendCanonical(nil, key)
		return string(text), err
	}
	return "", fmt.Errorf("groupBy needs a string, a number or a boolean for each item, got %s", value.Kind(key))
}

func startSort(w *walk) fold {
	keys := make([]any, 0, len(w.list))
	return fold{
		add: func(_ int, _, key any) (bool, error) {
			keys = append(keys, key)
			return false, nil
		},
		end: func() (any, error) {
			if len(w.extra) > 0 && !isString.Has(w.extra[0]) {
				return nil, fmt.Errorf(`the order is "asc" or "desc", got %s`, value.Kind(w.extra[0]))
			}
			return sorted(w.frame, w.list, keys, w.extra)
		},
	}
}

func startReduce(w *walk) fold {
	acc := w.loop.scope.acc
	locals := w.frame.locals
	empty := false
	switch {
	case len(w.extra) > 0:
		locals[acc] = w.extra[0]
	case len(w.list) > 0:
		locals[acc] = w.list[0]
	default:
		empty = true
	}
	return fold{
		add: func(_ int, _, result any) (bool, error) {
			locals[acc] = result
			return false, nil
		},
		end: func() (any, error) {
			if empty {
				return nil, errEmptyReduce()
			}
			return locals[acc], nil
		},
	}
}

// whole is a float without a fraction as an integer, if 64 bits hold it.
func whole(f float64) (int64, bool) {
	t := math.Trunc(f)
	if t < math.MinInt64 || t >= math.MaxInt64 {
		return 0, false
	}
	return int64(t), true
}
