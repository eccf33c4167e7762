package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// built is the program under test, built once.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "waterhealer-chaos-")
	if err != nil {
		panic(err)
	}
	built, err = build(context.Background(), filepath.Join("..", ".."), dir)
	if err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// judged runs a plan and fails the test with what the judges say.
func judged(t *testing.T, c cluster, p plan) report {
	t.Helper()
	p.binary, p.dir, p.log, p.slack = built, t.TempDir(), t.Output(), 4
	rep, err := execute(t.Context(), c, p)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := printTable(&table, []report{rep}); err != nil {
		t.Fatal(err)
	}
	printFailures(&table, rep, p.seed, "the log")
	t.Log(table.String())
	if rep.failures.count > 0 {
		t.Fail()
	}
	return rep
}

// A short part of the suite, on the embedded broker.
func TestEmbeddedChaos(t *testing.T) {
	c, err := startFake()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.close() })
	judged(t, c, plan{name: "mixed", faults: named([]string{"sigkill", "leave", "cut", "dead"}, false), strikes: 2, records: 20_000,
		order: "key", seed: rand.Uint64() >> 32})
}
