package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"waterhealer/engine"
)

const (
	stdinPath  = "-"
	stdinTopic = "stdin"
)

// files are what a source reads, one after another.
type files struct {
	source, where string // the node and its position in the pipeline file
	path, topic   string
	format, codec string
	lists         bool // CSV rows are lists: there is no header
	batch         int  // elements of a batch; 0 is no batches
	stdin         io.Reader
	clock         engine.Clock
}

func (f files) layout(path string) (*layout, error) {
	return newLayout(f.format, path, f.codec, !f.lists)
}

// fileSource plays files. Each is a claim of its own, with its own offsets.
type fileSource struct {
	files files
	held  claims
}

// Run plays the files to their end.
func (s *fileSource) Run(ctx context.Context, in engine.Intake) error {
	paths, err := s.files.paths()
	for _, path := range paths {
		if err = s.play(ctx, in, path); err != nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil && ctx.Err() == nil {
		return sourceError(s.files.source, s.files.where, err)
	}
	return nil
}

// Close gives up the claims.
func (s *fileSource) Close(ctx context.Context) error {
	s.held.revoke(ctx)
	return nil
}

// play reads one file in a goroutine, since a read may block as long as it
// likes, and pushes what it finds.
func (s *fileSource) play(ctx context.Context, in engine.Intake, path string) error {
	topic := s.files.topicOf(path)
	// The claim is that of the file, whatever its records say: messages about
	// failed records name it.
	claim := s.held.claim(in, s.files.source, nameOf(path))
	reading, stop := context.WithCancel(ctx)
	defer stop()
	cut := make(chan []*engine.Record)
	done := make(chan error, 1)
	go func() { done <- s.read(reading, path, topic, cut) }()
	for {
		select {
		case records := <-cut:
			if !push(ctx, in, claim, records) {
				return nil
			}
		case err := <-done:
			return err
		case <-ctx.Done():
			// Nobody waits for the reader: standard input may keep it for good. It
			// ends when its read returns, and can push nothing any more.
			return nil
		}
	}
}

// read cuts a file into slices of records.
func (s *fileSource) read(ctx context.Context, path, topic string, out chan<- []*engine.Record) error {
	cut := slicer{topic: topic, batch: s.files.batch, now: s.files.clock.Now, give: func(records []*engine.Record) error {
		select {
		case out <- records:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	before := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return cut.pause()
	}
	if err := s.files.scan(ctx, path, before, cut.add); err != nil {
		return err
	}
	return cut.flush()
}

// scan reads one file; before is called before each read.
func (f files) scan(ctx context.Context, path string, before func() error, yield func(engine.Record, error) error) error {
	l, err := f.layout(path)
	if err != nil {
		return err
	}
	if path == stdinPath {
		if f.stdin == nil {
			return errors.New("there is no standard input")
		}
		defer interrupt(ctx, f.stdin)()
		return named(stdinTopic, l.scan(eager{f.stdin, before}, yield))
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; %s reads the files in it", path, filepath.Join(path, "*"))
	}
	defer interrupt(ctx, file)()
	return named(path, l.scan(eager{file, before}, yield))
}

// interrupt ends a read that waits, once ctx is done, where the input can be
// interrupted at all.
func interrupt(ctx context.Context, in io.Reader) (release func() bool) {
	return context.AfterFunc(ctx, func() {
		if waiting, ok := in.(interface{ SetReadDeadline(time.Time) error }); ok {
			_ = waiting.SetReadDeadline(time.Unix(1, 0))
		}
	})
}

// named adds the file to an error that does not name it.
func named(path string, err error) error {
	var inPath *os.PathError
	if err == nil || errors.As(err, &inPath) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// topicOf is what records of a file say they come from.
func (f files) topicOf(path string) string {
	if f.topic != "" {
		return f.topic
	}
	return nameOf(path)
}

// nameOf is what messages call a file.
func nameOf(path string) string {
	if path == stdinPath {
		return stdinTopic
	}
	return path
}

// paths are the files to read. A file that is called like a pattern is itself.
func (f files) paths() ([]string, error) {
	if f.path == stdinPath || !strings.ContainsAny(f.path, "*?[") {
		return []string{f.path}, nil
	}
	if _, err := os.Lstat(f.path); err == nil {
		return []string{f.path}, nil
	}
	found, err := filepath.Glob(f.path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", f.path, err)
	}
	found = slices.DeleteFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	})
	if len(found) == 0 {
		return nil, fmt.Errorf("no file matches %s", f.path)
	}
	slices.Sort(found)
	return found, nil
}

func isCSV(path string) bool { return strings.EqualFold(filepath.Ext(path), ".csv") }

// claims are the claims of one source.
type claims struct {
	in   engine.Intake
	held []*engine.Claim
}

func (c *claims) claim(in engine.Intake, source, topic string) *engine.Claim {
	claim := in.Claim(engine.ClaimOptions{Source: source, Topic: topic, Uncommitted: true})
	c.in, c.held = in, append(c.held, claim)
	return claim
}

func (c *claims) revoke(ctx context.Context) {
	for _, claim := range c.held {
		c.in.Revoke(ctx, claim)
	}
	c.held = nil
}

// sourceError says at which node a source could not go on.
func sourceError(source, where string, err error) error {
	if where == "" {
		return fmt.Errorf("source %s: %w", source, err)
	}
	return &engine.NodeError{Node: source, Where: where, Err: err}
}
