package engine

import (
	"sync"
	"time"

	"waterhealer/healer"
)

// Measures are times and sizes of what runs, by node. A run without them
// ([Options.Measures]) takes none, which costs nothing.
type Measures struct {
	mu    sync.Mutex
	nodes []*measure
	named map[string]*measure
}

// measure is that of one node, or of several that share a name, as outputs of
// dead letters may.
type measure struct {
	name, kind string
	role       Role
	bound      bool // a node of a graph has it
	times      *histogram
	writes     *histogram // of outputs
	sizes      *histogram // of sources and outputs
	rendered   sizeTally  // of the write under way, by the goroutine of the writer
}

// NodeMeasures are the measures of a node.
type NodeMeasures struct {
	Name, Kind string
	Role       Role
	// Times are seconds per record in the node itself, without those behind it. All but
	// those of outputs are estimated from some of the records.
	Times Histogram
	// Writes are seconds per call of an output, each with many records.
	Writes Histogram
	// Sizes are bytes: of the key and value of a source's record, or of a message of
	// an output, tries included.
	Sizes Histogram
}

// NewMeasures makes measures for one run.
func NewMeasures() *Measures { return &Measures{named: make(map[string]*measure)} }

func (m *Measures) of(name string) *measure {
	m.mu.Lock()
	defer m.mu.Unlock()
	if found := m.named[name]; found != nil {
		return found
	}
	made := &measure{name: name, times: newTimes(), writes: newTimes(), sizes: newSizes()}
	m.named[name] = made
	m.nodes = append(m.nodes, made)
	return made
}

// Render notes the sizes of an output's messages, which are seen when their write
// has ended. It may be called on nil.
func (m *Measures) Render(node string, render Render) Render {
	if m == nil || render == nil {
		return render
	}
	sizes := &m.of(node).rendered
	return func(r *Record) (Message, error) {
		message, err := render(r)
		if err == nil {
			sizes.add(int64(len(message.Key) + len(message.Value)))
		}
		return message, err
	}
}

// bind gives the measures of a graph's nodes by index; nil on nil.
func (m *Measures) bind(g *Graph) []*measure {
	if m == nil {
		return nil
	}
	out := make([]*measure, len(g.Nodes))
	for i, n := range g.Nodes {
		out[i] = m.of(n.Name)
		m.mu.Lock()
		out[i].kind, out[i].role, out[i].bound = n.Kind, n.Role, true
		m.mu.Unlock()
	}
	return out
}

// Nodes are the measures so far.
func (m *Measures) Nodes() []NodeMeasures {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []NodeMeasures
	for _, one := range m.nodes {
		if one.bound {
			out = append(out, NodeMeasures{
				Name: one.name, Kind: one.kind, Role: one.role,
				Times: one.times.copy(float64(time.Second)), Writes: one.writes.copy(float64(time.Second)), Sizes: one.sizes.copy(1),
			})
		}
	}
	return out
}

// timing is that of a new executor; nil where nothing is measured.
func (rt *Runtime) timing() *timing {
	if rt.measures == nil {
		return nil
	}
	return &timing{nodes: rt.measures, look: rt.clockCost}
}

// noteSizes adds up what a source has read.
func (rt *Runtime) noteSizes(n *Node, entries []healer.Entry) {
	if rt.measures == nil || n == nil {
		return
	}
	var read sizeTally
	for i := range entries {
		read.add(int64(entries[i].Size))
	}
	rt.measures[n.index].sizes.addUp(&read)
}

// noteWrite notes a call of an output.
func (w *writer) noteWrite(took time.Duration, records int64) {
	m := w.rt.measures[w.node.index]
	m.writes.observe(int64(took), 1, int64(took))
	m.times.observe(int64(took)/records, records, int64(took))
	m.sizes.addUp(&m.rendered)
}
