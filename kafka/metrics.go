package kafka

import "github.com/rcrowley/go-metrics"

// noMetrics is a registry that measures nothing. Sarama keeps dozens of meters
// and histograms per broker and topic, updates them under locks, and starts a
// goroutine that never ends; nobody reads them here. (The library's own switch,
// metrics.UseNilMetrics, is a global that other users of it in the process
// would notice.)
type noMetrics struct{}

// GetOrRegister answers with the nil form of whatever kind is asked for, which
// callers pass as a value or as a function that makes one.
func (noMetrics) GetOrRegister(_ string, metric any) any {
	switch metric.(type) {
	case metrics.Counter, func() metrics.Counter:
		return metrics.NilCounter{}
	case metrics.Gauge, func() metrics.Gauge:
		return metrics.NilGauge{}
	case metrics.Histogram, func() metrics.Histogram:
		return metrics.NilHistogram{}
	case metrics.Meter, func() metrics.Meter:
		return metrics.NilMeter{}
	case metrics.Timer, func() metrics.Timer:
		return metrics.NilTimer{}
	}
	return metric
}

func (noMetrics) Each(func(string, any))            {}
func (noMetrics) Get(string) any                    { return nil }
func (noMetrics) GetAll() map[string]map[string]any { return nil }
func (noMetrics) Register(string, any) error        { return nil }
func (noMetrics) RunHealthchecks()                  {}
func (noMetrics) Unregister(string)                 {}
func (noMetrics) UnregisterAll()                    {}
