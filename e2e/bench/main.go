package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// The children that this binary starts of itself.
const (
	commandLoad     = "load"
	commandBaseline = "baseline"
)

func command(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case commandLoad:
			return loadCommand(ctx, args[1:], out)
		case commandBaseline:
			return baselineCommand(ctx, args[1:], out)
		}
	}
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "waterhealer-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := build(ctx, o.root, dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s := &suite{options: o, binary: binary, self: self, dir: dir, out: out, log: os.Stderr}
	return s.run(ctx)
}

// build builds the program as `make build` does.
func build(ctx context.Context, root, dir string) (string, error) {
	binary := filepath.Join(dir, "waterhealer")
	build := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", binary, ".")
	build.Dir, build.Stdout, build.Stderr = root, os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the program: %w", err)
	}
	return binary, nil
}
