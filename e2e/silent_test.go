package e2e

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Brokers that take what is sent and answer nothing cannot keep a stop waiting:
// after shutdown_timeout the program says what is left and ends, and the next
// run writes what nobody acknowledged.
func TestSignalWithSilentBrokers(t *testing.T) {
	for _, silent := range []string{"output", "source"} {
		t.Run(silent, func(t *testing.T) { signalWithASilentBroker(t, silent == "source") })
	}
}

func signalWithASilentBroker(t *testing.T, source bool) {
	in, out := startBroker(t, "--topic", "in:2"), startBroker(t, "--topic", "out:1")
	pipeline := file(t, "p.yaml", fmt.Sprintf(`shutdown_timeout: 4s
sources:
  - kafka: {brokers: [%q], topics: [in], group: silent}
sinks:
  - healing:
      to:
        - kafka: {brokers: [%q], topic: out}
        - stdout: {}
`, in.Addresses()[0], out.Addresses()[0]))
	commits := func(want int64) {
		t.Helper()
		until(t, time.Minute, fmt.Sprintf("%d are committed", want), func(ctx context.Context) (bool, error) {
			for partition := range int32(2) {
				if at, err := in.client.Committed(ctx, "silent", "in", partition); err != nil || at != want {
					return false, err
				}
			}
			return true, nil
		})
	}
	p := start(t, nil, "run", pipeline)
	in.produce(t, "in", numbers(0, 100, 2)...)
	commits(50)

	frozen := out.Broker.(*process)
	if source {
		frozen = in.Broker.(*process)
	}
	frozen.freeze()
	if !source {
		in.produce(t, "in", numbers(100, 140, 2)...)
		until(t, time.Minute, "all is on its way to both outputs", func(context.Context) (bool, error) {
			return strings.Count(p.stdout.String(), "\n") == 140, nil
		})
	}
	began := time.Now()
	p.signal(syscall.SIGTERM)
	code := p.wait(time.Minute)
	took := time.Since(began)
	t.Logf("it ended after %s", took.Round(100*time.Millisecond))
	if took > 20*time.Second { // 4 s, on a slow machine
		t.Error("shutdown_timeout was 4s")
	}
	frozen.signal(syscall.SIGCONT)
	says := []string{"in             0         50           0", "in             1         50           0"}
	if !source {
		says = []string{"records left unfinished", "partition=0 records=20", "partition=1 records=20", "in             1         50          20"}
	}
	for _, text := range says {
		if !strings.Contains(p.stderr.String(), text) {
			t.Errorf("it does not say %q", text)
		}
	}
	commits(50)
	if source {
		return // with everything committed the code is 0, if the machine is not too slow for the last fifth
	}
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	if code, _ := run(t, nil, time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Errorf("exit code %d of the next run", code)
	}
	commits(70)
	seen := make(map[string]bool)
	for _, m := range out.consume(t, "out") {
		seen[string(m.Value)] = true
	}
	if len(seen) != 140 {
		t.Errorf("%d of 140 records arrived", len(seen))
	}
}
