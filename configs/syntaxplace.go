package configs

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// syntaxPlace finds where a syntax error really is. yaml.v3 gives no column
// and a line that may be the one before, or where the surrounding mapping
// began. Its scanner reads no further than it must, so the shortest beginning
// of the file that gives the same error ends at the culprit.
func (r *reader) syntaxPlace(line int, message string) (offset, width int) {
	t := r.text
	if name, ok := anchorName(message); ok {
		if i := bytes.Index(t.data, []byte("*"+name)); i >= 0 {
			return i, len([]rune(name)) + 1
		}
	}
	end := r.consumed()
	if len(t.data) > 1<<20 {
		return t.firstText(min(max(line, 1), len(t.yaml))), 1
	}
	switch {
	case message == "found unexpected end of stream":
		return t.unclosed(line), 1
	case strings.HasPrefix(message, "could not find expected ':'"):
		return t.firstText(r.keyLine(line, end)), 1
	case strings.HasPrefix(message, "did not find expected ','"), message == "did not find expected node content":
		if i := t.flowCulprit(end, message); i >= 0 {
			return i, 1
		}
	}
	shortest := r.shortest(message, end)
	if shortest == 0 {
		return 0, 1
	}
	return t.token(shortest - 1), 1
}

var unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)

func anchorName(message string) (string, bool) {
	if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		return m[1], true
	}
	return "", false
}

// oneByOne hands out single bytes, so that what was read tells where the
// scanner stopped.
type oneByOne struct {
	data []byte
	next int
}

func (o *oneByOne) Read(p []byte) (int, error) {
	if o.next >= len(o.data) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = o.data[o.next]
	o.next++
	return 1, nil
}

// consumed is how many bytes yaml.v3 read before it gave up.
func (r *reader) consumed() int {
	in := &oneByOne{data: r.text.data}
	d := yaml.NewDecoder(in)
	for {
		if _, err := decode(d); err != nil {
			return in.next
		}
	}
}

// shortest is the length of the shortest beginning of the file that gives the
// same error.
func (r *reader) shortest(message string, end int) int {
	low, high := 0, end
	for low < high {
		middle := (low + high) / 2
		if failsWith(r.text.data[:middle], message) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return high
}

func failsWith(data []byte, message string) bool {
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		_, err := decode(d)
		if err == nil {
			continue
		}
		_, got := errorText(err)
		return got == message
	}
}

// token is the start of the word that an offset is in.
func (t *text) token(offset int) int {
	offset = max(min(offset, len(t.data)-1), 0)
	if strings.IndexByte(" \t\r\n:", t.data[offset]) >= 0 {
		return offset
	}
	for offset > 0 && strings.IndexByte(" \t\r\n", t.data[offset-1]) < 0 {
		offset--
	}
	return offset
}

// firstText is the offset of a line's first character that is no blank.
func (t *text) firstText(line int) int {
	i := t.mark(line, 1)
	for i < len(t.data) && (t.data[i] == ' ' || t.data[i] == '\t') {
		i++
	}
	return i
}

// keyLine is the line of a key without a colon: the one that yaml.v3 names,
// except that it names the line where it noticed when the key is in line 1.
func (r *reader) keyLine(line, consumed int) int {
	noticed := r.text.position(consumed).Line
	for n := min(line, noticed); n > 1; n-- {
		if text := strings.TrimSpace(string(r.text.line(n))); text != "" && !strings.HasPrefix(text, "#") && n < noticed {
			return n
		}
	}
	return 1
}

// unclosed is the offset of the quote, in or above a line, that nothing
// closes.
func (t *text) unclosed(line int) int {
	for n := min(max(line, 1), len(t.lines)); n >= 1; n-- {
		if i := openQuote(t.line(n)); i >= 0 {
			return t.lines[n-1] + i
		}
	}
	return 0
}

