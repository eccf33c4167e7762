package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// `make bench OVERHEAD=1 ONLY=1`, on a few records: each way to look at a run is
// tried, and a run at which there was nothing to look at would be an error.
func TestOverhead(t *testing.T) {
	var out bytes.Buffer
	s := testSuite(t, "-overhead", "-only", "-records", "2000", "-runs", "1")
	s.out = &out
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	for _, l := range looks() {
		if got := strings.Count(out.String(), " "+l.name+" "); got < 2*len(looked()) {
			t.Errorf("%s is %d times in the tables", l.name, got)
		}
	}
	for _, c := range looked() {
		if !strings.Contains(out.String(), c.name+", CPU with metrics / off") {
			t.Errorf("nothing is said about the target of %s", c.name)
		}
	}
}

// Who is looked at does the same work.
func TestInspectedPipelinesAreTheSame(t *testing.T) {
	for _, c := range looked() {
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join("testdata", shape(orders200), name+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		pipeline := func(text string) (lines []string) {
			for line := range strings.Lines(text) {
				if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "inspect: true" {
					lines = append(lines, line)
				}
			}
			return lines
		}
		plain, inspected := pipeline(read(c.name)), pipeline(read("inspect-"+c.name))
		if strings.Join(plain, "") != strings.Join(inspected, "") {
			t.Errorf("%s and inspect-%s differ:\n%s\n%s", c.name, c.name, plain, inspected)
		}
		if got, want := strings.Count(read("inspect-"+c.name), "inspect: true"), 4; got != want {
			t.Errorf("inspect-%s inspects %d nodes, want %d", c.name, got, want)
		}
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	off, runs := []measurement{{cpu: 2}, {cpu: 4}}, []measurement{{cpu: 3}, {cpu: 4}}
	if got := ratiosTo(off, runs); len(got) != 2 || got[0] != 1.5 || got[1] != 1 {
		t.Errorf("ratios %v", got)
	}
}
