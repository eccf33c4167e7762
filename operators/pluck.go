package operators

import (
	"context"
	"fmt"
	"strconv"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

func pluckKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "pluck",
			Summary:  "Picks one field or item of each value, or several as a list.",
			Doc:      "A name picks a field of an object, a whole number an item of a list (from 0; negative from the end). What is missing is an error.",
			Finished: "when what was picked is finished",
			Fields: []configs.Field{
				{Name: "pick", Type: configs.TypeData, Required: true, Doc: "A name, an index, or a list of them."},
			},
			Short:   "pick",
			Example: "pluck: [name, id]\n",
			Given:   []string{`{"id": 7, "name": "Alice"}`}, Gives: []string{`["Alice",7]`},
		},
		Each:  true,
		Flow:  plucked,
		Build: buildPluck,
	}
}

func buildPluck(b *Builder) engine.Operator {
	data := b.Node.Values.JSON("pick")
	if data == nil {
		return &pluckOperator{}
	}
	pick, err := value.Decode(data)
	if err != nil {
		b.Problem("pick", configs.CodeWrongValue, fmt.Sprintf("pluck: %v", err), "")
		return &pluckOperator{}
	}
	picks, several := pick.([]any)
	if !several {
		picks = []any{pick}
	}
	for _, p := range picks {
		if _, isName := p.(string); isName {
			continue
		}
		if n, isNumber := p.(value.Number); isNumber && n.IsInteger() {
			continue
		}
		b.Problem("pick", configs.CodeWrongValue, "pluck takes a name, a whole number or a list of them, not "+value.Kind(p), "")
	}
	return &pluckOperator{picks: picks, several: several}
}

type pluckOperator struct {
	picks   []any
	several bool
}

// Process emits what was picked.
func (p *pluckOperator) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	from := r.List()
	picked := make([]any, len(p.picks))
	for i, pick := range p.picks {
		v, err := pluck(from, pick)
		if err != nil {
			return err
		}
		picked[i] = v
	}
	if p.several {
		out.Emit(r.With(picked))
		return nil
	}
	out.Emit(r.With(picked[0]))
	return nil
}

func pluck(from, pick any) (any, error) {
	if name, isName := pick.(string); isName {
		o, isObject := from.(*value.Object)
		if !isObject {
			return nil, fmt.Errorf("pluck needs an object to take %q from, got %s", name, value.Kind(from))
		}
		v, there := o.Get(name)
		if !there {
			return nil, fmt.Errorf("pluck: there is no field %q", name)
		}
		return v, nil
	}
	number, _ := pick.(value.Number)
	index, _ := number.Int()
	list, isList := from.([]any)
	if !isList {
		return nil, fmt.Errorf("pluck needs a list to take item %d from, got %s", index, value.Kind(from))
	}
	at := index
	if at < 0 {
		at += int64(len(list))
	}
	if at < 0 || at >= int64(len(list)) {
		return nil, fmt.Errorf("pluck: there is no item %d in a list of %d", index, len(list))
	}
	return list[at], nil
}

// plucked is what is picked of all that comes.
func plucked(f *flow) stream {
	operator, _ := f.plan.operators[f.node].(*pluckOperator)
	if operator == nil || len(operator.picks) == 0 {
		return anything() // it has a problem
	}
	in := f.in()
	picked := make([]types.Type, len(operator.picks))
	for i, pick := range operator.picks {
		var steps []string
		if operator.several {
			steps = []string{strconv.Itoa(i)}
		}
		of, code, message, hint := pluckType(in.list(), pick, vouched(in.says))
		if message != "" {
			at := f.node.Values.Part("pick", steps, false)
			f.plan.finding(configs.Diagnostic{Position: at.Pos, Width: at.Width, Code: code, Message: message, Hint: at.Hint(hint)})
		}
		picked[i] = of
	}
	if operator.several {
		return f.makes(types.TupleOf(picked...))
	}
	out := f.makes(picked[0])
	out.says = in.says
	return out
}

// pluckType is what is picked of values of a type. The message says why nothing
// ever is, and says who knows it.
func pluckType(from types.Type, pick any, says string) (of types.Type, code, message, hint string) {
	if name, isName := pick.(string); isName {
		if from.Kinds&types.Object == 0 {
			return types.Any(), configs.CodeWrongKind, fmt.Sprintf("pluck needs an object to take %q from; what comes is %s%s", name, kindsOf(from), says), ""
		}
		fields := from.Fields()
		if fields == nil {
			return types.Any(), "", "", ""
		}
		if f, there := fields.Find(name); there {
			return f.Type, "", "", ""
		}
		if !fields.Closed() {
			return fields.Rest, "", "", ""
		}
		if near := types.Nearest(name, fields.Names()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return types.Any(), configs.CodeUnknownField, fmt.Sprintf("there is no field %q%s", name, fields.Vouched()), hint
	}
	number, ok := pick.(value.Number)
	if !ok || !number.IsInteger() {
		return types.Any(), "", "", "" // reported already
	}
	index, _ := number.Int()
	if from.Kinds&types.List == 0 {
		return types.Any(), configs.CodeWrongKind, fmt.Sprintf("pluck needs a list to take item %d from; what comes is %s%s", index, kindsOf(from), says), ""
	}
	of, there := from.Item(index)
	if !there {
		return types.Any(), configs.CodeAlwaysFails, fmt.Sprintf("there is no item %d in a list of %d%s", index, len(from.Items().Tuple), says), ""
	}
	return of, "", "", ""
}