// openQuote is the index of the quote that is still open at a line's end, -1
// for none.
func openQuote(line []byte) int {
	open, quote := -1, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0 && c == quote:
			open, quote = -1, 0
		case quote == 0 && (c == '"' || c == '\'') && (i == 0 || strings.IndexByte(" \t[{,:-", line[i-1]) >= 0):
			open, quote = i, c
		}
	}
	return open
}

var (
	flowVariable = regexp.MustCompile(`\$\{`)
	flowIndex    = regexp.MustCompile(`[\w)\]?]\[`)
)

// flowCulprit looks near where the scanner stopped for what most often breaks
// a [...] or {...}: an unquoted ${X} or value[0]. -1 for none.
func (t *text) flowCulprit(consumed int, message string) int {
	line := t.position(max(consumed-1, 0)).Line
	for n := max(line-2, 1); n <= line; n++ {
		plain := blankQuoted(t.line(n))
		for _, pattern := range []*regexp.Regexp{flowVariable, flowIndex} {
			for _, m := range pattern.FindAllIndex(plain, -1) {
				if closer := openBracket(plain[:m[0]+1]); closer != 0 && strings.HasSuffix(message, string(closer)+"'") {
					return t.lines[n-1] + wordStart(plain, m[0])
				}
			}
		}
	}
	return -1
}

// openBracket is what closes the innermost bracket that is open at a text's
// end, 0 for none.
func openBracket(text []byte) byte {
	var open []byte
	for _, c := range text {
		switch c {
		case '[':
			open = append(open, ']')
		case '{':
			open = append(open, '}')
		case ']', '}':
			open = open[:max(len(open)-1, 0)]
		}
	}
	if len(open) == 0 {
		return 0
	}
	return open[len(open)-1]
}

func wordStart(line []byte, i int) int {
	for i > 0 && strings.IndexByte(" \t[{,", line[i-1]) < 0 {
		i--
	}
	return i
}

// blankQuoted replaces what is in quotes by blanks.
func blankQuoted(line []byte) []byte {
	out := bytes.Clone(line)
	quote := byte(0)
	for i, c := range out {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
			out[i] = ' '
			continue
		}
		if quote != 0 {
			out[i] = ' '
		}
	}
	return out
}

// syntaxHint says how to mend a syntax error.
func (r *reader) syntaxHint(at int, message string) string {
	line := blankQuoted(r.text.line(r.text.position(at).Line))
	_, anchored := anchorName(message)
	switch {
	case flowVariable.Match(line) && strings.HasPrefix(message, "did not find"):
		return `quote it: "${...}"`
	case flowIndex.Match(line) && strings.HasPrefix(message, "did not find"):
		return "quote it: an expression with [ ] inside [...] or {...} needs quotes"
	case strings.HasPrefix(message, "mapping values are not allowed"):
		return "quote it: text or an expression with `: ` in it needs quotes"
	case anchored, strings.HasPrefix(message, "did not find expected alphabetic or numeric character"):
		return "text that starts with * is an alias; quote it if it is an expression"
	case strings.HasPrefix(message, "found character that cannot start any token"):
		if at < len(r.text.data) && r.text.data[at] == '\t' {
			return "indent with spaces, not tabs"
		}
		return "quote it: plain text cannot start with @, ` or %"
	case strings.HasPrefix(message, "found a tab"):
		return "indent with spaces, not tabs"
	case strings.HasPrefix(message, "found unknown escape"):
		return `in double quotes a backslash is written \\; single quotes leave it alone`
	case message == "did not find expected key" && bytes.ContainsAny(r.text.line(r.text.position(at).Line), `"'`):
		return "quote the whole value: text behind a closing quote is not part of it"
	case bytes.Contains(line, []byte("// ")):
		return "a comment starts with #"
	case strings.HasPrefix(message, "did not find expected ','"):
		return "close the bracket, or quote the value: text with one of , : [ ] { } \" in it needs quotes"
	}
	return ""
}
