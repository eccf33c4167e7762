package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

// serveVariable makes the test binary a broker with that data folder, which the
// test kills.
const serveVariable = "EMBEDDED_BROKER_DATA"

func TestMain(m *testing.M) {
	folder := os.Getenv(serveVariable)
	if folder == "" {
		goleak.VerifyTestMain(m)
		return
	}
	b, err := Start(Options{DataDir: folder, Topics: map[string]int32{"t": 2}})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(b.Addresses()[0])
	select {} // until killed
}

func start(t *testing.T, o Options) *Broker {
	t.Helper()
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// read gives each partition's payloads, "<null>" for null ones.
func read(t *testing.T, b *Broker, topic string) [][]string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addresses()...), kgo.FetchMaxWait(10*time.Millisecond),
		kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	infos, left := b.Cluster().PartitionInfos(topic), 0
	for _, info := range infos {
		left += int(info.HighWatermark)
	}
	out := make([][]string, len(infos))
	for left > 0 {
		fetches := client.PollFetches(within(t))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			v := string(r.Value)
			if r.Value == nil {
				v = "<null>"
			}
			out[r.Partition] = append(out[r.Partition], v)
			left--
		})
	}
	return out
}

func TestStartAndTopics(t *testing.T) {
	b := start(t, Options{Topics: map[string]int32{"a": 3}})
	host, _, err := net.SplitHostPort(b.Addresses()[0])
	if err != nil || host != "127.0.0.1" {
		t.Errorf("it listens on %q (%v), want a loopback port", b.Addresses(), err)
	}
	if n := len(b.Cluster().PartitionInfos("a")); n != 3 {
		t.Errorf("topic a has %d partitions, want 3", n)
	}
	if err := b.CreateTopic("a", 3); !errors.Is(err, ErrTopicExists) {
		t.Errorf("creating it again: %v", err)
	}
	if err := b.CreateTopic("b", 0); err == nil {
		t.Error("a topic of no partitions was created")
	}
	if err := b.CreateTopic("a b", 1); err == nil {
		t.Error("a topic of an impossible name was created")
	}
	if err := b.Produce(within(t), "unasked", []byte("x")); err == nil || b.Cluster().TopicInfo("unasked") != nil {
		t.Errorf("a topic was created unasked (%v)", err)
	}
}

func TestStartErrors(t *testing.T) {
	taken := start(t, Options{})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no port":          {Listen: "localhost"},
		"not a port":       {Listen: "localhost:kafka"},
		"a taken port":     {Listen: taken.Addresses()[0]},
		"a file as folder": {DataDir: file},
		"no partitions":    {Topics: map[string]int32{"a": 0}},
		"a mechanism":      {Users: []User{{Mechanism: "TRUST", Name: "a", Password: "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := Start(o); err == nil {
				t.Errorf("it starts on %s", b.Addresses())
				_ = b.Close()
			}
		})
	}
}

func TestListenOnAllInterfacesGivesAnAddressThatConnects(t *testing.T) {
	b := start(t, Options{Listen: "0.0.0.0:0"})
	host, _, err := net.SplitHostPort(b.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		t.Errorf("clients are told %s", b.Addresses()[0])
	}
}

func TestSeed(t *testing.T) {
	for _, test := range []struct {
		name, file, content string
		want                [][]string // of two partitions
	}{
		{"jsonl", "a.jsonl", "{\"a\": 1}\n\n  \n{\"a\":2}\r\n{\"a\":3}", [][]string{{`{"a": 1}`, `{"a":3}`}, {`{"a":2}`}}},
		{"text keeps its spaces", "a.txt", " x \n", [][]string{{" x "}, nil}},
		{"csv", "a.CSV", "id,name\n1,x\n2,\"two\nlines, \"\"quoted\"\"\"\r\n\n3,z\n", [][]string{{"1,x", "3,z"}, {"2,\"two\nlines, \"\"quoted\"\"\""}}},
		{"csv of a header", "a.csv", "id,name\n", [][]string{nil, nil}},
		{"empty", "a.jsonl", "", [][]string{nil, nil}},
		{"empty csv", "a.csv", "", [][]string{nil, nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := start(t, Options{Topics: map[string]int32{"t": 2}})
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			n, err := b.Seed(within(t), "t", path)
			if err != nil {
				t.Fatal(err)
			}
			if want := len(test.want[0]) + len(test.want[1]); n != want {
				t.Errorf("%d records, want %d", n, want)
			}
			got := read(t, b, "t")
			for p := range got {
				if !slices.Equal(got[p], test.want[p]) {
					t.Errorf("partition %d has %q, want %q", p, got[p], test.want[p])
				}
			}
		})
	}
}

