package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/kafka/kafkatest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := readAll(t, name); got != want {
		t.Errorf("%s differs (run with -update and look at the difference); got\n%s", name, got)
	}
}

func TestGraph(t *testing.T) {
	t.Setenv("LC_ALL", "en_US.UTF-8")
	for _, name := range []string{"graph", "graph-branches"} {
		for _, format := range []string{"text", "mermaid", "dot", "svg"} {
			got := run(t, "graph", "testdata/"+name+".yaml", "--format", format).exits(t, 0)
			golden(t, "testdata/"+name+"."+format, got.stdout)
		}
	}
	run(t, "graph", "testdata/graph.yaml", "--format", "png").exits(t, 2).says(t, `--format is "png", must be text, mermaid, dot or svg`)
}

// TestGraphWithoutUTF8: a locale that is set to something else gets ASCII.
func TestGraphWithoutUTF8(t *testing.T) {
	own(t)
	const pipeline = "sources: [values: [1]]\nsinks: [stdout: {}]\n"
	for _, c := range []struct {
		all, ctype, lang string
		ascii            bool
	}{
		{"", "", "", false},
		{"C.UTF-8", "C", "C", false},
		{"", "de_DE.utf8", "C", false},
		{"", "", "de_DE.UTF-8@euro", false},
		{"C", "C.UTF-8", "C.UTF-8", true},
		{"", "", "POSIX", true},
		{"", "", "de_DE.ISO-8859-1", true},
	} {
		t.Setenv("LC_ALL", c.all)
		t.Setenv("LC_CTYPE", c.ctype)
		t.Setenv("LANG", c.lang)
		mark := "▷ stdout-1"
		if c.ascii {
			mark = "> stdout-1"
		}
		if got := runWith(t, pipeline, "graph", "-").exits(t, 0).stdout; !strings.Contains(got, "\n"+mark) {
			t.Errorf("%+v: drawn was\n%s", c, got)
		}
	}
}

func TestLintFormats(t *testing.T) {
	own(t)
	file(t, "b.yaml", "sources:\n  - values: [1]\nsinks:\n  - stdot: {}\n")
	file(t, "a.yaml", warnedFile)
	file(t, "c.yaml", "sources:\n  - values: [1]\nsinks:\n  - stdout: {}\n")

	text := run(t, "lint", "b.yaml", "a.yaml", "c.yaml", "b.yaml").exits(t, 1)
	warning, mistake := strings.Index(text.stdout, "a.yaml:6:5: warning[no-effect]: "), strings.Index(text.stdout, "b.yaml:4:5: error[unknown-kind]: ")
	if warning != 0 || mistake < warning || strings.Count(text.stdout, "b.yaml") != 1 {
		t.Errorf("files are not sorted, or one comes twice:\n%s", text.stdout)
	}
	run(t, "lint", "a.yaml").exits(t, 0)
	run(t, "lint", "a.yaml", "--strict").exits(t, 1)
	run(t, "lint", "c.yaml", "--strict").exits(t, 0).prints(t, "")
	run(t, "lint").exits(t, 2).says(t, "lint needs at least one FILE")
	run(t, "lint", "c.yaml", "--format", "xml").exits(t, 2).says(t, `--format is "xml", must be text, json, github or sarif`)
	runWith(t, "sources: []\n", "lint", "-").exits(t, 1)

	var diagnostics []jsonDiagnostic
	if err := json.Unmarshal([]byte(run(t, "lint", "b.yaml", "--format", "json").exits(t, 1).stdout), &diagnostics); err != nil {
		t.Fatal(err)
	}
	if len(diagnostics) != 1 || diagnostics[0].Path != "b.yaml" || diagnostics[0].Line != 4 || diagnostics[0].Column != 5 ||
		diagnostics[0].Width != 5 || diagnostics[0].Severity != "error" || diagnostics[0].Code != "unknown-kind" || diagnostics[0].Hint == "" {
		t.Errorf("diagnostics are %+v", diagnostics)
	}
	run(t, "lint", "c.yaml", "--format", "json").exits(t, 0).prints(t, "[]\n")
	github := run(t, "lint", "b.yaml", "--format", "github").exits(t, 1)
	if !strings.HasPrefix(github.stdout, "::error file=b.yaml,line=4,col=5,endColumn=10,title=unknown-kind::\"stdot\" is no kind of sink%0Ahint: did you mean") {
		t.Errorf("github is\n%s", github.stdout)
	}
}

