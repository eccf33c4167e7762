package cmd

import (
	"os"
	"strings"
	"testing"

	"waterhealer/kafka/embedded"
)

func readAll(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestBrokerAway: it is said once that brokers do not answer, and again at the
// end, with the place of the node that needs them.
func TestBrokerAway(t *testing.T) {
	for name, c := range map[string]struct{ pipeline, want string }{
		"of a source": {
			"sources:\n  - kafka: {brokers: ['127.0.0.1:1'], topics: [t], group: g}\nsinks:\n  - healing: {}\n",
			"waterhealer: halted: p.yaml:2:5: kafka: no broker of 127.0.0.1:1 answered within 1s: ",
		},
		"of an output": {
			"sources:\n  - values: [1]\nsinks:\n  - kafka: {brokers: ['127.0.0.1:1'], topic: t}\n",
			"waterhealer: p.yaml:4:5: node kafka-1: kafka: no broker of 127.0.0.1:1 answered within 1s: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			own(t)
			got := run(t, "run", file(t, "p.yaml", c.pipeline), "--connect-timeout", "1s").exits(t, 1).says(t, c.want, "connection refused")
			if n := strings.Count(got.stderr, "do not answer yet"); n != 1 {
				t.Errorf("it was said %d times that brokers do not answer:\n%s", n, got.stderr)
			}
		})
	}
}

func TestTopicThatDoesNotExist(t *testing.T) {
	t.Run("of a source", func(t *testing.T) {
		own(t)
		broker(t, "out")
		run(t, "run", kafkaPipeline(t, ""), "--until-end").exits(t, 1).
			says(t, "waterhealer: halted: pipeline.yaml:3:5: source in: topic in: ", "does not exist", os.Getenv("KAFKA_BROKERS"))
	})
	t.Run("of an output", func(t *testing.T) {
		own(t)
		_, k := broker(t, "in")
		produce(t, k, "in", []byte("1"))
		run(t, "run", kafkaPipeline(t, ""), "--until-end").exits(t, 1).says(t, "pipeline.yaml:6:12: node healing-1/kafka: ", "out", "does not exist")
		committed(t, k, "in", -1)
	})
}

func TestWrongCredentials(t *testing.T) {
	own(t)
	b, err := embedded.Start(embedded.Options{
		Topics: map[string]int32{"in": 1, "out": 1},
		Users:  []embedded.User{{Mechanism: "SCRAM-SHA-256", Name: "me", Password: "correct horse"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	t.Setenv("KAFKA_BROKERS", b.Addresses()[0])
	login := func(password string) string {
		t.Setenv("PASSWORD", password)
		return file(t, "p.yaml", strings.Replace(readAll(t, kafkaPipeline(t, "")), "group: g}",
			`group: g, sasl: {mechanism: SCRAM-SHA-256, username: me, password: "${PASSWORD}"}}`, 1))
	}
	run(t, "run", login("correct horse"), "--until-end", "--connect-timeout", "5s").exits(t, 0)
	got := run(t, "run", login("battery staple"), "--until-end", "--connect-timeout", "1s").exits(t, 1).says(t, "p.yaml:", "sasl.password")
	if strings.Contains(got.stderr, "battery") {
		t.Errorf("the password is printed:\n%s", got.stderr)
	}
}

// TestCommittedOffsetOutOfRange: the lost range and the command that accepts it
// are printed, and that command works.
func TestCommittedOffsetOutOfRange(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out")
	produce(t, k, "in", []byte("1"), []byte("2"))
	pipeline := kafkaPipeline(t, "")
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	produce(t, k, "in", []byte("3"), []byte("4"), []byte("5"), []byte("6"))
	if err := k.DeleteRecords(t.Context(), "in", 0, 5); err != nil {
		t.Fatal(err)
	}
	got := run(t, "run", pipeline, "--until-end").exits(t, 1).
		says(t, "pipeline.yaml:3:5: source in: in/0: ", "offset 2 is committed but the log begins at 5: offsets 2 to 4 are lost")
	committed(t, k, "in", 2)

	_, command, found := strings.Cut(got.stderr, "to accept that: waterhealer ")
	if !found {
		t.Fatalf("there is no command to accept it:\n%s", got.stderr)
	}
	run(t, strings.Fields(command)...).exits(t, 0)
	committed(t, k, "in", 5)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	if out := shown(consume(t, k, "out")); out != "1 2 6" {
		t.Errorf("out holds %q", out)
	}
	committed(t, k, "in", 6)
}
