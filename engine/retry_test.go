package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// trial is what became of records that an output did not take at once.
type trial struct {
	tries   map[int64]int
	failed  []string      // offset and then of each failure
	died    time.Duration // from the first try to the last failure
	took    time.Duration // until all was over
	result  Result
	written string
	letters []*Record
}

// try pushes two records of one unit through an output that answers as it is
// told, by how often the record was tried and how long it is since the start, on
// a virtual clock.
func try(t *testing.T, policy Policy, answer func(r *Record, tries int, since time.Duration) error) trial {
	t.Helper()
	tr := trial{tries: make(map[int64]int)}
	var s *stepped
	since := func() time.Duration { return s.clock.Now().Sub(time.Unix(0, 0)) }
	o := &funcOutput{}
	o.write = each(func(r *Record) error {
		tr.tries[r.Offset]++
		return answer(r, tr.tries[r.Offset], since())
	})
	letters := newAwayLetters()
	close(letters.here)
	out := outputNode(o)
	out.Policy, out.Policy.DeadLetter = policy, letters.node
	out.Policy.Backoff, out.Policy.MaxBackoff = 100*time.Millisecond, 30*time.Second
	g := graphOf([]*Node{out, letters.node}, [2]int{0, 1})
	s = step(t, g, Options{Seed: 1, OnFailure: func(f *Failure) {
		tr.failed = append(tr.failed, fmt.Sprintf("%d %s", f.Offset, f.Then))
		expect(t, "attempts", f.Attempts, tr.tries[f.Offset])
		tr.died = since()
	}})
	s.push(0, 2)
	for fired := 0; fired < 5000 && !s.rt.NextTimer().IsZero(); fired++ {
		s.rt.FireTimer()
	}
	tr.took = since()
	s.rt.EndInput()
	s.end()
	tr.result, tr.written, tr.letters = s.wait(), o.got(), letters.output.written
	return tr
}

