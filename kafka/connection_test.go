package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

func TestSecretsAreNeverPrinted(t *testing.T) {
	ours := newAuthority(t)
	cert, key := ours.sign(t, "client")
	encryption, err := NewTLS(TLSOptions{CA: ours.pem, Cert: cert, Key: Secret(key)})
	if err != nil {
		t.Fatal(err)
	}
	c := Connection{
		Brokers: []string{"localhost:9092"},
		TLS:     encryption,
		SASL:    &SASL{Mechanism: MechanismPlain, Username: "ada", Password: "opensesame"},
	}
	private := strings.Split(key, "\n")[1]
	hidden := []string{"opensesame", private, fmt.Sprintf("%x", "opensesame"), fmt.Sprintf("%q", []byte(private))}

	var printed bytes.Buffer
	values := []any{
		c, &c, c.SASL, *c.SASL, c.TLS, c.SASL.Password, Secret(key),
		TLSOptions{Cert: cert, Key: Secret(key)}, OutputOptions{Connection: c}, []any{c, c.SASL},
		struct{ Connection Connection }{c}, struct{ SASL SASL }{*c.SASL},
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		for _, handler := range []slog.Handler{slog.NewTextHandler(&printed, nil), slog.NewJSONHandler(&printed, nil)} {
			slog.New(handler).Info("x", "value", v)
		}
	}
	if err := json.NewEncoder(&printed).Encode(c.SASL); err != nil {
		t.Error(err)
	}
	for _, secret := range hidden {
		if strings.Contains(printed.String(), secret) {
			t.Errorf("%q was printed in:\n%s", secret, printed.String())
		}
	}
	if !strings.Contains(c.String(), "ada") || !strings.Contains(c.String(), "localhost:9092") {
		t.Errorf("the connection does not say who and where: %s", c)
	}
}

func TestTLSOptionsErrors(t *testing.T) {
	ours := newAuthority(t)
	cert, key := ours.sign(t, "client")
	_, otherKey := ours.sign(t, "client")
	for _, test := range []struct {
		name string
		o    TLSOptions
		want string
	}{
		{"no such ca", TLSOptions{CA: "/nowhere/ca.pem"}, "ca: open /nowhere/ca.pem"},
		{"ca is no certificate", TLSOptions{CA: "-----BEGIN NONSENSE-----\n-----END NONSENSE-----\n"}, "no PEM certificate"},
		{"cert alone", TLSOptions{Cert: cert}, "together"},
		{"key alone", TLSOptions{Key: Secret(key)}, "together"},
		{"key of another", TLSOptions{Cert: cert, Key: Secret(otherKey)}, "cert and key"},
		{"key that is no file", TLSOptions{Cert: cert, Key: "hunter2"}, "tls: key is neither"},
		{"ca in DER", TLSOptions{CA: "0\x82\x04hunter2\xff"}, "tls: ca is neither"},
		{"no such cert", TLSOptions{Cert: "/nowhere/cert.pem", Key: Secret(key)}, "cert: open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewTLS(test.o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error holds the key: %v", err)
			}
		})
	}
}

// unused is an address where nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestClientWithBrokersAway(t *testing.T) {
	goleakLater(t)
	var log bytes.Buffer
	c := Connection{
		Brokers:        []string{unused(t), unused(t)},
		ConnectTimeout: 400 * time.Millisecond,
		Logger:         slog.New(slog.NewTextHandler(&log, nil)),
	}
	start := time.Now()
	err := connects(t, c)
	if err == nil {
		t.Fatal("connects to nothing")
	}
	if took := time.Since(start); took < c.ConnectTimeout || took > 10*c.ConnectTimeout {
		t.Errorf("gave up after %s, want about %s", took, c.ConnectTimeout)
	}
	for _, want := range append(c.Brokers, "400ms", "refused") {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines were logged, want one:\n%s", n, log.String())
	}
}

func TestClientWaitsForBroker(t *testing.T) {
	goleakLater(t)
	var log bytes.Buffer
	address := unused(t)
	c := Connection{Brokers: []string{unused(t), address}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
	started := make(chan *embedded.Broker)
	go func() {
		// Once the client has found nobody: it says so in its log, which this
		// goroutine must not read, so that a listener stands in for it.
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			close(started)
			return
		}
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		} else {
			_ = conn.Close()
		}
		_ = l.Close()
		broker, err := embedded.Start(embedded.Options{Listen: address})
		if err != nil {
			t.Error(err)
		}
		started <- broker
	}()
	err := connects(t, c)
	if broker := <-started; broker != nil {
		_ = broker.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "trying on") || !strings.Contains(log.String(), "brokers answer") {
		t.Errorf("the log does not tell of the wait:\n%s", log.String())
	}
}

func TestClientStopsWithItsContext(t *testing.T) {
	goleakLater(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, brokers := range [][]string{{silent.Addr().String()}, {unused(t)}} {
		c := Connection{Brokers: brokers, ConnectTimeout: time.Hour}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		_, err = c.Client(ctx, c.Config())
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	}
}

// What is broken off makes no pauses any more between tries.
func TestBreakOffEndsPauses(t *testing.T) {
	config := Connection{}.Config()
	ctx, cancel := context.WithCancel(t.Context())
	breakOff(ctx, config)
	if got := config.Metadata.Retry.BackoffFunc(1, 3); got != config.Metadata.Retry.Backoff {
		t.Errorf("the pause is %s", got)
	}
	cancel()
	if got := config.Metadata.Retry.BackoffFunc(1, 3); got != 0 {
		t.Errorf("the pause is %s", got)
	}
}

func TestClientWithoutBrokers(t *testing.T) {
	if err := connects(t, Connection{}); err == nil {
		t.Error("connects without brokers")
	}
}

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		err  error
		want engine.Fault
	}{
		{sarama.ErrMessageSizeTooLarge, engine.FaultRecord},
		{sarama.ErrMessageSetSizeTooLarge, engine.FaultRecord},
		{sarama.ErrInvalidRecord, engine.FaultRecord},
		{sarama.ErrInvalidTimestamp, engine.FaultRecord},
		{sarama.ErrInvalidTopic, engine.FaultRecord},
		{sarama.PacketEncodingError{Info: "too long"}, engine.FaultRecord},
		{fmt.Errorf("topic: %w", sarama.ErrInvalidRecord), engine.FaultRecord},
		{engine.Deterministic(io.EOF), engine.FaultExpression},
		{destination(sarama.ErrInvalidRecord), engine.FaultDestination},
		{io.EOF, engine.FaultDestination},
		{context.DeadlineExceeded, engine.FaultDestination},
		{sarama.ErrNotLeaderForPartition, engine.FaultDestination},
		{sarama.ErrNotEnoughReplicas, engine.FaultDestination},
		{sarama.ErrTopicAuthorizationFailed, engine.FaultDestination},
		{sarama.ErrThrottlingQuotaExceeded, engine.FaultDestination},
		{sarama.ErrUnknownTopicOrPartition, engine.FaultDestination},
		{sarama.ErrInvalidMessage, engine.FaultDestination}, // a checksum: damaged on its way
		{sarama.ErrUnknown, engine.FaultDestination},
		{sarama.ErrOutOfBrokers, engine.FaultDestination},
	} {
		if got := Classify(test.err); got != test.want {
			t.Errorf("%v is classified %d, want %d", test.err, got, test.want)
		}
	}
}
