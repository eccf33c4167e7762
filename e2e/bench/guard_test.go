package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is measured into testdata")

// What the data path may allocate for a record, by pipeline.
const allocationsFile = "testdata/allocations.txt"

// Figures come out equal to within a few hundredths of an object and a few percent
// of the bytes, however busy the machine is; what is beyond is growth.
const (
	objectsSlack = 0.05
	bytesSlack   = 1.05
)

// TestAllocationsPerRecord guards what the data path allocates for each record,
// the client left out. Growth must be meant: then -update writes it.
func TestAllocationsPerRecord(t *testing.T) {
	if raceDetector {
		withoutRaceDetector(t)
		return
	}
	text, err := os.ReadFile(allocationsFile)
	if err != nil {
		t.Fatal(err)
	}
	var written strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			written.WriteString(line)
			continue
		}
		var pipeline string
		var mostObjects, mostBytes float64
		if _, err := fmt.Sscan(line, &pipeline, &mostObjects, &mostBytes); err != nil {
			t.Fatalf("%s: %q: %v", allocationsFile, line, err)
		}
		objects, bytes := guarded(t, pipeline, mostObjects+objectsSlack, mostBytes*bytesSlack)
		fmt.Fprintf(&written, "%-26s %6.2f %6.0f\n", pipeline, objects, bytes)
	}
	if !*update {
		return
	}
	if err := os.WriteFile(allocationsFile, []byte(written.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// guarded measures a pipeline, and again when it seems to allocate too much:
// what else the process does at the same time only ever adds.
func guarded(t *testing.T, pipeline string, mostObjects, mostBytes float64) (objects, bytes float64) {
	t.Helper()
	data := orders200
	if strings.HasPrefix(pipeline, "quakes/") {
		data = quakes
	}
	set, err := newDataSet(data, 1, moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	path := dataPath{pipeline: filepath.Join("testdata", pipeline+".yaml")}
	for range 1000 {
		path.messages = append(path.messages, set.next())
	}
	for range 3 {
		objects, bytes = path.allocated(t)
		if objects <= mostObjects && bytes <= mostBytes {
			t.Logf("%s: %.3f allocations and %.0f bytes per record", pipeline, objects, bytes)
			return objects, bytes
		}
	}
	if !*update {
		t.Errorf("%s: %.3f allocations and %.0f bytes per record, at most %.3f and %.0f are allowed; -update writes them if that is meant",
			pipeline, objects, bytes, mostObjects, mostBytes)
	}
	return objects, bytes
}

// withoutRaceDetector runs the same test in a binary without it, since it makes
// pools drop what they keep.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	plain := filepath.Join(t.TempDir(), "plain.test")
	if out, err := exec.Command("go", "test", "-c", "-o", plain, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the test without the race detector: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), plain, "-test.run", "^"+t.Name()+"$", "-test.v").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) && err == nil {
		t.Errorf("the test did not run:\n%s", out)
	}
}
