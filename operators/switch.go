package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func switchKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "switch",
			Summary:  "Sends each record down one of several branches.",
			Doc:      "The first case whose condition is true takes the record. Nodes read from a branch as `from: NAME.BRANCH`, where NAME is the switch's name. What no case takes goes to the branch that `default` names; without one it is dropped.",
			Finished: "with the branch taken; dropped: at once",
			Fields: []configs.Field{
				{Name: "cases", Type: configs.TypeObject, List: true, Required: true, Doc: "The branches and their conditions, tried in order.", Fields: []configs.Field{
					{Name: "when", Type: configs.TypeExpression, Required: true, Doc: "The condition."},
					{Name: "name", Type: configs.TypeString, Required: true, Branch: true, Doc: "The branch. Several cases may share one."},
				}},
				{Name: "default", Type: configs.TypeString, Branch: true, Doc: "The branch of what no case takes. Default: it is dropped."},
			},
			Example: "name: size\nswitch:\n  cases:\n    - {when: value >= 10, name: big}\n  default: small\n",
			Given:   []string{"5", "12"}, Gives: []string{"size.small: 5", "size.big: 12"},
		},
		Flow: func(f *flow) stream {
			for _, c := range f.node.Values.Objects("cases") {
				f.condition(c.Expression("when"), f.in(), nil)
			}
			return f.in()
		},
		Build: func(b *Builder) engine.Operator {
			s := &switchOperator{}
			branch := func(name string) int { return slices.Index(b.Node.Branches(), name) + 1 }
			for _, c := range b.Node.Values.Objects("cases") {
				s.cases = append(s.cases, switchCase{when: b.condition(c.Expression("when")), branch: branch(c.String("name"))})
			}
			if b.Node.Values.Has("default") {
				s.otherwise = branch(b.Node.Values.String("default"))
			}
			return s
		},
	}
}

type switchOperator struct {
	cases     []switchCase
	otherwise int // the branch of what no case takes; 0 drops it
}

type switchCase struct {
	when   *Expression
	branch int // from 1
}

// Process emits the record to one branch, or nothing.
func (s *switchOperator) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	for _, c := range s.cases {
		holds, err := c.when.RunBool(r)
		if err != nil {
			return err
		}
		if holds {
			out.EmitTo(r, c.branch)
			return nil
		}
	}
	if s.otherwise > 0 {
		out.EmitTo(r, s.otherwise)
	}
	return nil
}
