package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// shownBytes is how much of a line that is cut off the log shows.
const shownBytes = 1024

// mend sees to the end of a file that was there: a process that was killed in
// a write may have left a part of a line, which the next line must not run into.
// Our own part was never acknowledged. But nothing tells it from the last line
// of a file that someone wrote without a line end, so nothing is deleted that
// could be data:
//
//   - jsonl: a last line that is not JSON is no line of such a file, whoever
//     wrote it: it is cut off, and the log shows it. One that is JSON is ended.
//   - text: the last line is ended.
//   - csv: a quoted field that is open is closed, else it would swallow all
//     rows to come; then the row is ended.
func (o *fileOutput) mend() error {
	info, err := o.file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	size := info.Size()
	if o.format == formatCSV {
		return o.mendCSV(size)
	}
	last, err := lastLine(o.file, size)
	if err != nil || len(last) == 0 {
		return err
	}
	if o.format == formatJSONL && !json.Valid(last) {
		o.log.Warn("the file ended in a part of a line, which was cut off", "path", o.path,
			"bytes", len(last), "start", string(last[:min(len(last), shownBytes)]))
		return o.file.Truncate(size - int64(len(last)))
	}
	return o.end("\n")
}

func (o *fileOutput) mendCSV(size int64) error {
	physical := newLines(io.NewSectionReader(o.file, 0, size))
	open, ended := false, true
	for {
		line, err := physical.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		open, ended = opens(body(line), open), line[len(line)-1] == '\n'
	}
	switch {
	case open:
		return o.end("\"\n")
	case !ended:
		return o.end("\n")
	}
	return nil
}

// end ends the last line.
func (o *fileOutput) end(with string) error {
	o.log.Warn("the file's last line was not ended; now it is", "path", o.path)
	_, err := o.file.Write([]byte(with))
	return err
}

// lastLine is what stands behind the last line end.
func lastLine(in io.ReaderAt, size int64) ([]byte, error) {
	var tail []byte
	for from := size; from > 0; {
		n := min(from, int64(max(arenaSize, len(tail))))
		from -= n
		part := make([]byte, n, int(n)+len(tail))
		if _, err := in.ReadAt(part, from); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if at := bytes.LastIndexByte(part, '\n'); at >= 0 {
			return append(part[at+1:], tail...), nil
		}
		tail = append(part, tail...)
	}
	return tail, nil
}
