package expression

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// names are few, so that expressions and types meet.
var fieldNames = []string{"a", "b", "id", "name", "mag"}

// drawType makes a type of JSON values.
func drawType(t *rapid.T, depth int) types.Type {
	k := types.Kinds(rapid.Uint16Range(1, 127).Draw(t, "kinds"))
	if rapid.Bool().Draw(t, "one kind") {
		k = rapid.SampledFrom([]types.Kinds{isNil, isBool, isNumber, isString, isObject, isList, isObject, isObject}).Draw(t, "kind")
	}
	of := types.Of(k &^ (isObject | isList | isString))
	add := func(more types.Type) { of = types.Union(of, more) }
	if k&isString != 0 {
		if rapid.Bool().Draw(t, "texts") {
			add(types.TextOf(rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "a", "10"}), 1, 3).Draw(t, "text")...))
		} else {
			add(types.Of(isString))
		}
	}
	if k&isObject != 0 {
		add(drawObject(t, depth))
	}
	if k&isList != 0 {
		switch {
		case depth == 0:
			add(types.Of(isList))
		case rapid.Bool().Draw(t, "tuple"):
			items := make([]types.Type, rapid.IntRange(0, 3).Draw(t, "items"))
			for i := range items {
				items[i] = drawType(t, depth-1)
			}
			add(types.TupleOf(items...))
		default:
			add(types.ListOf(drawType(t, depth-1)))
		}
	}
	return of
}

func drawObject(t *rapid.T, depth int) types.Type {
	if depth == 0 {
		return types.Of(isObject)
	}
	var f types.Fields
	for _, name := range fieldNames {
		if rapid.Bool().Draw(t, name) {
			f.List = append(f.List, types.Field{Name: name, Type: drawType(t, depth-1), Optional: rapid.Bool().Draw(t, "optional")})
		}
	}
	switch rapid.IntRange(0, 3).Draw(t, "rest") {
	case 0:
		f.Rest = types.Any()
	case 1:
		f.Rest = types.Of(isString)
	}
	f.Says, f.Sampled = "by the schema", rapid.Bool().Draw(t, "sampled")
	return types.ObjectOf(f)
}

// drawValue makes a value of a type.
func drawValue(t *rapid.T, of types.Type, depth int) any {
	var kinds []types.Kinds
	for k := isNil; k <= isList; k <<= 1 {
		if of.Kinds&k != 0 {
			kinds = append(kinds, k)
		}
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case isBool:
		return rapid.Bool().Draw(t, "bool")
	case isInt:
		return rapid.Int64Range(-3, 3).Draw(t, "int")
	case isFloat:
		return rapid.SampledFrom([]float64{0.5, 1, -2.25}).Draw(t, "float")
	case isString:
		if texts := of.Texts(); texts != nil {
			return rapid.SampledFrom(texts).Draw(t, "text")
		}
		return rapid.SampledFrom([]string{"", "x", "10", "a", "b"}).Draw(t, "string")
	case isObject:
		return drawFields(t, of.Fields(), depth)
	case isList:
		if items := of.Items(); items != nil && items.Exact {
			list := make([]any, len(items.Tuple))
			for i := range list {
				list[i] = drawValue(t, items.Tuple[i], depth-1)
			}
			return list
		}
		n := rapid.IntRange(0, 3).Draw(t, "length")
		if depth <= 0 || of.Each().Empty() {
			n = 0
		}
		list := make([]any, n)
		for i := range list {
			list[i] = drawValue(t, of.Each(), depth-1)
		}
		return list
	}
	return nil
}

func drawFields(t *rapid.T, f *types.Fields, depth int) any {
	o := value.NewObject(0)
	if f == nil {
		f = &types.Fields{Rest: types.Any()}
	}
	for _, field := range f.List {
		if !field.Optional || rapid.Bool().Draw(t, "there") {
			o.Set(field.Name, drawValue(t, field.Type, depth-1))
		}
	}
	if f.Closed() || depth <= 0 {
		return o
	}
	for _, name := range fieldNames {
		if _, known := f.Find(name); !known && rapid.Bool().Draw(t, "other") {
			o.Set(name, drawValue(t, f.Rest, depth-1))
		}
	}
	return o
}

