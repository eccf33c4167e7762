package value

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Kind is the word that messages use for what v is: nil, boolean, string,
// integer, float, object, list, bytes, time or duration. A number without a
// fraction or an exponent is an integer, however big. Anything that is not a
// value is named by its Go type.
func Kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool:
		return "boolean"
	case string:
		return "string"
	case int64:
		return "integer"
	case float64:
		return "float"
	case Number:
		if v.IsInteger() {
			return "integer"
		}
		return "float"
	case *Object:
		return "object"
	case []any:
		return "list"
	case []byte:
		return "bytes"
	case time.Time:
		return "time"
	case time.Duration:
		return "duration"
	}
	return fmt.Sprintf("%T", v)
}

// FromGo turns a plain Go value into a value: integers of every size, floats,
// json.Number, maps with string keys (sorted, since a map has no order), slices
// of any, string or map, and what is a value already. It fails on anything
// else, on NaN and on infinities.
func FromGo(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, int64, Number, *Object, []byte, time.Time, time.Duration:
		return v, nil
	case float64:
		return finite(v)
	case float32:
		return finite(float64(v))
	case int:
		return int64(v), nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint8:
		return int64(v), nil
	case uint16:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint:
		return fromUint(uint64(v)), nil
	case uint64:
		return fromUint(v), nil
	case json.Number:
		return ParseNumber(string(v))
	case []any:
		return fromSlice(v)
	case []string:
		return fromSlice(v)
	case []map[string]any:
		return fromSlice(v)
	case map[string]any:
		return fromMap(v)
	case map[string]string:
		return fromMap(v)
	}
	return nil, fmt.Errorf("a Go %T is not a value", v)
}

func finite(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is not a finite number", f)
	}
	return f, nil
}

func fromUint(u uint64) any {
	if u <= math.MaxInt64 {
		return int64(u)
	}
	return Number(strconv.FormatUint(u, 10))
}

func fromSlice[T any](items []T) (any, error) {
	list := make([]any, len(items))
	for i, item := range items {
		v, err := FromGo(item)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		list[i] = v
	}
	return list, nil
}

func fromMap[T any](m map[string]T) (any, error) {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	o := NewObject(len(m))
	for _, key := range keys {
		v, err := FromGo(m[key])
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		o.Set(key, v)
	}
	return o, nil
}
