package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// deadly is a pipeline that cannot take records whose id is divisible by
// $DIVISOR, and writes them to the dead letters.
func deadly(in, out, dead, group string, more ...string) string {
	return linear(in, out, group, `  - filter: 'value.id % int("${DIVISOR}") == 0 ? fail("poison") : true'`, more...) +
		"on_error:\n  then: dead_letter\n  dead_letter: {kafka: {topic: " + dead + "}}\n"
}

// identified counts messages by the id in their value.
func identified(t *testing.T, messages []kafkatest.Message) map[int]int {
	t.Helper()
	ids := make(map[int]int)
	for _, m := range messages {
		var v struct {
			ID int `json:"id"`
		}
		if err := json.Unmarshal(m.Value, &v); err != nil {
			t.Fatalf("%s: %v", m.Value, err)
		}
		ids[v.ID]++
	}
	return ids
}

// Dead letters are healed once they no longer fail; then nothing is left, and
// healing again ends at once.
func testHeal(t *testing.T, b *broker) {
	const n = 2000
	names := b.topics(t, 4, "sick", "well", "dead")
	in, out, dead := names[0], names[1], names[2]
	b.produce(t, in, numbers(0, n, 4)...)
	pipeline := file(t, "p.yaml", deadly(in, out, dead, "doctor"))
	steps := []struct {
		divisor, command string
		code             int
		arrived, letters int // so far
	}{
		{"10", "run", 0, 1800, 200},
		{"20", "heal", 1, 1900, 300},
		{"3000", "heal", 1, 1999, 301}, // 0 is divisible by everything
	}
	for i, step := range steps {
		args := []string{step.command, pipeline}
		if step.command == "run" {
			args = append(args, "--until-end")
		}
		if code, p := run(t, b.env("DIVISOR="+step.divisor), 2*time.Minute, args...); code != step.code {
			t.Fatalf("step %d: exit code %d, want %d; it printed %s", i, code, step.code, p.stdout.String())
		}
		if got := len(b.consume(t, out)); got != step.arrived {
			t.Errorf("step %d: %d messages arrived, want %d", i, got, step.arrived)
		}
		if got := len(b.consume(t, dead)); got != step.letters {
			t.Errorf("step %d: %d letters, want %d", i, got, step.letters)
		}
	}
	cured := file(t, "cured.yaml", linear(in, out, "doctor", "  - filter: 'true'")+
		"on_error:\n  then: dead_letter\n  dead_letter: {kafka: {topic: "+dead+"}}\n")
	if code, p := run(t, b.env(), 2*time.Minute, "heal", cured); code != 0 {
		t.Fatalf("exit code %d of the last heal; it printed %s", code, p.stdout.String())
	}
	for id, times := range identified(t, b.consume(t, out)) {
		if times != 1 {
			t.Errorf("record %d arrived %d times", id, times)
		}
	}
	if got := len(b.consume(t, out)); got != n {
		t.Errorf("%d messages arrived, want %d", got, n)
	}
	ends, err := b.client.Ends(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	b.committed(t, "doctor.heal", dead, ends...)
	began := time.Now()
	if code, p := run(t, b.env(), time.Minute, "heal", cured); code != 0 {
		t.Errorf("exit code %d with nothing to do; it printed %s", code, p.stdout.String())
	}
	t.Logf("with nothing to do it ended after %v", time.Since(began).Round(time.Millisecond))
}

// A heal that is killed in its middle, again and again, loses nothing: in the
// end each record has arrived or has a letter that no heal has seen.
func testHealKilled(t *testing.T, b *broker) {
	const n = 8000
	names := b.topics(t, 4, "sick", "well", "dead")
	in, out, dead := names[0], names[1], names[2]
	b.produce(t, in, numbers(0, n, 4)...)
	// Small slices and pauses between them give time to kill it in.
	pipeline := file(t, "p.yaml", "max_in_flight: ${FLIGHT}\n"+deadly(in, out, dead, "surgeon", `, instance_id: "${INSTANCE}"`))
	env := func(divisor, flight string) []string {
		return b.env("INSTANCE=one", "DIVISOR="+divisor, "FLIGHT="+flight)
	}
	if code, _ := run(t, env("1", "1000"), 3*time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d of the run", code)
	}
	if got := total(t, b, dead); got != n {
		t.Fatalf("%d letters, want %d", got, n)
	}
	inTheMiddle := 0
	for kill := range 3 {
		before := total(t, b, out)
		p := start(t, env("4", "20"), "heal", pipeline)
		until(t, time.Minute, fmt.Sprintf("output before kill %d", kill), func(context.Context) (bool, error) {
			select {
			case <-p.done:
				return true, nil
			default:
				return total(t, b, out) > before, nil
			}
		})
		p.kill()
		if p.cmd.ProcessState.ExitCode() == -1 { // by the signal
			inTheMiddle++
		}
	}
	if inTheMiddle < 2 {
		t.Errorf("only %d of 3 heals were killed in their middle", inTheMiddle)
	}
	code, p := run(t, env("4", "1000"), 3*time.Minute, "heal", pipeline, "--summary", "json")
	t.Logf("%d killed; the last heal said %s", inTheMiddle, p.stdout.String())
	if code != 1 {
		t.Fatalf("exit code %d of the last heal, want 1", code)
	}
	arrived := identified(t, b.consume(t, out))
	waiting := make(map[int]bool)
	for _, m := range b.consume(t, dead) {
		seen, err := b.client.Committed(t.Context(), "surgeon.heal", dead, m.Partition)
		if err != nil {
			t.Fatal(err)
		}
		if m.Offset >= seen {
			for id := range identified(t, []kafkatest.Message{m}) {
				waiting[id] = true
			}
		}
		for _, h := range m.Headers {
			if attempts, err := strconv.Atoi(h.Value); h.Name == "waterhealer-attempts" && (err != nil || attempts < 1 || attempts > 6) {
				t.Errorf("a letter has %q attempts", h.Value)
			}
		}
	}
	for id := range n {
		switch {
		case id%4 == 0 && !waiting[id]:
			t.Fatalf("record %d failed and has no letter that waits", id)
		case id%4 != 0 && arrived[id] == 0:
			t.Fatalf("record %d was lost", id)
		}
	}
}
