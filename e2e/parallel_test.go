package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka"
	"waterhealer/kafka/kafkatest"
)

// tableRow is a row of the table that confluentinc/parallel-consumer publishes:
// 10,000 records of one partition, each 0–5 ms of work, 16 at a time.
type tableRow struct {
	order     string
	keys      int
	published time.Duration
}

const (
	tableRecords = 10_000
	tableWorkers = 16
)

var table = []tableRow{
	{"partition", 1, 22_200 * time.Millisecond},
	{"none", tableRecords, 2830 * time.Millisecond},
	{"key", 1, 26_700 * time.Millisecond},
	{"key", 2, 13_600 * time.Millisecond},
	{"key", 5, 5900 * time.Millisecond},
	{"key", 10, 3300 * time.Millisecond},
	{"key", 20, 2200 * time.Millisecond},
	{"key", 50, 2200 * time.Millisecond},
	{"key", 100, 2200 * time.Millisecond},
	{"key", 1000, 2100 * time.Millisecond},
	{"key", tableRecords, 2100 * time.Millisecond},
}

func (r tableRow) String() string {
	if r.order == "key" {
		return fmt.Sprintf("key, %d keys", r.keys)
	}
	return r.order
}

// measured is how a row went.
type measured struct {
	took  time.Duration // from the first record's begin to the last one's acknowledged write
	ideal time.Duration // for the time that the records really slept
}

// measure plays a row with so many records, the longest of which take most
// milliseconds.
func (r tableRow) measure(t testing.TB, records, most int) measured {
	t.Helper()
	random := rand.New(rand.NewPCG(16, 5))
	messages := make([]kafkatest.Message, records)
	for i := range messages {
		messages[i] = kafkatest.Message{
			Key:   fmt.Appendf(nil, "key-%d", i%r.keys),
			Value: fmt.Appendf(nil, `{"ms": %d}`, random.IntN(most+1)),
		}
	}
	s := newSlowRun(t)
	s.topic(t, "work", messages)
	_, wait := s.run(t, fmt.Sprintf(`
workers: %d
order: %s
sources:
  - kafka: {brokers: ["embedded:9092"], topics: [work], group: table}
operators:
  - map: sleep(value.ms)
sinks:
  - healing: {to: {slow: {}}}
`, tableWorkers, r.order))
	result := wait()
	if len(result.Claims) != 1 || result.Claims[0].Watermark != int64(records) {
		t.Fatalf("the run ended at %+v", result.Claims)
	}
	total, units := time.Duration(0), make(map[string]time.Duration)
	latest := make(map[string]int64)
	for _, record := range s.written["healing-1/slow"] {
		slept := time.Duration(record.Value.(int64))
		total += slept
		unit := map[string]string{"partition": "", "key": string(record.Key), "none": fmt.Sprint(record.Offset)}[r.order]
		units[unit] += slept
		if before, ok := latest[unit]; ok && before >= record.Offset {
			t.Errorf("%v: %d came after %d", r, record.Offset, before)
		}
		latest[unit] = record.Offset
	}
	m := measured{took: s.last.Sub(*s.began.Load()), ideal: total / tableWorkers}
	for _, unit := range units {
		m.ideal = max(m.ideal, unit)
	}
	return m
}

// BenchmarkParallelConsumerTable prints our times beside those that
// parallel-consumer publishes, and the ideal: the time of a perfect list
// schedule of what was slept, max(total/16, longest unit).
func BenchmarkParallelConsumerTable(b *testing.B) {
	var lines strings.Builder
	for _, r := range table {
		b.Run(strings.ReplaceAll(r.String(), " ", ""), func(b *testing.B) {
			for b.Loop() {
				m := r.measure(b, tableRecords, 5)
				b.ReportMetric(m.took.Seconds(), "s")
				b.ReportMetric(m.ideal.Seconds(), "ideal-s")
				fmt.Fprintf(&lines, "%-16s %12.2f s %11.2f s %11.2f s %13.2f\n", r, r.published.Seconds(), m.took.Seconds(), m.ideal.Seconds(), m.took.Seconds()/m.ideal.Seconds())
			}
		})
	}
	fmt.Printf("\n%-16s %14s %13s %13s %13s\n%s\n", "order", "published", "waterhealer", "ideal", "ours / ideal", lines.String())
}

