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

// pendingReports are the reports of a claim that wait for the commit. What of
// them is never committed goes with the claim.
type pendingReports struct {
	mu      sync.Mutex
	waiting []pendingReport
}

type pendingReport struct {
	offset int64
	to     *Node
	record *Record
}

// healed is called when one output is done with an element; the last makes the
// report, one for each offset in the element's lineage. The caller holds a
// reference of the element.
func (rt *Runtime) healed(h *healedElement) {
	if h.remaining.Add(-1) > 0 {
		return
	}
	h.record.leaves(func(leaf *healer.Ack) {
		source, ok := leaf.Source.(*Record)
		if !ok {
			return
		}
		report := &Record{Value: reportValue(source, h), Key: source.Key, Known: KnownKey}
		if h.node.ReportAtOnce || !source.Claim.commits {
			rt.push(h.node.Report, item{record: report})
			return
		}
		pending := &source.Claim.reports
		pending.mu.Lock()
		defer pending.mu.Unlock()
		pending.waiting = append(pending.waiting, pendingReport{offset: source.ClaimOffset(), to: h.node.Report, record: report})
	})
}

func reportValue(source *Record, h *healedElement) *value.Object {
	reason := h.reason.Load()
	o := value.NewObject(6)
	o.Set("topic", source.Topic)
	o.Set("partition", int64(source.Partition))
	o.Set("offset", source.Offset)
	o.Set("success", reason == nil)
	o.Set("reason", nil)
	if reason != nil {
		o.Set("reason", *reason)
	}
	o.Set("data", h.record.List())
	return o
}

// committed sends the reports that an acknowledged commit covers.
func (rt *Runtime) committed(c *Claim, watermark int64) {
	pending := &c.reports
	pending.mu.Lock()
	defer pending.mu.Unlock()
	kept := pending.waiting[:0]
	for _, p := range pending.waiting {
		if p.offset >= watermark {
			kept = append(kept, p)
			continue
		}
		rt.push(p.to, item{record: p.record})
	}
	clear(pending.waiting[len(kept):])
	pending.waiting = kept
}
