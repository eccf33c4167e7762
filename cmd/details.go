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
	add := func(n *configs.Node) { details[n.KindPos.String()] = detailAt(lines, n.KindPos) }
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

// detailAt is what stands behind a key and in the lines below it that are
// indented further.
func detailAt(lines []string, at configs.Position) string {
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	first := []rune(lines[at.Line-1])
	column := min(max(at.Column-1, 0), len(first))
	_, rest, _ := strings.Cut(string(first[column:]), ":")
	parts := []string{rest}
	for _, line := range lines[at.Line:] {
		text := strings.TrimLeft(line, " ")
		if text != "" && len(line)-len(text) <= column {
			break
		}
		if text = strings.TrimSpace(text); text != "" && !strings.HasPrefix(text, "#") {
			parts = append(parts, text)
		}
	}
	return shortened(strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
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
