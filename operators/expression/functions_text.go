package expression

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// textFunctions work on strings. Where they count, they count characters.
func textFunctions() []*function {
	return []*function{
		{name: "trim", signature: "trim(text[, characters])", doc: "The text without white space, or without any of the characters, at both ends.",
			examples: []string{`trim("  a ") == "a"`, `trim("__a_", "_") == "a"`},
			takes:    []kinds{isString, isString}, optional: 1, gives: isString,
			call: func(_ *frame, args []any) (any, error) {
				if len(args) == 1 {
					return strings.TrimSpace(args[0].(string)), nil
				}
				return strings.Trim(args[0].(string), args[1].(string)), nil
			}},
		text2("trimPrefix", "trimPrefix(text, prefix)", "The text without the prefix, if it starts with it.",
			`trimPrefix("water-healer", "water-") == "healer"`, strings.TrimPrefix),
		text2("trimSuffix", "trimSuffix(text, suffix)", "The text without the suffix, if it ends with it.",
			`trimSuffix("a.json", ".json") == "a"`, strings.TrimSuffix),
		text1("upper", "The text in upper case.", `upper("aé") == "AÉ"`, strings.ToUpper),
		text1("lower", "The text in lower case.", `lower("AÉ") == "aé"`, strings.ToLower),
		splitter("split", "The parts of the text between separators, at most n of them.",
			[]string{`split("a,b,c", ",") == ["a", "b", "c"]`, `split("a,b,c", ",", 2) == ["a", "b,c"]`}, strings.SplitN),
		splitter("splitAfter", "The parts of the text after each separator, which stays on them; at most n.",
			[]string{`splitAfter("a,b,c", ",") == ["a,", "b,", "c"]`}, strings.SplitAfterN),
		{name: "replace", signature: "replace(text, old, new[, n])", doc: "The text with every old part replaced by the new one, or the first n.",
			examples: []string{`replace("a-b-c", "-", "+") == "a+b+c"`, `replace("a-b-c", "-", "+", 1) == "a+b-c"`},
			takes:    []kinds{isString, isString, isString, isInt}, optional: 1, gives: isString, call: replace},
		{name: "repeat", signature: "repeat(text, n)", doc: "The text n times.",
			examples: []string{`repeat("ab", 3) == "ababab"`},
			takes:    []kinds{isString, isInt}, gives: isString, call: repeat},
		{name: "join", signature: "join(list[, separator])", doc: "The strings of a list in one, with the separator between them.",
			examples: []string{`join(["a", "b"], ", ") == "a, b"`, `join(["a", "b"]) == "ab"`},
			takes:    []kinds{isList, isString}, optional: 1, gives: isString, call: join},
		finder("indexOf", "The number of the character, from 0, where the part first stands; -1 if it does not.",
			`indexOf("über", "er") == 2`, strings.Index),
		finder("lastIndexOf", "The number of the character, from 0, where the part last stands; -1 if it does not.",
			`lastIndexOf("erber", "er") == 3`, strings.LastIndex),
		asks("hasPrefix", "hasPrefix(text, prefix)", "Whether the text starts with the prefix.", `hasPrefix("healer", "heal")`, strings.HasPrefix),
		asks("hasSuffix", "hasSuffix(text, suffix)", "Whether the text ends with the suffix.", `hasSuffix("healer", "er")`, strings.HasSuffix),
	}
}

func text1(name, doc, example string, compute func(string) string) *function {
	return &function{name: name, signature: name + "(text)", doc: doc, examples: []string{example},
		takes: []kinds{isString}, gives: isString,
		call: func(f *frame, args []any) (any, error) {
			s := compute(args[0].(string))
			return s, f.spend(len(s))
		}}
}

func text2(name, signature, doc, example string, compute func(a, b string) string) *function {
	return &function{name: name, signature: signature, doc: doc, examples: []string{example},
		takes: []kinds{isString, isString}, gives: isString,
		call: func(_ *frame, args []any) (any, error) {
			return compute(args[0].(string), args[1].(string)), nil
		}}
}

func asks(name, signature, doc, example string, holds func(a, b string) bool) *function {
	return &function{name: name, signature: signature, doc: doc, examples: []string{example},
		takes: []kinds{isString, isString}, gives: isBool,
		call: func(_ *frame, args []any) (any, error) {
			return holds(args[0].(string), args[1].(string)), nil
		}}
}

func finder(name, doc, example string, find func(a, b string) int) *function {
	return &function{name: name, signature: name + "(text, part)", doc: doc, examples: []string{example},
		takes: []kinds{isString, isString}, gives: isInt,
		call: func(_ *frame, args []any) (any, error) {
			s := args[0].(string)
			i := find(s, args[1].(string))
			if i < 0 {
				return int64(-1), nil
			}
			return int64(utf8.RuneCountInString(s[:i])), nil
		}}
}

func splitter(name, doc string, examples []string, split func(s, separator string, n int) []string) *function {
	return &function{name: name, signature: name + "(text, separator[, n])", doc: doc, examples: examples,
		takes: []kinds{isString, isString, isInt}, optional: 1, gives: isList,
		call: func(f *frame, args []any) (any, error) {
			n, err := count(args, 2, -1)
			if err != nil {
				return nil, err
			}
			parts := split(args[0].(string), args[1].(string), n)
			if err := f.spend(len(parts) * itemWork); err != nil {
				return nil, err
			}
			list := make([]any, len(parts))
			for i, part := range parts {
				list[i] = part
			}
			return list, nil
		}}
}

// count is a whole number in an argument that may be left out. A number that is
// too big for any text or list is as good as the biggest that is not.
func count(args []any, i, missing int) (int, error) {
	if i >= len(args) {
		return missing, nil
	}
	n, ok := integer(args[i])
	if !ok {
		return 0, errTooBig(args[i])
	}
	const most = 1 << 40
	return int(min(max(n, -most), most)), nil
}

func replace(f *frame, args []any) (any, error) {
	n, err := count(args, 3, -1)
	if err != nil {
		return nil, err
	}
	text, old, with := args[0].(string), args[1].(string), args[2].(string)
	// Replacing may make a text much longer: count before.
	found := strings.Count(text, old)
	if n >= 0 {
		found = min(found, n)
	}
	if len(with) > len(old) && found > maxWork/len(with) {
		return nil, f.spend(maxWork + 1)
	}
	if err := f.spend(len(text) + found*len(with)); err != nil {
		return nil, err
	}
	return strings.Replace(text, old, with, n), nil
}

func repeat(f *frame, args []any) (any, error) {
	n, err := count(args, 1, 0)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("repeat needs a number that is not negative, got %d", n)
	}
	text := args[0].(string)
	if text == "" {
		return "", nil
	}
	if n > maxWork/len(text) {
		return nil, f.spend(maxWork + 1)
	}
	if err := f.spend(n * len(text)); err != nil {
		return nil, err
	}
	return strings.Repeat(text, n), nil
}

func join(f *frame, args []any) (any, error) {
	list := args[0].([]any)
	separator := ""
	if len(args) == 2 {
		separator = args[1].(string)
	}
	texts, size := make([]string, len(list)), 0
	for i, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("join needs a list of strings, but item %d is %s", i, aKind(item))
		}
		texts[i] = text
		size += len(text) + len(separator)
	}
	if err := f.spend(size); err != nil {
		return nil, err
	}
	return strings.Join(texts, separator), nil
}
