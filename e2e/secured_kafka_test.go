//go:build kafka

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// Every way to connect to a real Kafka that asks who we are, right and wrong.
func TestKafkaSecured(t *testing.T) {
	cluster := kafkatest.Run(t, kafkatest.Options{Secure: true})
	s := cluster.Security()
	for _, name := range []string{"in", "out"} {
		if err := cluster.CreateTopic(name, 2); err != nil {
			t.Fatal(err)
		}
	}
	witness := cluster.Kcat(kafkatest.SASLTLS)
	if err := witness.Produce(t.Context(), "in", numbers(0, 100, 2)); err != nil {
		t.Fatal(err)
	}
	sasl := func(mechanism kafkatest.Mechanism) string {
		return fmt.Sprintf(`, sasl: {mechanism: %s, username: "%s", password: "${PASSWORD}"}`, mechanism, s.User)
	}
	tls := fmt.Sprintf(`, tls: {ca: "${file:%s}"}`, s.CA)
	mutual := fmt.Sprintf(`, tls: {ca: "${file:%s}", cert: "${file:%s}", key: "${file:%s}"}`, s.CA, s.Cert, s.Key)
	const wrong = "no-such-password"
	for _, c := range []struct {
		name     string
		listener kafkatest.Listener
		fields   string
		password string
		says     string // "" works
	}{
		{"plain", kafkatest.SASL, sasl(kafkatest.Plain), s.Password, ""},
		{"scram-256", kafkatest.SASL, sasl(kafkatest.SCRAM256), s.Password, ""},
		{"scram-512-tls", kafkatest.SASLTLS, sasl(kafkatest.SCRAM512) + tls, s.Password, ""},
		{"plain-tls", kafkatest.SASLTLS, sasl(kafkatest.Plain) + tls, s.Password, ""},
		{"mutual-tls", kafkatest.MutualTLS, mutual, "", ""},
		{"wrong-password", kafkatest.SASLTLS, sasl(kafkatest.SCRAM512) + tls, wrong, "uthentication"},
		{"unknown-authority", kafkatest.SASLTLS, sasl(kafkatest.Plain) + ", tls: {}", s.Password, "certificate"},
		{"no-certificate", kafkatest.MutualTLS, tls, "", "certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pipeline := file(t, "p.yaml", linear("in", "out", c.name, "  - map: value", c.fields))
			env := []string{"KAFKA_BROKERS=" + strings.Join(cluster.AddressesOf(c.listener), ","), "PASSWORD=" + c.password}
			code, p := run(t, env, time.Minute, "run", pipeline, "--until-end", "--connect-timeout", "5s", "--log-level", "debug", "--log-records")
			printed := p.stdout.String() + p.stderr.String()
			if strings.Contains(printed, s.Password) || strings.Contains(printed, wrong) {
				t.Error("the password was printed")
			}
			if c.says == "" {
				if code != 0 {
					t.Fatalf("exit code %d", code)
				}
				for partition := range int32(2) {
					if got, err := witness.Committed(t.Context(), c.name, "in", partition); err != nil || got != 50 {
						t.Errorf("committed %d, %v, want 50", got, err)
					}
				}
				return
			}
			if code != 1 || !strings.Contains(p.stderr.String(), c.says) {
				t.Errorf("exit code %d, want 1 and a word of %q", code, c.says)
			}
		})
	}
}
