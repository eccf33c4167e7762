package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
)

func TestGlob(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"b.jsonl": "3\n", "a.jsonl": "1\n2\n", "c.txt": "no"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, "d.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := newPipeline()
	result := p.run(t.Context(), t, fileOf(files{path: filepath.Join(folder, "*.jsonl"), codec: codecJSON}))
	if result.Halted != nil {
		t.Fatal(result.Halted)
	}
	// Nothing is kept in order between files.
	if got, want := slices.Sorted(slices.Values(p.shown(t))), []string{"0 line 1 1", "0 line 1 3", "1 line 2 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var claims []string
	for _, c := range result.Claims {
		claims = append(claims, fmt.Sprintf("%s %s %d", c.Source, filepath.Base(c.Topic), c.Watermark))
	}
	if want := []string{"in a.jsonl 2", "in b.jsonl 1"}; !slices.Equal(claims, want) {
		t.Errorf("claims are %q, want %q", claims, want)
	}
}

// TestGlobNamedLikeAPattern: a file is found by its own name first.
func TestGlobNamedLikeAPattern(t *testing.T) {
	path := write(t, "a[1].jsonl", "1\n")
	got, err := files{path: path}.paths()
	if err != nil || !slices.Equal(got, []string{path}) {
		t.Errorf("paths are %q, %v", got, err)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(folder, "gone.jsonl"): "p.yaml:3:11: node in: open " + filepath.Join(folder, "gone.jsonl") + ": no such file or directory",
		filepath.Join(folder, "*.jsonl"):    "p.yaml:3:11: node in: no file matches " + filepath.Join(folder, "*.jsonl"),
		filepath.Join(folder, "[.jsonl"):    "p.yaml:3:11: node in: path \"" + filepath.Join(folder, "[.jsonl") + "\": syntax error in pattern",
		folder:                              "p.yaml:3:11: node in: " + folder + " is a folder; " + folder + "/* reads the files in it",
	} {
		result := newPipeline().run(t.Context(), t, fileOf(files{path: path, codec: codecJSON, where: "p.yaml:3:11"}))
		if result.Halted == nil || result.Halted.Error() != want {
			t.Errorf("halted with %v, want %s", result.Halted, want)
		}
	}
}

// TestStdinAsItComes: a line is worked on before the next is typed, and a
// source whose input has no end stops with its context.
func TestStdinAsItComes(t *testing.T) {
	in, typed := io.Pipe()
	defer func() { _ = in.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := newPipeline()
	done := make(chan engine.Result)
	go func() { done <- p.run(ctx, t, fileOf(files{path: stdinPath, codec: codecJSON, stdin: in})) }()
	for i := range 3 {
		if _, err := fmt.Fprintln(typed, i); err != nil {
			t.Error(err)
		}
		p.await(t, i+1)
	}
	cancel()
	if result := <-done; result.Halted != nil {
		t.Error(result.Halted)
	}
}

// TestInterruptedPipe: a read that can be interrupted leaves no goroutine behind,
// though nobody closes the pipe.
func TestInterruptedPipe(t *testing.T) {
	in, typed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = typed.Close(); _ = in.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	reading := make(chan error)
	go func() {
		before := func() error { cancel(); return nil }
		reading <- files{stdin: in}.scan(ctx, stdinPath, before, nil)
	}()
	if err := <-reading; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the read ended with %v", err)
	}
}

// TestFullClaim: what is unfinished stays within the bound and a slice.
func TestFullClaim(t *testing.T) {
	const records = 20_000
	var in strings.Builder
	for i := range records {
		fmt.Fprintln(&in, i)
	}
	p := newPipeline()
	p.limits = engine.Limits{Records: 10}
	most := 0
	p.operator = processFunc(func(r *engine.Record) {
		inFlight, _ := r.Claim.InFlight()
		most = max(most, int(inFlight))
	})
	result := p.run(t.Context(), t, fileOf(files{path: write(t, "a", in.String()), codec: codecJSON}))
	if result.Halted != nil || p.count() != records {
		t.Fatalf("%d records, halted: %v", p.count(), result.Halted)
	}
	if bound := 10 + sliceRecords; most > bound {
		t.Errorf("%d records were unfinished at once, want at most %d", most, bound)
	}
	for i, r := range p.records {
		if r.Offset != int64(i) || r.Line != i+1 {
			t.Fatalf("record %d has offset %d, line %d", i, r.Offset, r.Line)
		}
	}
}

// processFunc passes records on after it looked at them.
type processFunc func(*engine.Record)

func (f processFunc) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	f(r)
	out.Emit(r)
	return nil
}

