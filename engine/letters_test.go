package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// headersOf are the headers of a letter by name; of equal ones the last.
func headersOf(r *Record) map[string]string {
	headers := make(map[string]string)
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	return headers
}

// A letter has the record's own bytes and, behind its own headers, ours. Texts
// are cut at 1 KiB, and never within a character.
func TestLetterKeepsBytesAndCutsTexts(t *testing.T) {
	for at := range 4 {
		text := strings.Repeat("x", letterValueLimit-at) + strings.Repeat("€😀", 10)
		source := &Record{
			Raw: []byte("{\xff"), Intact: true, Key: []byte{0, 1}, Topic: "t", Offset: 7, Claim: &Claim{},
			Headers: []Header{{Key: "a", Value: []byte{0xfe}}, {Key: "waterhealer-error", Value: []byte("own")}, {Key: "nil"}},
		}
		f := &Failure{Node: "n", Source: "in", Topic: "t", Offset: 7, Attempts: 5, Err: errors.New(text), At: time.Unix(0, 0)}
		out := letter(source, f, false)
		cut := string(out.Headers[3].Value)
		if !utf8.ValidString(cut) || len(cut) > letterValueLimit || len(cut) <= letterValueLimit-utf8.UTFMax || !strings.HasPrefix(text, cut) {
			t.Errorf("%d bytes before the limit: the error became %d bytes, %q", at, len(cut), cut[letterValueLimit-8:])
		}
		expect(t, "value", string(out.Raw), "{\xff")
		expect(t, "key", string(out.Key), "\x00\x01")
		expect(t, "headers", len(out.Headers), 11)
		expect(t, "own header", string(out.Headers[0].Value), "\xfe")
		expect(t, "own header of our name", string(out.Headers[1].Value), "own")
		expect(t, "attempts", headersOf(out)["waterhealer-attempts"], "5")
		expect(t, "the record's own headers", len(source.Headers), 3)
	}
	if got := shortened(strings.Repeat("\x80", 2*letterValueLimit)); len(got) > letterValueLimit || len(got) < letterValueLimit-utf8.UTFMax {
		t.Errorf("bytes that are no text were cut to %d", len(got))
	}
}

// A value made of several records that fails makes a letter for each of them.
func TestLettersOfAJoinedValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters := newAwayLetters()
		close(letters.here)
		join := &Node{Name: "join", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			out.Emit(r.With("all"))
			return nil
		})}
		out := &funcOutput{write: each(func(r *Record) error { return Refused(errors.New("no")) })}
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 6)) })}}
		node := output(out)
		node.Policy = quickly(ThenDeadLetter, letters.node)
		line(g, source(), windowing(&window{size: 3}), join, healing(), node)
		g.Nodes = append(g.Nodes, letters.node)
		result := runToEnd(t, g)
		expect(t, "letters", letters.output.got(), "0/0 0/1 0/2 0/3 0/4 0/5")
		for i, r := range letters.output.written {
			expect(t, "bytes", string(r.Raw), fmt.Sprint(i))
			expect(t, "attempts", headersOf(r)["waterhealer-attempts"], "3")
		}
		expect(t, "watermark", watermarks(result)[0], 6)
	})
}

// splitting makes n records of each.
func splitting(n int) *Node {
	return &Node{Name: "split", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		for i := range n {
			out.Emit(r.With(int64(i)))
		}
		return nil
	})}
}

// However many of the values made of a record fail, it has one letter, which is
// written when nothing else of it is open, and it alone is behind it.
func TestOneLetterPerRecord(t *testing.T) {
	for name, order := range map[string]Order{"in order": OrderPartition, "in any order": OrderNone} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				letters := newAwayLetters()
				close(letters.here)
				written := 0
				letters.output.write = func(context.Context, []*Record) []error {
					if written != 500 {
						t.Errorf("the letter was written when %d of 500 values were", written)
					}
					return nil
				}
				out := &funcOutput{write: each(func(r *Record) error {
					if r.Value.(int64)%2 == 1 {
						return Refused(errors.New("poison"))
					}
					written++
					return nil
				})}
				node := output(out)
				node.Policy = quickly(ThenDeadLetter, letters.node)
				g := &Graph{Workers: 2, Order: order, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 1)) })}}
				line(g, source(), splitting(1000), healing(), node)
				g.Nodes = append(g.Nodes, letters.node)
				result := runToEnd(t, g)
				expect(t, "letters", letters.output.got(), "0/0")
				expect(t, "watermark", watermarks(result)[0], 1)
				expect(t, "failed", result.Nodes[3].Failed, 500)
				expect(t, "letters taken", result.Nodes[len(result.Nodes)-1].In, 1)
			})
		})
	}
}

