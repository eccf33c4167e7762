package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka"
	"waterhealer/kafka/embedded"
)

// TestLintConnectGolden compares what lint --connect says of
// testdata/lint/connect/*.yaml with the .out beside each. There are two
// clusters: KAFKA_BROKERS has the topics in, out, large and small, and a member
// in the group busy; KAFKA_GUARDED has users, of whom ada may do what she wants
// to do with in, out and the group free, and bob may not. A first line
// `# lint ...` adds to the command line.
func TestLintConnectGolden(t *testing.T) {
	files := pipelines(t, "testdata/lint/connect", 7)
	open, client := broker(t, "in", "out")
	for topic, limit := range map[string]string{"large": "5000000", "small": "1000"} {
		if err := client.CreateTopic(t.Context(), topic, 1, map[string]string{"max.message.bytes": limit}); err != nil {
			t.Fatal(err)
		}
	}
	guarded := guardedBroker(t)
	hide := strings.NewReplacer(strings.Join(open.Addresses(), ","), "KAFKA_BROKERS", strings.Join(guarded.Addresses(), ","), "KAFKA_GUARDED")
	t.Setenv("KAFKA_GUARDED", strings.Join(guarded.Addresses(), ","))
	t.Setenv("KAFKA_PASSWORD", "hunter2")
	occupy(t, "testdata/lint/connect/group-in-use.yaml")
	for _, path := range files {
		t.Run(name(path), func(t *testing.T) {
			folder, file := filepath.Split(path)
			t.Chdir(folder)
			args := []string{"lint", file, "--connect", "--connect-timeout", "1m"}
			first, _, _ := strings.Cut(readAll(t, file), "\n")
			if more, ok := strings.CutPrefix(first, "# lint "); ok {
				args = append(args, strings.Fields(more)...)
			}
			r := run(t, args...)
			if strings.Contains(r.stdout, "hunter2") || r.stderr != "" {
				t.Errorf("stderr: %s, stdout: %s", r.stderr, r.stdout)
			}
			want := exitDone
			if strings.Contains(r.stdout, ": error[") {
				want = exitHalted
			}
			r.exits(t, want)
			said := ownPort.ReplaceAllString(hide.Replace(r.stdout), "127.0.0.1:PORT")
			golden(t, strings.TrimSuffix(file, ".yaml")+".out", said)
		})
	}
}

// ownPort is the port of a member of a group.
var ownPort = regexp.MustCompile(`127\.0\.0\.1:\d{4,}`)

func guardedBroker(t *testing.T) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{
		Topics:  map[string]int32{"in": 1, "out": 1, "hidden": 1},
		Users:   []embedded.User{{Mechanism: kafka.MechanismSHA256, Name: "root", Password: "hunter2"}},
		Cluster: embedded.Guarded("hunter2"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// occupy runs a pipeline until the test ends, and returns once its group is in
// use.
func occupy(t *testing.T, path string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	ended := make(chan int, 1)
	go func() {
		var stdout, stderr bytes.Buffer
		ended <- execute(ctx, []string{"run", path}, strings.NewReader(""), &stdout, &stderr)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	for said := ""; !strings.Contains(said, "[group-in-use]"); {
		if said = run(t, "lint", path, "--connect", "--connect-timeout", "1m").stdout; ctx.Err() != nil {
			t.Fatalf("lint says\n%s", said)
		}
	}
}

// outputsOf are the .out files beside the pipelines of a folder.
func outputsOf(t *testing.T, folder string, least int) map[string]string {
	t.Helper()
	outputs := make(map[string]string)
	for _, path := range pipelines(t, folder, least) {
		out, err := os.ReadFile(strings.TrimSuffix(path, ".yaml") + ".out")
		if err != nil {
			t.Fatal(err)
		}
		outputs[path] = string(out)
	}
	return outputs
}
