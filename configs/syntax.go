package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const onlyComments = "the file holds nothing but comments"

// load parses the file's YAML. It returns nil when there is nothing to go on
// with; the reason is reported.
func (r *reader) load() *yaml.Node {
	if !r.readable() {
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(r.text.data))
	doc, err := decode(d)
	switch {
	case errors.Is(err, io.EOF):
		message := "the file is empty"
		if len(bytes.TrimSpace(r.text.data)) > 0 {
			message = onlyComments
		}
		r.report(CodeDocuments, r.text.position(0), 1, message, "a pipeline needs at least `sources:` and `sinks:`")
		return nil
	case err != nil:
		r.syntaxError(err)
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" && root.Value == "" {
		r.report(CodeDocuments, r.text.position(0), 1, onlyComments, "a pipeline needs at least `sources:` and `sinks:`")
		return nil
	}
	second, err := decode(d)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntaxError(err)
	default:
		r.report(CodeDocuments, r.text.at(second.Line, second.Column), 3, "a second YAML document begins here",
			"a pipeline file holds one; write one file per pipeline")
	}
	return root
}

// decode reads the next document. yaml.v3 has panicked on hostile files.
func decode(d *yaml.Decoder) (n *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	n = new(yaml.Node)
	if err := d.Decode(n); err != nil {
		return nil, err
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) == 0 {
		return nil, io.EOF
	}
	return n, nil
}

// readable checks what yaml.v3 would refuse without saying where.
func (r *reader) readable() bool {
	data := r.text.data
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		r.report(CodeEncoding, r.text.position(0), 1, "the file is UTF-16", "save it as UTF-8")
		return false
	}
	for i := 0; i < len(data); {
		c, width := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && width == 1 {
			r.report(CodeEncoding, r.text.position(i), 1, fmt.Sprintf("the byte 0x%02X is not UTF-8", data[i]), "save the file as UTF-8")
			return false
		}
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F || c >= 0x80 && c < 0xA0 && c != 0x85 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF {
			r.report(CodeEncoding, r.text.position(i), 1, fmt.Sprintf("the character U+%04X is not allowed in YAML", c),
				"remove it, or write it as an escape in double quotes")
			return false
		}
		i += width
	}
	return true
}

var errorLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// syntaxError reports an error of yaml.v3.
func (r *reader) syntaxError(err error) {
	line, message := errorText(err)
	at, width := r.syntaxPlace(line, message)
	r.report(CodeSyntax, r.text.position(at), width, friendly(message), r.syntaxHint(at, message))
}

func errorText(err error) (line int, message string) {
	text := err.Error()
	m := errorLine.FindStringSubmatch(text)
	line, _ = strconv.Atoi(m[1]) // 0 where there is none
	return line, text[len(m[0]):]
}

// friendly puts yaml.v3's words into ours where they say little.
func friendly(message string) string {
	switch {
	case strings.HasPrefix(message, "mapping values are not allowed"):
		return "not YAML: a `: ` is not allowed here"
	case message == "did not find expected key":
		return "not YAML: this belongs to no key (is the indentation right?)"
	case message == "did not find expected '-' indicator":
		return "not YAML: a list element must start with `- ` (is the indentation right?)"
	case strings.HasPrefix(message, "could not find expected ':'"):
		return "not YAML: this line has no `key: value`"
	case message == "found unexpected end of stream":
		return "not YAML: the quote is never closed"
	case message == "did not find expected ',' or ']'":
		return "not YAML: a `,` or `]` is missing"
	case message == "did not find expected ',' or '}'":
		return "not YAML: a `,` or `}` is missing"
	case message == "did not find expected node content":
		return "not YAML: a value is missing (is every bracket closed, every expression quoted?)"
	case strings.HasPrefix(message, "found character that cannot start"):
		return "not YAML: no value can start with this character"
	}
	if strings.HasPrefix(message, "did not find expected alphabetic or numeric character") {
		return "not YAML: a name must follow * or &"
	}
	return "not YAML: " + message
}