// While the output of dead letters is away the record is held, and other
// partitions go on.
func TestOthersGoOnWhileLettersAreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters, out := newAwayLetters(), &funcOutput{}
		node := failing(func(r *Record) bool { return r.Partition == 0 && r.Offset == 1 })
		node.Policy = quickly(ThenDeadLetter, letters.node)
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 3))
			in.Push(claimOf(in, 1), records(1, 0, 3))
		})}}
		line(g, source(), node, healing(), output(out))
		g.Nodes = append(g.Nodes, letters.node)
		rt, wait := start(t, t.Context(), g, Options{})
		time.Sleep(10 * time.Minute) //nolint:forbidigo // virtual time
		synctest.Wait()
		expect(t, "written", out.got(), "0/0 1/0 1/1 1/2")
		expect(t, "watermark", rt.Claims()[0].Watermark, 1)
		expect(t, "watermark of the other", rt.Claims()[1].Watermark, 3)
		close(letters.here)
		result := wait()
		expect(t, "watermark in the end", watermarks(result)[0], 3)
		if result.Halted != nil {
			t.Error(result.Halted)
		}
	})
}

// A letter that is put back is the original record to all nodes and finishes
// the letter; failing again it has had one attempt more.
func TestPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters, out := newAwayLetters(), &funcOutput{}
		close(letters.here)
		other := &Node{Name: "other", Role: RoleSource, Decode: func(r *Record) error {
			r.Value = "decoded by other"
			return nil
		}}
		node := failing(func(r *Record) bool { return r.Offset == 70 })
		node.Policy = quickly(ThenDeadLetter, letters.node)
		var c *Claim
		g := &Graph{Workers: 2, Order: OrderKey, Sources: []Source{pushing(false, func(in Intake) {
			c = in.Claim(ClaimOptions{Source: "dead", Topic: "dead", Partition: 5, Start: 3})
			var put []*Record
			for i, name := range []string{"in", "other", "in"} {
				r := &Record{
					Raw: []byte("1"), Intact: true, Key: []byte("k"), Topic: "t", Partition: 9, Offset: int64(90 - 10*i), Known: KnownAll,
				}
				r.PutBack(Letter{Source: name, Offset: int64(3 + i), Attempts: 4})
				put = append(put, r)
			}
			batch := NewBatch(put[2:])
			batch.PutBack(Letter{Source: "in", Offset: 5})
			in.Push(c, []*Record{put[0], put[1], batch})
		})}}
		line(g, source(), flatteningBatches(), node, healing(), output(out))
		g.Nodes = append([]*Node{other}, append(g.Nodes, letters.node)...)
		g.Connect(other, g.Nodes[2], 0)
		result := runToEnd(t, g)
		expect(t, "written", out.got(), "9/90 9/80")
		expect(t, "value of the second", out.written[1].Value, any("decoded by other"))
		expect(t, "letters", letters.output.got(), "9/70")
		headers := headersOf(letters.output.written[0])
		for name, want := range map[string]string{"source": "in", "topic": "t", "partition": "9", "offset": "70", "attempts": "5", "node": "failing"} {
			expect(t, name, headers["waterhealer-"+name], want)
		}
		expect(t, "watermark", watermarks(result)[5], 6)
	})
}

// flatteningBatches takes batches apart and passes the rest on.
func flatteningBatches() *Node {
	return &Node{Name: "flatten", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		r.Elements(out.Emit)
		return nil
	})}
}
