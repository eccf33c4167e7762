package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkEmbeddedPageOpen is what an open page costs the pipeline: CPU time
// for a million records without --http, with it, and while a client reads what
// the page reads, as ratios in one run. Each round runs all three, in turns, since
// the machine is not the same from one minute to the next; what counts is the
// middle of the rounds:
//
//	go test ./e2e -run '^$' -bench PageOpen -benchtime 10x
func BenchmarkEmbeddedPageOpen(b *testing.B) {
	broker := startBroker(b)
	names := []string{"open-in", "open-out"}
	benchTopics(b, broker, names...)
	ways := []string{"off", "served", "open"}
	spent := make(map[string][]float64)
	for i := 0; b.Loop(); i++ {
		for turn := range ways {
			way := ways[(i+turn)%len(ways)]
			pipeline := file(b, "p.yaml", linear(names[0], names[1], fmt.Sprintf("open-%s-%d", way, i), benchOperators))
			spent[way] = append(spent[way], runWatched(b, broker, way, pipeline).Seconds())
		}
	}
	b.ReportMetric(0, "ns/op") // that of three runs says nothing
	b.ReportMetric(middle(spent["off"])/(benchRecords/1e6), "cpu-s/million")
	for _, pair := range [][2]string{{"served", "off"}, {"open", "off"}, {"open", "served"}} {
		ratios := make([]float64, len(spent["off"]))
		for i := range ratios {
			ratios[i] = spent[pair[0]][i] / spent[pair[1]][i]
		}
		b.ReportMetric(middle(ratios), pair[0]+"/"+pair[1])
	}
}

// runWatched runs a pipeline to its end and returns the CPU time that it took.
func runWatched(b *testing.B, broker *broker, way, pipeline string) time.Duration {
	b.Helper()
	args := []string{"run", pipeline, "--until-end"}
	if way != "off" {
		args = append(args, "--http", "127.0.0.1:0")
	}
	p := start(b, broker.env(), args...)
	read := make(chan error, 1)
	if way == "open" {
		address := p.served()
		go func() { read <- readPage(address) }()
	}
	if code := p.wait(5 * time.Minute); code != 0 {
		b.Fatalf("exit code %d", code)
	}
	if way == "open" {
		if err := <-read; err != nil {
			b.Fatal(err)
		}
	}
	cpu, _ := used(b, p)
	return cpu
}

// readPage asks for what the page asks for, and reads its stream until the
// pipeline ends.
func readPage(address string) error {
	for _, path := range []string{"/", "/app.js", "/style.css", "/vendor/dagre.js", "/vendor/uplot.js", "/api/v1/history", "/api/v1/events"} {
		response, err := http.Get(address + path) //nolint:noctx // it ends with the pipeline
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close() // it was read
		if path == "/api/v1/events" {
			return nil // cut off at the pipeline's end, as a page is
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
