//go:build kafka

package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var _ Broker = (*Cluster)(nil)

func TestKafkaOneBroker(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	begun := time.Now()
	c, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("one broker started in %v", time.Since(begun))
	t.Run("suite", func(t *testing.T) { testBroker(t, c, connect(t, c.Addresses()), c.Kcat(Plaintext)) })
	t.Run("file", func(t *testing.T) { testFile(t, c) })
	t.Run("kcat", func(t *testing.T) { testKcatLimits(t, c) })
	t.Run("restart", func(t *testing.T) { testRestart(t, c) })
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cluster's folder is still there: %v", err)
	}
}

func testFile(t *testing.T, c *Cluster) {
	if err := c.CreateTopic("file", 2); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(path, []byte("{\"a\":1}\n{\"a\":2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	kcat := c.Kcat(Plaintext)
	for _, partition := range []int32{1, -1} {
		if err := kcat.ProduceFile(t.Context(), "file", partition, path); err != nil {
			t.Fatal(err)
		}
	}
	inOne := 0
	got := consume(t, kcat, "file")
	for _, m := range got {
		if m.Partition == 1 {
			inOne++
		}
	}
	if len(got) != 4 || inOne < 2 || got[0].Key != nil {
		t.Errorf("got %v, want each line twice, and at least once in partition 1", got)
	}
}

// What kcat cannot write or show, it says.
func testKcatLimits(t *testing.T, c *Cluster) {
	if err := c.CreateTopic("limits", 1); err != nil {
		t.Fatal(err)
	}
	for _, m := range []Message{{}, {Value: []byte{}}, {Key: []byte{}}, {Value: []byte("a\x1eb")}, {Value: []byte("a\x1fb")}} {
		if err := c.Kcat(Plaintext).Produce(t.Context(), "limits", []Message{m}); err == nil {
			t.Errorf("kcat took %+v", m)
		}
	}
	client := connect(t, c.Addresses())
	if err := client.Produce(t.Context(), "limits", []Message{{Value: []byte{0xff, '"'}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Kcat(Plaintext).Consume(t.Context(), "limits"); err == nil {
		t.Error("kcat said nothing of bytes that it cannot show")
	}
}

func testRestart(t *testing.T, c *Cluster) {
	client := connect(t, c.Addresses())
	if err := c.CreateTopic("restart", 1); err != nil {
		t.Fatal(err)
	}
	if err := client.Produce(t.Context(), "restart", []Message{{Value: []byte("before")}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(0); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Watch(gone, "anyone", 10*time.Millisecond, func([]Commit) {}); err == nil {
		t.Error("the watcher said nothing of a broker that was away all the time")
	}
	if err := c.Restart(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := client.Produce(t.Context(), "restart", []Message{{Value: []byte("after")}}); err != nil {
		t.Fatal(err)
	}
	got := consume(t, c.Kcat(Plaintext), "restart")
	if len(got) != 2 || string(got[0].Value) != "before" || string(got[1].Value) != "after" {
		t.Errorf("after a restart the topic holds %v", got)
	}
}

// With one broker of three gone, all that was written is there and more can
// be written; back again, it replicates what it missed.
func TestKafkaThreeBrokers(t *testing.T) {
	begun := time.Now()
	c := Run(t, Options{Brokers: 3})
	t.Logf("three brokers started in %v", time.Since(begun))
	if err := c.CreateTopic("three", 6); err != nil {
		t.Fatal(err)
	}
	client, kcat := connect(t, c.Addresses()), c.Kcat(Plaintext)
	commit(t, c, "group", "three", 1, "kept")
	for round := range 3 {
		var messages []Message
		for partition := range 6 {
			messages = append(messages, Message{Partition: int32(partition), Value: fmt.Append(nil, round)})
		}
		if err := c.Kill(round); err != nil {
			t.Fatal(err)
		}
		if err := kcat.Produce(t.Context(), "three", messages); err != nil {
			t.Fatal(err)
		}
		if got := consume(t, kcat, "three"); len(got) != 6*(round+1) {
			t.Errorf("without broker %d: %d messages, want %d", round, len(got), 6*(round+1))
		}
		if got := committed(t, client, "group", "three"); got != 1 {
			t.Errorf("without broker %d: committed %d, want 1", round, got)
		}
		if err := c.Restart(t.Context(), round); err != nil {
			t.Fatal(err)
		}
	}
}

// Each listener takes those who show what it asks for, and nobody else.
func TestKafkaSecurity(t *testing.T) {
	c := Run(t, Options{Secure: true})
	if err := c.CreateTopic("secret", 1); err != nil {
		t.Fatal(err)
	}
	wrongPassword := func(s Security) Security { s.Password = "wrong"; return s }
	noCertificate := func(s Security) Security { s.Cert, s.Key = "", ""; return s }
	for _, test := range []struct {
		listener  Listener
		mechanism Mechanism
		bad       func(Security) Security
	}{
		{SASL, Plain, wrongPassword},
		{SASL, SCRAM256, wrongPassword},
		{SASL, SCRAM512, wrongPassword},
		{SASLTLS, Plain, wrongPassword},
		{SASLTLS, SCRAM256, wrongPassword},
		{SASLTLS, SCRAM512, wrongPassword},
		{MutualTLS, "", noCertificate},
	} {
		t.Run(string(test.listener)+"/"+string(test.mechanism), func(t *testing.T) {
			for _, attempt := range []struct {
				security Security
				accepted bool
			}{{c.Security(), true}, {test.bad(c.Security()), false}} {
				client, err := c.Connect(test.listener, test.mechanism, attempt.security)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				if _, err = client.Ends(t.Context(), "secret"); (err == nil) != attempt.accepted {
					t.Errorf("accepted should be %v, got error %v", attempt.accepted, err)
				}
			}
		})
	}
	for _, l := range []Listener{SASL, SASLTLS, MutualTLS} {
		if err := c.Kcat(l).Produce(t.Context(), "secret", []Message{{Value: []byte(l)}}); err != nil {
			t.Error(err)
		}
	}
	if got := consume(t, c.Kcat(Plaintext), "secret"); len(got) != 3 {
		t.Errorf("kcat wrote %v, want a message by each listener", got)
	}
}

func TestKafkaThatCannotStart(t *testing.T) {
	c, err := Start(t.Context(), Options{Properties: map[string]string{"log.segment.bytes": "none"}})
	if err == nil {
		t.Fatal(errors.Join(errors.New("it started"), c.Stop()))
	}
	t.Log(err)
}
