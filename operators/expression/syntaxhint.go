package expression

import (
	"regexp"
	"strings"
)

// argumentName is the name of an argument, as in `f(x, key=…)`.
var argumentName = regexp.MustCompile(`^\s*[A-Za-z_]\w*\s*$`)

var unexpected = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?$`)

// syntax says in other words what expr's parser says, and what was likely
// meant. before is what stands in front of the token, from the token and what
// is behind it.
func syntax(message, before, from string) (said, hint string) {
	if strings.HasPrefix(message, "unexpected token EOF") {
		return "the expression ends too early", ""
	}
	if strings.HasPrefix(message, "a map key must be") && strings.Contains(message, `Operator("**")`) {
		return "a map key must be a name or a text", mend("**", "{")
	}
	if strings.HasPrefix(message, "unrecognized character: U+0040") {
		return "unexpected @", ways["meta"]
	}
	m := unexpected.FindStringSubmatch(message)
	if m == nil || m[2] == "" {
		return message, ""
	}
	before = strings.TrimRight(before, " \t\n")
	if n := vrlAssignment.FindStringSubmatch(from); n != nil && before == "" {
		return "unexpected .", newField(n[1])
	}
	if n := betweenTexts.FindStringSubmatch(from); n != nil {
		return "unexpected " + m[2], "it stands between two texts: text " + n[1] + " \"…\""
	}
	hint = mend(m[2], before)
	if n := callBegun.FindStringSubmatch(before); n != nil && m[2] == "." && wayOf(n[1]) != "" {
		hint += "; in place of " + n[1] + " " + wayOf(n[1])
	}
	return "unexpected " + m[2], hint
}

var (
	vrlAssignment = regexp.MustCompile(`^\.([A-Za-z_]\w*)[\w.\[\]]*\s*=[^=]`)
	betweenTexts  = regexp.MustCompile(`^(contains|matches|startsWith|endsWith)\s*\(`)
	callBegun     = regexp.MustCompile(`([A-Za-z_]\w*)\($`)
)

// mend is what stands here for a token of another language; "" is not known.
func mend(token, before string) string {
	switch last := before[strings.LastIndexAny(before, " \t\n(,")+1:]; {
	case last == "lambda" || token == "lambda":
		return "write the expression alone: the record is called value"
	case last == "f" && token != "(":
		return "join texts with +, numbers as string(n)"
	case strings.HasSuffix(before, "|") && !strings.HasSuffix(before, "||") && token != "|":
		return "write a ?? b for another value in place of nil"
	case last == "if" || token == "then" || token == "if":
		return "write CONDITION ? A : B"
	}
	switch strings.ToUpper(token) {
	case "=":
		if last := before[strings.LastIndexAny(before, "(,")+1:]; len(last) < len(before) && argumentName.MatchString(last) {
			return "arguments have no names"
		}
		return assignment(before)
	case "!":
		return "leave out the !: an error in a function is that of the record, and `on_error` says what happens"
	case "**":
		if strings.HasSuffix(before, "{") || strings.HasSuffix(before, ",") {
			return "write merge(value, {\"NAME\": …})"
		}
	case "%":
		if before == "" {
			return ways["meta"]
		}
	case ">":
		switch {
		case strings.HasSuffix(before, "<"):
			return "write !="
		case strings.HasSuffix(before, "-"), strings.HasSuffix(before, "="):
			return "write the expression alone; an element in filter(list, …) and the like is #"
		}
	case "AND":
		return "write &&, or the word in lower case"
	case "OR":
		return "write ||, or the word in lower case"
	case "NOT":
		return "write !, or the word in lower case"
	case "IS":
		return "to compare, write == or !="
	case "LIKE":
		return "write contains, startsWith, endsWith or matches"
	case "<>":
		return "write !="
	case "=>", "->":
		return "write the expression alone; an element in filter(list, …) and the like is #"
	case "FOR":
		return "write map(list, …), where # is the element"
	case ".":
		if before == "" || strings.HasSuffix(before, "(") || strings.HasSuffix(before, "&&") || strings.HasSuffix(before, "||") {
			return "a field of the record is written value.NAME"
		}
	case ";":
		return "one expression stands alone; `let a = …; b` names a part"
	}
	return ""
}
