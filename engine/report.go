package engine

import (
	"sync"
	"sync/atomic"

	"waterhealer/engine/value"
	"waterhealer/healer"
)

// healedElement is one element on its way through the outputs of a healing
// sink that reports.
type healedElement struct {
	node      *Node
	record    *Record
	remaining atomic.Int64
	reason    atomic.Pointer[string]
}

func newHealedElement(n *Node, r *Record, outputs int) *healedElement {
	h := &healedElement{node: n, record: r}
	h.remaining.Store(int64(max(outputs, 1)))
	return h
}

// failed notes why an output did not take the element.
func (h *healedElement) failed(err error) {
	reason := err.Error()
	h.reason.CompareAndSwap(nil, &reason)
}

// pendingReports are the reports of a claim that wait for the commit.
type pendingReports struct {
	mu      sync.Mutex
	waiting map[*Claim][]pendingReport
}

type pendingReport struct {
	offset int64
	to     *Node
	record *Record
}

// healed is called when one output is done with an element; the last makes the
// report, one for each offset in the element's lineage.
func (rt *Runtime) healed(h *healedElement) {
	if h.remaining.Add(-1) > 0 {
		return
	}
	success := h.reason.Load() == nil
	h.record.leaves(func(leaf *healer.Ack) {
		source, ok := leaf.Source.(*Record)
		if !ok {
			return
		}
		report := &Record{Value: reportValue(source, h, success), Key: source.Key, Known: KnownKey}
		if h.node.ReportAtOnce || !source.Claim.commits {
			rt.queues[h.node.Report.index].push([]item{{record: report}})
			return
		}
		rt.reports.mu.Lock()
		rt.reports.waiting[source.Claim] = append(rt.reports.waiting[source.Claim],
			pendingReport{offset: source.Offset, to: h.node.Report, record: report})
		rt.reports.mu.Unlock()
	})
}

func reportValue(source *Record, h *healedElement, success bool) *value.Object {
	o := value.NewObject(6)
	o.Set("topic", source.Topic)
	o.Set("partition", int64(source.Partition))
	o.Set("offset", source.Offset)
	o.Set("success", success)
	o.Set("reason", nil)
	if reason := h.reason.Load(); reason != nil {
		o.Set("reason", *reason)
	}
	o.Set("data", h.record.List())
	return o
}

// committed sends the reports that an acknowledged commit covers.
func (rt *Runtime) committed(c *Claim, watermark int64) {
	rt.reports.mu.Lock()
	defer rt.reports.mu.Unlock()
	waiting := rt.reports.waiting[c]
	kept := waiting[:0]
	for _, p := range waiting {
		if p.offset >= watermark {
			kept = append(kept, p)
			continue
		}
		rt.queues[p.to.index].push([]item{{record: p.record}})
	}
	clear(waiting[len(kept):])
	if len(kept) == 0 {
		delete(rt.reports.waiting, c)
		return
	}
	rt.reports.waiting[c] = kept
}

// forgetReports drops the reports of a claim that is over.
func (rt *Runtime) forgetReports(c *Claim) {
	rt.reports.mu.Lock()
	defer rt.reports.mu.Unlock()
	delete(rt.reports.waiting, c)
}
