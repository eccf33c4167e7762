package kafka

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"waterhealer/configs"
)

// parseOutput reads a kafka output from its fields, one per line, and fails on
// every diagnostic.
func parseOutput(t *testing.T, fields ...string) configs.Values {
	t.Helper()
	source := "sources: [{kafka: {brokers: [b:1], topics: [t], group: g}}]\nsinks:\n  - kafka:\n      " +
		strings.Join(fields, "\n      ") + "\n"
	pipeline, diagnostics := configs.Parse("p.yaml", []byte(source), append(SourceSpecs(), OutputSpec()), configs.Environment{
		Lookup: func(name string) (string, bool) {
			return map[string]string{"PASSWORD": "opensesame"}[name], name == "PASSWORD"
		},
		ReadFile: os.ReadFile,
	})
	for _, d := range diagnostics {
		if d.Code != configs.CodeUnhealedPath { // the healing sink is another package's
			t.Errorf("%s: %s", d.Position, d.Message)
		}
	}
	if len(pipeline.Sinks) != 1 {
		t.Fatalf("the output was not read from:\n%s", source)
	}
	return pipeline.Sinks[0].Values
}

func TestReadConnection(t *testing.T) {
	ours := newAuthority(t)
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, []byte(ours.pem), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := ReadConnection(parseOutput(t, "topic: out", "brokers: [a:1, b:2]", "client_id: me",
		"tls: {ca: "+path+", server_name: kafka}",
		"sasl: {mechanism: SCRAM-SHA-512, username: ada, password: \"${PASSWORD}\"}"))
	if err != nil {
		t.Fatal(err)
	}
	config := c.Config()
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
	if strings.Join(c.Brokers, ",") != "a:1,b:2" || config.ClientID != "me" {
		t.Errorf("brokers are %q, the client is %q", c.Brokers, config.ClientID)
	}
	if !config.Net.TLS.Enable || config.Net.TLS.Config.ServerName != "kafka" || config.Net.TLS.Config.RootCAs == nil {
		t.Errorf("tls is %+v", config.Net.TLS)
	}
	if s := config.Net.SASL; !s.Enable || s.Mechanism != MechanismSHA512 || s.User != "ada" || s.Password != "opensesame" {
		t.Error("sasl was not taken over")
	}
	if config.Metadata.AllowAutoTopicCreation {
		t.Error("looking for a topic would create it")
	}
}

func TestReadConnectionDefaults(t *testing.T) {
	c, err := ReadConnection(parseOutput(t, "topic: out", "brokers: a:1"))
	if err != nil {
		t.Fatal(err)
	}
	if c.TLS != nil || c.SASL != nil || c.Config().ClientID != "waterhealer" {
		t.Errorf("it is %s as %q", c, c.Config().ClientID)
	}
	c, err = ReadConnection(parseOutput(t, "topic: out", "brokers: a:1", "tls: {}", "sasl: {username: ada, password: \"${PASSWORD}\"}"))
	if err != nil {
		t.Fatal(err)
	}
	if c.TLS == nil || c.SASL == nil || c.SASL.Mechanism != MechanismPlain {
		t.Errorf("it is %s, want the machine's authorities and PLAIN", c)
	}
}

func TestReadConnectionErrorsSayWhere(t *testing.T) {
	for want, field := range map[string]string{
		"p.yaml:6:": "tls: {ca: /nowhere/ca.pem}",
		"together":  "tls: {key: opensesame}",
		"empty":     "sasl: {username: ada, password: \"\"}",
	} {
		_, err := ReadConnection(parseOutput(t, "topic: out", "brokers: a:1", field))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p.yaml:6:") {
			t.Errorf("%s: %v, want %q", field, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "opensesame") {
			t.Errorf("the error holds the secret: %v", err)
		}
	}
}

func TestReadOutput(t *testing.T) {
	o, err := ReadOutput(parseOutput(t, "topic: out"))
	if err != nil {
		t.Fatal(err)
	}
	want := OutputOptions{Topic: "out", Acks: AcksAll, Idempotent: true, Compression: "none", Partitioner: PartitionerMurmur2}
	if o.Topic != want.Topic || o.Acks != want.Acks || o.Idempotent != want.Idempotent || o.Compression != want.Compression || o.Partitioner != want.Partitioner {
		t.Errorf("by default it is %+v, want %+v", o, want)
	}
	o, err = ReadOutput(parseOutput(t, "topic: {expr: value.topic}", "acks: leader", "linger: 5ms", "partitioner: crc32", "compression: zstd"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Topic != "" || o.Acks != AcksLeader || o.Idempotent || o.Linger != 5*time.Millisecond || o.Partitioner != PartitionerCRC32 || o.Compression != "zstd" {
		t.Errorf("it is %+v", o)
	}
	if _, err := ReadOutput(parseOutput(t, "topic: out", "acks: leader", "idempotent: true")); err == nil || !strings.Contains(err.Error(), "p.yaml:") {
		t.Errorf("idempotent without acks of all: %v", err)
	}
	for _, field := range OutputSpec().Fields {
		if field.Name == "brokers" && field.Required {
			t.Error("brokers must be taken from the sources where they are not given")
		}
	}
}
