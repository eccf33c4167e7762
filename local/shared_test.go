package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"waterhealer/engine"
)

// TestSharedLines: several outputs that write at once do not mix their lines.
func TestSharedLines(t *testing.T) {
	var shown bytes.Buffer // not safe for concurrent use itself
	to := Share(&shown)
	if Share(to) != to {
		t.Error("sharing twice makes another")
	}
	var writing sync.WaitGroup
	for i := range 4 {
		writing.Go(func() {
			out := newSharedOutput(to, lineOf(message, formatText))
			for j := range 100 {
				text := strings.Repeat(fmt.Sprint(i), 1+j%7)
				if errs := out.Write(t.Context(), []*engine.Record{rec(0, "", text), rec(0, "", text)}); errs != nil {
					t.Error(errs)
				}
			}
		})
	}
	writing.Wait()
	lines := strings.Split(strings.TrimSuffix(shown.String(), "\n"), "\n")
	for _, line := range lines {
		if line == "" || strings.Trim(line, line[:1]) != "" {
			t.Fatalf("a mixed line %q", line)
		}
	}
	if len(lines) != 800 {
		t.Errorf("%d lines", len(lines))
	}
}

// TestSharedGivesUp: a reader that stopped reading keeps nobody from ending, and
// nobody else writes into the line that is under way.
func TestSharedGivesUp(t *testing.T) {
	out, in := io.Pipe()
	to := Share(in)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := newSharedOutput(to, lineOf(message, formatText)), newSharedOutput(to, lineOf(message, formatText))
	answers := make(chan []error, 2)
	go func() { answers <- first.Write(ctx, []*engine.Record{rec(1, "", "aaaa"), rec(1, "", "b")}) }()
	part := make([]byte, 2)
	if _, err := io.ReadFull(out, part); err != nil { // the first is under way now
		t.Fatal(err)
	}
	go func() { answers <- second.Write(ctx, []*engine.Record{rec(1, "", "c")}) }()
	cancel()
	for range 2 {
		if errs := <-answers; errs == nil || errs[0] == nil {
			t.Errorf("answers %v", errs)
		}
	}
	rest := make(chan string)
	go func() {
		all, err := io.ReadAll(out)
		if err != nil {
			t.Error(err)
		}
		rest <- string(all)
	}()
	if errs := second.Write(t.Context(), []*engine.Record{rec(1, "", "c")}); errs != nil {
		t.Error(errs)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if got := string(part) + <-rest; got != "aaaa\nb\nc\n" {
		t.Errorf("written %q", got)
	}
}

// TestSharedWriter: as an io.Writer it completes what was cut, too.
func TestSharedWriter(t *testing.T) {
	to := &flaky{to: &bytes.Buffer{}, parts: []int{2}}
	s := Share(to)
	if n, err := s.Write([]byte("abc\n")); err == nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := s.Write([]byte("de\n")); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	if to.to.String() != "abc\nde\n" {
		t.Errorf("written %q", to.to.String())
	}
}
