package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// served is the address of a program that was started with --http.
func (p *program) served() string {
	p.t.Helper()
	p.says("address=http://", time.Minute)
	return regexp.MustCompile(`address=(http://[^\s"]+)`).FindStringSubmatch(p.stderr.String())[1]
}

// scrape reads /metrics: values by the name and its labels.
func scrape(ctx context.Context, address string) (map[string]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = io.Copy(io.Discard, response.Body); _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics: %s", response.Status)
	}
	values := make(map[string]float64)
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), "} ")
		if strings.HasPrefix(name, "#") || !ok {
			continue
		}
		if values[name+"}"], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// The metrics say what witnesses count: what was produced, written and put
// aside; what is committed and how far that is behind.
func testMetrics(t *testing.T, b *broker) {
	const records, stuck = 2000, 1600
	names := b.topics(t, 2, "measured", "written", "aside")
	b.produce(t, names[0], numbers(0, records, 2)...)
	// A tenth is dropped, a tenth fails, and one record cannot be written.
	to := fmt.Sprintf("{expr: '\"%s\" + (value.id == %d ? \"-absent\" : \"\")'}", names[1], stuck)
	pipeline := file(t, "p.yaml", "name: measured\n"+linear(names[0], to, "measured", fmt.Sprintf(
		"  - filter: value.id %% 10 != 9\n  - name: check\n    map: 'value.id %% 10 == 8 ? fail(\"poison\") : value'\n"+
			"    on_error: {then: dead_letter, dead_letter: {kafka: {topic: %s}}}", names[2])))
	p := start(t, b.env(), "run", pipeline, "--http", "127.0.0.1:0")
	address := p.served()
	node := func(metric, name, kind string) string {
		return fmt.Sprintf(`waterhealer_node_%s{kind="%s",node="%s",pipeline="measured"}`, metric, kind, name)
	}
	written := records * 8 / 10
	var values map[string]float64
	// Behind the record that sticks, those of its partition wait.
	until(t, 2*time.Minute, "all but what waits is written", func(ctx context.Context) (bool, error) {
		var err error
		values, err = scrape(ctx, address)
		aside := values[node("dead_letters_total", "dead_letter", "kafka")]
		return aside == records/10 && int(values[node("records_out_total", "out/kafka", "kafka")]) == len(b.consume(t, names[1])) &&
			values[fmt.Sprintf(`waterhealer_partition_committed_offset{partition="1",pipeline="measured",source="in",topic="%s"}`, names[0])] == records/2, err
	})
	for name, want := range map[string]int{
		node("records_in_total", "in", "kafka"):                          records,
		node("records_in_total", "filter-1", "filter"):                   records,
		node("records_dropped_total", "filter-1", "filter"):              records / 10,
		node("records_in_total", "check", "map"):                         records * 9 / 10,
		node("records_failed_total", "check", "map"):                     records / 10,
		node("records_out_total", "out/kafka", "kafka"):                  len(b.consume(t, names[1])),
		node("dead_letters_total", "dead_letter", "kafka"):               len(b.consume(t, names[2])),
		node("records_out_total", "dead_letter", "kafka"):                records / 10,
		`waterhealer_live{pipeline="measured"}`:                          1,
		`waterhealer_group_joined{group="measured",pipeline="measured"}`: 1,
	} {
		if got, ok := values[name]; !ok || got != float64(want) {
			t.Errorf("%s is %g (%v), want %d", name, got, ok, want)
		}
	}
	read := `waterhealer_source_record_size_bytes_count{kind="kafka",node="in",pipeline="measured"}`
	if values[read] != records {
		t.Errorf("%s is %g", read, values[read])
	}
	testMetricsOfPartitions(t, b, names[0], address)
	// Where the record can be written, it heals.
	if err := b.CreateTopic(names[1]+"-absent", 1); err != nil {
		t.Fatal(err)
	}
	until(t, 2*time.Minute, "all is written", func(ctx context.Context) (bool, error) {
		values, err := scrape(ctx, address)
		return values[node("records_out_total", "out/kafka", "kafka")] == float64(written), err
	})
	if got := len(b.consume(t, names[1])); got != written-1 {
		t.Errorf("%d written, want %d", got, written-1)
	}
	p.signal(syscall.SIGTERM)
	if code := p.wait(time.Minute); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// testMetricsOfPartitions compares with the committed offsets and the ends that
// a witness sees; partition 0 stands still at a record.
func testMetricsOfPartitions(t *testing.T, b *broker, topic, address string) {
	ends := make([]int64, 2)
	for _, m := range b.consume(t, topic) {
		ends[m.Partition] = max(ends[m.Partition], m.Offset+1)
	}
	until(t, time.Minute, "committed, end and lag are those of the witness", func(ctx context.Context) (bool, error) {
		values, err := scrape(ctx, address)
		if err != nil {
			return false, err
		}
		for partition, end := range ends {
			of := func(metric string) int64 {
				return int64(values[fmt.Sprintf(`waterhealer_partition_%s{partition="%d",pipeline="measured",source="in",topic="%s"}`, metric, partition, topic)])
			}
			committed, err := b.witness.Committed(ctx, "measured", topic, int32(partition))
			if err != nil {
				return false, err
			}
			if of("committed_offset") != committed || of("end_offset") != end || of("lag_records") != end-committed || of("watermark_offset") != committed {
				return false, fmt.Errorf("partition %d: committed %d and %d, end %d and %d, lag %d", partition,
					of("committed_offset"), committed, of("end_offset"), end, of("lag_records"))
			}
			if partition == 0 && (end == committed || of("in_flight_records") == 0) {
				return false, fmt.Errorf("partition 0 does not stand still: committed %d of %d", committed, end)
			}
		}
		return true, nil
	})
}
