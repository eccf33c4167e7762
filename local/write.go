package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"waterhealer/engine"
)

const (
	chunkBytes = 1 << 20 // handed to a destination at once, more only for one long line
	keepBytes  = 4 << 20 // a buffer that grew beyond this is let go
)

// destination takes whole lines. ends are where each ends in data, which it
// must not keep. It returns how many of the lines it has; those behind it has
// not, or not for sure. What it has of a line that was cut, it takes back or
// completes before it takes others.
type destination interface {
	write(ctx context.Context, data []byte, ends []int) (lines int, err error)
}

// toLine appends a record's line, with its line end. An error is about the
// record.
type toLine func(dst []byte, r *engine.Record) ([]byte, error)

// writer writes records as lines and sorts out which of them a destination has.
type writer struct {
	to   destination
	line toLine
	unit func(*engine.Record) any // its order unit; nil is none

	buf     []byte
	ends    []int
	waiting []int // the records whose lines are in buf
}

func newWriter(to destination, line toLine) writer {
	return writer{to: to, line: line, unit: (*engine.Record).Unit}
}

// write is [engine.Output.Write].
func (w *writer) write(ctx context.Context, records []*engine.Record) []error {
	a := answers{records: records, unit: w.unit}
	for i, r := range records {
		if a.holds(r) {
			a.fail(i, engine.ErrHeldBack)
			continue
		}
		whole, err := w.line(w.buf, r)
		if err != nil {
			// What stands before must have its answer first: the order unit's first
			// error is the one that counts.
			if !w.flush(ctx, &a) {
				a.failFrom(i, a.away)
				break
			}
			a.fail(i, err)
			continue
		}
		w.buf, w.ends, w.waiting = whole, append(w.ends, len(whole)), append(w.waiting, i)
		if len(w.buf) >= chunkBytes && !w.flush(ctx, &a) {
			a.failFrom(i+1, a.away)
			break
		}
	}
	w.flush(ctx, &a)
	return a.errs
}

// flush hands over what is in the buffer; false when not all of it got there.
func (w *writer) flush(ctx context.Context, a *answers) bool {
	if len(w.waiting) == 0 {
		return true
	}
	written, err := w.to.write(ctx, w.buf, w.ends)
	if err == nil && written < len(w.ends) {
		err = errors.New("not all was written")
	}
	if err != nil {
		a.away = err
		for _, i := range w.waiting[written:] {
			a.fail(i, err)
		}
	}
	if err != nil || cap(w.buf) > keepBytes {
		w.buf = nil // after an error a writer that hangs may still read it
	}
	w.buf, w.ends, w.waiting = w.buf[:0], w.ends[:0], w.waiting[:0]
	return err == nil
}

// answers are the results of a slice.
type answers struct {
	records []*engine.Record
	unit    func(*engine.Record) any
	errs    []error // nil while all is well
	units   map[any]bool
	away    error // why the destination took no more
}

// holds says that a record of the same order unit has failed.
func (a *answers) holds(r *engine.Record) bool {
	if len(a.units) == 0 {
		return false
	}
	unit := a.unit(r)
	return unit != nil && a.units[unit]
}

// fail answers for a record; behind a failed one of its unit it is held back.
func (a *answers) fail(i int, err error) {
	if a.errs == nil {
		a.errs = make([]error, len(a.records))
		a.units = make(map[any]bool)
	}
	if a.holds(a.records[i]) {
		err = engine.ErrHeldBack
	}
	a.errs[i] = err
	if unit := a.unit(a.records[i]); unit != nil {
		a.units[unit] = true
	}
}

func (a *answers) failFrom(i int, err error) {
	for ; i < len(a.records); i++ {
		a.fail(i, err)
	}
}

// lineOf makes lines of a format from the payloads that render makes.
func lineOf(render engine.Render, format string) toLine {
	check := lineRule(format)
	return func(dst []byte, r *engine.Record) ([]byte, error) {
		m, err := render(r)
		if err != nil {
			return nil, err
		}
		payload, err := check(m.Value)
		if err != nil {
			return nil, engine.Refused(err)
		}
		return append(append(dst, payload...), '\n'), nil
	}
}

// lineRule makes a payload a line of a format, or refuses it.
func lineRule(format string) func(payload []byte) ([]byte, error) {
	switch format {
	case formatCSV:
		return csvLine
	case formatText:
		return textLine
	}
	return jsonLine
}

// jsonLine is a payload on one line. Line ends in JSON stand between its parts
// only, never in a string, and can be left out.
func jsonLine(payload []byte) ([]byte, error) {
	switch {
	case payload == nil:
		return []byte("null"), nil
	case len(payload) == 0:
		return nil, errors.New("an empty payload is no JSON, and no line of jsonl")
	case bytes.IndexByte(payload, '\n') < 0:
		return payload, nil
	case !json.Valid(payload):
		return nil, errors.New("a payload that is not JSON and holds a line end cannot be a line of jsonl")
	}
	return oneLine(payload), nil
}

// oneLine takes the line ends out of JSON.
func oneLine(payload []byte) []byte {
	if !bytes.ContainsAny(payload, "\r\n") {
		return payload
	}
	out := make([]byte, 0, len(payload))
	for _, c := range payload {
		if c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return out
}

func textLine(payload []byte) ([]byte, error) {
	if bytes.IndexByte(payload, '\n') >= 0 {
		return nil, errors.New("a value with a line end in it cannot be a line of text")
	}
	return payload, nil
}

// csvLine lets only line ends pass that stand in a quoted field, and no field
// that stays open: it would swallow the rows behind it.
func csvLine(payload []byte) ([]byte, error) {
	open := false
	rest := payload
	for {
		line, more, found := bytes.Cut(rest, []byte("\n"))
		open = opens(bytes.TrimSuffix(line, []byte("\r")), open)
		if !found {
			break
		}
		if !open {
			return nil, errors.New("a payload with a line end that is not in a quoted field cannot be a row of csv")
		}
		rest = more
	}
	if open {
		return nil, errors.New("a payload with a quoted field that is not closed cannot be a row of csv")
	}
	return payload, nil
}
