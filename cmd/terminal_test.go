package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/kafka"
	"waterhealer/observe"
)

func TestLiveLineStaysBelowTheLog(t *testing.T) {
	var screen bytes.Buffer
	terminal := &terminal{w: &screen, live: true, width: func() int { return 20 }}
	terminal.show("in 1")
	_, _ = terminal.Write([]byte("a log line\n"))
	terminal.show("in 1") // nothing new, nothing written
	terminal.show("a line that is longer than the screen")
	terminal.show("")
	_, _ = terminal.Write([]byte("the end\n"))
	want := eraseLine + "in 1" + // shown
		eraseLine + "a log line\n" + "in 1" + // moved down
		eraseLine + "a line that is long" + // cut
		eraseLine + "the end\n" // gone
	if screen.String() != want {
		t.Errorf("the screen got\n%q\nwant\n%q", screen.String(), want)
	}
}

func TestNoLiveLineWithoutTerminal(t *testing.T) {
	var screen bytes.Buffer
	terminal := newTerminal(&screen)
	terminal.progress(nil)()
	if terminal.live || screen.Len() > 0 {
		t.Errorf("a buffer got %q", screen.String())
	}
	if colored(&screen) {
		t.Error("a buffer gets colours")
	}
}

// Where stdout and stderr are one screen, stdout is wrapped: colours must still
// see the terminal behind it.
func TestColoursSeeTheSharedScreen(t *testing.T) {
	var screen bytes.Buffer
	if got := behind(sharedScreen{terminal: &terminal{w: &screen}, stdout: &screen}); got != &screen {
		t.Errorf("behind the shared screen is %T", got)
	}
	if got := behind(&screen); got != &screen {
		t.Errorf("behind a plain writer is %T", got)
	}
}

func TestProgressLine(t *testing.T) {
	for _, c := range []struct {
		s    observe.Status
		want string
	}{
		{observe.Status{Totals: observe.Totals{Lag: -1}}, "in 0  out 0  failed 0  0 records/s"},
		{
			observe.Status{
				Totals: observe.Totals{Lag: -1},
				Stuck:  []observe.Stuck{{Node: "out", Doing: "writing", Since: time.Date(2026, 1, 1, 9, 8, 7, 0, time.Local), Error: "no\n way"}},
			},
			"in 0  out 0  failed 0  0 records/s  no progress since 09:08:07: out writing: no way",
		},
		{
			observe.Status{
				Totals: observe.Totals{In: 1234567, Out: 999, Failed: 1000, Lag: 12}, Rates: observe.Rates{In: 2345.6},
				Partitions: []observe.Partition{{Head: &observe.Head{EmitID: "t/1/2", Seconds: 1}}},
			},
			"in 1,234,567  out 999  failed 1,000  lag 12  2,345 records/s",
		},
		{
			observe.Status{
				Partitions: []observe.Partition{
					{Head: &observe.Head{EmitID: "t/0/7", Seconds: 10}},
					{Head: &observe.Head{EmitID: "t/1/2", Seconds: 75, Node: "out", Doing: "waits for a try", Error: "refused"}},
				},
			},
			"in 0  out 0  failed 0  lag 0  0 records/s  t/1/2 for 1m15s at out: waits for a try: refused",
		},
		{
			observe.Status{Health: observe.Health{Problems: []observe.Problem{{Code: observe.ProblemBrokersAway, Text: "no broker answers"}}}},
			"in 0  out 0  failed 0  lag 0  0 records/s  no broker answers",
		},
	} {
		if got := progressLine(&c.s); got != c.want {
			t.Errorf("%+v is %q, want %q", c.s, got, c.want)
		}
	}
	if got := grouped(-1234567); got != "-1,234,567" {
		t.Errorf("grouped(-1234567) is %s", got)
	}
}

