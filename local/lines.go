package local

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	readBuffer = 256 << 10 // bytes
	arenaSize  = 64 << 10  // bytes
)

// lines splits an input into physical lines, of any length.
type lines struct {
	r      *bufio.Reader
	number int    // of the last line, from 1
	arena  []byte // short lines share one allocation
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, readBuffer)}
}

// next is the next line with its line end, which the last may lack. The bytes
// are the caller's. A UTF-8 byte order mark before the first line is no part of
// it. The end is io.EOF.
func (l *lines) next() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	var line []byte
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = l.long(part)
	} else {
		line = l.keep(part)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	l.number++
	if l.number == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, nil
}

// long reads on a line that is longer than the buffer.
func (l *lines) long(start []byte) ([]byte, error) {
	line := append([]byte(nil), start...)
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// keep copies a line out of the read buffer.
func (l *lines) keep(part []byte) []byte {
	if len(part) > cap(l.arena)-len(l.arena) {
		if len(part) > arenaSize/4 {
			return bytes.Clone(part)
		}
		l.arena = make([]byte, 0, arenaSize)
	}
	from := len(l.arena)
	l.arena = append(l.arena, part...)
	return l.arena[from:len(l.arena):len(l.arena)]
}

// body is a line without its line end. A carriage return belongs to the line
// end only before a line feed.
func body(line []byte) []byte {
	n := len(line)
	if n == 0 || line[n-1] != '\n' {
		return line
	}
	n--
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return line[:n:n]
}
