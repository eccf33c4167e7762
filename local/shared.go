package local

import (
	"bytes"
	"context"
	"io"
	"slices"

	"waterhealer/engine"
)

// Shared lets several outputs write to one writer, whole lines at a time. It
// is safe for concurrent use.
type Shared struct {
	w io.Writer
	// turn holds one token, which whoever writes has taken.
	turn chan struct{}
	// rest is what is missing of a line that was cut; the holder of turn may use it.
	rest []byte
}

// Share wraps a writer, unless it is a [Shared] already.
func Share(w io.Writer) *Shared {
	if s, ok := w.(*Shared); ok {
		return s
	}
	s := &Shared{w: w, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// Write writes as if all of p were one line.
func (s *Shared) Write(p []byte) (int, error) {
	n, err := s.write(context.Background(), p, []int{len(p)})
	return n * len(p), err
}

// write writes lines. When ctx is done it returns, though the write goes on:
// nobody else gets a turn until it came back.
func (s *Shared) write(ctx context.Context, data []byte, ends []int) (int, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	type result struct {
		lines int
		err   error
	}
	if ctx.Done() == nil {
		defer func() { s.turn <- struct{}{} }()
		return s.put(data, ends)
	}
	done := make(chan result, 1)
	ends = slices.Clone(ends)
	go func() {
		lines, err := s.put(data, ends)
		s.turn <- struct{}{}
		done <- result{lines, err}
	}()
	select {
	case r := <-done:
		return r.lines, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// put writes what is missing of a cut line, then lines.
func (s *Shared) put(data []byte, ends []int) (int, error) {
	if len(s.rest) > 0 {
		n, err := s.w.Write(s.rest)
		s.rest = s.rest[n:]
		if err != nil {
			return 0, err
		}
	}
	n, err := s.w.Write(data)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		return len(ends), nil
	}
	lines, full := wholeLines(ends, n)
	if n > full {
		s.rest = bytes.Clone(data[n:ends[lines]])
	}
	return lines, err
}

// wholeLines counts the lines that end within the first n bytes, and those
// lines' bytes.
func wholeLines(ends []int, n int) (lines, full int) {
	for lines < len(ends) && ends[lines] <= n {
		full = ends[lines]
		lines++
	}
	return lines, full
}

// sharedOutput writes lines to a [Shared].
type sharedOutput struct{ lines writer }

func newSharedOutput(w io.Writer, line toLine) *sharedOutput {
	return &sharedOutput{newWriter(Share(w), line)}
}

// Open has nothing to open: the writer is its owner's.
func (o *sharedOutput) Open(context.Context) error { return nil }

// Write writes the records' lines.
func (o *sharedOutput) Write(ctx context.Context, records []*engine.Record) []error {
	return o.lines.write(ctx, records)
}

// Close has nothing to close.
func (o *sharedOutput) Close(context.Context) error { return nil }
