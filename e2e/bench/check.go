package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// untilEnd waits for a contender that ends by itself, and makes sure that it did
// all its work: it says so, and so it looks from outside.
func (f *field) untilEnd(ctx context.Context, c contender, p *process, group string, topics []string) error {
	if err := p.wait(); err != nil {
		return err
	}
	var read int64
	if c.baseline {
		var e ended
		if err := json.Unmarshal(p.stdout.Bytes(), &e); err != nil {
			return fmt.Errorf("what it says at its end: %w", err)
		}
		read = e.In
	} else {
		r, err := reportOf(p.stderr.Bytes())
		if err != nil {
			return err
		}
		if r.Failed > 0 {
			return fmt.Errorf("%d records failed", r.Failed)
		}
		read = r.In
	}
	if read != f.made.Records {
		return fmt.Errorf("it read %d of %d records", read, f.made.Records)
	}
	return f.checkOutside(ctx, c, group, topics)
}

// checkOutside makes sure that the group has committed everything, and that the
// topics hold what they should.
func (f *field) checkOutside(ctx context.Context, c contender, group string, topics []string) error {
	committed, err := f.broker.committed(ctx, group, f.topic)
	if err != nil {
		return err
	}
	if committed != f.made.Records {
		return fmt.Errorf("it committed %d of %d records", committed, f.made.Records)
	}
	for i, topic := range topics {
		holds, err := f.broker.holds(ctx, topic)
		if err != nil {
			return err
		}
		if want := c.writes[i](f.made); holds != want {
			return fmt.Errorf("it wrote %d messages to %s, want %d", holds, topic, want)
		}
	}
	return nil
}

// runReport is the last line of the program's log.
type runReport struct {
	Message string `json:"msg"`
	In      int64  `json:"in"`
	Failed  int64  `json:"failed"`
}

func reportOf(log []byte) (runReport, error) {
	for line := range bytes.Lines(log) {
		var r runReport
		if json.Unmarshal(line, &r) == nil && r.Message == "run ended" {
			return r, nil
		}
	}
	return runReport{}, errors.New("the log does not say how the run ended:\n" + tail(string(log)))
}
