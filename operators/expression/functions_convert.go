package expression

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waterhealer/engine/value"
)

// conversions make values of one kind of those of another, exactly or not at
// all.
func conversions() []*function {
	return []*function{
		{name: "type", signature: "type(value)", doc: `The kind of the value: "nil", "bool", "int", "float", "string", "array", "map", "bytes", "time.Time" or "time.Duration".`,
			examples: []string{`type(42) == "int"`, `type({}) == "map"`, `type(nil) == "nil"`},
			takes:    []kinds{anything}, gives: isString,
			call: func(_ *frame, args []any) (any, error) { return typeName(args[0]), nil }},
		{name: "int", signature: "int(number or text)", doc: "The integer of a number, without its fraction, or of a text in decimal digits. What 64 bits do not hold is an error.",
			examples: []string{`int("123") == 123`, `int(4.9) == 4`},
			takes:    []kinds{isNumber | isString}, gives: isInt, call: toInt},
		{name: "float", signature: "float(number or text)", doc: "The float nearest to a number, or to the number that a text is.",
			examples: []string{`float("123.45") == 123.45`, `float(2) == 2`},
			takes:    []kinds{isNumber | isString}, gives: isFloat, call: toFloat},
		{name: "string", signature: "string(value)", doc: "The value as a text: a number as it is written, a time in RFC 3339, a list or an object in JSON. Of nil it is an error.",
			examples: []string{`string(1.5) == "1.5"`, `string(true) == "true"`, `string([1, "a"]) == '[1,"a"]'`},
			takes:    []kinds{anything &^ isNil}, gives: isString, call: toString},
		{name: "to_json", signature: "to_json(value)", doc: "The value as JSON, in one line. Numbers and the order of keys stay.",
			examples: []string{`to_json({"b": 1, "a": [true, nil]}) == '{"b":1,"a":[true,null]}'`},
			takes:    []kinds{anything}, gives: isString,
			call: func(f *frame, args []any) (any, error) { return toJSON(f, args[0], "") }},
		{name: "toJSON", signature: "toJSON(value)", doc: "The value as JSON, indented by two spaces. Numbers and the order of keys stay.",
			examples: []string{`toJSON([1]) == "[\n  1\n]"`},
			takes:    []kinds{anything}, gives: isString,
			call: func(f *frame, args []any) (any, error) { return toJSON(f, args[0], "  ") }},
		{name: "parse_json", signature: "parse_json(text)", doc: "The value that a JSON text is. Numbers and the order of keys stay.",
			examples: []string{`parse_json('{"a": [1.50]}').a[0] == 1.5`},
			takes:    []kinds{isString | isBytes}, gives: anything, call: fromJSON},
		{name: "fromJSON", signature: "fromJSON(text)", doc: "The same as parse_json.",
			examples: []string{`fromJSON("[1]") == [1]`},
			takes:    []kinds{isString | isBytes}, gives: anything, call: fromJSON},
		{name: "toBase64", signature: "toBase64(text or bytes)", doc: "The text or bytes in Base64.",
			examples: []string{`toBase64("Hello") == "SGVsbG8="`},
			takes:    []kinds{isString | isBytes}, gives: isString,
			call: func(f *frame, args []any) (any, error) {
				s := base64.StdEncoding.EncodeToString(octets(args[0]))
				return s, f.spend(len(s))
			}},
		{name: "fromBase64", signature: "fromBase64(text)", doc: "The text that is in Base64. What is no UTF-8 is an error.",
			examples: []string{`fromBase64("SGVsbG8=") == "Hello"`},
			takes:    []kinds{isString}, gives: isString, call: fromBase64},
	}
}

func typeName(v any) string {
	switch k := value.Kind(v); k {
	case "boolean":
		return "bool"
	case "integer":
		return "int"
	case "list":
		return "array"
	case "object":
		return "map"
	case "time":
		return "time.Time"
	case "duration":
		return "time.Duration"
	default:
		return k
	}
}

func toInt(_ *frame, args []any) (any, error) {
	switch v := args[0].(type) {
	case float64:
		if i, ok := whole(v); ok {
			return i, nil
		}
		return nil, fmt.Errorf("%s does not fit a 64-bit integer", strconv.FormatFloat(v, 'g', -1, 64))
	case value.Number:
		if i, ok := v.Truncate(); ok {
			return i, nil
		}
		return nil, fmt.Errorf("%s does not fit a 64-bit integer", clip(string(v)))
	case string:
		i, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not an integer of 64 bits in decimal digits", clip(v))
		}
		return i, nil
	}
	return args[0], nil
}

func toFloat(_ *frame, args []any) (any, error) {
	switch v := args[0].(type) {
	case int64:
		return float64(v), nil
	case value.Number:
		if f, ok := v.Float(); ok {
			return f, nil
		}
		return nil, fmt.Errorf("%s is beyond the range of a float", clip(string(v)))
	case string:
		f, err := strconv.ParseFloat(v, 64)
		// ParseFloat reads "inf", "nan", hexadecimal and 1_000 too.
		if err != nil || strings.ContainsAny(v, "xX_nN") {
			return nil, fmt.Errorf("%q is not a number", clip(v))
		}
		return f, nil
	}
	return args[0], nil
}

func toString(f *frame, args []any) (any, error) {
	switch v := args[0].(type) {
	case string:
		return v, nil
	case value.Number:
		return string(v), nil
	case []byte:
		if !utf8.Valid(v) {
			return nil, fmt.Errorf("the bytes are not UTF-8")
		}
		return string(v), f.spend(len(v))
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case time.Duration:
		return v.String(), nil
	}
	return toJSON(f, args[0], "")
}

func toJSON(f *frame, v any, indent string) (any, error) {
	text, err := value.Append(nil, v)
	if err != nil {
		return nil, err
	}
	if err := f.spend(len(text)); err != nil || indent == "" {
		return string(text), err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", indent); err != nil {
		return nil, err
	}
	return b.String(), f.spend(b.Len())
}

func fromJSON(f *frame, args []any) (any, error) {
	data := octets(args[0])
	if err := f.spend(len(data)); err != nil {
		return nil, err
	}
	return value.Decode(data)
}

func octets(v any) []byte {
	if s, ok := v.(string); ok {
		return []byte(s)
	}
	b, _ := v.([]byte)
	return b
}

func fromBase64(f *frame, args []any) (any, error) {
	b, err := base64.StdEncoding.DecodeString(args[0].(string))
	if err != nil {
		return nil, fmt.Errorf("not Base64: %w", err)
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("what is in the Base64 is not UTF-8 text")
	}
	return string(b), f.spend(len(b))
}
