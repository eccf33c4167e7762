package local

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/configs"
	"waterhealer/engine"
)

func newTestOutput(path, format string, log *bytes.Buffer) *fileOutput {
	o := newFileOutput(path, format, message, slog.New(slog.NewTextHandler(log, nil)))
	o.lines.unit = byPartition
	return o
}

func open(t *testing.T, o *fileOutput) {
	t.Helper()
	if err := o.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestAppend: a file is created, and the next run appends to it.
func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	for i, want := range []string{"1\nnull\n", "1\nnull\n1\nnull\n"} {
		var log bytes.Buffer
		o := newTestOutput(path, formatJSONL, &log)
		open(t, o)
		if errs := o.Write(t.Context(), []*engine.Record{{Raw: []byte("1")}, {}}); errs != nil {
			t.Fatal(errs)
		}
		if err := o.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != want || log.Len() > 0 {
			t.Errorf("run %d: %q, log %q", i, got, log.String())
		}
	}
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "no", "out")
	for path, want := range map[string]string{
		missing: "open " + missing + ": no such file or directory: the folder " + filepath.Dir(missing) + " is missing",
		folder:  folder + " is a folder, not a file",
	} {
		o := newTestOutput(path, formatText, &bytes.Buffer{})
		if err := o.Open(t.Context()); err == nil || err.Error() != want {
			t.Errorf("open: %v, want %s", err, want)
		}
		if err := o.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestFullDevice: a full disk is about the destination.
func TestFullDevice(t *testing.T) {
	o := newTestOutput("/dev/full", formatText, &bytes.Buffer{})
	open(t, o)
	errs := o.Write(t.Context(), []*engine.Record{rec(1, "", "a"), rec(1, "", "b")})
	var fault *engine.FaultError
	if len(errs) != 2 || errs[0] == nil || errors.As(errs[0], &fault) || !errors.Is(errs[1], engine.ErrHeldBack) {
		t.Errorf("answers %v", errs)
	}
	if err := o.Sync(t.Context()); err != nil {
		t.Errorf("sync of a device: %v", err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestMend: what a killed process or an editor left at the end of a file.
func TestMend(t *testing.T) {
	long := strings.Repeat("x", 3*arenaSize)
	for _, c := range []struct{ format, before, after, says string }{
		{formatJSONL, "", "", ""},
		{formatJSONL, "1\n", "1\n", ""},
		{formatJSONL, "{\"a\":1}\n{\"a\":", "{\"a\":1}\n", "cut off"},
		{formatJSONL, "{\"a\":1}\n{\"a\":1}", "{\"a\":1}\n{\"a\":1}\n", "not ended"},
		{formatJSONL, "{\"a\":", "", "cut off"},
		{formatJSONL, "1\n\"" + long, "1\n", "cut off"},
		{formatJSONL, "1\n\"" + long + "\"", "1\n\"" + long + "\"\n", "not ended"},
		{formatJSONL, "1\n\x00\x00\x00", "1\n", "cut off"},
		{formatText, "a\nb", "a\nb\n", "not ended"},
		{formatText, "a\nb\n", "a\nb\n", ""},
		{formatCSV, "a,b\n", "a,b\n", ""},
		{formatCSV, "a,\"b\n\"\n", "a,\"b\n\"\n", ""},
		{formatCSV, "a,b\nc", "a,b\nc\n", "not ended"},
		{formatCSV, "a,b\nc,\"d", "a,b\nc,\"d\"\n", "not ended"},
		{formatCSV, "a,b\nc,\"d\n", "a,b\nc,\"d\n\"\n", "not ended"},
		{formatCSV, "5\" pipe,1\n", "5\" pipe,1\n", ""},
	} {
		path := write(t, "out", c.before)
		var log bytes.Buffer
		o := newTestOutput(path, c.format, &log)
		open(t, o)
		if errs := o.Write(t.Context(), []*engine.Record{{Raw: []byte("9")}}); errs != nil {
			t.Fatal(errs)
		}
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != c.after+"9\n" {
			t.Errorf("%s %.40q became %.40q, want %.40q", c.format, c.before, got, c.after+"9\n")
		}
		if !strings.Contains(log.String(), c.says) || c.says == "" && log.Len() > 0 {
			t.Errorf("%s %.40q: the log says %.200q", c.format, c.before, log.String())
		}
	}
}

// faulty is a file of which writes, and other calls, fail where they are told to.
type faulty struct {
	*os.File
	parts   []int // how many bytes of the next writes get there; negative: all
	refuse  int   // so many calls of Truncate fail
	syncErr error
}

func (f *faulty) Write(p []byte) (int, error) {
	if len(f.parts) == 0 || f.parts[0] < 0 {
		f.parts = f.parts[min(1, len(f.parts)):]
		return f.File.Write(p)
	}
	part := min(f.parts[0], len(p))
	f.parts = f.parts[1:]
	n, err := f.File.Write(p[:part])
	if err == nil {
		err = errFull
	}
	return n, err
}

func (f *faulty) Truncate(size int64) error {
	if f.refuse > 0 {
		f.refuse--
		return errors.New("not now")
	}
	return f.File.Truncate(size)
}

func (f *faulty) Sync() error { return errors.Join(f.syncErr, f.File.Sync()) }

func spoil(t *testing.T, o *fileOutput, parts ...int) *faulty {
	t.Helper()
	opened, ok := o.file.(*os.File)
	if !ok {
		t.Fatal("the file is not open")
	}
	f := &faulty{File: opened, parts: parts}
	o.file = f
	return f
}

// TestTornLine: the part of a line that a failed write left is taken back, at
// once or, when that fails too, before the next line.
func TestTornLine(t *testing.T) {
	for _, refuse := range []int{0, 1} {
		path := write(t, "out", "a\n")
		o := newTestOutput(path, formatText, &bytes.Buffer{})
		open(t, o)
		f := spoil(t, o, 5)
		f.refuse = refuse
		errs := o.Write(t.Context(), []*engine.Record{rec(1, "", "bb"), rec(1, "", "cc")})
		if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], errFull) {
			t.Fatalf("answers %v", errs)
		}
		if want := "a\nbb\n" + "cc"[:2*refuse]; read(t, path) != want {
			t.Errorf("after the failure the file is %q, want %q", read(t, path), want)
		}
		if errs := o.Write(t.Context(), []*engine.Record{rec(1, "", "cc")}); errs != nil {
			t.Fatal(errs)
		}
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != "a\nbb\ncc\n" {
			t.Errorf("the file is %q", got)
		}
	}
}

// TestTornLineOfTwoWriters: what another process wrote behind our torn line is
// not cut off with it.
func TestTornLineOfTwoWriters(t *testing.T) {
	path := write(t, "out", "")
	o := newTestOutput(path, formatText, &bytes.Buffer{})
	open(t, o)
	spoil(t, o, 2).refuse = 1
	if errs := o.Write(t.Context(), []*engine.Record{rec(0, "", "ours")}); !errors.Is(errs[0], errFull) {
		t.Fatalf("answers %v", errs)
	}
	other, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteString("!theirs"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.Close(), o.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "ou!theirs\n" {
		t.Errorf("the file is %q", got)
	}
}

func TestSyncError(t *testing.T) {
	o := newTestOutput(write(t, "out", ""), formatText, &bytes.Buffer{})
	open(t, o)
	f := spoil(t, o)
	f.syncErr = errFull
	if err := o.Sync(t.Context()); !errors.Is(err, errFull) {
		t.Errorf("sync: %v", err)
	}
	if err := o.Close(t.Context()); !errors.Is(err, errFull) {
		t.Errorf("close: %v", err)
	}
}

// TestFileProperty: whatever part of a write gets there, and whether or not it
// can be taken back at once, lines stay whole, none is lost, units keep order.
func TestFileProperty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	rapid.Check(t, func(rt *rapid.T) {
		if err := os.RemoveAll(path); err != nil {
			rt.Fatal(err)
		}
		o := newTestOutput(path, formatText, &bytes.Buffer{})
		if err := o.Open(t.Context()); err != nil {
			rt.Fatal(err)
		}
		f := spoil(t, o, rapid.SliceOfN(rapid.IntRange(-1, 200), 0, 20).Draw(rt, "parts")...)
		f.refuse = rapid.IntRange(0, 5).Draw(rt, "refuse")
		records := drawRecords(rt)
		drive(rt, &o.lines, records)
		f.parts, f.refuse = nil, 0
		if err := o.Close(t.Context()); err != nil {
			rt.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		checkLines(rt, string(content), records)
		if lines := strings.Count(string(content), "\n"); lines != len(records) {
			rt.Fatalf("%d lines for %d records", lines, len(records))
		}
	})
}

// TestFileInEngine: records are finished when they are on the disk, and a
// restart appends to what is there.
func TestFileInEngine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	node := parse(t, "sources:\n  - values: [1]\nsinks:\n  - file: "+path+"\n").Sinks[0]
	out, err := NewOutput(OutputOptions{Node: node, Render: message})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := out.(engine.Syncer); !ok {
		t.Fatal("a file output is acknowledged without being synced")
	}
	source := &engine.Node{Name: "in", Role: engine.RoleSource}
	sink := &engine.Node{Name: "out", Role: engine.RoleOutput, Output: out}
	s := fileOf(files{path: stdinPath, format: formatText, stdin: strings.NewReader("1\n2\n3\n")})
	g := &engine.Graph{Nodes: []*engine.Node{source, sink}, Sources: []engine.Source{s}}
	g.Connect(source, sink, 0)
	rt, err := engine.New(g, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := rt.Run(t.Context())
	if err != nil || result.Halted != nil {
		t.Fatal(err, result.Halted)
	}
	if got := read(t, path); got != "1\n2\n3\n" || result.Claims[0].Watermark != 3 {
		t.Errorf("the file is %q, the watermark %d", got, result.Claims[0].Watermark)
	}
}

func TestKinds(t *testing.T) {
	var shown bytes.Buffer
	p := parse(t, "sources:\n  - values: [1]\nsinks:\n  - stdout: text\n  - drop: {}\n")
	for _, n := range p.Sinks {
		out, err := NewOutput(OutputOptions{Node: n, Render: message, Stdout: &shown})
		if err != nil {
			t.Fatal(err)
		}
		if errs := out.Write(t.Context(), []*engine.Record{rec(0, "", "a")}); errs != nil {
			t.Errorf("%s: %v", n.Kind, errs)
		}
		if err := errors.Join(out.Open(t.Context()), out.Close(t.Context())); err != nil {
			t.Error(err)
		}
	}
	if shown.String() != "a\n" {
		t.Errorf("stdout got %q", shown.String())
	}
	other := &configs.Node{Kind: "kafka"}
	if _, err := NewOutput(OutputOptions{Node: other}); err == nil {
		t.Error("a kafka output was made here")
	}
	if _, err := NewSource(SourceOptions{Node: other}); err == nil {
		t.Error("a kafka source was made here")
	}
}

func BenchmarkAppend(b *testing.B) {
	o := newFileOutput(filepath.Join(b.TempDir(), "out"), formatJSONL, message, slog.New(slog.DiscardHandler))
	if err := o.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	records := slices.Repeat([]*engine.Record{rec(0, "", fmt.Sprintf(`{"id":1,"text":%q}`, strings.Repeat("x", 100)))}, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if errs := o.Write(b.Context(), records); errs != nil {
			b.Fatal(errs)
		}
	}
	if err := o.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
