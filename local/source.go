package local

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"waterhealer/configs"
	"waterhealer/engine"
)

// SourceOptions are what a source of this package is made from.
type SourceOptions struct {
	Node *configs.Node
	// Generate computes the value of record index of a generate node; nil for
	// others.
	Generate func(index int64) (any, error)
	Stdin    io.Reader
	Clock    engine.Clock // nil is the machine's
	Logger   *slog.Logger // nil is none
}

// NewSource makes the source of a file, stdin, generate or values node. Files
// are opened when it runs.
func NewSource(o SourceOptions) (engine.Source, error) {
	if o.Clock == nil {
		o.Clock = engine.RealClock{}
	}
	n, v := o.Node, o.Node.Values
	switch n.Kind {
	case kindFile, kindStdin:
		return &fileSource{files: filesOf(o)}, nil
	case kindGenerate:
		if o.Generate == nil {
			return nil, sourceError(n.Name, n.KindPos.String(), errors.New("the expression of generate was not compiled"))
		}
		records := v.Int("count")
		if records == 0 {
			records = -1
		}
		return &inlineSource{node: n.Name, next: o.Generate, count: records, every: v.Duration("interval"), clock: o.Clock}, nil
	case kindValues:
		items := v.Item("items").Items()
		data := make([][]byte, len(items))
		for i, item := range items {
			data[i] = item.JSON()
		}
		next, err := listed(data)
		if err != nil {
			return nil, sourceError(n.Name, v.Pos("items").String(), err)
		}
		return &inlineSource{node: n.Name, next: next, count: int64(len(data)), clock: o.Clock}, nil
	}
	return nil, fmt.Errorf("%s: %s is no source of package local", n.KindPos, n.Kind)
}

// filesOf reads a file or stdin node. CSV rows come as values; lines are left
// to the node's decoder, which follows the format where `decode` is not written.
func filesOf(o SourceOptions) files {
	n, v := o.Node, o.Node.Values
	f := files{
		source: n.Name, where: n.KindPos.String(), path: stdinPath,
		format: v.String("format"), lists: !v.Bool("header"), stdin: o.Stdin, clock: o.Clock,
	}
	if n.Kind == kindFile {
		f.path, f.where = v.String("path"), v.Pos("path").String()
	}
	switch {
	case f.format == formatCSV:
		f.codec = codecValue
	case n.Common.Has("decode"):
		f.codec = n.Common.String("decode")
	case f.format == formatText:
		f.codec = codecText
	default:
		f.codec = codecJSON
	}
	return f
}