// How long a record is tried: `attempts` counts what is said about the record and
// 0 is without end, `max_elapsed` counts all time since its own first failure.
func TestAttemptsAndMaxElapsed(t *testing.T) {
	refused, away := Refused(errors.New("too large")), errors.New("away")
	first := func(err error, until func(tries int, since time.Duration) bool) func(*Record, int, time.Duration) error {
		return func(r *Record, tries int, since time.Duration) error {
			if r.Offset == 0 && until(tries, since) {
				return err
			}
			return nil
		}
	}
	always := func(int, time.Duration) bool { return true }
	for _, c := range []struct {
		name      string
		policy    Policy
		answer    func(r *Record, tries int, since time.Duration) error
		failed    []string
		tries     int           // of the first record; 0 is not checked
		from, to  time.Duration // when the last failure was
		written   string
		watermark int64
	}{
		{
			name:   "attempts without end",
			policy: Policy{Attempts: 0, Then: ThenDeadLetter},
			answer: first(refused, func(tries int, _ time.Duration) bool { return tries <= 200 }),
			tries:  201, written: "0/0 0/1", watermark: 2,
		},
		{
			name:   "attempts",
			policy: Policy{Attempts: 3, Then: ThenDeadLetter},
			answer: first(refused, always),
			failed: []string{"0 dead_letter"}, tries: 3, to: time.Second, written: "0/1", watermark: 2,
		},
		{
			name:   "attempts without end, but not for ever",
			policy: Policy{Attempts: 0, MaxElapsed: time.Minute, Then: ThenDeadLetter},
			answer: first(refused, always),
			failed: []string{"0 dead_letter"}, from: time.Minute, to: 90 * time.Second, written: "0/1", watermark: 2,
		},
		{
			name:   "attempts end first",
			policy: Policy{Attempts: 2, MaxElapsed: time.Minute, Then: ThenSkip},
			answer: first(refused, always),
			failed: []string{"0 skip"}, tries: 2, to: time.Second, written: "0/1", watermark: 2,
		},
		{
			name:   "away for too long",
			policy: Policy{Attempts: 2, MaxElapsed: time.Minute, Then: ThenSkip},
			answer: first(away, always),
			failed: []string{"0 skip"}, from: time.Minute, to: 90 * time.Second, written: "0/1", watermark: 2,
		},
		{
			name:    "away not for long",
			policy:  Policy{Attempts: 1, MaxElapsed: time.Minute, Then: ThenDeadLetter},
			answer:  first(away, func(_ int, since time.Duration) bool { return since < 30*time.Second }),
			written: "0/0 0/1", watermark: 2,
		},
		{
			name:   "away for hours, then refused",
			policy: Policy{Attempts: 3, Then: ThenDeadLetter},
			answer: func(r *Record, _ int, since time.Duration) error {
				switch {
				case r.Offset > 0:
					return nil
				case since < 2*time.Hour:
					return away
				}
				return refused
			},
			failed: []string{"0 dead_letter"}, from: 2 * time.Hour, to: 2*time.Hour + 2*time.Minute,
			written: "0/1", watermark: 2,
		},
		{
			name:   "each has its own time",
			policy: Policy{Attempts: 1, MaxElapsed: time.Minute, Then: ThenDeadLetter},
			answer: func(*Record, int, time.Duration) error { return away },
			failed: []string{"0 dead_letter", "1 dead_letter"}, from: 2 * time.Minute, to: 3 * time.Minute, watermark: 2,
		},
		{
			name:   "halt",
			policy: Policy{Attempts: 0, MaxElapsed: time.Minute, Then: ThenHalt},
			answer: first(away, always),
			failed: []string{"0 halt"}, from: time.Minute, to: 90 * time.Second,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := try(t, c.policy, c.answer)
			if !slices.Equal(tr.failed, c.failed) {
				t.Errorf("failed: %v, want %v", tr.failed, c.failed)
			}
			if len(c.failed) > 0 && (tr.died < c.from || tr.died > c.to) {
				t.Errorf("it failed after %s, want %s to %s", tr.died, c.from, c.to)
			}
			if c.tries > 0 {
				expect(t, "tries", tr.tries[0], c.tries)
			}
			expect(t, "written", tr.written, c.written)
			expect(t, "watermark", watermarks(tr.result)[0], c.watermark)
			expect(t, "halted", tr.result.Halted != nil, c.policy.Then == ThenHalt)
			expect(t, "forced", tr.result.Forced, false)
			if len(c.failed) > 0 && c.policy.Then == ThenDeadLetter {
				expect(t, "letters", len(tr.letters), len(c.failed))
				expect(t, "attempts in the letter", headersOf(tr.letters[0])["waterhealer-attempts"], fmt.Sprint(tr.tries[0]))
			}
		})
	}
}

// Without end is without end: no number of tries gives a record up, however much
// time it takes, and nothing of its unit goes before it.
func TestAttemptsWithoutEnd(t *testing.T) {
	for name, err := range map[string]error{"refused": Refused(errors.New("no")), "away": errors.New("away")} {
		t.Run(name, func(t *testing.T) {
			o := &funcOutput{write: each(func(*Record) error { return err })}
			out := outputNode(o)
			out.Policy = Policy{Attempts: 0, Backoff: time.Second, MaxBackoff: time.Hour, Then: ThenSkip}
			s := step(t, graphOf([]*Node{out}, [2]int{0, 1}), Options{Seed: 1, OnFailure: func(f *Failure) { t.Error(f) }})
			s.push(0, 2)
			for s.clock.Now().Before(time.Unix(0, 0).AddDate(0, 0, 7)) && !s.rt.NextTimer().IsZero() {
				s.rt.FireTimer()
			}
			expect(t, "watermark", s.claim.Watermark(), 0)
			if got := s.rt.Stats()[1].Retried; got < 150 {
				t.Errorf("%d tries in a week", got)
			}
			s.rt.Abandon()
			result := s.wait()
			expect(t, "written", o.got(), "")
			expect(t, "halted", result.Halted, nil)
		})
	}
}
