package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// verdict is what /readyz answers.
type verdict struct {
	code     int
	OK       bool
	State    string
	Problems []struct{ Code, Text, Node string }
}

// about are the nodes that a problem is said of.
func (v verdict) about(code string) []string {
	var nodes []string
	for _, p := range v.Problems {
		if p.Code == code {
			nodes = append(nodes, p.Node)
		}
	}
	return nodes
}

func askReady(ctx context.Context, address string) (v verdict, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", nil)
	if err != nil {
		return v, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return v, err
	}
	defer func() { _ = response.Body.Close() }()
	v.code = response.StatusCode
	return v, json.NewDecoder(response.Body).Decode(&v)
}

// becomes waits until /readyz answers as wanted.
func becomes(t *testing.T, address string, within time.Duration, what string, ok func(verdict) bool) {
	t.Helper()
	var last verdict
	defer func() {
		if t.Failed() {
			t.Logf("/readyz: %+v", last)
		}
	}()
	until(t, within, what, func(ctx context.Context) (bool, error) {
		v, err := askReady(ctx, address)
		last = v
		return err == nil && ok(v), err
	})
}

// Brokers that are gone make a pipeline not ready, which says that it is them;
// when they are back it is ready, and goes on.
func testReady(t *testing.T, b *broker, end, restart func()) {
	names := b.topics(t, 2, "asked", "answered")
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "ready", "  - map: value"))
	b.produce(t, names[0], numbers(0, 100, 2)...)
	p := start(t, b.env(), "run", pipeline, "--http", "127.0.0.1:0")
	address := p.served()
	ready := func(v verdict) bool {
		return v.code == http.StatusOK && v.OK && v.State == "running" && len(v.Problems) == 0
	}
	becomes(t, address, time.Minute, "ready", ready)
	written := func(want int) {
		t.Helper()
		until(t, time.Minute, "all is written", func(ctx context.Context) (bool, error) {
			got, err := b.witness.Consume(ctx, names[1])
			return len(got) == want, err
		})
	}
	written(100)
	until(t, time.Minute, "all is committed, so that nothing comes again", func(ctx context.Context) (bool, error) {
		for partition := range int32(2) {
			if at, err := b.witness.Committed(ctx, "ready", names[0], partition); err != nil || at != 50 {
				return false, err
			}
		}
		return true, nil
	})
	end()
	becomes(t, address, 30*time.Second, "not ready, and says of whom", func(v verdict) bool {
		nodes := v.about("brokers_away")
		return v.code == http.StatusServiceUnavailable && !v.OK && slices.Contains(nodes, "in") && slices.Contains(nodes, "out/kafka")
	})
	restart()
	becomes(t, address, 2*time.Minute, "ready again", ready)
	b.produce(t, names[0], numbers(100, 200, 2)...)
	written(200)
	p.signal(syscall.SIGTERM)
	if code := p.wait(time.Minute); code != 0 {
		t.Errorf("exit code %d", code)
	}
	b.committed(t, "ready", names[0], 100, 100)
}

func TestReady(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := startBroker(t, "--data-dir", folder)
	at := b.Addresses()[0]
	end := func() { // the embedded broker keeps nothing of its last moments when it is killed
		embedded := b.Broker.(*process)
		embedded.signal(syscall.SIGTERM)
		embedded.wait(time.Minute)
	}
	testReady(t, b, end, func() {
		p := start(t, nil, "broker", "--listen", at, "--data-dir", folder)
		until(t, time.Minute, "the broker listens again", func(context.Context) (bool, error) {
			return strings.Contains(p.stdout.String(), at), nil
		})
	})
}

// An output whose call does not return is named after a minute, with the record
// that it has.
func TestHungOutputIsNamed(t *testing.T) {
	t.Parallel()
	reads, writes, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reads.Close() })
	pipeline := file(t, "p.yaml", "sources:\n  - name: in\n    generate: {value: '{\"n\": index, \"text\": repeat(\"x\", 1000)}', interval: 1ms}\nsinks:\n  - name: out\n    stdout: {}\n")
	p := prepared(t, nil, "run", pipeline, "--http", "127.0.0.1:0", "--log-format", "text")
	p.cmd.Stdout = writes // nobody reads it, and a pipe does not hold much
	p.begin()
	_ = writes.Close()
	address := p.served()
	becomes(t, address, 2*time.Minute, "not ready, and says where it hangs", func(v verdict) bool {
		return v.code == http.StatusServiceUnavailable && slices.Contains(v.about("stalled"), "out") && strings.Contains(v.Problems[0].Text, "in/0/")
	})
	p.says("no progress", time.Minute)
	if !strings.Contains(p.stderr.String(), "node=out ") || !strings.Contains(p.stderr.String(), "emit_id=in/0/") {
		t.Error("the log does not say what hangs")
	}
}
