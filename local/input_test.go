package local

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"waterhealer/engine"
)

func TestInputs(t *testing.T) {
	long := strings.Repeat("x", 3*readBuffer)
	for _, c := range []struct {
		name  string
		files files
		in    string
		want  []string
	}{
		{"json lines", files{codec: codecJSON}, "1\n2\n", []string{"0 line 1 1", "1 line 2 2"}},
		{"no line end at the end", files{codec: codecJSON}, "1\n2", []string{"0 line 1 1", "1 line 2 2"}},
		{"nothing", files{codec: codecJSON}, "", nil},
		{"blank lines count as lines, not as records", files{codec: codecJSON}, "\n \t\r\n1\n\r\n\n2\n", []string{"0 line 3 1", "1 line 6 2"}},
		{"byte order mark and CRLF", files{codec: codecJSON}, "\ufeff1\r\n2\r\n", []string{"0 line 1 1", "1 line 2 2"}},
		{"a line that is not JSON fails alone", files{codec: codecJSON}, "1\n{\n3\n",
			[]string{"0 line 1 1", "2 line 3 3", "1 line 2 failed: not JSON: "}},
		{"JSON for a node that does not decode", files{}, "1\nx\n3",
			[]string{"0 line 1 1", "2 line 3 3", `1 line 2 failed: line 2 is not json: `}},

		{"text", files{codec: codecText, format: formatText}, "\ufeffa \r\n\n \nb\rc\nd\r",
			[]string{`0 line 1 "a "`, `1 line 3 " "`, `2 line 4 "b\rc"`, `3 line 5 "d\r"`}},
		{"text that is not UTF-8", files{format: formatText}, "a\n\xff\nc\n",
			[]string{`0 line 1 "a"`, `2 line 3 "c"`, "1 line 2 failed: line 2 holds bytes that are not UTF-8"}},
		{"a long line", files{format: formatText}, "a\n" + long + "\nb\n",
			[]string{`0 line 1 "a"`, `1 line 2 "` + long + `"`, `2 line 3 "b"`}},

		{"csv", files{format: formatCSV}, "\ufeffa,b\r\n1,\" 2\"\r\n\r\n\"x\"\"y\",\n",
			[]string{`0 line 2 {"a":"1","b":" 2"}`, `1 line 4 {"a":"x\"y","b":""}`}},
		{"csv without header", files{format: formatCSV, lists: true}, "a,b\n1\n",
			[]string{`0 line 1 ["a","b"]`, `1 line 2 ["1"]`}},
		{"csv with nothing but a header", files{format: formatCSV}, "a,b\n", nil},
		{"csv with nothing", files{format: formatCSV}, "\n\n", nil},
		{"quoted line ends", files{format: formatCSV}, "a,b\n1,\"x\n\ny\r\nz\"\n2,\n",
			[]string{`0 line 2 {"a":"1","b":"x\n\ny\nz"}`, `1 line 6 {"a":"2","b":""}`}},
		{"wrong number of fields", files{format: formatCSV}, "a,b\n1\n1,2\n1,2,3\n",
			[]string{`1 line 3 {"a":"1","b":"2"}`,
				"0 line 2 failed: line 2: the row has 1 field, the header has 2",
				"2 line 4 failed: line 4: the row has 3 fields, the header has 2"}},
		{"bare quotes", files{format: formatCSV}, "a,b\n1,x\"y\n\"1\n2\"3\",x\n4,5\n",
			[]string{`2 line 5 {"a":"4","b":"5"}`,
				`0 line 2 failed: line 2, column 4: bare " in non-quoted-field`,
				`1 line 3 failed: line 4, column 2: extraneous or missing " in quoted-field`}},
		{"a quote that is never closed", files{format: formatCSV}, "a,b\n1,\"2\n3,4\n5,6\n",
			[]string{`1 line 3 {"a":"3","b":"4"}`, `2 line 4 {"a":"5","b":"6"}`,
				"0 line 2 failed: line 2: a quoted field is opened and never closed"}},
		{"csv that is not UTF-8", files{format: formatCSV}, "a,b\n1,\xe9\n3,4\n",
			[]string{`1 line 3 {"a":"3","b":"4"}`, "0 line 2 failed: line 2: field 2 holds bytes that are not UTF-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPipeline()
			switch c.files.codec {
			case codecText:
				p.node.Decode = func(r *engine.Record) error { r.Value = string(r.Raw); return nil }
			case codecValue:
				p.node.Decode = nil
			}
			c.files.path = stdinPath
			c.files.stdin = strings.NewReader(c.in)
			if result := p.run(t.Context(), t, fileOf(c.files)); result.Halted != nil {
				t.Fatal(result.Halted)
			}
			got := p.shown(t)
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestRecordOrigin says what records of a file know about themselves, and what
// of them goes into a dead letter.
func TestRecordOrigin(t *testing.T) {
	path := write(t, "a.csv", "a,b\n\"1\n\",2\r\n")
	before := time.Now()
	p := newPipeline()
	p.run(t.Context(), t, fileOf(files{path: path, format: formatCSV}))
	if len(p.records) != 1 {
		t.Fatalf("%d records", len(p.records))
	}
	r := p.records[0]
	if r.Topic != path || r.Partition != 0 || r.Key != nil || r.Headers != nil || r.Known != engine.KnownAll {
		t.Errorf("origin is %+v", r)
	}
	if r.Timestamp.Before(before) || r.Timestamp.After(time.Now()) {
		t.Errorf("timestamp is %v", r.Timestamp)
	}
	if string(r.Raw) != "\"1\n\",2" || r.Intact {
		t.Errorf("raw is %q, intact %v", r.Raw, r.Intact)
	}
}

func TestHeaderErrors(t *testing.T) {
	for in, want := range map[string]string{
		"a,b,a\n1,2,3\n": `stdin: line 1: the header names both field 1 and field 3 "a"`,
		"\n,b\n1,2\n":    "stdin: line 2: the header has no name for field 1",
		"a\"b\n":         "stdin: the header: line 1, column 2: bare \"",
		"a,\xff\n":       "stdin: the header: line 1: field 2 holds bytes that are not UTF-8",
	} {
		p := newPipeline()
		result := p.run(t.Context(), t, fileOf(files{path: stdinPath, format: formatCSV, stdin: strings.NewReader(in)}))
		if result.Halted == nil || !strings.Contains(result.Halted.Error(), want) {
			t.Errorf("%q: halted with %v, want %q", in, result.Halted, want)
		}
	}
}

// TestReadError halts with the file's name and what was read is not lost
// silently: it was never called finished.
func TestReadError(t *testing.T) {
	p := newPipeline()
	in := io.MultiReader(strings.NewReader("1\n2\n"), iotest.ErrReader(errors.New("disk on fire")))
	result := p.run(t.Context(), t, fileOf(files{path: stdinPath, codec: codecJSON, stdin: in}))
	if result.Halted == nil || result.Halted.Error() != "source in: stdin: disk on fire" {
		t.Errorf("halted with %v", result.Halted)
	}
}

// FuzzRows compares with encoding/csv on the whole input: as long as no quote
// is left open, rows and errors are the same, and the bytes of all rows are
// those of the input.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\"a\nb\",c\r\n\r\nd", "a\"b\n\"c\"d,\"e\nf\n", "\"a\"\"\n\",\"", "\r\n,\n\"\"\n", "\"a\r\nb\"\r", "x\r\r\ny\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		in = bytes.TrimPrefix(in, []byte("\ufeff"))
		ours := newRows(newLines(iotest.HalfReader(bytes.NewReader(in))))
		theirs := csv.NewReader(bytes.NewReader(in))
		theirs.FieldsPerRecord = -1
		for {
			got, err := ours.next()
			want, wantErr := theirs.Read()
			if errors.Is(err, io.EOF) {
				if !errors.Is(wantErr, io.EOF) && string(in[max(len(in)-1, 0):]) != "\r" {
					t.Fatalf("ours ended, theirs has %q, %v", want, wantErr)
				}
				return
			}
			if got.err != nil && strings.Contains(got.err.Error(), "never closed") {
				return // from here on we read on, and they do not
			}
			if got.err != nil && strings.Contains(got.err.Error(), "UTF-8") {
				continue
			}
			if (got.err == nil) != (wantErr == nil) {
				if errors.Is(wantErr, io.EOF) && bytes.Equal(got.raw, []byte("\r")) {
					return
				}
				t.Fatalf("ours %q %v, theirs %q %v", got.fields, got.err, want, wantErr)
			}
			if got.err == nil && !slices.Equal(got.fields, want) {
				t.Fatalf("ours %q, theirs %q", got.fields, want)
			}
			if wantErr == nil {
				if line, _ := theirs.FieldPos(0); line != got.line {
					t.Fatalf("ours at line %d, theirs at %d", got.line, line)
				}
			}
			if !bytes.Contains(in, got.raw) {
				t.Fatalf("row %q is not in the input", got.raw)
			}
		}
	})
}

// TestOpenLimit: a quote that stays open over more than the limit costs its
// line only.
func TestOpenLimit(t *testing.T) {
	filler := strings.Repeat(strings.Repeat("y", 1<<20)+",1\n", openLimit>>20+1)
	ours := newRows(newLines(strings.NewReader("\"x,1\n" + filler + "z,\"2\"\n")))
	var good, bad int
	for {
		r, err := ours.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if r.err != nil {
			bad++
			continue
		}
		good++
	}
	if want := openLimit>>20 + 2; bad != 1 || good != want {
		t.Errorf("%d rows failed and %d are good, want 1 and %d", bad, good, want)
	}
}

func TestLayoutChoice(t *testing.T) {
	for _, c := range []struct {
		format, path, codec string
		want                string
	}{
		{"", "x.jsonl", codecJSON, "lines"},
		{"", "x.CSV", codecJSON, "rows by name"},
		{"", "x.csv", codecValue, "rows by name"},
		{"", "x.csv", codecText, "lines"},
		{"", "x.csv", codecBytes, "lines"},
		{"", "x.txt", codecCSV, "rows"},
		{formatCSV, "x", codecText, "rows"},
		{formatText, "x.csv", codecJSON, "lines"},
	} {
		l, err := newLayout(c.format, c.path, c.codec, true)
		if err != nil {
			t.Fatal(err)
		}
		got := "lines"
		if l.rows {
			got = "rows"
		}
		if l.header {
			got += " by name"
		}
		if got != c.want {
			t.Errorf("%+v gives %s", c, got)
		}
	}
	if _, err := newLayout("xml", "x", codecJSON, true); err == nil || !strings.Contains(err.Error(), `format is "xml"`) {
		t.Errorf("xml: %v", err)
	}
}

func BenchmarkScan(b *testing.B) {
	var in bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&in, "BARKSDALE AIR FORCE BASE,T-38A,None,1990-01-08,\"MILITARY\",%d\n", i)
	}
	for _, format := range []string{formatText, formatCSV} {
		b.Run(format, func(b *testing.B) {
			b.SetBytes(int64(in.Len()))
			b.ReportAllocs()
			for b.Loop() {
				l, err := newLayout(format, "", codecCSV, true)
				if err != nil {
					b.Fatal(err)
				}
				cut := slicer{now: time.Now, give: func([]*engine.Record) error { return nil }}
				if err := l.scan(bytes.NewReader(in.Bytes()), cut.add); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
