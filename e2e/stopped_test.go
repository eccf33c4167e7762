package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// A stop waits for an output that hangs, and a second signal ends the program at
// once. Nothing is committed that was not written, and the next run does the rest.
func testSecondSignal(t *testing.T, b *broker) {
	const records, size = 10, 200_000 // each is more than a pipe takes
	names := b.topics(t, 1, "hung")
	var messages []kafkatest.Message
	for i := range records {
		messages = append(messages, kafkatest.Message{Value: fmt.Appendf(nil, `{"id": %d, "pad": %q}`, i, strings.Repeat("x", size))})
	}
	b.produce(t, names[0], messages...)
	pipeline := file(t, "p.yaml", fmt.Sprintf(`
shutdown_timeout: 1h
sources:
  - name: in
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [%s], group: hung, session_timeout: 6s, instance_id: one}
sinks:
  - healing: {interval: 100ms, to: {stdout: {}}}
`, names[0]))
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	p := &program{t: t, cmd: exec.Command(binary, "run", pipeline), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = t.TempDir(), append(os.Environ(), b.env()...)
	p.cmd.Stdout, p.cmd.Stderr = writing, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = writing.Close()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("stderr:\n%s", tail(p.stderr.String(), 6000))
		}
	})
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	begin := make([]byte, 1)
	if _, err := reading.Read(begin); err != nil {
		t.Fatal(err) // it writes the first line, of which nobody reads more
	}
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
		t.Fatalf("it ended though its output hangs: %v", p.err)
	case <-time.After(2 * time.Second):
	}
	// Signals do not queue: the second is sent until it is there.
	until(t, time.Minute, "a second signal ends it", func(context.Context) (bool, error) {
		select {
		case <-p.done:
			return true, nil
		default:
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			return false, nil
		}
	})
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, and not by the signal", p.cmd.ProcessState)
	}
	rest, err := io.ReadAll(reading)
	if err != nil || len(rest) >= size {
		t.Errorf("it wrote %d bytes: %v", 1+len(rest), err)
	}
	if committed, err := b.witness.Committed(t.Context(), "hung", names[0], 0); err != nil || committed > 0 {
		t.Errorf("%d is committed, and no record was written: %v", committed, err)
	}
	code, next := run(t, b.env(), time.Minute, "run", pipeline, "--until-end")
	if code != 0 {
		t.Fatalf("exit code %d of the next run", code)
	}
	b.committed(t, "hung", names[0], records)
	if got := strings.Count(next.stdout.String(), "\n"); got != records {
		t.Errorf("the next run wrote %d lines, want %d", got, records)
	}
}

// While the window in the middle of a sliding_window is stuck, those behind it are
// written. After kill -9 all of it is done again from the first record that is not
// finished: every window that was ever written is of neighbours.
func testSlidingKilled(t *testing.T, b *broker) {
	const (
		chunk, kills = 100, 3
		stuck        = 50 // the first record of the window
	)
	names := b.topics(t, 1, "neighbours", "windows")
	absent := names[1] + "-absent"
	pipeline := file(t, "p.yaml", fmt.Sprintf(`
workers: 1
order: none
sources:
  - name: in
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [%s], group: sliding, session_timeout: 6s, instance_id: one}
operators:
  - sliding_window: {size: 3, return_partial: false}
  - map: {ids: 'map(value, #.id)'}
sinks:
  - name: out
    healing:
      interval: 100ms
      to: {kafka: {topic: {expr: 'value.ids[0] == %d ? "%s" : "%s"'}}}
`, names[0], stuck, absent, names[1]))
	ended := func() int64 { return total(t, b, names[1]) }
	for kill := range kills {
		b.produce(t, names[0], numbers(kill*chunk, (kill+1)*chunk, 1)...)
		wanted := ended() + int64((kill+1)*chunk-2-stuck-1) // at least those behind the stuck one
		p := start(t, b.env(), "run", pipeline)
		until(t, time.Minute, "the windows behind the stuck one", func(ctx context.Context) (bool, error) {
			ends, err := b.client.Ends(ctx, names[1])
			return sum(ends) >= wanted, err
		})
		until(t, time.Minute, "the commit of what is before it", func(ctx context.Context) (bool, error) {
			committed, err := b.witness.Committed(ctx, "sliding", names[0], 0)
			return committed >= stuck, err
		})
		p.kill()
		b.committed(t, "sliding", names[0], stuck)
	}
	if err := b.CreateTopic(absent, 1); err != nil {
		t.Fatal(err)
	}
	if code, _ := run(t, b.env(), 2*time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d of the last run", code)
	}
	b.committed(t, "sliding", names[0], chunk*kills)
	seen := make(map[int]int)
	for _, m := range append(b.consume(t, names[1]), b.consume(t, absent)...) {
		seen[neighbours(t, m)]++
	}
	for first := range chunk*kills - 2 {
		if seen[first] == 0 {
			t.Errorf("the window of %d was never written", first)
		}
	}
	if seen[stuck] != 1 || seen[stuck+1] < kills {
		t.Errorf("the stuck window was written %d times, the next %d times", seen[stuck], seen[stuck+1])
	}
}

// neighbours is the first of a window's three records, which must be in a row.
func neighbours(t *testing.T, m kafkatest.Message) int {
	t.Helper()
	var window struct{ IDs []int }
	if err := json.Unmarshal(m.Value, &window); err != nil {
		t.Fatalf("%s: %v", m.Value, err)
	}
	ids := window.IDs
	if len(ids) != 3 || ids[1] != ids[0]+1 || ids[2] != ids[0]+2 {
		t.Fatalf("a window of %v was written", ids)
	}
	return ids[0]
}
