package kafka

import (
	"sync"

	"github.com/rcrowley/go-metrics"
)

// silenceMetrics makes sarama measure nothing. It would keep dozens of meters
// and histograms per broker and topic, update them under locks, and start a
// goroutine that never ends; nobody reads them here. A registry of our own would
// not do, since for fetches sarama uses the library's default one. It is a
// global because the library's switch is: the switch must be set once, before
// the first client, and not again while clients read it.
//
//nolint:gochecknoglobals // see above
var silenceMetrics = sync.OnceFunc(func() { metrics.UseNilMetrics = true })
