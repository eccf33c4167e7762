package operators_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

// randomPipeline is a graph of random operators over the sources a and b. The
// expressions keep the ids that are in the values.
func randomPipeline(t *rapid.T) string {
	single := []string{
		"map: value", "map: {v: value}", `map: 'hash(value) < "2" ? fail("no") : [value, value]'`, "map_async: value", `filter: hash(value) < "b"`,
		`remove: hash(value) < "4"`, "flatten: {}", "partition: 3", "partition: {size: 4, timeout: 3ms}", "partition: {size: 2, key: 'hash(value)[0:1]'}",
		"partition_time: 2ms", "partition_unique: {size: 2, key: 'len(to_json(value)) % 3'}", "partition_unique: {size: 2, keep: last, key: 'hash(value) < \"8\"'}",
		"sliding_window: 3", "sliding_window: {size: 2, return_partial: false}", "timed_window: 4ms", "timed_window: {interval: 5ms, emit_empty: true}",
		"timed_window_unique: {interval: 3ms, key: 'hash(value) < \"8\"'}", "delay: 2ms", "rate_limit: 1ms", "rate_limit: {per_second: 500, burst: 3}",
		"buffer: 2", "latest: {}", "unique: {key: 'hash(value)[0:2]', max_size: 4}", "unique: {ttl: 2ms}", "accumulate: value", "slice: {start: 1, end: 9}",
		"sample: {every: 2}", "sample: {ratio: 0.6}", "foreach_map: {v: value}", "foreach_filter: hash(value) > \"5\"", "foreach_async: {expr: value, depth: 2}",
	}
	several := []string{"union: {}", "zip: {max_size: 2}", "zip_latest: {}", "combine_latest: {}", "map: value", "partition: 2"}
	var b strings.Builder
	b.WriteString("on_error: {then: skip}\nsources: [{name: a, memory: {}}, {name: b, memory: {}}]\noperators:\n")
	names := []string{"a", "b"}
	unread := map[string]bool{"a": true, "b": true}
	pick := func(label string) string {
		name := names[max(len(names)-1-rapid.IntRange(0, 4).Draw(t, label), 0)]
		delete(unread, name)
		return name
	}
	for i := range rapid.IntRange(1, 7).Draw(t, "nodes") {
		name := fmt.Sprintf("n%d", i)
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			fmt.Fprintf(&b, "  - {name: s%d, from: %s, switch: {cases: [{when: 'hash(value) < \"8\"', name: x}], default: y}}\n", i, pick("from"))
			fmt.Fprintf(&b, "  - {name: %s, from: [s%d.y, s%d.x], union: {}}\n", name, i, i)
		case 1:
			fmt.Fprintf(&b, "  - {name: %s, from: %s, collect: {flush_on: %s}}\n", name, pick("from"), pick("flush"))
		case 2, 3, 4:
			first, second := pick("from"), pick("other")
			if first == second {
				fmt.Fprintf(&b, "  - {name: %s, from: %s, union: {}}\n", name, first)
				break
			}
			fmt.Fprintf(&b, "  - {name: %s, from: [%s, %s], %s}\n", name, first, second, rapid.SampledFrom(several).Draw(t, "several"))
		default:
			fmt.Fprintf(&b, "  - {name: %s, from: %s, %s}\n", name, pick("from"), rapid.SampledFrom(single).Draw(t, "single"))
		}
		names = append(names, name)
		unread[name] = true
	}
	var ends []string
	for _, name := range names {
		if unread[name] {
			ends = append(ends, name)
		}
	}
	fmt.Fprintf(&b, "sinks:\n  - {name: out, from: [%s], memory: {}}\n  - {name: other, from: %s, memory: {}}\n", strings.Join(ends, ", "), names[len(names)-1])
	return b.String()
}

// randomSteps are what happens to a run, up to its end.
func randomSteps(t *rapid.T) []string {
	var steps []string
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		steps = append(steps, rapid.SampledFrom([]string{"a", "a", "b", "b", "a", "b", "wait 1ms", "wait 3ms", "hold", "ack", "revoke a", "revoke b"}).Draw(t, "step"))
	}
	return append(steps, "ack", "end")
}

