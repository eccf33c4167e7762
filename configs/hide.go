package configs

import (
	"strconv"
	"strings"
)

// leastHidden is how many bytes a text has that is hidden: a shorter one would
// also be found where other things are said.
const leastHidden = 4

// Hide takes out of a message about the expression what was substituted in it: it
// may be a secret. A text that the message has shortened is found by its beginning.
func (e *Expression) Hide(message string) string {
	if !e.hidden {
		return message
	}
	source, at := []rune(e.Source), 0
	for _, p := range e.pieces {
		if at+p.length > len(source) {
			break // it was null, and is nil
		}
		text := string(source[at : at+p.length])
		at += p.length
		if p.copied || len(text) < leastHidden {
			continue
		}
		quoted := strconv.Quote(text)
		for _, written := range []string{text, quoted[1 : len(quoted)-1]} {
			message = hideCut(strings.ReplaceAll(message, written, "${…}"), written)
		}
	}
	return message
}

// hideCut hides a text where the message ends it with a `…`.
func hideCut(message, text string) string {
	const cut = "…"
	parts := strings.Split(message, cut)
	for i := range parts[:len(parts)-1] {
		for n := min(len(text), len(parts[i])); n >= leastHidden; n-- {
			if before, found := strings.CutSuffix(parts[i], text[:n]); found {
				parts[i] = before + "${"
				break
			}
		}
	}
	return strings.Join(parts, cut)
}
