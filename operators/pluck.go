package operators

import (
	"context"
	"fmt"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
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