// drawExpression makes an expression; not all compile.
func drawExpression(t *rapid.T, depth int, items bool) string {
	part := func() string { return drawExpression(t, depth-1, items) }
	if depth == 0 {
		leaves := []string{"1", "0.5", `"x"`, `"10"`, "true", "nil", "value", "value.a", "value.b", "value.id", "value?.name", "value.mag",
			"value.nam", "value.a.b", "value.a?.b", "value[0]", "value.a[1]", "offset", "topic", "headers.a", "vars.limit", "vars.none", "key", "[]", "{}"}
		if items {
			leaves = append(leaves, "#", "#", ".a", ".id", "#index")
		}
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	body := func() string { return drawExpression(t, depth-1, true) }
	switch rapid.IntRange(0, 22).Draw(t, "form") {
	case 0, 1, 2:
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%", "**", "<", ">=", "and", "or", "in", "contains", "??", ".."}).Draw(t, "op")
		return fmt.Sprintf("(%s %s %s)", part(), op, part())
	case 3, 4:
		return fmt.Sprintf("(%s %s %s)", part(), rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op"), part())
	case 5:
		return fmt.Sprintf("(%s ? %s : %s)", part(), part(), part())
	case 6:
		return fmt.Sprintf("{a: %s, id: %s}", part(), part())
	case 7:
		return fmt.Sprintf("[%s, %s]", part(), part())
	case 8, 9:
		return part() + rapid.SampledFrom([]string{".a", "?.a", ".id", "?.name", ".nam", "[0]", "[-1]", "[5]", "?.[0]", "[1:]", `["b"]`}).Draw(t, "access")
	case 10:
		return fmt.Sprintf("(not %s)", part())
	case 11:
		return fmt.Sprintf("(-%s)", part())
	case 12:
		name := rapid.SampledFrom([]string{"len", "string", "int", "upper", "keys", "values", "first", "last", "reverse", "type", "abs", "max", "flatten", "sort", "uniq", "to_json", "float", "toPairs", "sum", "count"}).Draw(t, "function")
		return fmt.Sprintf("%s(%s)", name, part())
	case 13:
		return fmt.Sprintf("merge(%s, %s)", part(), part())
	case 14:
		return fmt.Sprintf("get(%s, %s)", part(), rapid.SampledFrom([]string{`"a"`, `"nam"`, "0", "value.id"}).Draw(t, "which"))
	case 15, 16:
		name := rapid.SampledFrom([]string{"map", "filter", "all", "any", "find", "findIndex", "count", "sum", "groupBy", "sortBy", "reduce", "one", "none", "findLast"}).Draw(t, "predicate")
		return fmt.Sprintf("%s(%s, %s)", name, part(), body())
	case 17:
		return fmt.Sprintf("let v = %s; [v, %s]", part(), part())
	case 18:
		return fmt.Sprintf("concat(%s, %s)", part(), part())
	case 19:
		return fmt.Sprintf("take(%s, %s)", part(), part())
	}
	return drawExpression(t, 0, items)
}

// TestNoFalseAlarm: what a check says of all values of a type holds for any of
// them: what it says fails does fail, a comparison that it says never holds does
// not, a field that it says there never is is not there, and what the expression
// gives is of the type that it says.
func TestNoFalseAlarm(t *testing.T) {
	vars := value.NewObject(1)
	vars.Set("limit", int64(4))
	options := Options{Vars: vars}
	rapid.Check(t, func(t *rapid.T) {
		of := drawType(t, 3)
		source := drawExpression(t, rapid.IntRange(0, 3).Draw(t, "depth"), false)
		program, err := Compile(source, options)
		if err != nil {
			return
		}
		gives, found := Check(source, options, Known{"value": of})
		for range 4 {
			v := drawValue(t, of, 4)
			if !of.Has(v) {
				t.Fatalf("%v is not of type %s", v, of)
			}
			record := recordOf(v)
			result, err := program.Run(record)
			if err == nil && !gives.Has(result) {
				t.Fatalf("%s on %s gives %s, which is not of type %s (value: %s)", source, text(v), text(result), gives, of)
			}
			for _, f := range found {
				if f.Fails && err == nil {
					t.Fatalf("%s on %s gives %s, but the check says: %v", source, text(v), text(result), f.Error)
				}
				if complaint := untrue(source, f, options, record); complaint != "" {
					t.Fatalf("%s on %s: the check says %v, but %s", source, text(v), f.Message, complaint)
				}
			}
		}
	})
}

// untrue puts a finding to the test where it is about the whole of a source.
func untrue(source string, f Finding, options Options, record *Variables) string {
	program, err := Compile(source, options)
	if err != nil {
		return ""
	}
	result, err := program.Run(record)
	if err != nil {
		return ""
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(source, "("), ")")
	whole := f.Column > 0 && strings.HasPrefix(source, "(") && !strings.ContainsAny(inner, "()") && strings.Count(inner, "=") == 2 &&
		(strings.HasPrefix(source[f.Column:], "== ") || strings.HasPrefix(source[f.Column:], "!= "))
	switch {
	case f.Mistake == NeverHolds && whole && strings.HasPrefix(source[f.Column:], "==") && result == true:
		return "it holds"
	case f.Mistake == NeverHolds && whole && strings.HasPrefix(source[f.Column:], "!=") && result == false:
		return "it does not"
	case f.Mistake == UnknownField && !f.Warning && !strings.ContainsAny(source, "( ,{") && result != nil:
		return "it is there"
	}
	return ""
}

func recordOf(v any) *Variables {
	headers := value.NewObject(0)
	return &Variables{Value: v, Headers: headers, Topic: "t", Offset: int64(3)}
}

func text(v any) string {
	written, err := value.Append(nil, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(written)
}

// A name that is not there below vars is told at the name, once, whatever is made
// of it.
func TestMisspeltVars(t *testing.T) {
	vars := value.NewObject(1)
	vars.Set("limit", int64(4))
	options := Options{Vars: vars}
	for _, source := range []string{"value > vars.limt", "vars.limt + 1", "vars.limt"} {
		if _, err := Compile(source, options); err != nil {
			t.Errorf("%s: compiling says it, too: %v", source, err)
		}
		_, found := Check(source, options, nil)
		if len(found) != 1 || found[0].Mistake != UnknownField || found[0].Warning || found[0].Column != strings.Index(source, "limt") ||
			found[0].Hint != "did you mean limit?" {
			t.Errorf("%s: %+v", source, found)
		}
	}
	if _, found := Check("vars.limt ?? 3", options, nil); len(found) != 1 || !found[0].Warning {
		t.Errorf("with ??: %+v", found)
	}
}
