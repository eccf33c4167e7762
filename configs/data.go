package configs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// data is a YAML value as JSON text. Keys keep their order and numbers their
// text, as far as JSON can write it.
func (r *reader) data(it *item) []byte {
	var b strings.Builder
	r.writeJSON(&b, it)
	return []byte(b.String())
}

func (r *reader) writeJSON(b *strings.Builder, it *item) {
	switch it.shape {
	case list:
		b.WriteByte('[')
		for i, e := range it.list {
			if i > 0 {
				b.WriteByte(',')
			}
			r.writeJSON(b, e)
		}
		b.WriteByte(']')
	case mapping:
		b.WriteByte('{')
		for i, e := range it.entries {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, e.key)
			b.WriteByte(':')
			r.writeJSON(b, e.value)
		}
		b.WriteByte('}')
	default:
		r.writeScalar(b, it)
	}
}

func (r *reader) writeScalar(b *strings.Builder, it *item) {
	switch {
	case it.quoted:
		writeText(b, it.text)
	case it.tag == "!!null":
		b.WriteString("null")
	case it.tag == "!!bool":
		b.WriteString(strings.ToLower(it.text))
	case it.tag == "!!int" || it.tag == "!!float":
		r.writeNumber(b, it)
	case it.source != nil && it.source.Style == 0 && jsonNumber.MatchString(it.text):
		b.WriteString(it.text) // beyond what yaml.v3 takes for a number: 1e400
	default:
		writeText(b, it.text)
	}
}

// writeNumber keeps a number's text where JSON has the same; YAML's other
// spellings (0x1F, .5, 1_000) become decimal.
func (r *reader) writeNumber(b *strings.Builder, it *item) {
	if jsonNumber.MatchString(it.text) {
		b.WriteString(it.text)
		return
	}
	if digits := strings.TrimLeft(it.text, "+-"); len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789") == "" {
		r.wrong(it, wrongValue(fmt.Sprintf("%s could be an octal number or text", r.shown(nil, it)), "quote it, or drop the leading zero"))
		b.WriteString("null")
		return
	}
	var n any
	node := yaml.Node{Kind: yaml.ScalarNode, Value: it.text}
	text, err := []byte(nil), node.Decode(&n)
	if err == nil {
		text, err = json.Marshal(n)
	}
	if err != nil {
		r.wrong(it, wrongValue(fmt.Sprintf("%s is no JSON value", r.shown(nil, it)), "quote it if it is text"))
		text = []byte("null")
	}
	b.Write(text)
}

func writeText(b *strings.Builder, s string) {
	var line strings.Builder
	e := json.NewEncoder(&line) // ends with a line end
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // text cannot fail
		return
	}
	b.WriteString(strings.TrimSuffix(line.String(), "\n"))
}
