package kafka

import (
	"testing"
	"testing/synctest"
	"time"
)

// The more claims wait, the longer each of them does, up to a limit.
func TestPacing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pacing{limit: time.Second}
		took := func(w *pacingWait) time.Duration {
			began := time.Now()
			<-w.begin()
			return time.Since(began)
		}
		var waits []*pacingWait
		for n := range 2 * pacingMost {
			waits = append(waits, p.wait())
			if got, want := took(waits[n]), time.Second*time.Duration(min(n+1, pacingMost)); got != want {
				t.Errorf("the %d. waits %v, want %v", n+1, got, want)
			}
		}
		for _, w := range waits {
			w.end()
			w.end()
		}
		if got := took(p.wait()); got != time.Second {
			t.Errorf("alone again it waits %v", got)
		}
	})
}
