package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/engine"
)

// message makes a record's payload its raw bytes; a record whose key is "bad"
// has an error.
func message(r *engine.Record) (engine.Message, error) {
	if string(r.Key) == "bad" {
		return engine.Message{}, engine.Deterministic(errors.New("no such field"))
	}
	return engine.Message{Key: r.Key, Value: r.Raw, Headers: r.Headers}, nil
}

// byPartition stands in for the engine's order units; 0 has none.
func byPartition(r *engine.Record) any {
	if r.Partition == 0 {
		return nil
	}
	return r.Partition
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		format  string
		payload []byte
		want    string // a line, or an error
	}{
		{formatJSONL, []byte(`{"a" : 1}`), "{\"a\" : 1}\n"},
		{formatJSONL, []byte("{\r\n \"a\": \"x\\n\"\n}"), "{ \"a\": \"x\\n\"}\n"},
		{formatJSONL, nil, "null\n"},
		{formatJSONL, []byte("not json"), "not json\n"}, // a dead letter keeps its bytes
		{formatJSONL, []byte("not\njson"), "error: a payload that is not JSON and holds a line end cannot be a line of jsonl"},
		{formatJSONL, []byte{}, "error: an empty payload is no JSON, and no line of jsonl"},
		{formatText, []byte("a b\r"), "a b\r\n"},
		{formatText, nil, "\n"},
		{formatText, []byte{}, "\n"},
		{formatText, []byte("a\nb"), "error: a value with a line end in it cannot be a line of text"},
		{formatCSV, []byte("a,\"b\"\"c\""), "a,\"b\"\"c\"\n"},
		{formatCSV, nil, "\n"},
		{formatCSV, []byte("a,\"b\r\n\nc\",d"), "a,\"b\r\n\nc\",d\n"},
		{formatCSV, []byte("a\nb"), "error: a payload with a line end that is not in a quoted field cannot be a row of csv"},
		{formatCSV, []byte("a\"b,\"c\n\""), "error: a payload with a line end that is not in a quoted field cannot be a row of csv"},
		{formatCSV, []byte("a,\"b"), "error: a payload with a quoted field that is not closed cannot be a row of csv"},
	} {
		got, err := lineOf(message, c.format)(nil, &engine.Record{Raw: c.payload})
		shown := string(got)
		if err != nil {
			shown = "error: " + err.Error()
			var fault *engine.FaultError
			if !errors.As(err, &fault) || fault.Fault != engine.FaultRecord {
				t.Errorf("%s %q: the error is not about the record", c.format, c.payload)
			}
		}
		if shown != c.want {
			t.Errorf("%s %q: got %q, want %q", c.format, c.payload, shown, c.want)
		}
	}
}

// shortOf takes whole lines up to room bytes, and then fails once.
type shortOf struct {
	room   int
	got    bytes.Buffer
	failed int
}

var errFull = errors.New("no space left on device")

func (s *shortOf) write(_ context.Context, data []byte, ends []int) (int, error) {
	lines, full := wholeLines(ends, s.room)
	s.got.Write(data[:full])
	s.room -= full
	if lines < len(ends) {
		s.failed++
		s.room = 1 << 30
		return lines, errFull
	}
	return lines, nil
}

// rec is a record of an order unit.
func rec(unit int32, key, payload string) *engine.Record {
	return &engine.Record{Partition: unit, Key: []byte(key), Raw: []byte(payload)}
}

