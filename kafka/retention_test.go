package kafka

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func TestRetentionPassesAnUnfinishedRecord(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	log := &lines{}
	g := newSource(t, b, func(o *sourceTest) { o.settings.Logger = slog.New(slog.NewTextHandler(log, nil)) }, "t")
	g.logStartInterval = 10 * time.Millisecond
	in := newIntake(never)
	source := runSource(t, g, in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	in.finish("t", 0, 0, 1)
	if err := b.Cluster().DeleteRecords("t", 0, 5); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is said", func() bool { return log.count("unfinished=2") == 1 })
	in.finish("t", 0, 2)
	eventually(t, "it is said of the next one", func() bool { return log.count("unfinished=3") == 1 })
	in.finish("t", 0, 3, 4, 5, 6, 7, 8, 9)
	admin := control(t, b, "g")
	eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
	if n := log.count("retention has deleted"); n > 3 {
		t.Errorf("it was said %d times", n)
	}
	if p := partitionOf(t, g.Group(), "t", 0); p.Committed != p.End {
		t.Errorf("the log ends at %d, committed is %d", p.End, p.Committed)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}
