package configs

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// text is a file's bytes with what is needed to go between byte offsets,
// yaml.v3's lines and columns, and the lines and columns that people see.
//
// yaml.v3 counts columns in characters, as we do, but also ends a line at a
// lone CR, NEL, LS and PS. An editor does not; a position follows the editor.
type text struct {
	file   string
	data   []byte
	lines  []int // offsets of line starts, lines end at \n
	yaml   []int // offsets of line starts as yaml.v3 counts them
	same   bool  // both agree, as in nearly every file
	blocks []int // characters before each block of blockSize bytes; nil if all are ASCII
}

const blockSize = 1024

func newText(file string, data []byte) *text {
	t := &text{file: file, data: bytes.TrimPrefix(data, []byte("\ufeff"))}
	t.lines, t.yaml = []int{0}, []int{0}
	ascii := true
	for i := 0; i < len(t.data); i++ {
		b := t.data[i]
		if b >= utf8.RuneSelf {
			ascii = false
		}
		if n := t.breakAt(i); n > 0 {
			i += n - 1
			t.yaml = append(t.yaml, i+1)
		}
		if t.data[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	t.same = slices.Equal(t.lines, t.yaml)
	if !ascii {
		t.countBlocks()
	}
	return t
}

// breakAt is the length of the line break at offset i as yaml.v3 sees it, 0
// for none.
func (t *text) breakAt(i int) int {
	switch rest := t.data[i:]; {
	case rest[0] == '\n':
		return 1
	case rest[0] == '\r':
		if len(rest) > 1 && rest[1] == '\n' {
			return 2
		}
		return 1
	case bytes.HasPrefix(rest, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(rest, []byte("\u2028")), bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	}
	return 0
}

// countBlocks lets characters be counted without walking from the start of a
// line: a file may be one line of megabytes.
func (t *text) countBlocks() {
	t.blocks = make([]int, 0, len(t.data)/blockSize+1)
	count := 0
	for i, b := range t.data {
		if i%blockSize == 0 {
			t.blocks = append(t.blocks, count)
		}
		if utf8.RuneStart(b) {
			count++
		}
	}
}

// characters is the number of characters before an offset.
func (t *text) characters(offset int) int {
	if t.blocks == nil {
		return offset
	}
	block := min(offset/blockSize, len(t.blocks)-1)
	count := t.blocks[block]
	for _, b := range t.data[block*blockSize : offset] {
		if utf8.RuneStart(b) {
			count++
		}
	}
	return count
}

// offset is where the character of that number begins.
func (t *text) offset(character int) int {
	if t.blocks == nil {
		return min(character, len(t.data))
	}
	block := sort.SearchInts(t.blocks, character+1) - 1
	count := t.blocks[block]
	for i := block * blockSize; i < len(t.data); i++ {
		if !utf8.RuneStart(t.data[i]) {
			continue
		}
		if count == character {
			return i
		}
		count++
	}
	return len(t.data)
}

// mark is the offset of a place that yaml.v3 gave, both from 1.
func (t *text) mark(line, column int) int {
	if line < 1 {
		return 0
	}
	if line > len(t.yaml) {
		return len(t.data)
	}
	start := t.yaml[line-1]
	return t.offset(t.characters(start) + max(column, 1) - 1)
}

// position is what people see of an offset.
func (t *text) position(offset int) Position {
	offset = max(min(offset, len(t.data)), 0)
	line := sort.SearchInts(t.lines, offset+1)
	return Position{
		File:   t.file,
		Line:   line,
		Column: t.characters(offset) - t.characters(t.lines[line-1]) + 1,
	}
}

// at turns a place that yaml.v3 gave into a position.
func (t *text) at(line, column int) Position {
	if t.same && line >= 1 && line <= len(t.lines) && column >= 1 {
		return Position{File: t.file, Line: line, Column: column}
	}
	return t.position(t.mark(line, column))
}

// line is the text of a line, from 1, without its end.
func (t *text) line(n int) []byte {
	if n < 1 || n > len(t.lines) {
		return nil
	}
	end := len(t.data)
	if n < len(t.lines) {
		end = t.lines[n] - 1
	}
	return bytes.TrimSuffix(t.data[t.lines[n-1]:end], []byte("\r"))
}

// inside moves a position that is not in the file to the nearest one that is;
// just behind a line's last character counts as in.
func (t *text) inside(p Position) Position {
	p.File = t.file
	p.Line = max(min(p.Line, len(t.lines)), 1)
	p.Column = max(min(p.Column, utf8.RuneCount(t.line(p.Line))+1), 1)
	return p
}

// usedAt names the alias through which a place in an anchor was reached, ""
// for one that is used where it stands.
func (t *text) usedAt(alias Position) string {
	if alias.Line == 0 {
		return ""
	}
	at := t.inside(alias)
	return fmt.Sprintf("used through the alias%s in line %d", t.aliasName(at), at.Line)
}

// aliasName is an alias as the file has it, with a space before it; "" where
// there is none.
func (t *text) aliasName(at Position) string {
	const most = 64
	from := t.offset(t.characters(t.lines[at.Line-1]) + at.Column - 1)
	name := t.data[from:min(from+most, len(t.data))]
	if !bytes.HasPrefix(name, []byte("*")) {
		return ""
	}
	if end := bytes.IndexAny(name, " \t,]}\r\n"); end > 0 {
		name = name[:end]
	}
	return " " + strings.ToValidUTF8(string(name), "")
}
