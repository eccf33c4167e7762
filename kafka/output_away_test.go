package kafka

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/kafka/embedded"
)

// cutter is a listener whose connections break when they answer a request, as
// often as cuts says: the broker has done the work and nobody hears of it.
type cutter struct {
	net.Listener
	cuts atomic.Int32
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return &cut{conn, c}, err
}

type cut struct {
	net.Conn
	by *cutter
}

func (c *cut) Write(b []byte) (int, error) {
	if c.by.cuts.Add(-1) >= 0 {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(b)
}

func TestWriteAfterALostAnswer(t *testing.T) {
	c := &cutter{}
	broker := startBroker(t, embedded.Options{
		Topics: map[string]int32{"out": 1},
		Cluster: []kfake.Opt{kfake.ListenFn(func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			c.Listener = l
			return c, err
		})},
	})
	o := openOutput(t, broker, nil)
	write(t, o, notes("u", nil, "a", "b"), "")
	for _, v := range []string{"c", "d", "e"} {
		c.cuts.Store(2)
		write(t, o, notes("u", nil, v, v+v), "")
	}
	c.cuts.Store(0)
	checkValues(t, broker, []string{"a", "b", "c", "cc", "d", "dd", "e", "ee"})
}

func TestWriteWithTheBrokerAway(t *testing.T) {
	folder, address := t.TempDir(), unused(t)
	options := embedded.Options{Listen: address, DataDir: folder, Topics: map[string]int32{"out": 2}}
	broker := startBroker(t, options)
	o := openOutput(t, broker, nil)
	keys := keysFor(2)
	write(t, o, append(notes("u", keys[0], "a"), notes("w", keys[1], "x")...), "")
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	write(t, o, append(notes("u", keys[0], "b", "c"), notes("w", keys[1], "y")...), "away")
	if took := time.Since(begin); took > 2*patience {
		t.Errorf("it took %s to give up", took)
	}
	broker = startAnotherBroker(t, options)
	write(t, o, append(notes("u", keys[0], "b", "c"), notes("w", keys[1], "y")...), "")
	checkValues(t, broker, []string{"a", "b", "c"}, []string{"x", "y"})
}

func TestWriteEndsWithItsContext(t *testing.T) {
	broker := startBroker(t, embedded.Options{
		Topics:  map[string]int32{"out": 2},
		Cluster: []kfake.Opt{kfake.SleepOutOfOrder()},
	})
	o := openOutput(t, broker, nil)
	keys := keysFor(2)
	write(t, o, notes("u", keys[0], "a"), "")
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	broker.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel() // the request is there: now it is on its way
		broker.Cluster().SleepControl(func() { <-release })
		return nil, nil, false
	})
	begin := time.Now()
	errs := o.Write(ctx, append(notes("u", keys[0], "b", "c"), notes("w", keys[1], "x")...))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it waited %s for a broker that does not answer", took)
	}
	for i, err := range errs {
		if !errors.Is(err, context.Canceled) || kind(err) != "away" {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if len(errs) != 3 {
		t.Errorf("%d answers, want 3", len(errs))
	}
	close(release)
	write(t, o, append(notes("u", keys[0], "b", "c"), notes("w", keys[1], "x")...), "")
	if got := values(contents(t, broker, "out")); !strings.HasSuffix(strings.Join(got[0], ""), "bc") || got[0][0] != "a" {
		t.Errorf("partition 0 has %q", got[0])
	}
}
