package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var moduleRoot = filepath.Join("..", "..")

// The program and this harness, built once, without the race detector.
var builtProgram, builtBench string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "waterhealer-bench-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	builtBench = filepath.Join(dir, "bench")
	if out, err := exec.Command("go", "build", "-o", builtBench, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	if builtProgram, err = build(context.Background(), moduleRoot, dir); err != nil {
		panic(err)
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

func testSuite(t *testing.T, args ...string) *suite {
	t.Helper()
	o, err := parseOptions(append([]string{"-root", moduleRoot}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return &suite{options: o, binary: builtProgram, self: builtBench, dir: t.TempDir(), out: t.Output(), log: t.Output()}
}

// Everything that takes part in `make bench`, on a few records: each has its
// pipeline, does all its work and comes out in the tables.
func TestHarness(t *testing.T) {
	var out bytes.Buffer
	s := testSuite(t, "-records", "2000", "-runs", "1", "-data", "orders200,quakes", "-partitions", "4", "-latency", "-probe", "200ms")
	s.out = &out
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	for _, c := range contenders() {
		if c.rival == nil && !strings.Contains(out.String(), " "+c.name+" ") {
			t.Errorf("%s is in no table", c.name)
		}
	}
	for _, target := range targets() {
		if !strings.Contains(out.String(), target.about) {
			t.Errorf("nothing is said about the target: %s", target.about)
		}
	}
}

// A contender that does less than all of its work gives no figure.
func TestCheck(t *testing.T) {
	f := laid(t, "-records", "1000", "-data", orders200)
	c := contenderNamed(t, "filter-map-kafka")
	c.writes = []func(counts) int64{all}
	if m, err := f.measure(t.Context(), c, ""); err == nil || !strings.Contains(err.Error(), "messages to out-") {
		t.Errorf("half of the messages gave %v, %v", m, err)
	}
	f.made.Records++
	for _, name := range []string{"passthrough", baselineRaw} {
		if m, err := f.measure(t.Context(), contenderNamed(t, name), ""); err == nil || !strings.Contains(err.Error(), "read 1000 of 1001") {
			t.Errorf("%s with a record missing gave %v, %v", name, m, err)
		}
	}
}

// A contender that never ends is measured until its work is done, and given up
// when it does none. It is the baseline here: the real rivals are large.
func TestRival(t *testing.T) {
	f := laid(t, "-records", "1000", "-data", orders200)
	c := contender{name: "copy", writes: []func(counts) int64{all}, rival: &rival{
		told: []string{"BROKERS", "GROUP", "IN", "OUT"},
		run: []string{"/bin/sh", "-c", `exec "$0" baseline -follow -name ` + baselineCopy +
			` -brokers "$BROKERS" -group "$GROUP" -in "$IN" -out "$OUT"`, f.self},
	}}
	if m, err := f.measure(t.Context(), c, ""); err != nil || m.cpu <= 0 || m.took <= 0 {
		t.Errorf("%v, %v", m, err)
	}
	c.writes = []func(counts) int64{half}
	if _, err := f.measure(t.Context(), c, ""); err == nil || !strings.Contains(err.Error(), "it wrote 1000 messages") {
		t.Errorf("twice the messages gave %v", err)
	}
	f.patience = time.Second
	c.rival.run = []string{"/bin/sh", "-c", "echo no work here; exec sleep 100"}
	if _, err := f.measure(t.Context(), c, ""); err == nil || !strings.Contains(err.Error(), "committed 0 of 1000 records") ||
		!strings.Contains(err.Error(), "no work here") {
		t.Errorf("a rival that does nothing gave %v", err)
	}
	c.rival.run = []string{"/bin/sh", "-c", "exit 3"}
	if _, err := f.measure(t.Context(), c, ""); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("a rival that ends gave %v", err)
	}
}

// laid is an embedded broker with a data set on 4 partitions.
func laid(t *testing.T, args ...string) *field {
	t.Helper()
	s := testSuite(t, args...)
	f, err := s.lay(t.Context(), brokersEmbedded, s.data[0], 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.broker.close() })
	return f
}

// What a record costs against raw sarama, on a few records, with a bound that no
// busy machine breaks: who breaks it has made the program several times slower.
// The targets themselves are for `make bench`. Each contender reads, commits and
// writes everything, or there is no figure.
func TestRatioToRaw(t *testing.T) {
	f := laid(t, "-records", "100000", "-data", orders200)
	least := func(name string) (cpu time.Duration) {
		for range 3 { // the machine's other work only ever adds
			m, err := f.measure(t.Context(), contenderNamed(t, name), "")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if cpu == 0 || m.cpu < cpu {
				cpu = m.cpu
			}
		}
		return cpu
	}
	for _, c := range []struct {
		name, to string
		most     float64
	}{
		{"passthrough", baselineRaw, 4},
		{"filter-map-kafka", baselineCopy, 3},
	} {
		mine, other := least(c.name), least(c.to)
		t.Logf("%s takes %v, %s %v: %.2f times as much", c.name, mine, c.to, other, mine.Seconds()/other.Seconds())
		if mine.Seconds() > c.most*other.Seconds() {
			t.Errorf("%s takes %v of CPU, %s %v: more than %v times as much", c.name, mine, c.to, other, c.most)
		}
	}
}

func contenderNamed(t *testing.T, name string) contender {
	t.Helper()
	for _, c := range contenders() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no contender is called %s", name)
	return contender{}
}

// The target is 150 ms on an idle machine; this is for starts that wait for
// something.
func TestStart(t *testing.T) {
	s := testSuite(t)
	seed, err := s.seedFile(10)
	if err != nil {
		t.Fatal(err)
	}
	const most = 5 * time.Second
	best := time.Hour
	for range 5 {
		took, err := s.firstHealed(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, took)
	}
	t.Logf("start to first record healed: %v", best)
	if best > most {
		t.Errorf("the first record is healed after %v, want %v at most", best, most)
	}
}

func TestBinarySize(t *testing.T) {
	file, err := os.Stat(builtProgram)
	if err != nil {
		t.Fatal(err)
	}
	const most = 40_000_000
	if file.Size() > most {
		t.Errorf("the binary has %d bytes, want %d at most", file.Size(), most)
	}
}