func TestSeedErrors(t *testing.T) {
	b := start(t, Options{Topics: map[string]int32{"t": 1}})
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ topic, path, want string }{
		{"t", path + ".not", "no such file"},
		{"nowhere", path, "does not exist"},
		{"t", filepath.Dir(path), "is a directory"},
	} {
		_, err := b.Seed(within(t), test.topic, test.path)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.topic) {
			t.Errorf("seeding %s from %s: %v, want %q", test.topic, test.path, err, test.want)
		}
	}
}

func TestProduceNullsAndLargeRecords(t *testing.T) {
	b := start(t, Options{Topics: map[string]int32{"t": 1}})
	large := strings.Repeat("0123456789", 5_000_000)
	if err := b.Produce(within(t), "t", nil, []byte{}, []byte(large)); err != nil {
		t.Fatal(err)
	}
	got := read(t, b, "t")[0]
	if len(got) != 3 || got[0] != "<null>" || got[1] != "" || got[2] != large {
		t.Errorf("%d payloads came back", len(got))
	}
}

func TestDataFolderOutlivesACleanEnd(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "here")
	o := Options{DataDir: folder, Topics: map[string]int32{"t": 1}}
	for i := range 3 {
		b := start(t, o)
		if err := b.Produce(within(t), "t", []byte(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
		want := []string{"0", "1", "2"}[:i+1]
		if got := read(t, b, "t")[0]; !slices.Equal(got, want) {
			t.Errorf("start %d has %q, want %q", i, got, want)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDataFolderOutlivesSIGKILL kills the broker's process while it is written
// to: what was acknowledged is there afterwards, in order.
func TestDataFolderOutlivesSIGKILL(t *testing.T) {
	folder := t.TempDir()
	var acknowledged []string
	for round := range 4 {
		process, address := serve(t, folder)
		acknowledged = append(acknowledged, writeUntilKilled(t, process, address, round)...)
	}
	b := start(t, Options{DataDir: folder})
	present := map[string]bool{}
	for _, partition := range read(t, b, "t") {
		last := -1
		for _, v := range partition {
			n, err := strconv.Atoi(v)
			if err != nil || n < last {
				t.Errorf("%q comes behind %d", v, last)
			}
			last = n
			present[v] = true
		}
	}
	for _, v := range acknowledged {
		if !present[v] {
			t.Errorf("%s was acknowledged and is lost", v)
		}
	}
	if len(acknowledged) < 400 {
		t.Errorf("only %d records were acknowledged", len(acknowledged))
	}
	infos := b.Cluster().GroupInfo("g")
	if infos == nil {
		t.Error("the committed offsets are lost")
	}
}

// serve starts this binary as a broker.
func serve(t *testing.T, folder string) (*exec.Cmd, string) {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), serveVariable+"="+folder)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.HasPrefix(line, "error:") {
		t.Fatalf("the broker did not start: %q %v", line, err)
	}
	return process, strings.TrimSpace(line)
}

// writeUntilKilled writes numbers and kills the broker once 100 of them are
// acknowledged, with more on their way.
func writeUntilKilled(t *testing.T, process *exec.Cmd, address string, round int) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.DefaultProduceTopic("t"), kgo.ConsumerGroup("g"),
		kgo.ConsumeTopics("t"), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(50))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const most = 5000
	// Every promise finds room, and the channel is closed behind the last one: it may be
	// kept long after the context has ended.
	results := make(chan string, most)
	var promises sync.WaitGroup
	produced := make(chan struct{})
	go func() {
		defer close(produced)
		for i := 0; ctx.Err() == nil && i < most; i++ {
			v := strconv.Itoa(round*10_000 + i)
			promises.Add(1)
			client.Produce(ctx, kgo.StringRecord(v), func(_ *kgo.Record, err error) {
				defer promises.Done()
				if err == nil {
					results <- v
				}
			})
		}
	}()
	var acknowledged []string
	for len(acknowledged) < 100 {
		select {
		case v := <-results:
			acknowledged = append(acknowledged, v)
		case <-ctx.Done():
			t.Fatal("the broker acknowledges nothing")
		}
	}
	if round == 0 {
		commit(ctx, t, client)
	}
	if err := process.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = process.Wait()
	cancel()
	<-produced
	_ = client.LeaveGroupContext(ctx) // else Close asks the dead broker for seconds
	client.Close()
	promises.Wait()
	close(results)
	for v := range results {
		acknowledged = append(acknowledged, v)
	}
	return acknowledged
}

func commit(ctx context.Context, t *testing.T, client *kgo.Client) {
	t.Helper()
	client.PollFetches(ctx)
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		t.Error(err)
	}
}