// A tenth of the table's records. How close to the ideal the lanes come is
// tested exactly in virtual time, in package engine; here the whole pipeline
// must not spoil it. What the machine needs without any sleep is allowed on top,
// several times.
func TestSlowWorkIsSharedByAllWorkers(t *testing.T) {
	const records = tableRecords / 10
	bare := tableRow{order: "partition", keys: 1}.measure(t, records, 0)
	for _, r := range table {
		r.keys = min(r.keys, records)
		m := r.measure(t, records, 5)
		most := m.ideal*16/10 + 5*(bare.took-bare.ideal) + 300*time.Millisecond
		t.Logf("%-16s took %8v, ideal %8v, at most %8v", r, m.took.Round(time.Millisecond), m.ideal.Round(time.Millisecond), most.Round(time.Millisecond))
		if m.took > most {
			t.Errorf("%v: took %v, the ideal is %v", r, m.took, m.ideal)
		}
	}
}

// While one record is held in an expression, all others finish, the committed
// offset stays at it, and its metadata says what is finished beyond it.
func TestWatermarkWaitsForTheSlowest(t *testing.T) {
	const records, slowest = 300, 50
	for _, order := range []string{"none", "key"} {
		s := newSlowRun(t)
		messages := make([]kafkatest.Message, records)
		for i := range messages {
			messages[i] = kafkatest.Message{Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, `{"held": %v}`, i == slowest)}
		}
		s.topic(t, "work", messages)
		nodes, wait := s.run(t, fmt.Sprintf(`
workers: 3
order: %s
sources:
  - kafka: {brokers: ["embedded:9092"], topics: [work], group: slowest}
operators:
  - map: 'value.held ? hold() : sleep("1ms")'
sinks:
  - healing: {to: {slow: {}}}
`, order))
		until(t, time.Minute, order+": all but one are finished", func(ctx context.Context) (bool, error) {
			at, err := kafka.Inspect(ctx, nodes, s.settings())
			return err == nil && len(at) == 1 && at[0].Committed == slowest && at[0].Holes == records-slowest-1, err
		})
		s.letGo()
		wait()
		at, err := kafka.Inspect(t.Context(), nodes, s.settings())
		if err != nil || at[0].Committed != records || at[0].Holes != 0 {
			t.Errorf("%s: at the end %+v, %v", order, at, err)
		}
		for _, c := range s.commits {
			if c.Offset > slowest && c.Offset != records {
				t.Errorf("%s: %d was committed", order, c.Offset)
			}
		}
	}
}

// An offset waits for the slowest of its outputs, and the others do not.
func TestWatermarkWaitsForTheSlowestOutput(t *testing.T) {
	const records = 300
	s := newSlowRun(t)
	s.topic(t, "work", make([]kafkatest.Message, records))
	nodes, wait := s.run(t, `
workers: 3
order: none
sources:
  - kafka: {brokers: ["embedded:9092"], topics: [work], group: outputs}
sinks:
  - healing: {to: [{slow: {held: true}}, {slow: {write: 1ms}}]}
`)
	until(t, time.Minute, "the other output has everything", func(context.Context) (bool, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.written["healing-1/slow-2"]) == records, nil
	})
	if at, err := kafka.Inspect(t.Context(), nodes, s.settings()); err != nil || at[0].Committed != 0 || at[0].Holes != 0 {
		t.Errorf("while one output has nothing: %+v, %v", at, err)
	}
	s.letGo()
	wait()
	if at, err := kafka.Inspect(t.Context(), nodes, s.settings()); err != nil || at[0].Committed != records {
		t.Errorf("at the end: %+v, %v", at, err)
	}
}

// sleep is for tests alone: the program does not know it.
func TestTheProgramDoesNotSleep(t *testing.T) {
	pipeline := file(t, "p.yaml", linear("a", "b", "c", "  - map: sleep(5)"))
	code, p := run(t, []string{"KAFKA_BROKERS=none:1"}, time.Minute, "lint", pipeline)
	if code != 1 || !strings.Contains(p.stdout.String()+p.stderr.String(), "sleep") {
		t.Errorf("exit code %d: %s", code, p.stdout.String())
	}
}
