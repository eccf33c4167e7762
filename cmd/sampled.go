package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/local"
	"waterhealer/operators"
)

// sampled reads --sample for the sources of a pipeline. All of a sample must be
// readable: one that is not would tell less than it seems to.
func (p *program) sampled(ctx context.Context, pipeline *configs.Pipeline, texts []string) (map[string]*operators.Sampled, error) {
	files, err := assign("--sample", pipeline, texts)
	if err != nil {
		return nil, err
	}
	samples := make(map[string]*operators.Sampled, len(files))
	for _, n := range pipeline.Sources {
		path, given := files[n.Name]
		if !given {
			continue
		}
		s := operators.NewSampled(pipeline, n)
		if err := p.sample(ctx, s, n, path); err != nil {
			return nil, err
		}
		samples[n.Name] = s
	}
	return samples, nil
}

func (p *program) sample(ctx context.Context, s *operators.Sampled, n *configs.Node, path string) error {
	enough := errors.New("enough")
	var refused error
	err := local.Records(ctx, local.FileOptions{Node: n, Path: path, Codec: s.Codec(), Stdin: p.stdin}, func(file string, r *engine.Record, err error) error {
		where, more := fmt.Sprintf("%s:%d", file, r.Line), false
		if err == nil {
			more, err = s.Add(r, where)
		}
		switch {
		case err != nil:
			refused = fmt.Errorf("%s: %w", where, err)
			return enough
		case !more:
			return enough
		}
		return nil
	})
	if err == nil || errors.Is(err, enough) {
		err = refused
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitHalted, err: errors.New("stopped")}
	case err != nil:
		return usageError("cannot read the sample of source %q: %w", n.Name, err)
	case s.Count() == 0:
		return usageError("the sample %s of source %q has no records", path, n.Name)
	}
	return nil
}

// readOnce makes sure that standard input is read by one sample or as a pipeline
// file, not by several.
func readOnce(samples, paths []string) error {
	readers := 0
	for _, text := range samples {
		if text == stdinPath || strings.HasSuffix(text, "="+stdinPath) {
			readers++
		}
	}
	if readers == 0 || readers == 1 && len(paths) == 1 && !slices.Contains(paths, stdinPath) {
		return nil
	}
	return usageError("standard input can be read only once: as a pipeline file, or as a sample of one file")
}
