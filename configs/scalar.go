package configs

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// problem is what is wrong with a value: a code, a message that may name the
// value only through shown, and what mends it.
type problem struct{ code, message, hint string }

func wrongType(message, hint string) *problem  { return &problem{CodeWrongType, message, hint} }
func wrongValue(message, hint string) *problem { return &problem{CodeWrongValue, message, hint} }

const durationForm = "a duration is a number and ns, us, ms, s, m or h"

var (
	integer  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	fraction = regexp.MustCompile(`^[0-9]*\.[0-9]+$`)
	size     = regexp.MustCompile(`^([0-9]+)\s*([A-Za-z]*)$`)
)

// sizeUnit is a unit's bytes, 0 for an unknown one.
func sizeUnit(name string) int64 {
	switch name {
	case "", "B":
		return 1
	case "KiB":
		return 1 << 10
	case "MiB":
		return 1 << 20
	case "GiB":
		return 1 << 30
	}
	return 0
}

// parseScalar gives text the type of a field. shown is how a message may name
// the text: a substituted or secret one is not repeated.
func parseScalar(f *Field, text, shown string, v *value) *problem {
	v.text = text
	switch f.Type {
	case TypeInt:
		return parseInt(f, text, shown, v)
	case TypeFloat:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return wrongType(shown+" is not a number", "")
		}
		v.float = n
		return inRange(f, n, func(s string) float64 { n, _ := strconv.ParseFloat(s, 64); return n }, shown)
	case TypeBool:
		switch text {
		case "true", "True", "TRUE":
			v.truth = true
		case "false", "False", "FALSE":
		default:
			return wrongType(shown+" is not true or false", "")
		}
	case TypeDuration:
		return parseDuration(f, text, shown, v)
	case TypeSize:
		n, p := parseSize(text, shown)
		if p != nil {
			return p
		}
		v.number, v.float = n, float64(n)
		return inRange(f, n, func(s string) int64 { n, _ := parseSize(s, ""); return n }, shown)
	case TypeString, TypeNode:
		if len(f.Values) > 0 && !slices.Contains(f.Values, text) {
			return wrongValue(shown+" is not allowed here", hints(didYouMean(text, f.Values, shown), "allowed: "+strings.Join(f.Values, ", ")))
		}
		switch {
		case text != "":
		case f.Type == TypeNode:
			return wrongValue("the name of a node cannot be empty", "")
		case f.Required && !f.Secret:
			return wrongValue(f.Name+" is empty", "")
		}
	}
	return nil
}

func parseInt(f *Field, text, shown string, v *value) *problem {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !integer.MatchString(text):
		return wrongType(shown+" is not an integer", "")
	case err != nil:
		return wrongValue(shown+" does not fit in 64 bits", "")
	}
	v.number, v.float = n, float64(n)
	return inRange(f, n, func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }, shown)
}

func parseDuration(f *Field, text, shown string, v *value) *problem {
	d, err := time.ParseDuration(text)
	if err != nil {
		if integer.MatchString(text) {
			return wrongType(shown+" has no unit", durationForm+": "+withUnits(hide(text, shown)))
		}
		if fraction.MatchString(text) {
			return wrongType(shown+" has no unit", durationForm+": "+hide(text, shown)+"s")
		}
		return wrongType(shown+" is not a duration", durationForm+": 250ms, 1s, 1m30s")
	}
	if d < 0 && f.Min == "" {
		return wrongValue(shown+" is negative", "")
	}
	v.number, v.float = int64(d), d.Seconds()
	return inRange(f, d, func(s string) time.Duration { d, _ := time.ParseDuration(s); return d }, shown)
}

// withUnits is a number as the duration that it was likely meant to be: large
// ones are milliseconds in many programs.
func withUnits(number string) string {
	if len(number) > 3 {
		return number + "ms or " + number + "s"
	}
	return number + "s"
}

func parseSize(text, shown string) (int64, *problem) {
	m := size.FindStringSubmatch(text)
	if m == nil {
		return 0, wrongType(shown+" is not a size", "a size is a number of bytes, or a number and KiB, MiB or GiB: 64KiB")
	}
	unit := sizeUnit(m[2])
	if unit == 0 {
		return 0, wrongType(shown+" has an unknown unit", "the units are B, KiB, MiB and GiB")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return 0, wrongValue(shown+" is too large", "")
	}
	return n * unit, nil
}

