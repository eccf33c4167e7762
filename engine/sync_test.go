package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// syncOutput acknowledges with Sync.
type syncOutput struct {
	*funcOutput
	sync  func() error
	syncs int
}

func (o *syncOutput) Sync(context.Context) error {
	o.syncs++
	if o.sync == nil {
		return nil
	}
	return o.sync()
}

func syncing(o *syncOutput, every time.Duration) *Node {
	return &Node{Name: "out", Role: RoleOutput, Output: o, SyncInterval: every, Policy: quickly(ThenHalt, nil)}
}

// Records are finished by Sync, not by Write; an error of Sync is tried again
// with all it was about.
func TestSyncAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, signal := context.WithCancel(t.Context())
		defer signal()
		out := &syncOutput{funcOutput: &funcOutput{}}
		broken := true
		out.sync = func() error {
			if broken {
				broken = false
				return errors.New("disk full")
			}
			return nil
		}
		var c *Claim
		g := &Graph{Workers: 1, Sources: []Source{pushing(true, func(in Intake) {
			c = claimOf(in, 0)
			in.Push(c, records(0, 0, 5))
		})}}
		line(g, source(), healing(), syncing(out, 10*time.Second))
		_, wait := start(t, ctx, g, Options{})
		synctest.Wait()
		expect(t, "written", out.got(), "0/0 0/1 0/2 0/3 0/4")
		expect(t, "watermark before the sync", c.Watermark(), 0)
		time.Sleep(15 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		expect(t, "watermark after a sync that failed", c.Watermark(), 0)
		time.Sleep(10 * time.Second) //nolint:forbidigo // virtual time
		synctest.Wait()
		expect(t, "watermark after the next", c.Watermark(), 5)
		expect(t, "syncs", out.syncs, 2)
		expect(t, "written again in order", out.got(), "0/0 0/1 0/2 0/3 0/4 0/0 0/1 0/2 0/3 0/4")
		signal()
		wait()
	})
}

// A full claim, the end of input and a revoke do not wait for the interval.
func TestSyncUnderPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		out := &syncOutput{funcOutput: &funcOutput{}}
		g := &Graph{Workers: 1, Limits: Limits{Records: 10}, Sources: []Source{pushing(false, func(in Intake) {
			c := claimOf(in, 0)
			in.Push(c, records(0, 0, 10))
			synctest.Wait() // the writer sleeps until its interval is over
			if c.Full() {
				<-c.Room()
			}
			in.Push(c, records(0, 10, 15))
			synctest.Wait()
			in.Revoke(t.Context(), c)
			expect(t, "watermark of the revoked claim", c.Watermark(), 15)
			in.Push(claimOf(in, 1), records(1, 0, 5))
		})}}
		line(g, source(), healing(), syncing(out, time.Minute))
		result := runToEnd(t, g)
		expect(t, "watermark", watermarks(result)[1], 5)
		expect(t, "syncs", out.syncs, 3)
		expect(t, "time", time.Since(began), 0)
	})
}