func TestAnswers(t *testing.T) {
	big := strings.Repeat("x", chunkBytes)
	const held, away, bad = "held back", "no space", "no such field"
	for _, c := range []struct {
		name    string
		room    int
		records []*engine.Record
		want    []string // "" is acknowledged
		written string   // the first letters of the lines
	}{
		{"all well", 100, []*engine.Record{rec(1, "", "a"), rec(1, "", "b")}, nil, "ab"},
		{"one is bad, its unit is held back", 100,
			[]*engine.Record{rec(1, "", "a"), rec(1, "bad", "b"), rec(2, "", "c"), rec(1, "", "d"), rec(2, "", "e")},
			[]string{"", bad, "", held, ""}, "ace"},
		{"no units: each fails alone", 100,
			[]*engine.Record{rec(0, "bad", "a"), rec(0, "", "b"), rec(0, "bad", "c")}, []string{bad, "", bad}, "b"},
		{"full after the first", 2,
			[]*engine.Record{rec(1, "", "a"), rec(1, "", "b"), rec(2, "", "c"), rec(1, "", "d"), rec(2, "", "e")},
			[]string{"", away, away, held, held}, "a"},
		{"full before a bad one: that one waits its turn", 0,
			[]*engine.Record{rec(1, "", "a"), rec(1, "bad", "b"), rec(0, "bad", "c"), rec(2, "", "d")},
			[]string{away, held, away, away}, ""},
		{"full in a later chunk", chunkBytes + 10,
			[]*engine.Record{rec(1, "", "a"), rec(1, "", big), rec(2, "", "c"+big), rec(2, "", "d"), rec(0, "", "e")},
			[]string{"", "", away, held, away}, "ax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := &shortOf{room: c.room}
			w := newWriter(to, lineOf(message, formatText))
			w.unit = byPartition
			errs := w.write(t.Context(), c.records)
			var got []string
			for _, err := range errs {
				switch {
				case err == nil:
					got = append(got, "")
				case errors.Is(err, engine.ErrHeldBack):
					got = append(got, held)
				case errors.Is(err, errFull):
					got = append(got, away)
				default:
					got = append(got, err.Error())
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("answers %q, want %q", got, c.want)
			}
			var written string
			for line := range strings.Lines(to.got.String()) {
				written += line[:1]
			}
			if written != c.written {
				t.Errorf("written %q, want %q", written, c.written)
			}
		})
	}
}

// flaky writes to another writer and fails where it is told to, after a part.
type flaky struct {
	to    *bytes.Buffer
	parts []int // how many bytes of the next writes get there; negative: all
}

func (f *flaky) Write(p []byte) (int, error) {
	if len(f.parts) == 0 || f.parts[0] < 0 {
		f.parts = f.parts[min(1, len(f.parts)):]
		return f.to.Write(p)
	}
	n := min(f.parts[0], len(p))
	f.parts = f.parts[1:]
	f.to.Write(p[:n])
	return n, errFull
}

// drive writes records as the engine does: what failed is written again, in
// order, until all is acknowledged.
func drive(t *rapid.T, w *writer, records []*engine.Record) {
	for range 1000 {
		if len(records) == 0 {
			return
		}
		errs := w.write(context.Background(), records)
		if errs == nil {
			return
		}
		var again []*engine.Record
		for i, err := range errs {
			if err != nil {
				again = append(again, records[i])
			}
		}
		records = again
	}
	t.Fatal("the records were never all acknowledged")
}

// checkLines: every line is a record's, every record has one, and of each order
// unit the first ones are in order.
func checkLines(t *rapid.T, content string, records []*engine.Record) {
	place := make(map[string]int)
	for i, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		if _, twice := place[line]; !twice {
			place[line] = i
		}
	}
	last := make(map[int32]int)
	for _, r := range records {
		at, found := place[string(r.Raw)]
		if !found {
			t.Fatalf("record %q is not in\n%s", r.Raw, content)
		}
		if before, known := last[r.Partition]; known && r.Partition != 0 && at < before {
			t.Fatalf("record %q stands before one of its unit in\n%s", r.Raw, content)
		}
		last[r.Partition] = at
		delete(place, string(r.Raw))
	}
	if len(place) > 0 {
		t.Fatalf("lines that are no record: %v in\n%s", place, content)
	}
}

func drawRecords(t *rapid.T) []*engine.Record {
	records := make([]*engine.Record, rapid.IntRange(1, 30).Draw(t, "records"))
	for i := range records {
		text := fmt.Sprintf("<%d:%s>", i, strings.Repeat("x", rapid.IntRange(0, 20).Draw(t, "length")))
		records[i] = rec(rapid.Int32Range(0, 3).Draw(t, "unit"), "", text)
	}
	return records
}

// TestSharedProperty: whatever part of a write gets there, lines stay whole.
func TestSharedProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := &flaky{to: &bytes.Buffer{}, parts: rapid.SliceOfN(rapid.IntRange(-1, 200), 0, 20).Draw(t, "parts")}
		w := newWriter(Share(to), lineOf(message, formatText))
		w.unit = byPartition
		records := drawRecords(t)
		drive(t, &w, records)
		checkLines(t, to.to.String(), records)
	})
}
