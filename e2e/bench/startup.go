package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// starts is how often the start is measured.
const starts = 11

// startup measures how long the program takes from its start until the first
// record is healed, with the broker in its own process, and how large it is.
func (s *suite) startup(ctx context.Context) error {
	seed, err := s.seedFile(1000)
	if err != nil {
		return err
	}
	var took []float64
	for range starts {
		first, err := s.firstHealed(ctx, seed)
		if err != nil {
			return fmt.Errorf("start: %w", err)
		}
		took = append(took, float64(first.Microseconds())/1000)
	}
	binary, err := os.Stat(s.binary)
	if err != nil {
		return err
	}
	size := float64(binary.Size()) / 1e6
	fmt.Fprintf(s.out, "\nstart to first record healed, embedded, median of %d: %.0f ms; the binary has %.1f MB\n", starts, median(took), size)
	missed, err := printVerdicts(s.out, []verdict{
		{about: "start to first record healed, ms", most: 150, measured: median(took)},
		{about: "binary, MB", most: 40, measured: size},
	})
	s.missed += missed
	return err
}

// seedFile has the first orders of the data set.
func (s *suite) seedFile(n int) (string, error) {
	set, err := newDataSet(orders200, s.seed, s.root)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.dir, "orders.jsonl")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	lines := bufio.NewWriter(file)
	for range n {
		fmt.Fprintf(lines, "%s\n", set.next().value)
	}
	if err := lines.Flush(); err != nil {
		return "", err
	}
	return path, file.Close()
}

// firstHealed is the time from the program's start until the first line of its
// output is here. That output is what must acknowledge a record.
func (s *suite) firstHealed(ctx context.Context, seed string) (time.Duration, error) {
	p := newProcess(ctx, nil, s.binary, "run", filepath.Join(s.root, "e2e", "bench", "testdata", "startup.yaml"),
		"--embedded", "--seed", "in="+seed, "--until-end")
	p.command.Stdout = nil
	output, err := p.command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := p.start(); err != nil {
		return 0, err
	}
	_, err = bufio.NewReader(output).ReadString('\n')
	took := time.Since(p.began)
	p.kill()
	if errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("nothing was healed:\n%s", p.stderr.String())
	}
	return took, err
}
