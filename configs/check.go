package configs

import (
	"errors"
	"fmt"
	"slices"
)

// CheckSpecs looks for mistakes in specs that no pipeline file would show: a
// default or a bound that its type cannot have, a short form of no field, two
// kinds of one name. The registry's test calls it.
func CheckSpecs(specs []Spec) error {
	var problems []error
	seen := make(map[string]bool)
	for i := range specs {
		s := &specs[i]
		for _, kind := range append([]string{s.Kind}, s.Aliases...) {
			key := string(s.Section) + " " + kind
			if seen[key] {
				problems = append(problems, fmt.Errorf("%s: there are two", key))
			}
			seen[key] = true
			if findField(CommonFields(s.Section), kind) != nil {
				problems = append(problems, fmt.Errorf("%s: the name is one of a common field", key))
			}
		}
		if s.Short != "" && findField(s.Fields, s.Short) == nil {
			problems = append(problems, fmt.Errorf("%s: the short form sets %q, which is no field", s.Kind, s.Short))
		}
		if s.ShortMapping && s.Short == "" {
			problems = append(problems, fmt.Errorf("%s: a mapping is the short form of no field", s.Kind))
		}
		problems = append(problems, checkFields(s.Kind, s.Fields)...)
	}
	return errors.Join(problems...)
}

func checkFields(path string, fields []Field) []error {
	var problems []error
	seen := make(map[string]bool)
	for i := range fields {
		if f := &fields[i]; seen[f.Name] {
			problems = append(problems, fmt.Errorf("%s.%s: there are two", path, f.Name))
		} else {
			seen[f.Name] = true
			problems = append(problems, checkField(path+"."+f.Name, f)...)
			if f.VariablesOf != "" && findField(fields, f.VariablesOf) == nil {
				problems = append(problems, fmt.Errorf("%s.%s: its variables are those of %q, which is no field", path, f.Name, f.VariablesOf))
			}
		}
	}
	return problems
}

func checkField(path string, f *Field) []error {
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(path+": "+format, args...))
	}
	if f.Default != "" && f.Required {
		bad("a required field has no default")
	}
	if f.Default != "" && defaultValue(f, Position{}) == nil {
		bad("the default %q is no %s", f.Default, f.Type)
	}
	unbound := *f
	unbound.Min, unbound.Max = "", ""
	for _, bound := range []string{f.Min, f.Max} {
		if bound == "" {
			continue
		}
		if !slices.Contains([]Type{TypeInt, TypeFloat, TypeDuration, TypeSize}, f.Type) || parseScalar(&unbound, bound, bound, &value{}) != nil {
			bad("the bound %q is no %s", bound, f.Type)
		}
	}
	if len(f.Values) > 0 && f.Type != TypeString {
		bad("allowed values are for strings")
	}
	if f.Commas && (f.Type != TypeString || !f.List) {
		bad("only texts of a list are taken apart at commas")
	}
	problems = append(problems, checkFields(path, f.Fields)...)
	if f.Item != nil {
		problems = append(problems, checkField(path+".*", f.Item)...)
	}
	if f.Or != nil {
		problems = append(problems, checkField(path+"|", f.Or)...)
	}
	return problems
}