func TestLargeRecord(t *testing.T) {
	const size = 50 << 20
	path := write(t, "a.jsonl", "1\n\""+strings.Repeat("x", size)+"\"\n2")
	p := newPipeline()
	if result := p.run(t.Context(), t, fileOf(files{path: path, codec: codecJSON})); result.Halted != nil {
		t.Fatal(result.Halted)
	}
	if p.count() != 3 || len(p.records[1].Raw) != size+2 || p.records[2].Line != 3 {
		t.Errorf("%d records", p.count())
	}
}

// TestBatches: a stand-in for kafka_batched makes batches of its size, and a
// record that cannot be read fails alone.
func TestBatches(t *testing.T) {
	in := "a\n1\n2\n3\nx,y\n4\n5\n"
	p := newPipeline()
	var sizes []int
	p.operator = processFunc(func(r *engine.Record) { sizes = append(sizes, len(r.Batch)) })
	p.run(t.Context(), t, fileOf(files{path: stdinPath, stdin: strings.NewReader(in), format: formatCSV, codec: codecJSON, batch: 2}))
	want := []string{`0 line 2 {"a":"1"}`, `1 line 3 {"a":"2"}`, `2 line 4 {"a":"3"}`, `4 line 6 {"a":"4"}`, `5 line 7 {"a":"5"}`,
		"3 line 5 failed: line 5: the row has 2 fields, the header has 1"}
	if got := p.shown(t); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if !slices.Equal(sizes, []int{2, 1, 2}) {
		t.Errorf("batches of %v", sizes)
	}
}

func TestPayloads(t *testing.T) {
	for _, c := range []struct {
		name, content, codec string
		want                 []string
	}{
		{"a.jsonl", "1\n\n{\"b\": 2.0}", "", []string{"1 1", `3 {"b": 2.0}`}},
		{"a.csv", "b,a\n1,\"x\ny\"\n", codecJSON, []string{`2 {"b":"1","a":"x\ny"}`}},
		{"a.csv", "b,a\n1,\"x\ny\"\n", codecCSV, []string{"1 b,a", "2 1,\"x\ny\""}},
		{"a.csv", "b,a\n", codecBytes, []string{"1 b,a"}},
		{"a.csv", "b,a\n1\n", codecJSON, []string{"a.csv: line 2: the row has 1 field, the header has 2"}},
	} {
		var got []string
		err := Payloads(t.Context(), FileOptions{Path: write(t, c.name, c.content), Codec: c.codec}, func(line int, payload []byte) error {
			got = append(got, fmt.Sprintf("%d %s", line, payload))
			return nil
		})
		if err != nil {
			_, message, _ := strings.Cut(err.Error(), string(filepath.Separator)+c.name)
			got = append(got, c.name+message)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s as %q: got %q, want %q", c.name, c.codec, got, c.want)
		}
	}
}

// specs are those of this package, so that pipeline files can be parsed.
func specs() []configs.Spec { return append(SourceSpecs(), OutputSpecs()...) }

