// Package metrics shows a running pipeline to Prometheus: what [observe.Status]
// says and the times and sizes that the engine measures, made anew for each
// scrape. Nothing here is on the data path.
//
// # Where to start
//
//	families.go  every metric: its name, labels and meaning, and where it comes from
//	metrics.go   the collector that asks, and the handler of /metrics
//
// docs/metrics.md is written from the families. It is the only package that
// knows Prometheus's client.
package metrics

import (
	"net/http"
	"runtime"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"waterhealer/engine"
	"waterhealer/observe"
)

// namespace begins the name of every metric of ours.
const namespace = "waterhealer_"

// Handler answers scrapes of a pipeline. measures may be nil: then there are no
// histograms.
func Handler(pipeline observe.Pipeline, measures *engine.Measures) http.Handler {
	return promhttp.HandlerFor(Registry(pipeline, measures), promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Registry has the metrics of a pipeline, of Go and of the process.
func Registry(pipeline observe.Pipeline, measures *engine.Measures) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(newCollector(pipeline, measures), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// collector asks the pipeline at each scrape.
type collector struct {
	pipeline   observe.Pipeline
	measures   *engine.Measures
	families   []family
	histograms []histogram
	descs      map[string]*prometheus.Desc
}

func newCollector(pipeline observe.Pipeline, measures *engine.Measures) *collector {
	c := &collector{
		pipeline: pipeline, measures: measures,
		families: families(), histograms: histograms(), descs: make(map[string]*prometheus.Desc),
	}
	always := prometheus.Labels{"pipeline": pipeline.Status().Pipeline}
	for _, f := range c.families {
		c.descs[f.name] = prometheus.NewDesc(namespace+f.name, f.help, f.labels, always)
	}
	for _, h := range c.histograms {
		c.descs[h.name] = prometheus.NewDesc(namespace+h.name, h.help, nodeLabels, always)
	}
	return c
}

// Describe lists all metrics.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect makes all metrics from one status, so that they belong together.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	status := c.pipeline.Status()
	for _, f := range c.families {
		kind := prometheus.GaugeValue
		if f.counter() {
			kind = prometheus.CounterValue
		}
		for _, s := range f.samples(status) {
			to <- prometheus.MustNewConstMetric(c.descs[f.name], kind, s.value, s.labels...)
		}
	}
	if c.measures == nil {
		return
	}
	for _, n := range c.measures.Nodes() {
		for _, h := range c.histograms {
			if values := h.of(&n); values != nil {
				to <- constant(c.descs[h.name], values, n.Name, n.Kind)
			}
		}
	}
}

// constant is a histogram as Prometheus wants it: with buckets that contain
// those before them.
func constant(desc *prometheus.Desc, h *engine.Histogram, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(h.Bounds))
	below := uint64(0)
	for i, bound := range h.Bounds {
		below += uint64(h.Counts[i])
		buckets[bound] = below
	}
	return prometheus.MustNewConstHistogram(desc, uint64(h.Count()), h.Sum, buckets, labels...)
}

// sample is one value of a family.
type sample struct {
	value  float64
	labels []string
}

// samples are the values of a family. What has the same labels is added up, as
// it is with outputs of dead letters that share a name: Prometheus would refuse
// all of it.
func (f family) samples(s *observe.Status) []sample {
	var out []sample
	at := make(map[string]int)
	f.collect(s, func(value float64, labels ...string) {
		key := strings.Join(labels, "\x00")
		if i, known := at[key]; known {
			out[i].value += value
			return
		}
		at[key] = len(out)
		out = append(out, sample{value: value, labels: labels})
	})
	return out
}

func (f family) counter() bool { return strings.HasSuffix(f.name, "_total") }

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func goVersion() string { return runtime.Version() }
