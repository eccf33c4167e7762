package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

const (
	sliceRecords = 512     // the most records pushed at once
	sliceBytes   = 1 << 20 // of payload, from which a slice is pushed
)

// layout says how an input is cut into records and what they carry.
type layout struct {
	rows   bool // CSV rows; else each line is a record
	header bool // of rows: the first names the fields
	blank  func(line []byte) bool
	make   func(l *layout, r row) (engine.Record, error)

	names []string // the header, once it was read
}

// The codecs of payloads, as `decode` names them; "" is no payload but a value.
const (
	codecValue = ""
	codecJSON  = "json"
	codecText  = "text"
	codecBytes = "bytes"
	codecCSV   = "csv"
)

// newLayout finds the layout of a format ("" is none chosen) for a node that
// decodes payloads with codec.
func newLayout(format, path, codec string, header bool) (*layout, error) {
	structured := codec == codecJSON || codec == codecValue
	switch {
	case format != "":
	case codec == codecCSV, structured && isCSV(path):
		format = formatCSV
	case codec == codecText, codec == codecBytes:
		format = formatText
	default:
		format = formatJSONL
	}
	l := &layout{rows: format == formatCSV, blank: isEmpty, make: (*layout).payload}
	switch {
	case format != formatCSV && format != formatJSONL && format != formatText:
		return nil, fmt.Errorf("format is %q, must be %s, %s or %s", format, formatJSONL, formatCSV, formatText)
	case l.rows && structured:
		l.header = header
		l.make = (*layout).rowPayload
		if codec == codecValue {
			l.make = (*layout).rowValue
		}
	case codec == codecValue && format == formatText:
		l.make = (*layout).textValue
	case codec == codecValue:
		l.make = (*layout).jsonValue
	}
	if format == formatJSONL {
		l.blank = isBlank
	}
	return l, nil
}

func isEmpty(line []byte) bool { return len(line) == 0 }

// isBlank says that a line holds nothing but JSON's white space.
func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

// payload leaves a line or a row as it is, for the node's decoder.
func (l *layout) payload(r row) (engine.Record, error) {
	return engine.Record{Raw: r.raw, Intact: true, Line: r.line}, nil
}

func (l *layout) textValue(r row) (engine.Record, error) {
	rec := engine.Record{Raw: r.raw, Intact: true, Line: r.line}
	if !utf8.Valid(r.raw) {
		return rec, fmt.Errorf("line %d holds bytes that are not UTF-8", r.line)
	}
	rec.SetValue(string(r.raw))
	return rec, nil
}

func (l *layout) jsonValue(r row) (engine.Record, error) {
	rec := engine.Record{Raw: r.raw, Intact: true, Line: r.line}
	v, err := value.Decode(r.raw)
	if err != nil {
		return rec, fmt.Errorf("line %d is not json: %w", r.line, err)
	}
	rec.SetValue(v)
	return rec, nil
}

// rowValue gives a row's record its value. The row's text stays beside it for
// dead letters, but it is not what outputs write.
func (l *layout) rowValue(r row) (engine.Record, error) {
	rec := engine.Record{Raw: r.raw, Line: r.line}
	v, err := l.rowContent(r)
	if err != nil {
		return rec, err
	}
	rec.SetValue(v)
	return rec, nil
}

// rowPayload makes a row into the JSON payload that a broker would hold.
func (l *layout) rowPayload(r row) (engine.Record, error) {
	rec := engine.Record{Raw: r.raw, Intact: true, Line: r.line}
	v, err := l.rowContent(r)
	if err != nil {
		return rec, err
	}
	rec.Raw, err = value.Append(nil, v)
	return rec, err
}

func (l *layout) rowContent(r row) (any, error) {
	if r.err != nil {
		return nil, r.err
	}
	if !l.header {
		return r.list(), nil
	}
	return r.object(l.names)
}

// scan reads an input and yields its records in order; err is of one record,
// which then carries only its bytes. It ends with the input, with an error of
// reading, or with one of yield.
func (l *layout) scan(in io.Reader, yield func(rec engine.Record, err error) error) error {
	next, err := l.open(in)
	for err == nil {
		var r row
		if r, err = next(); err != nil {
			break
		}
		rec, broken := l.make(l, r)
		err = yield(rec, broken)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// open reads what comes before the first record and returns what reads the rest.
func (l *layout) open(in io.Reader) (next func() (row, error), err error) {
	physical := newLines(in)
	if !l.rows {
		return func() (row, error) { return l.line(physical) }, nil
	}
	rows := newRows(physical)
	if !l.header {
		return rows.next, nil
	}
	first, err := rows.next()
	if err != nil {
		return nil, err
	}
	if err := checkHeader(first); err != nil {
		return nil, err
	}
	l.names = first.fields
	return rows.next, nil
}

func (l *layout) line(physical *lines) (row, error) {
	for {
		line, err := physical.next()
		if err != nil {
			return row{}, err
		}
		if text := body(line); !l.blank(text) {
			return row{raw: text, line: physical.number}, nil
		}
	}
}

// slicer collects records and gives them on in slices.
type slicer struct {
	topic string
	batch int // elements of a batch; 0 is no batches
	now   func() time.Time
	give  func([]*engine.Record) error

	offset  int64
	room    int // how many records the last slice had: the next is likely alike
	records []engine.Record
	bytes   int
	read    time.Time // when the first of records was read
}

// add takes a record; one with an error fails when it enters the graph.
func (s *slicer) add(rec engine.Record, err error) error {
	if err != nil {
		rec.FailEarly(err)
	}
	if len(s.records) == 0 {
		s.read = s.now()
		s.records = make([]engine.Record, 0, max(s.room, 16))
	}
	rec.Topic, rec.Offset, rec.Timestamp, rec.Known = s.topic, s.offset, s.read, engine.KnownAll
	s.offset++
	s.records = append(s.records, rec)
	s.bytes += len(rec.Raw)
	switch {
	case s.batch > 0 && len(s.records) < s.batch:
		return nil
	case s.batch == 0 && len(s.records) < sliceRecords && s.bytes < sliceBytes:
		return nil
	}
	return s.flush()
}

// pause gives on what is there before the input may keep its reader waiting. A
// batch waits for its size or the end.
func (s *slicer) pause() error {
	if s.batch > 0 {
		return nil
	}
	return s.flush()
}

func (s *slicer) flush() error {
	if len(s.records) == 0 {
		return nil
	}
	out := make([]*engine.Record, len(s.records))
	for i := range s.records {
		out[i] = &s.records[i]
	}
	if s.batch > 0 {
		out = []*engine.Record{engine.NewBatch(out)}
	}
	s.room = len(s.records)
	s.records, s.bytes = nil, 0
	return s.give(out)
}

// eager tells before it reads, which may block.
type eager struct {
	in     io.Reader
	before func() error
}

func (e eager) Read(p []byte) (int, error) {
	if err := e.before(); err != nil {
		return 0, err
	}
	return e.in.Read(p)
}

// push hands a slice over once the claim has room; false when ctx is done.
func push(ctx context.Context, in engine.Intake, c *engine.Claim, records []*engine.Record) bool {
	for c.Full() {
		select {
		case <-c.Room():
		case <-ctx.Done():
			return false
		}
	}
	if ctx.Err() != nil {
		return false
	}
	in.Push(c, records)
	return true
}
