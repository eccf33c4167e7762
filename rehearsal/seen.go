package rehearsal

import (
	"encoding/base64"
	"slices"
	"sync"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// outlet is a node, or one of its branches.
type outlet struct {
	node   *configs.Node
	branch string
}

// seen is what a test sees of a run. Nothing is noted any more once it was
// looked at.
type seen struct {
	mu     sync.Mutex
	closed bool
	// output are the values that came to a sink or left an operator.
	output   map[outlet][]any
	failures []*engine.Failure
	// By the source's name.
	dead      map[string][]any
	finished  map[string][]int64
	committed map[string]int64
}

func newSeen() seen {
	return seen{
		output:   make(map[outlet][]any),
		dead:     make(map[string][]any),
		finished: make(map[string][]int64), committed: make(map[string]int64),
	}
}

// listen notes what passes the nodes whose output the test is about.
func (s *seen) listen(graph *engine.Graph, test *configs.Test) {
	for _, x := range test.Expected {
		if x.Check != configs.CheckOutput {
			continue
		}
		branches := x.Node.Branches()
		for _, n := range graph.Nodes {
			// Only a source may have the default name of a sink.
			if n.Name != x.Node.Name || n.Role == engine.RoleSource {
				continue
			}
			n.Tap = func(r *engine.Record, branch int) {
				v := plain(r.List())
				s.pass(outlet{node: x.Node}, v)
				if branch > 0 {
					s.pass(outlet{x.Node, branches[branch-1]}, v)
				}
			}
		}
	}
}

func (s *seen) pass(by outlet, v any) {
	s.note(func() { s.output[by] = append(s.output[by], v) })
}

// failure is told of each offset that took its policy.
func (s *seen) failure(f *engine.Failure) {
	s.note(func() { s.failures = append(s.failures, f) })
}

// letter is told of each dead letter that was written.
func (s *seen) letter(r *engine.Record) {
	s.note(func() {
		s.dead[r.Claim.Source] = append(s.dead[r.Claim.Source], plain(r.Value))
	})
}

func (s *seen) note(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		what()
	}
}

// look notes where the sources stand, the first time.
func (p *player) look() {
	p.seen.note(func() {
		p.seen.closed = true
		for _, at := range p.places {
			if at.claim == nil {
				continue
			}
			watermark, holes := at.claim.Progress()
			var finished []int64
			for offset := range at.next {
				if offset < watermark || holes.Contains(offset) {
					finished = append(finished, offset)
				}
			}
			p.seen.finished[at.node.Name], p.seen.committed[at.node.Name] = finished, watermark
		}
	})
}

// compare lays what the test expects beside what was seen.
func (p *player) compare() ([]Mismatch, error) {
	var mismatches []Mismatch
	for i := range p.test.Expected {
		x := &p.test.Expected[i]
		m := Mismatch{Expectation: x, Got: p.seen.of(x)}
		for _, offset := range x.Offsets {
			m.Expected = append(m.Expected, offset)
		}
		for _, text := range x.Values {
			v, err := value.Decode(text)
			if err != nil {
				return nil, err
			}
			m.Expected = append(m.Expected, v)
		}
		if !slices.EqualFunc(m.Expected, m.Got, value.Equal) {
			mismatches = append(mismatches, m)
		}
	}
	return mismatches, nil
}

// of is what was seen of that which an expectation is about.
func (s *seen) of(x *configs.Expectation) []any {
	switch x.Check {
	case configs.CheckOutput:
		return s.output[outlet{x.Node, x.Branch}]
	case configs.CheckDead:
		return s.dead[x.Node.Name]
	case configs.CheckCommitted:
		return []any{s.committed[x.Node.Name]}
	case configs.CheckFailed:
		var failed []int64
		for _, f := range s.failures {
			if f.Source == x.Node.Name {
				failed = append(failed, f.Offset)
			}
		}
		return offsets(failed)
	case configs.CheckFinished:
		return offsets(s.finished[x.Node.Name])
	}
	return nil
}

func offsets(numbers []int64) []any {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	list := make([]any, 0, len(numbers))
	for _, n := range slices.Compact(numbers) {
		list = append(list, n)
	}
	return list
}

// plain is a value of the kinds that a pipeline file can hold: text for bytes,
// and what JSON has for times and durations.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, string, int64, float64, value.Number:
		return v
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return base64.StdEncoding.EncodeToString(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case *value.Object:
		o := value.NewObject(v.Len())
		for key, field := range v.All() {
			o.Set(key, plain(field))
		}
		return o
	}
	text, err := value.Append(nil, v)
	if err != nil {
		return err.Error()
	}
	decoded, err := value.Decode(text)
	if err != nil {
		return err.Error()
	}
	return decoded
}