// inRange checks a number against the field's Min and Max.
func inRange[T int64 | float64 | time.Duration](f *Field, n T, parse func(string) T, shown string) *problem {
	var bounds string
	switch {
	case f.Min != "" && f.Max != "":
		bounds = fmt.Sprintf("from %s to %s", f.Min, f.Max)
	case f.Min != "":
		bounds = f.Min + " or more"
	case f.Max != "":
		bounds = "at most " + f.Max
	}
	if f.Min != "" && n < parse(f.Min) {
		return wrongValue(shown+" is too small", "allowed: "+bounds)
	}
	if f.Max != "" && n > parse(f.Max) {
		return wrongValue(shown+" is too large", "allowed: "+bounds)
	}
	return nil
}

// hide is text for a hint, left out where a message may not show it.
func hide(text, shown string) string {
	if !strings.Contains(shown, text) {
		return "1"
	}
	return text
}

// kindOf names what a field takes, for messages.
func kindOf(f *Field) string {
	if f.List {
		one := *f
		one.List = false
		return kindOf(&one) + " or a list of those"
	}
	switch f.Type {
	case TypeString:
		return "text"
	case TypeInt:
		return "an integer"
	case TypeFloat:
		return "a number"
	case TypeBool:
		return "true or false"
	case TypeDuration:
		return "a duration"
	case TypeSize:
		return "a size"
	case TypeExpression:
		return "an expression"
	case TypeTree:
		return "an expression or a mapping of expressions"
	case TypeNode:
		return "the name of a node"
	case TypeOutput:
		return "an output"
	case TypeObject:
		return "a mapping with the keys " + strings.Join(fieldNames(f.Fields), ", ")
	case TypeMap:
		return "a mapping"
	}
	return "any value"
}

func fieldNames(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// parseScalarItem gives a YAML scalar the type of a field. Substituted text is
// typed by the field alone; other text must be of the YAML type that the field
// asks for, so that `workers: "4"` and `group: 12` are noticed.
func parseScalarItem(f *Field, it *item, shown string, v *value) *problem {
	if it.null() && !it.substituted {
		return wrongType(fmt.Sprintf("%s takes %s, not %s", f.Name, kindOf(f), shown), "")
	}
	if !it.substituted {
		if p := yamlType(f, it, shown); p != nil {
			return p
		}
	}
	return parseScalar(f, it.text, shown, v)
}

func yamlType(f *Field, it *item, shown string) *problem {
	takes := fmt.Sprintf("%s takes %s, not ", f.Name, kindOf(f))
	switch f.Type {
	case TypeInt, TypeFloat, TypeBool:
		if it.quoted {
			hint := ""
			if parseScalar(f, it.text, shown, &value{}) == nil {
				hint = "remove the quotes"
			}
			return wrongType(takes+"text", hint)
		}
	case TypeString, TypeNode:
		if it.quoted || it.tag == "!!str" || it.tag == "!!timestamp" || slices.Contains(f.Values, it.text) {
			return nil
		}
		what := map[string]string{"!!int": "a number", "!!float": "a number", "!!bool": "a boolean"}[it.tag]
		switch {
		case f.Secret:
			return wrongType(takes+what, "quote it")
		case len(f.Values) > 0:
			return wrongType(takes+what, hints(called(it.text, f.Values), "allowed: "+strings.Join(f.Values, ", ")))
		}
		if quote := fmt.Sprintf("quote it: %q", cut(it.text)); it.tag != "!!bool" {
			return wrongType(takes+what, quote)
		} else if f.Doc != "" {
			return wrongType(takes+what, hints(fieldHint(f), quote))
		}
		return wrongType(takes+what, fmt.Sprintf("quote it: %q", cut(it.text)))
	}
	return nil
}

// scalarProblem is what parsing a value as a field would report.
func scalarProblem(f *Field, it *item) *problem {
	switch f.Type {
	case TypeExpression, TypeTree, TypeData, TypeObject, TypeMap, TypeOutput:
		return nil
	}
	return parseScalarItem(f, it, "", &value{})
}
