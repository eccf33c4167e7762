package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// profileRate samples one allocation in so many bytes: often enough that the
// figures are good to a few percent.
const profileRate = "GODEBUG=memprofilerate=8192"

// allocations per record. Whose an allocation is says the innermost function on
// its stack that is the program's or sarama's: what sarama calls back is ours,
// what we call of sarama is its own.
type allocations struct {
	ours, sarama, others float64 // objects
	bytes                float64 // all
}

func (a allocations) all() float64 { return a.ours + a.sarama + a.others }

// allocations runs a contender once more, with a profile.
func (f *field) allocations(ctx context.Context, c contender) (a allocations, err error) {
	file := filepath.Join(f.dir, c.name+".pprof")
	defer func() { _ = os.Remove(file) }()
	if _, err := f.measure(ctx, c, file); err != nil {
		return a, err
	}
	objects, err := traces(ctx, file, "alloc_objects")
	if err != nil {
		return a, err
	}
	space, err := traces(ctx, file, "alloc_space")
	if err != nil {
		return a, err
	}
	records := float64(f.made.Records)
	a.ours, a.sarama, a.others = objects.ours/records, objects.sarama/records, objects.others/records
	a.bytes = (space.ours + space.sarama + space.others) / records
	return a, nil
}

// traces adds up a profile by whose code allocated.
func traces(ctx context.Context, file, index string) (a allocations, err error) {
	show := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", "-unit=B", "-sample_index="+index, file)
	var problems bytes.Buffer
	show.Stderr = &problems
	text, err := show.Output()
	if err != nil {
		return a, fmt.Errorf("go tool pprof: %w\n%s", err, problems.String())
	}
	for _, trace := range strings.Split(string(text), "-----------+")[1:] {
		if strings.Contains(trace, "cmd.floorHeap") {
			continue // once, and nobody touches it: it is there for the garbage collector to count
		}
		n, owner := attribute(trace)
		switch owner {
		case ours:
			a.ours += n
		case saramas:
			a.sarama += n
		default:
			a.others += n
		}
	}
	return a, nil
}

type owner int

const (
	nobodys owner = iota
	ours
	saramas
)

var amount = regexp.MustCompile(`^ *([0-9.]+)(B)? +(\S.*)$`)

// attribute reads one trace: dashes, perhaps labels, then the amount beside the
// innermost function, then its callers.
func attribute(trace string) (n float64, o owner) {
	found := false
	for _, line := range strings.Split(trace, "\n") {
		function := strings.TrimSpace(line)
		if !found {
			match := amount.FindStringSubmatch(line)
			if match == nil {
				continue
			}
			n, _ = strconv.ParseFloat(match[1], 64) // it has matched as a number
			found, function = true, match[3]
		}
		switch {
		case strings.Contains(function, "github.com/IBM/sarama"):
			return n, saramas
		case strings.HasPrefix(function, "waterhealer/"), strings.HasPrefix(function, "main."):
			return n, ours
		}
	}
	return n, nobodys
}
