package operators

import (
	"context"
	"fmt"
	"regexp"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

func starmapKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "starmap",
			Summary:  "Makes a new value of each list, whose items it gives names.",
			Doc:      "The first item of the list gets the first name, and so on: a list with more or fewer items is that record's error. On a batch, the items are its elements' values, and the result is finished only with all of them.",
			Finished: "when what was made of it is finished",
			Fields: []configs.Field{
				{Name: "args", Type: configs.TypeString, List: true, Required: true, Doc: "The names of the items, in order. In `expr` they hide variables of the same name."},
				{Name: "expr", Type: configs.TypeTree, Required: true, VariablesOf: "args", Doc: "The new value: an expression over the names, or a mapping of such expressions."},
			},
			Example: "starmap: {args: [price, count], expr: price * count}\n",
			Given:   []string{"[3, 2]", "[5, 1]"}, Gives: []string{"6", "5"},
		},
		Each: true,
		Flow: starmapped,
		Build: func(b *Builder) engine.Operator {
			names := b.names("args")
			return &starmap{names: names, tree: b.Tree("expr", names...)}
		},
	}
}

// names reads a list of names that an expression can use, each once.
func (b *Builder) names(field string) []string {
	name := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	seen := make(map[string]bool)
	var names []string
	for _, item := range b.Node.Values.Item(field).Items() {
		text := item.String()
		message := ""
		switch {
		case !name.MatchString(text):
			message = "is no name that an expression can use"
		case seen[text]:
			message = "is here twice"
		case text == "index" || text == "vars" || text == "true" || text == "false" || text == "nil":
			message = "has a meaning of its own in expressions"
		}
		if message != "" {
			b.plan.problem(configs.Diagnostic{
				Position: item.Pos(), Width: len(text), Code: configs.CodeWrongValue,
				Message: fmt.Sprintf("%q %s", text, message), Hint: "choose another name",
			})
			continue
		}
		seen[text] = true
		names = append(names, text)
	}
	return names
}

type starmap struct {
	names []string
	tree  *Tree
}

// Process emits what was made of the list's items.
func (s *starmap) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	items, ok := r.List().([]any)
	if !ok {
		return notAList("starmap", r.List())
	}
	if len(items) != len(s.names) {
		return fmt.Errorf("starmap needs a list of %d, got one of %d", len(s.names), len(items))
	}
	extra := make(map[string]any, len(items))
	for i, name := range s.names {
		extra[name] = items[i]
	}
	result, err := s.tree.RunWith(r, extra)
	if err != nil {
		return err
	}
	out.Emit(r.With(result))
	return nil
}

// starmapped gives the names the types of the items.
func starmapped(f *flow) stream {
	in, args := f.in(), f.node.Values.Item("args").Items()
	list := in.list()
	items := list.Items()
	switch {
	case list.Kinds&types.List == 0:
		f.fails("starmap needs a batch or a list; what comes is " + kindsOf(list) + vouched(in.says))
		return anything()
	case items != nil && items.Exact && len(items.Tuple) != len(args):
		at := f.node.Values.Item("args")
		f.plan.finding(configs.Diagnostic{
			Position: at.Pos(), Width: at.Width(), Code: configs.CodeWrongKind,
			Message: fmt.Sprintf("starmap needs a list of %d; what comes is one of %d%s", len(args), len(items.Tuple), vouched(in.says)),
		})
		return anything()
	}
	known := expression.Known{"value": list.Without(types.Anything &^ types.List)}
	for i, arg := range args {
		known[arg.String()], _ = list.Item(int64(i))
	}
	return f.makes(f.tree("expr", in, known))
}