// TestNoOffsetIsFinishedTooEarlyOrNever: in random graphs of random operators
// no offset is finished before all that was derived from it is written, and
// every offset is finished in the end, but for those that a zip found no partner
// for.
func TestNoOffsetIsFinishedTooEarlyOrNever(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pipeline, steps := randomPipeline(rt), randomSteps(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) {
			var halted error
			if problems, halted = playRandomly(t, pipeline, steps); halted != nil {
				problems = append(problems, "it halted: "+halted.Error())
			}
		})
		if len(problems) > 0 {
			rt.Fatalf("%s\n%s\n%s", strings.Join(problems, "\n"), pipeline, strings.Join(steps, ", "))
		}
	})
}

// TestARunEndsOrSaysWhy: with bounds that are soon reached, a run whose sources
// end comes to its end all the same, or halts and says what stands still.
func TestARunEndsOrSaysWhy(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		bound := rapid.SampledFrom([]string{"max_in_flight", "max_ahead"}).Draw(rt, "bound")
		limit := rapid.IntRange(1, 8).Draw(rt, "limit")
		pipeline := fmt.Sprintf("%s: %d\n%s", bound, limit, randomPipeline(rt))
		// As long as something comes, though it is empty, nobody knows that it frees nothing.
		pipeline = strings.ReplaceAll(pipeline, ", emit_empty: true", "")
		steps := randomSteps(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) {
			var halted error
			problems, halted = playRandomly(t, pipeline, steps)
			var stall *engine.StallError
			if halted != nil && (!errors.As(halted, &stall) || len(stall.Held) == 0) {
				problems = append(problems, "it halted: "+halted.Error())
			}
		})
		if len(problems) > 0 {
			rt.Fatalf("%s\n%s\n%s", strings.Join(problems, "\n"), pipeline, strings.Join(steps, ", "))
		}
	})
}

// playRandomly returns what went wrong, and what halted the run.
func playRandomly(t *testing.T, pipeline string, steps []string) (problems []string, halted error) {
	parsed, plan, found := compile(t, pipeline)
	if broken(found) {
		t.Fatalf("%v\n%s", found, pipeline)
	}
	s := &scenario{t: t, sources: make(map[string]*steppedSource), done: make(chan engine.Result, 1)}
	s.written = func(r *engine.Record) {
		for _, i := range idsIn(t, r) {
			if i.finished(s) {
				s.mu.Lock()
				problems = append(problems, fmt.Sprintf("%v was finished before what was made of it was written", i))
				s.mu.Unlock()
			}
		}
	}
	s.start(parsed, plan)
	for _, step := range steps {
		if source := s.sources[step]; source != nil {
			source.offerID()
			synctest.Wait()
			continue
		}
		s.step(step)
	}
	var result engine.Result
	select {
	case result = <-s.done:
	case <-time.After(time.Hour):
		s.cancel()
		result = <-s.done
		problems = append(problems, "the run did not end by itself")
	}
	if result.Halted != nil {
		return problems, result.Halted
	}
	unmatched := false
	for _, n := range result.Nodes {
		zips := n.Kind == "zip" || n.Kind == "zip_latest"
		unmatched = unmatched || zips && n.Held > 0
		if n.Held > 0 && !zips {
			problems = append(problems, fmt.Sprintf("%s (%s) holds %d in the end", n.Name, n.Kind, n.Held))
		}
	}
	for _, source := range s.sources {
		if watermark := source.claim.Watermark(); watermark != source.next && !unmatched {
			problems = append(problems, fmt.Sprintf("%s ends at %d of %d", source.name, watermark, source.next))
		}
	}
	return problems, nil
}

// recordID is a record of one claim.
type recordID struct {
	source string
	claim  int
	offset int64
}

func (i recordID) finished(s *scenario) bool {
	source := s.sources[i.source]
	source.mu.Lock()
	claim := source.claims[i.claim]
	source.mu.Unlock()
	watermark, holes := claim.Progress()
	return i.offset < watermark || holes.Contains(i.offset)
}

var idPattern = regexp.MustCompile(`"id":"([ab])/(\d+)/(\d+)"`)

// idsIn are the records whose values are in a value.
func idsIn(t *testing.T, r *engine.Record) []recordID {
	text, err := value.Append(nil, r.List())
	if err != nil {
		t.Error(err)
	}
	var ids []recordID
	for _, m := range idPattern.FindAllStringSubmatch(string(text), -1) {
		claim, _ := strconv.Atoi(m[2])
		offset, _ := strconv.ParseInt(m[3], 10, 64)
		if i := (recordID{m[1], claim, offset}); !slices.Contains(ids, i) {
			ids = append(ids, i)
		}
	}
	return ids
}
