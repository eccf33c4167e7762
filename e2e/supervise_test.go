package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The rules of supervise end the program as a signal does, each with its exit
// code, and what was in flight is committed.
func testSupervise(t *testing.T, b *broker) {
	const records = 200
	for _, c := range []struct {
		name, rules, operators string
		code                   int
		says                   string
		finished               int64 // -1 is not known
	}{
		{"on-error", "{on_error: true}", "  - map: 'value.id == 120 ? fail(\"poison\") : value'\n    on_error: {retry: {attempts: 1}, then: skip}",
			1, "stopped by supervise: on_error: ", records},
		{"max-uptime", "{max_uptime: 5s}", "  - filter: value.id >= 0", 5, "stopped by supervise: max_uptime: it has run for 5s", -1},
		// An idle topic is no stall, whatever else is set.
		{"idle", "{no_commit: 2s, no_poll: 2s, stall_after: 3s, on_error: true, max_uptime: 10s}", "  - filter: value.id >= 0",
			5, "stopped by supervise: max_uptime: it has run for 10s", records},
		{"max-commits", "{max_commits: 1}", "  - filter: value.id >= 0", 5, "stopped by supervise: max_commits: ", records},
		// The first record cannot be written, and the others wait behind it.
		{"no-commit", "{no_commit: 2s}\nshutdown_timeout: 5s", "  - filter: value.id >= 0",
			4, "stopped by supervise: no_commit: nothing was committed for ", 0},
		// The partition is full, and what comes when no fetch is under way is not read.
		{"no-poll", "{no_poll: 2s}\nmax_in_flight: 10\nshutdown_timeout: 5s", "  - filter: value.id >= 0",
			4, "stopped by supervise: no_poll: nothing was read for ", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			names := b.topics(t, 1, "in-"+c.name, "out-"+c.name)
			b.produce(t, names[0], numbers(0, records, 1)...)
			to := names[1]
			if c.finished == 0 {
				to = fmt.Sprintf("{expr: '\"%s\" + (value.id == 0 ? \"-absent\" : \"\")'}", to)
			}
			pipeline := file(t, "p.yaml", fmt.Sprintf("supervise: %s\n%s", c.rules, linear(names[0], to, c.name, c.operators)))
			p := start(t, b.env(), "run", pipeline)
			if c.name == "no-poll" {
				next := records
				until(t, 2*time.Minute, "it ends while more and more comes", func(context.Context) (bool, error) {
					b.produce(t, names[0], numbers(next, next+10, 1)...)
					next += 10
					return p.ended(), nil
				})
			}
			code := p.wait(2 * time.Minute)
			if code != c.code || !strings.Contains(p.stderr.String(), c.says) {
				t.Errorf("exit code %d, want %d and %q", code, c.code, c.says)
			}
			if c.finished > 0 {
				b.committed(t, c.name, names[0], c.finished)
			}
		})
	}
}

// ended says that the program is no more.
func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
