package configs

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// nearest is the candidate that a misspelt word most likely means, or "". A
// word that only differs in case, `-` or `_` is nearest.
func nearest(word string, candidates []string) string {
	if utf8.RuneCountInString(word) > 64 {
		return ""
	}
	plain := plainWord(word)
	length := utf8.RuneCountInString(plain)
	best, bound := "", min(max(length/3, 1), 3, length-1)+1
	for _, c := range candidates {
		if d := distance(plain, plainWord(c), bound); d < bound {
			best, bound = c, d
		}
	}
	if best != "" || length < 4 {
		return best
	}
	for _, c := range candidates { // one of the words that the candidate is made of
		for _, part := range strings.FieldsFunc(c, func(r rune) bool { return r == '_' || r == '-' || r == '.' }) {
			if distance(plain, strings.ToLower(part), 2) < 2 {
				return c
			}
		}
	}
	return ""
}

func plainWord(s string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(strings.ToLower(s))
}

// distance counts insertions, deletions, replacements and swaps of neighbours.
// Words whose lengths alone make it bound or more are not looked at.
func distance(a, b string, bound int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d >= bound || -d >= bound {
		return bound
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// didYouMean is a hint, or "" when nothing is near. shown must hold the word:
// the hint would otherwise give away what the message hides.
func didYouMean(word string, candidates []string, shown string) string {
	if !strings.Contains(shown, word) {
		return ""
	}
	if hint := called(word, candidates); hint != "" {
		return hint
	}
	if c := nearest(word, candidates); c != "" {
		return fmt.Sprintf("did you mean %q?", c)
	}
	return ""
}

// hints joins hints that are not empty.
func hints(all ...string) string {
	var said []string
	for _, h := range all {
		if h != "" {
			said = append(said, h)
		}
	}
	return strings.Join(said, "; ")
}

// cut shortens text for a message.
func cut(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