func parse(t *testing.T, text string) *configs.Pipeline {
	t.Helper()
	p, problems := configs.Parse("p.yaml", []byte(text), specs(), configs.Environment{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return p
}

// TestExamples: each kind's example stands in a pipeline without an error, and
// what it describes can be made.
func TestExamples(t *testing.T) {
	for _, s := range specs() {
		source, sink := "values: [1]", "drop: {}"
		if s.Section == configs.SectionSource {
			source = strings.ReplaceAll(s.Example, "\n", "\n    ")
		} else {
			sink = strings.ReplaceAll(s.Example, "\n", "\n    ")
		}
		p := parse(t, "sources:\n  - "+source+"\nsinks:\n  - "+sink+"\n")
		generate := func(index int64) (any, error) { return index, nil }
		if _, err := NewSource(SourceOptions{Node: p.Sources[0], Generate: generate}); err != nil {
			t.Errorf("%s: %v", s.Kind, err)
		}
		if _, err := NewOutput(OutputOptions{Node: p.Sinks[0], Stdout: io.Discard}); err != nil {
			t.Errorf("%s: %v", s.Kind, err)
		}
	}
}

// TestFields: what a pipeline file says arrives at the source.
func TestFields(t *testing.T) {
	csvPath, textPath := write(t, "a", "1,2\n"), write(t, "b", "x\n")
	for _, c := range []struct {
		node string
		want []string
	}{
		{"file: {path: " + csvPath + ", format: csv, header: false}", []string{`0 line 1 ["1","2"]`}},
		{"file: {path: " + textPath + ", format: text}", []string{`0 line 1 "X"`}},
		{"file: " + csvPath + "\n    decode: text", []string{`0 line 1 "X"`}},
		{"stdin: csv", []string{`0 line 2 {"a":"typed"}`}},
		{"values: [1.10, {b: 1, a: [x, null]}, z]", []string{`0 line 0 1.10`, `1 line 0 {"b":1,"a":["x",null]}`, `2 line 0 "z"`}},
		{"generate: {value: index, count: 2}", []string{"0 line 0 100", "1 line 0 101"}},
	} {
		p := newPipeline()
		p.node.Decode = func(r *engine.Record) error { r.Value = "X"; return nil }
		source, err := NewSource(SourceOptions{
			Node:     parse(t, "sources:\n  - "+c.node+"\nsinks:\n  - drop: {}\n").Sources[0],
			Generate: func(index int64) (any, error) { return 100 + index, nil },
			Stdin:    strings.NewReader("a\ntyped\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if result := p.run(t.Context(), t, renamed{source, &p.node}); result.Halted != nil {
			t.Fatal(result.Halted)
		}
		if got := p.shown(t); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.node, got, c.want)
		}
	}
}

// renamed lets a source claim for the pipeline's only node.
type renamed struct {
	engine.Source
	node *engine.Node
}

func (r renamed) Run(ctx context.Context, in engine.Intake) error {
	return r.Source.Run(ctx, renamedIntake{in, r.node})
}

type renamedIntake struct {
	engine.Intake
	node *engine.Node
}

func (r renamedIntake) Claim(o engine.ClaimOptions) *engine.Claim {
	o.Source = r.node.Name
	return r.Intake.Claim(o)
}

// TestGenerateInterval: the first record comes at once, the others an interval
// apart, and what a slow pipeline missed is not made up for.
func TestGenerateInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		s := &inlineSource{node: "in", count: 5, every: time.Second, clock: engine.RealClock{}, next: func(index int64) (any, error) {
			at = append(at, time.Since(start))
			if index == 2 { // an expression that takes its time
				<-time.After(2500 * time.Millisecond)
			}
			return index, nil
		}}
		p := newPipeline()
		p.run(t.Context(), t, s)
		want := []time.Duration{0, time.Second, 2 * time.Second, 4500 * time.Millisecond, 5500 * time.Millisecond}
		if !slices.Equal(at, want) || p.count() != 5 {
			t.Errorf("%d records, made at %v, want %v", p.count(), at, want)
		}
	})
}

func TestGenerateUntilStopped(t *testing.T) {
	for _, every := range []time.Duration{0, time.Hour} {
		ctx, cancel := context.WithCancel(t.Context())
		s := &inlineSource{node: "in", count: -1, every: every, clock: engine.RealClock{}, next: func(index int64) (any, error) { return index, nil }}
		p := newPipeline()
		done := make(chan engine.Result)
		go func() { done <- p.run(ctx, t, s) }()
		p.await(t, 1)
		cancel()
		if result := <-done; result.Halted != nil {
			t.Error(result.Halted)
		}
	}
}

// TestGenerateFrozen: in a dry run nobody waits for an interval.
func TestGenerateFrozen(t *testing.T) {
	s := &inlineSource{node: "in", count: 3, every: time.Hour, clock: engine.FrozenClock{}, next: func(index int64) (any, error) {
		if index == 1 {
			return nil, errors.New("no such field")
		}
		return index, nil
	}}
	p := newPipeline()
	p.run(t.Context(), t, s)
	if got, want := p.shown(t), []string{"0 line 0 0", "2 line 0 2", "1 line 0 failed: no such field"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStandIn: a file in place of a file node keeps that node's format.
func TestStandIn(t *testing.T) {
	node := parse(t, "sources:\n  - name: in\n    file: {path: gone, format: csv, header: false}\nsinks:\n  - drop: {}\n").Sources[0]
	s, err := NewFileSource(FileOptions{Node: node, Path: "-", Stdin: strings.NewReader("1,2\n")})
	if err != nil {
		t.Fatal(err)
	}
	p := newPipeline()
	p.run(t.Context(), t, s)
	if got, want := p.shown(t), []string{`0 line 1 ["1","2"]`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := NewFileSource(FileOptions{Node: node, Path: "-", Format: "xml"}); err == nil || !strings.HasPrefix(err.Error(), "source in: format") {
		t.Errorf("format xml: %v", err)
	}
}
