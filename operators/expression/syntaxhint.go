package expression

import (
	"regexp"
	"strings"
)

var unexpected = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?$`)

// syntax says in other words what expr's parser says, and what was likely
// meant. before is what stands in front of the token.
func syntax(message, before string) (said, hint string) {
	if strings.HasPrefix(message, "unexpected token EOF") {
		return "the expression ends too early", ""
	}
	m := unexpected.FindStringSubmatch(message)
	if m == nil || m[2] == "" {
		return message, ""
	}
	return "unexpected " + m[2], mend(m[2], strings.TrimRight(before, " \t\n"))
}

// mend is what stands here for a token of another language; "" is not known.
func mend(token, before string) string {
	switch last := before[strings.LastIndexAny(before, " \t\n(,")+1:]; {
	case last == "lambda":
		return "write the expression alone: the record is called value"
	case last == "f" && token != "(":
		return "join texts with +, numbers as string(n)"
	case last == "if" || token == "then" || token == "if":
		return "write CONDITION ? A : B"
	}
	switch strings.ToUpper(token) {
	case "=":
		return "to compare, write =="
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
