package layout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Refusal says why a text is not laid out.
type Refusal struct {
	Line   int // from 1; 0 is the whole text
	Reason string
}

func (r *Refusal) Error() string {
	if r.Line == 0 {
		return r.Reason
	}
	return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
}

// Format lays out a YAML document. Each level of mappings is indented by two
// spaces, and so are lists in mappings; there is one space behind `-` and `:`,
// no space at the end of a line, at most one blank line in a row, and one line
// end at the end. Formatting twice gives the same as once.
//
// The error is yaml's, or a *[Refusal] for what cannot be laid out; data is never
// changed.
func Format(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, &Refusal{0, "it is not UTF-8 text"}
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if i := strings.IndexAny(text, "\r\u0085\u2028\u2029"); i >= 0 {
		return nil, &Refusal{1 + strings.Count(text[:i], "\n"), "a line ends in another way than with LF or CRLF"}
	}
	before, err := parse(text)
	if err != nil {
		return nil, err
	}
	if before != nil {
		if root := before.Content[0]; root.Kind != yaml.MappingNode && root.ShortTag() != "!!null" {
			return nil, &Refusal{root.Line, "it is no mapping"}
		}
	}
	w := &writer{lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n"), ended: strings.HasSuffix(text, "\n")}
	if err := w.all(); err != nil {
		return nil, err
	}
	out := w.out.String()
	after, err := parse(out)
	if err != nil || !same(before, after) || squeezed(text) != squeezed(out) {
		return nil, &Refusal{0, "its layout cannot be changed without changing what it means"}
	}
	return []byte(out), nil
}

// parse reads the one document of a text; nil where there is none.
func parse(text string) (*yaml.Node, error) {
	d := yaml.NewDecoder(strings.NewReader(text))
	var n, second yaml.Node
	switch err := d.Decode(&n); {
	case errors.Is(err, io.EOF):
		return nil, nil //nolint:nilnil // no document is no mistake here: comments alone have a layout, too
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &Refusal{second.Line, "there is a second document"}
	}
	return &n, nil
}

// same says whether two trees mean the same and are written in the same style.
func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// squeezed is a text without its white space.
func squeezed(text string) string {
	return string(bytes.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, []byte(text)))
}
