package expression

import (
	"regexp"
	"strings"
)

// ways are functions, methods and modules of other languages, and what is
// written here instead. Names are without case and `_`.
//
//nolint:gochecknoglobals // a constant table
var ways = map[string]string{
	// Python.
	"str": "write string(…)", "isinstance": "write type(value) == \"map\", or \"string\", \"array\", \"int\" …", "dict": "write merge(value, {\"NAME\": …}), or an object {\"NAME\": …}",
	"list": "a list is written [a, b]", "sorted": "write sort(list) or sortBy(list, #.NAME)", "range": "write 1..10", "print": "use the sink stdout, or `inspect: true`",
	"startswith": "write text startsWith \"…\"", "endswith": "write text endsWith \"…\"", "strip": "write trim(…)", "append": "write concat(list, [x])",
	"items": "write toPairs(…)", "update": "write merge(a, b)", "format": "join texts with +, numbers as string(n)", "haskey": "write \"NAME\" in value",
	"json": "write parse_json(text) or to_json(v)", "datetime": "write now(), or date(text)", "time": "write now(), or now().Unix()", "math": "write floor(n), ceil(n), round(n), abs(n)",
	"os": "write env(\"NAME\")", "re": "write text matches \"^…$\"", "logging": "use `inspect: true`", "self": "the record's value is called value",
	// Bloblang.
	"deleted": "a record is left out by the operators filter and remove", "nothing": "write value, which leaves it as it is", "meta": "write headers[\"NAME\"], key, topic, partition, offset or timestamp",
	"metadata": "write headers[\"NAME\"], key, topic, partition, offset or timestamp", "content": "write value, or to_json(value) for its text",
	"uuidv4": "write uuid()", "uuidv7": "write uuid()", "ksuid": "write uuid()", "timestampunix": "write now().Unix()", "throw": "write fail(message)", "error": "write fail(message)",
	"mapeach": "write map(list, …), where # is the element", "foreach": "write map(list, …), where # is the element", "exists": "write \"NAME\" in value", "without": "write the fields that stay as a map: {a: value.a}",
	"assign": "write merge(a, b)", "number": "write float(…) or int(…)", "or": "write a ?? b, which takes b where a is nil", "catch": "an error fails the record: `on_error` says what happens; a ?? b is for nil alone",
	"uppercase": "write upper(…)", "lowercase": "write lower(…)", "contains": "write text contains \"…\", or x in list", "length": "write len(…)", "index": "write list[0]",
	"parsejson": "write parse_json(text)", "formatjson": "write to_json(v)", "formattimestamp": "write timestamp.Format(\"2006-01-02\")", "parsetimestamp": "write date(text)",
	// VRL.
	"upcase": "write upper(…)", "downcase": "write lower(…)", "del": "write the fields that stay as a map: {a: value.a}", "tostring": "write string(…)", "toint": "write int(…)",
	"tofloat": "write float(…)", "tobool": "write v == true", "bool": "write v == true", "encodejson": "write to_json(v)", "log": "use `inspect: true`", "push": "write concat(list, [x])",
	"strlen": "write len(…)", "isnull": "write v == nil", "isnil": "write v == nil", "getenvvar": "write env(\"NAME\")", "abort": "write fail(message)",
	// JavaScript, SQL, jq.
	"object": "write keys(v), values(v) or toPairs(v)", "console": "use `inspect: true`", "parseint": "write int(…)", "parsefloat": "write float(…)", "includes": "write x in list, or text contains \"…\"",
	"touppercase": "write upper(…)", "tolowercase": "write lower(…)", "pushback": "write concat(list, [x])", "coalesce": "write a ?? b", "ifnull": "write a ?? b", "nvl": "write a ?? b",
	"substring": "write text[0:3]", "substr": "write text[0:3]", "regexpmatch": "write text matches \"^…$\"", "select": "a record is chosen by the operators filter and remove", "size": "write len(…)",
	"toupper": "write upper(…)", "tolower": "write lower(…)", "lenght": "write len(…)", "sprintf": "join texts with +, numbers as string(n)", "printf": "join texts with +, numbers as string(n)", //nolint:misspell // what somebody may write
}

// wayOf is what is written here for a function, a method or a module of another
// language, "" where it is not known.
func wayOf(name string) string {
	return ways[strings.ToLower(strings.ReplaceAll(name, "_", ""))]
}

// sameArguments are ways in which what is in the parentheses stays.
var sameArguments = regexp.MustCompile(`^write \w+\([^()]*\)$`)

// keepsArguments says that a call is mended by another name alone, as far as is
// known. Of isinstance(value, dict) nothing stays, so dict need not be reported.
func keepsArguments(name string) bool {
	way := wayOf(name)
	return way == "" || sameArguments.MatchString(way)
}

// loneName is what a record is called in a lambda.
var loneName = regexp.MustCompile(`^(?:[a-z]|rec|row|elem|item|data|msg|evt|it)$`)

// assigned is what stands left of a `=` that is the last thing in front of a
// place: the name that another language gives a value.
var assigned = regexp.MustCompile(`(?:^|\n)\s*(root|value|this|event)?((?:\.?[A-Za-z_]\w*)*)\s*$`)

// assignment is the hint for a `=` in place of a `==`, after before.
func assignment(before string) string {
	m := assigned.FindStringSubmatch(before)
	path := ""
	if m != nil {
		path = strings.TrimPrefix(m[2], ".")
	}
	switch {
	case m == nil, m[1] == "" && m[2] == "":
		return "to compare, write =="
	case (m[1] == "root" || m[1] == "this") && path == "":
		return "the expression alone is the new value: `map: value` leaves it as it is"
	case m[1] == "value":
		return "to compare, write =="
	case m[1] != "" || strings.HasPrefix(m[2], "."):
		return newField(path)
	}
	return "to compare, write ==; a new field is a key below `map:`"
}

func newField(path string) string {
	return "a new field is a key below `map:`, as in `" + path + ": value.NAME`; merge(value, {…}) keeps the others"
}
