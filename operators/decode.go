package operators

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// The words of `decode` and `encode`.
const (
	codecJSON  = "json"
	codecText  = "text"
	codecBytes = "bytes"
	codecCSV   = "csv"
)

// decoder makes the function that sets a source record's value from its
// payload. A null payload is nil whatever the codec.
func decoder(codec string) func(*engine.Record) error {
	decode := decoders[codec]
	return func(r *engine.Record) error {
		if r.Raw == nil {
			r.Value = nil
			return nil
		}
		v, err := decode(r.Raw)
		if err != nil {
			return fmt.Errorf("payload is not %s: %w", codec, err)
		}
		r.Value = v
		return nil
	}
}

//nolint:gochecknoglobals // a constant table
var decoders = map[string]func([]byte) (any, error){
	codecJSON:  value.Decode,
	codecText:  decodeText,
	codecBytes: func(raw []byte) (any, error) { return raw, nil },
	codecCSV:   decodeCSV,
}

// checker is a [decoder] for a source whose values nobody looks at: it refuses
// the same payloads and makes no values.
func checker(codec string) func(*engine.Record) error {
	if codec != codecJSON {
		return decoder(codec)
	}
	return func(r *engine.Record) error {
		if r.Raw == nil {
			return nil
		}
		if err := value.Check(r.Raw); err != nil {
			return fmt.Errorf("payload is not %s: %w", codec, err)
		}
		return nil
	}
}

// unread says that nobody looks at the values of a source: its records go to
// outputs as the bytes that they are. In a dry run and in tests everything is
// shown.
func (p *Plan) unread(source *configs.Node) bool {
	if p.inTurn || p.key != nil {
		return false
	}
	for _, n := range p.pipeline.Operators {
		if reaches(source, n) {
			return false
		}
	}
	for _, sink := range p.pipeline.Sinks {
		if reaches(source, sink) && len(sink.Values.Outputs("report")) > 0 {
			return false
		}
	}
	for _, output := range p.outputs() {
		if slices.Contains(output.sources, source) && p.renders[output.node].looks() {
			return false
		}
	}
	return true
}

func decodeText(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("it holds bytes that are not UTF-8 (decode: bytes takes any)")
	}
	return string(raw), nil
}

// decodeCSV reads one row as a list of its fields, all strings.
func decodeCSV(raw []byte) (any, error) {
	reader := csv.NewReader(strings.NewReader(string(raw)))
	reader.FieldsPerRecord = -1
	row, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("there is no row")
	}
	if err != nil {
		return nil, err
	}
	if _, err := reader.Read(); err == nil {
		return nil, errors.New("it has more than one row")
	}
	list := make([]any, len(row))
	for i, field := range row {
		list[i] = field
	}
	return list, nil
}
