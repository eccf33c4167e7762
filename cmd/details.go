package cmd

import (
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
)

// detailLength is how many bytes of a node's text are shown.
const detailLength = 160

// detailsOf are a few words on what the node at each position does: what the file
// says of it, on one line. They are taken from the text that may be shown, so that no secret
// is among them.
func detailsOf(pipeline *configs.Pipeline) map[string]string {
	lines := strings.Split(string(pipeline.Text()), "\n")
	details := make(map[string]string)
	add := func(n *configs.Node) { details[n.KindPos.String()] = detailOf(lines, n) }
	for _, nodes := range [][]*configs.Node{pipeline.Sources, pipeline.Operators, pipeline.Sinks} {
		for _, n := range nodes {
			add(n)
			for _, field := range []string{"to", "report"} {
				for _, output := range n.Values.Outputs(field) {
					add(output)
				}
			}
			if n.OnError != nil && n.OnError.DeadLetter != nil {
				add(n.OnError.DeadLetter)
			}
		}
	}
	if pipeline.OnError != nil && pipeline.OnError.DeadLetter != nil {
		add(pipeline.OnError.DeadLetter)
	}
	return details
}

// detailOf is what the file says of a node; where much of that is how to get there,
// and not what it does, of some fields only.
func detailOf(lines []string, n *configs.Node) string {
	var fields []string
	switch {
	case n.Kind == "healing":
		fields = []string{"interval", "ignore", "asynchronous"}
	case n.Section == configs.SectionSource && isKafka(n):
		fields = []string{"topics", "group"}
	case isKafka(n):
		fields = []string{"topic", "key"}
	default:
		return unbraced(detailAt(lines, n.KindPos))
	}
	var told []string
	for _, field := range fields {
		if n.Values.Item(field).Written() {
			told = append(told, field+": "+unquoted(fieldAt(lines, n.Values.KeyPos(field))))
		}
	}
	return shortened(strings.Join(told, ", "))
}

// unbraced takes braces away where they are around the whole.
func unbraced(text string) string {
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") {
		return text
	}
	whole := true
	outside(text, func(i, depth int, _ rune) bool {
		whole = depth > 0 || i == len(text)-1
		return whole
	})
	if !whole {
		return text
	}
	return strings.TrimSpace(text[1 : len(text)-1])
}

// fieldAt is what stands behind a key, up to the next one where both stand in
// braces.
func fieldAt(lines []string, at configs.Position) string {
	text := detailAt(lines, at)
	if at.Line < 1 || at.Line > len(lines) {
		return text
	}
	before := []rune(lines[at.Line-1])
	if strings.TrimLeft(string(before[:min(max(at.Column-1, 0), len(before))]), " -") == "" {
		return text
	}
	end := len(text)
	outside(text, func(i, depth int, c rune) bool {
		if depth == 0 && c == ',' {
			end = i
		}
		return end == len(text)
	})
	return text[:end]
}

// detailAt is what stands behind a key and in the lines below it that are
// indented further.
func detailAt(lines []string, at configs.Position) string {
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	first := []rune(lines[at.Line-1])
	column := min(max(at.Column-1, 0), len(first))
	_, rest, _ := strings.Cut(string(first[column:]), ":")
	text := strings.TrimSpace(rest)
	if strings.HasPrefix(text, "#") {
		text = ""
	}
	for _, line := range lines[at.Line:] {
		more := strings.TrimSpace(line)
		if more != "" && len(line)-len(strings.TrimLeft(line, " ")) <= column {
			break
		}
		switch {
		case more == "", strings.HasPrefix(more, "#"):
		case text == "", opens(text), !begins(more):
			text += " " + more
		default:
			text += ", " + more
		}
	}
	return shortened(unquoted(inside(strings.Join(strings.Fields(text), " "))))
}

// begins says that a line is an entry of a mapping or a list, and does not go on
// with the one above.
func begins(line string) bool {
	key, _, found := strings.Cut(line, ":")
	return strings.HasPrefix(line, "- ") || found && !strings.ContainsAny(key, " ({[?")
}

// opens says that what follows belongs to what a text ends with.
func opens(text string) bool { return strings.HasSuffix(text, ":") || strings.HasSuffix(text, ",") }

// unquoted takes the quotes of YAML away where they are around the whole.
func unquoted(text string) string {
	if n := len(text); n >= 2 && (text[0] == '\'' || text[0] == '"') && text[n-1] == text[0] && strings.Count(text, text[:1]) == 2 {
		return text[1 : n-1]
	}
	return text
}

// inside leaves out what closes a bracket that was opened before the text.
func inside(text string) string {
	end := len(text)
	outside(text, func(i, depth int, _ rune) bool {
		if depth < 0 {
			end = i
		}
		return depth >= 0
	})
	return strings.TrimSpace(text[:end])
}

// outside tells of each character outside quotes, and how many brackets are open
// behind it, until look returns false.
func outside(text string, look func(i, depth int, c rune) bool) {
	depth, quote := 0, rune(0)
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			continue
		case c == '"', c == '\'':
			quote = c
			continue
		case c == '{', c == '[', c == '(':
			depth++
		case c == '}', c == ']', c == ')':
			depth--
		}
		if !look(i, depth, c) {
			return
		}
	}
}

func shortened(text string) string {
	if len(text) <= detailLength {
		return text
	}
	cut := detailLength
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
