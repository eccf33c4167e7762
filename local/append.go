package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"waterhealer/engine"
)

// file is what an output needs of an *os.File.
type file interface {
	io.Writer
	io.ReaderAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// fileOutput appends lines to a file.
//
// A line is acknowledged by Sync, so a line that is not whole was never
// acknowledged and is written again. What is left of one never runs into the
// next line: in a running process it is cut off again, and what a killed
// process left is seen to when the file is opened ([fileOutput.mend]).
type fileOutput struct {
	path, format string
	log          *slog.Logger
	lines        writer
	file         file
	special      bool   // a pipe or a device: nothing to mend, nothing to sync
	torn         []byte // of a line that was cut, at the file's end
}

func newFileOutput(path, format string, render engine.Render, log *slog.Logger) *fileOutput {
	o := &fileOutput{path: path, format: format, log: log}
	o.lines = newWriter(o, lineOf(render, format))
	return o
}

// Open opens or creates the file and mends its end.
func (o *fileOutput) Open(context.Context) error {
	flags := os.O_RDWR | os.O_APPEND | os.O_CREATE
	info, err := os.Stat(o.path)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder, not a file", o.path)
	}
	if o.special = err == nil && !info.Mode().IsRegular(); o.special {
		flags = os.O_WRONLY | os.O_APPEND
	}
	created := errors.Is(err, fs.ErrNotExist)
	opened, err := os.OpenFile(o.path, flags, 0o644)
	if err != nil {
		folder := filepath.Dir(o.path)
		if _, missing := os.Stat(folder); errors.Is(missing, fs.ErrNotExist) {
			return fmt.Errorf("%w: the folder %s is missing", err, folder)
		}
		return err
	}
	o.file = opened
	if o.special {
		o.lines.to = Share(opened)
		return nil
	}
	if created {
		syncFolder(filepath.Dir(o.path))
	}
	if err := o.mend(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", o.path, err), opened.Close())
	}
	return nil
}

// syncFolder makes a new file's name outlast a crash, where the system can.
func syncFolder(folder string) {
	d, err := os.Open(folder)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

// Write appends the records' lines.
func (o *fileOutput) Write(ctx context.Context, records []*engine.Record) []error {
	return o.lines.write(ctx, records)
}

// Sync puts on the disk what was written.
func (o *fileOutput) Sync(context.Context) error {
	if o.special {
		return nil
	}
	return o.file.Sync()
}

// Close closes the file.
func (o *fileOutput) Close(context.Context) error {
	if o.file == nil {
		return nil
	}
	err := errors.Join(o.cutTorn(), o.Sync(context.Background()), o.file.Close())
	o.file = nil
	return err
}

// write appends lines, all or, when it fails, the first few.
func (o *fileOutput) write(_ context.Context, data []byte, ends []int) (int, error) {
	if err := o.cutTorn(); err != nil {
		return 0, err
	}
	n, err := o.file.Write(data)
	if err == nil {
		return len(ends), nil
	}
	lines, full := wholeLines(ends, n)
	o.torn = bytes.Clone(data[full:n])
	if cutting := o.cutTorn(); cutting != nil {
		o.log.Warn("a line was cut by a failed write and could not be taken back yet", "path", o.path, "error", cutting)
	}
	return lines, err
}

// cutTorn takes back the part of a line that a failed write left. Where
// another process has written behind it, it can only be ended.
func (o *fileOutput) cutTorn() error {
	if len(o.torn) == 0 {
		return nil
	}
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	tail := make([]byte, len(o.torn))
	from := info.Size() - int64(len(tail))
	if from >= 0 {
		if _, err := o.file.ReadAt(tail, from); err != nil {
			return err
		}
	}
	if from >= 0 && bytes.Equal(tail, o.torn) {
		err = o.file.Truncate(from)
	} else {
		_, err = o.file.Write([]byte("\n"))
	}
	if err == nil {
		o.torn = nil
	}
	return err
}