// TestOperators: every kind is listed and described, with all that its spec says.
func TestOperators(t *testing.T) {
	list := run(t, "operators").exits(t, 0).stdout
	for _, s := range specs() {
		if !strings.Contains(list, "  "+s.Kind) {
			t.Errorf("%s is not listed", s.Kind)
		}
		described := strings.Join(strings.Fields(run(t, "operators", s.Kind).exits(t, 0).stdout), " ")
		for _, f := range s.Fields {
			if !strings.Contains(described, f.Name+": ") || !strings.Contains(described, strings.Join(strings.Fields(f.Doc), " ")) {
				t.Errorf("%s: field %s is not described", s.Kind, f.Name)
			}
		}
		if s.Summary == "" || s.Example == "" || s.Finished == "" {
			t.Errorf("%s: summary, example or when offsets are finished is missing", s.Kind)
		}
		for _, alias := range s.Aliases {
			run(t, "operators", alias).exits(t, 0)
		}
	}
	golden(t, "testdata/operators-partition.txt", run(t, "operators", "partition").stdout)
	run(t, "operators", "dance").exits(t, 2).says(t, `there is no kind "dance"`)
}

// TestSpecs: defaults, bounds and short forms of all kinds are ones that the
// file format can have.
func TestSpecs(t *testing.T) {
	if err := configs.CheckSpecs(specs()); err != nil {
		t.Error(err)
	}
}

func TestVersionAndCompletion(t *testing.T) {
	if got := run(t, "version").exits(t, 0).stdout; !strings.HasPrefix(got, "waterhealer ") || strings.Count(got, "\n") != 1 {
		t.Errorf("version is %q", got)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, "completion", shell).exits(t, 0); !strings.Contains(got.stdout, "waterhealer") {
			t.Errorf("there is no completion for %s", shell)
		}
	}
	for _, args := range [][]string{{}, {"--help"}, {"run", "--help"}, {"help", "lint"}} {
		run(t, args...).exits(t, 0)
	}
}

// TestBroker: the address comes on stdout, topics are made, nothing is made
// unasked, and data outlives the process.
func TestBroker(t *testing.T) {
	own(t)
	for _, want := range []int{0, 1} {
		serve(t, func(address string) {
			c, err := kafkatest.Connect([]string{address})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if held := consume(t, c, "t"); len(held) != want {
				t.Errorf("the topic holds %d records, want %d", len(held), want)
			}
			produce(t, c, "t", []byte("1"))
			if _, err := c.Ends(t.Context(), "unasked"); err == nil {
				t.Error("a topic was made unasked")
			}
		})
	}
	for text, want := range map[string]string{"t": "must be NAME:PARTITIONS", "t:0": "must be NAME:PARTITIONS", ":1": "must be NAME:PARTITIONS"} {
		run(t, "broker", "--listen", "127.0.0.1:0", "--topic", text).exits(t, 2).says(t, want)
	}
	run(t, "broker", "--listen", "nowhere").exits(t, 1).says(t, "listen address")
}

// serve runs `broker` while f runs.
func serve(t *testing.T, f func(address string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, []string{"broker", "--listen", "127.0.0.1:0", "--topic", "t:1", "--data-dir", "data"}, nil, in, &stderr)
		_ = in.Close()
	}()
	buffer := make([]byte, 100)
	n, err := out.Read(buffer)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	f(strings.TrimSpace(string(buffer[:n])))
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	if !strings.Contains(stderr.String(), "not for production") {
		t.Errorf("it is not said what the broker is for:\n%s", stderr.String())
	}
}