func TestTotalsCountEachSinkOnce(t *testing.T) {
	got := totalsOf([]engine.NodeStats{
		{Name: "in", Role: engine.RoleSource, In: 10},
		{Name: "map", Role: engine.RoleOperator, In: 10, Out: 9, Failed: 1},
		{Name: "a", Role: engine.RoleHealing, In: 9, Out: 9},
		{Name: "a/kafka", Role: engine.RoleOutput, Sink: "a", In: 9, Out: 8, Failed: 1},
		{Name: "b", Role: engine.RoleHealing, In: 9, Out: 9}, // without output
		{Name: "dead_letter", Role: engine.RoleOutput, In: 2, Out: 2},
	})
	if want := (totals{in: 10, out: 17, failed: 2}); got != want {
		t.Errorf("totals are %+v, want %+v", got, want)
	}
}

func TestReport(t *testing.T) {
	result := engine.Result{
		Claims: []engine.ClaimStatus{
			{Source: "in", Topic: "t", Partition: 0, Watermark: 7, InFlight: 2, Unfinished: []int64{7, 9}},
			{Source: "in", Topic: "t", Partition: 1, Watermark: 4},
			{Source: "lines", Topic: "lines.jsonl", Watermark: 3},
		},
		Nodes: []engine.NodeStats{
			{Name: "in", Role: engine.RoleSource, In: 1234},
			{Name: "zip", Role: engine.RoleOperator, Held: 2},
			{Name: "heal/kafka", Role: engine.RoleOutput, Sink: "heal", Out: 1230, Retried: 5},
		},
	}
	commits := map[commitPlace]kafka.Commit{
		{"t", 0}: {Source: "in", Topic: "t", Partition: 0, Offset: 7, Holes: 1},
		{"t", 2}: {Source: "in", Topic: "t", Partition: 2, Offset: 5, Err: bytes.ErrTooLarge},
	}
	pipeline := &configs.Pipeline{Sources: []*configs.Node{{Name: "in", Kind: "kafka"}, {Name: "lines", Kind: "file"}}}
	var log, screen bytes.Buffer
	newReport(result, pipeline, commits, 1500*time.Millisecond).tell(slog.New(slog.NewTextHandler(&log, nil)), &screen, false)
	want := `run ended after 1.5s: 1,234 in, 1,230 out, 0 failed

output      written  retried
heal/kafka     1230        5

topic  partition  committed  unfinished  holes
t              0          7           2      1
t              1          4           0      0
t              2    unknown           0      0
`
	if screen.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", screen.String(), want)
	}
	for _, want := range []string{"topic=t partition=0 records=2 offsets=\"[7 9]\"", "node=zip records=2"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}
}

// TestOutcome: how a run ended decides the exit code.
func TestOutcome(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		ctx    context.Context
		result engine.Result
		code   int
	}{
		"done":    {t.Context(), engine.Result{}, exitDone},
		"stopped": {stopped, engine.Result{}, exitDone},
		"forced":  {stopped, engine.Result{Forced: true}, exitHalted},
		"halted":  {t.Context(), engine.Result{Halted: errors.New("broken")}, exitHalted},
		"stalled": {t.Context(), engine.Result{Halted: fmt.Errorf("node: %w", &engine.StallError{})}, exitStalled},
		"stuck":   {t.Context(), engine.Result{Halted: &engine.StuckError{}, Forced: true}, exitStalled},
	} {
		err := outcome(c.ctx, c.result)
		code := exitDone
		var exit *exitError
		if errors.As(err, &exit) {
			code = exit.code
		}
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d", name, code, c.code)
		}
	}
}

// TestColor: only terminals are coloured, and only those that want to be.
func TestColor(t *testing.T) {
	for _, c := range []struct {
		terminal      bool
		noColor, term string
		want          bool
	}{
		{true, "", "xterm", true}, {true, "1", "xterm", false}, {true, "", "dumb", false}, {false, "", "xterm", false},
	} {
		got := wantsColor(c.terminal, func(name string) string {
			return map[string]string{"NO_COLOR": c.noColor, "TERM": c.term}[name]
		})
		if got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
	own(t)
	file(t, "broken.yaml", brokenFile)
	if r := run(t, "lint", "broken.yaml").exits(t, 1); strings.Contains(r.stdout, "\x1b") {
		t.Errorf("what is no terminal is coloured:\n%q", r.stdout)
	}
}
