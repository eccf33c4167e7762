package local

import (
	"context"
	"io"

	"waterhealer/configs"
	"waterhealer/engine"
)

// FileOptions say which file is played as the records of a source node.
type FileOptions struct {
	// Node is the source node; [Payloads] needs none. Of a file or stdin node
	// format and header hold for the file that is played, too; kafka_batched
	// gets batches of its size.
	Node *configs.Node
	// Path is a file, a pattern, or "-" for standard input.
	Path string
	// Topic is what the records say they come from; "" is the path. Messages
	// about failed records name the path in any case.
	Topic string
	// Format is jsonl, csv or text. "" is the node's or, where it has none, csv
	// where Codec is csv, or where the path ends in .csv and Codec is json or "";
	// else lines.
	Format string
	// Codec is the node's decoder, for which the records bring a payload:
	//
	//	json         a line is a payload; a CSV row becomes a JSON payload by the
	//	             names in the header
	//	text, bytes  a line is a payload
	//	csv          a row is a payload, the first too, as a topic holds them
	//	""           the node does not decode: records bring their value
	Codec string
	Stdin io.Reader    // what "-" reads
	Clock engine.Clock // nil is the machine's
}

func (o FileOptions) files() (files, error) {
	f := files{path: o.Path, topic: o.Topic, format: o.Format, codec: o.Codec, stdin: o.Stdin, clock: o.Clock}
	if f.clock == nil {
		f.clock = engine.RealClock{}
	}
	if n := o.Node; n != nil {
		f.source = n.Name
		switch n.Kind {
		case kindFile, kindStdin:
			f.lists = !n.Values.Bool("header")
			if f.format == "" {
				f.format = n.Values.String("format")
			}
		case kindBatched:
			f.batch = int(n.Values.Int("size"))
		}
	}
	_, err := f.layout(o.Path)
	return f, err
}

// NewFileSource plays a file in place of any source node. The file is opened
// when the source runs.
func NewFileSource(o FileOptions) (engine.Source, error) {
	f, err := o.files()
	if err != nil {
		return nil, sourceError(f.source, "", err)
	}
	return &fileSource{files: f}, nil
}

// Payloads reads a file as [NewFileSource] does and yields one payload after
// another, with the line where it starts; Codec "" is json. It ends at the
// first record that cannot be read.
func Payloads(ctx context.Context, o FileOptions, yield func(line int, payload []byte) error) error {
	if o.Codec == codecValue {
		o.Codec = codecJSON
	}
	return Records(ctx, o, func(_ string, r *engine.Record, err error) error {
		if err != nil {
			return err
		}
		return yield(r.Line, r.Raw)
	})
}

// Records reads a file as [NewFileSource] does and yields one record after
// another, with the name of its file and what is wrong with it. It ends at the
// first error of yield.
func Records(ctx context.Context, o FileOptions, yield func(file string, r *engine.Record, err error) error) error {
	f, err := o.files()
	if err != nil {
		return err
	}
	paths, err := f.paths()
	if err != nil {
		return err
	}
	for _, path := range paths {
		offset := int64(0)
		err := f.scan(ctx, path, ctx.Err, func(rec engine.Record, err error) error {
			rec.Topic, rec.Offset, rec.Timestamp, rec.Known = f.topicOf(path), offset, f.clock.Now(), engine.KnownAll
			offset++
			return yield(nameOf(path), &rec, err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
