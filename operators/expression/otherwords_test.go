package expression

import (
	"regexp"
	"testing"
)

var callNamed = regexp.MustCompile(`\.?([A-Za-z_]+)\(`)

// TestWaysExist: what is said instead of a word of another language can be
// written here.
func TestWaysExist(t *testing.T) {
	known := map[string]bool{}
	for _, f := range functions() {
		known[f.name] = true
	}
	for _, p := range predicates() {
		known[p.name] = true
	}
	for word, way := range ways {
		if wayOf(word) == "" {
			t.Errorf("%s is never found", word)
		}
		for _, m := range callNamed.FindAllStringSubmatch(way, -1) {
			if !known[m[1]] && len(methods(m[1])) == 0 {
				t.Errorf("%s: %s: there is no %s", word, way, m[1])
			}
		}
		if known[word] {
			t.Errorf("%s is a function", word)
		}
	}
}
