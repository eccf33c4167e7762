package local

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"waterhealer/engine/value"
)

// openLimit is how many bytes a quoted field may make a row of several lines
// grow to before its quote counts as one that is never closed.
const openLimit = 64 << 20

// rows splits an input into CSV rows. What a row is, is decided here, line by
// line; what is in it, by encoding/csv. So each row keeps its bytes, and a
// quote that is never closed costs its own line and not the rest of the input.
type rows struct {
	lines *lines
	again []physical // lines behind a quote that was never closed

	text   bytes.Reader
	buffer *bufio.Reader // what parser reads
	parser *csv.Reader
}

type physical struct {
	bytes  []byte // with the line end
	number int
}

// row is one row. With an error it has no fields.
type row struct {
	raw    []byte // as in the input, without the last line end
	fields []string
	line   int // where it starts
	err    error
}

func newRows(l *lines) *rows {
	r := &rows{lines: l, buffer: bufio.NewReader(nil)}
	r.parser = csv.NewReader(r.buffer)
	r.parser.FieldsPerRecord = -1
	return r
}

// next is the next row; empty lines between rows are skipped. The end is
// io.EOF.
func (r *rows) next() (row, error) {
	first, err := r.line()
	for err == nil && len(body(first.bytes)) == 0 {
		first, err = r.line()
	}
	if err != nil {
		return row{}, err
	}
	if !opens(body(first.bytes), false) {
		return r.parse(first.bytes, first.number), nil
	}
	return r.joined(first)
}

// joined reads the lines that a quoted field carries on over.
func (r *rows) joined(first physical) (row, error) {
	more := []physical{}
	size := len(first.bytes)
	for {
		next, err := r.line()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return row{}, err
		}
		if !ended {
			more = append(more, next)
			size += len(next.bytes)
		}
		if ended || size > openLimit {
			r.again = append(more, r.again...)
			return row{raw: body(first.bytes), line: first.number,
				err: fmt.Errorf("line %d: a quoted field is opened and never closed", first.number)}, nil
		}
		if !opens(body(next.bytes), true) {
			break
		}
	}
	whole := append(make([]byte, 0, size), first.bytes...)
	for _, m := range more {
		whole = append(whole, m.bytes...)
	}
	return r.parse(whole, first.number), nil
}

func (r *rows) line() (physical, error) {
	if len(r.again) > 0 {
		next := r.again[0]
		r.again = r.again[1:]
		return next, nil
	}
	line, err := r.lines.next()
	return physical{bytes: line, number: r.lines.number}, err
}

// opens says whether a quoted field is open at the end of a line, as
// encoding/csv reads it; open says that one is at its start. A line that breaks
// the rules ends its row.
func opens(line []byte, open bool) bool {
	if !open && bytes.IndexByte(line, '"') < 0 {
		return false
	}
	for {
		if !open {
			if len(line) > 0 && line[0] == '"' {
				line, open = line[1:], true
				continue
			}
			comma := bytes.IndexByte(line, ',')
			if comma < 0 || bytes.IndexByte(line[:comma], '"') >= 0 {
				return false
			}
			line = line[comma+1:]
			continue
		}
		quote := bytes.IndexByte(line, '"')
		if quote < 0 {
			return true
		}
		line = line[quote+1:]
		switch {
		case len(line) == 0:
			return false
		case line[0] == '"':
			line = line[1:]
		case line[0] == ',':
			line, open = line[1:], false
		default:
			return false
		}
	}
}

// parse takes one row, with its line end, apart. line is where it starts.
func (r *rows) parse(whole []byte, line int) row {
	r.text.Reset(whole)
	r.buffer.Reset(&r.text)
	fields, err := r.parser.Read()
	raw := body(whole)
	out := row{raw: raw, line: line}
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		at := line + broken.Line - broken.StartLine
		out.err = fmt.Errorf("line %d, column %d: %w", at, broken.Column, broken.Err)
	case errors.Is(err, io.EOF): // nothing but a carriage return before the end
		out.fields = []string{""}
	case err != nil:
		out.err = fmt.Errorf("line %d: %w", line, err)
	case !utf8.Valid(raw):
		out.err = fmt.Errorf("line %d: field %d holds bytes that are not UTF-8", line, invalidField(fields))
	default:
		out.fields = fields
	}
	return out
}

// invalidField is the number, from 1, of the first field that is not UTF-8.
func invalidField(fields []string) int {
	for i, f := range fields {
		if !utf8.ValidString(f) {
			return i + 1
		}
	}
	return 0
}

// list is a row as a list of strings.
func (r row) list() []any {
	list := make([]any, len(r.fields))
	for i, f := range r.fields {
		list[i] = f
	}
	return list
}

// object is a row by the names of the header.
func (r row) object(header []string) (*value.Object, error) {
	if len(r.fields) != len(header) {
		return nil, fmt.Errorf("line %d: the row has %s, the header has %d", r.line, count(len(r.fields), "field"), len(header))
	}
	o := value.NewObject(len(header))
	for i, name := range header {
		o.Set(name, r.fields[i])
	}
	return o, nil
}

// checkHeader refuses names that would make a field unreachable.
func checkHeader(r row) error {
	if r.err != nil {
		return fmt.Errorf("the header: %w", r.err)
	}
	seen := make(map[string]int, len(r.fields))
	for i, name := range r.fields {
		if name == "" {
			return fmt.Errorf("line %d: the header has no name for field %d; name it, or write `header: false` to get lists", r.line, i+1)
		}
		if before, twice := seen[name]; twice {
			return fmt.Errorf("line %d: the header names both field %d and field %d %q; rename one, or write `header: false` to get lists",
				r.line, before, i+1, name)
		}
		seen[name] = i + 1
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
