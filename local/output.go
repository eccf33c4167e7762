package local

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"waterhealer/configs"
	"waterhealer/engine"
)

// OutputOptions are what an output of this package is made from.
type OutputOptions struct {
	Node   *configs.Node
	Render engine.Render // makes the line of a record; drop needs none
	// Codec is how Render encodes values; it decides what a line is where the
	// node does not say: json (or "") jsonl, text and csv themselves.
	Codec string
	// Stdout is what stdout nodes write to. Several get one [Shared].
	Stdout io.Writer
	Logger *slog.Logger // nil is none
}

// NewOutput makes a file, stdout or drop output.
func NewOutput(o OutputOptions) (engine.Output, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	n := o.Node
	format := formatOf(n, o.Codec)
	switch n.Kind {
	case kindFile:
		return newFileOutput(n.Values.String("path"), format, o.Render, o.Logger), nil
	case kindStdout:
		return newSharedOutput(o.Stdout, lineOf(o.Render, format)), nil
	case kindDrop:
		return drop{}, nil
	}
	return nil, fmt.Errorf("%s: %s is no output of package local", n.KindPos, n.Kind)
}

// formatOf is the format of a file or stdout node whose payloads have a codec.
func formatOf(n *configs.Node, codec string) string {
	if format := n.Values.String("format"); format != "" {
		return format
	}
	switch codec {
	case codecText:
		return formatText
	case codecCSV:
		return formatCSV
	}
	return formatJSONL
}

// drop acknowledges everything.
type drop struct{}

// Open has nothing to open.
func (drop) Open(context.Context) error { return nil }

// Write acknowledges all records.
func (drop) Write(context.Context, []*engine.Record) []error { return nil }

// Close has nothing to close.
func (drop) Close(context.Context) error { return nil }
