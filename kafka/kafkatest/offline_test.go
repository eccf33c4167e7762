package kafkatest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	version, err := Version()
	if err != nil || !strings.HasPrefix(version, "4.") {
		t.Errorf("pom.xml names Apache Kafka %q, %v", version, err)
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]bool)
	for _, port := range ports {
		if port < firstPort || port > lastPort || seen[port] {
			t.Errorf("ports %v: %d is out of range or there twice", ports, port)
		}
		seen[port] = true
	}
}

func TestEncode(t *testing.T) {
	got := string(encode(map[string]string{"b": `C:\data`, "a": "x = 1"}))
	if want := "a=x = 1\nb=C:\\\\data\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for lines, want := range map[int]string{1: "three", 2: "two\nthree", 3: "one\ntwo\nthree", 9: "one\ntwo\nthree"} {
		if got := tail(path, lines); got != want {
			t.Errorf("the last %d lines are %q, want %q", lines, got, want)
		}
	}
	if got := tail(path+"x", 1); !strings.Contains(got, "no such file") {
		t.Errorf("a missing log gives %q", got)
	}
}
