package engine

import (
	"slices"
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
//
// Behind a record that is stuck nothing is committed, so that they would pile
// up, with the values that they tell of: the claim is full when they weigh too
// much. A report counts until it was written, too, so that an output that is
// away does not take all memory.
type pendingReports struct {
	weight  atomic.Int64 // of those that wait, and of those that are not written yet
	mu      sync.Mutex
	waiting []pendingReport
}

type pendingReport struct {
	offset int64
	to     *Node
	record *Record
	weight *reportWeight
}

// reportWeight is what a report counts for in its claim.
type reportWeight struct {
	claim *Claim
	bytes int64
}

const (
	// reportShare is what part of the bound of bytes the reports of one claim may
	// weigh. The bound itself is for the process; but what is stuck in one
	// partition must not stop the others.
	reportShare = 4
	reportLeast = 1 << 20
	// reportOwnWeight is about what a report takes beside the payload.
	reportOwnWeight = 256
)

// reports is what the reports of one claim may weigh.
func (l *Limits) reports() int64 { return max(l.Bytes/reportShare, reportLeast) }

func (c *Claim) weigh(source *Record) *reportWeight {
	w := &reportWeight{claim: c, bytes: source.size() + reportOwnWeight}
	c.reports.weight.Add(w.bytes)
	return w
}

// written takes a report's weight away; nil is of what is no report.
func (w *reportWeight) written() {
	if w != nil {
		w.claim.reports.weight.Add(-w.bytes)
		w.claim.report()
	}
}

// due says that reports wait for nothing but the next commit.
func (p *pendingReports) due(watermark int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.waiting, func(r pendingReport) bool { return r.offset < watermark })
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
			rt.push(h.node.Report, item{record: report, report: source.Claim.weigh(source)})
			return
		}
		pending := &source.Claim.reports
		pending.mu.Lock()
		defer pending.mu.Unlock()
		pending.waiting = append(pending.waiting, pendingReport{offset: source.ClaimOffset(), to: h.node.Report, record: report, weight: source.Claim.weigh(source)})
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
	c.committed.Store(watermark)
	rt.supervisor.Load().committed(rt.commits.Add(1))
	pending := &c.reports
	pending.mu.Lock()
	defer pending.mu.Unlock()
	kept := pending.waiting[:0]
	for _, p := range pending.waiting {
		if p.offset >= watermark {
			kept = append(kept, p)
			continue
		}
		rt.push(p.to, item{record: p.record, report: p.weight})
	}
	clear(pending.waiting[len(kept):])
	pending.waiting = kept
}
