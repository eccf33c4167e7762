package operators

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

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

// Decoder makes the function that sets a record's value from its payload, as
// `decode: CODEC` of a source does; nil for a codec that does not exist.
func Decoder(codec string) func(*engine.Record) error {
	if decoders[codec] == nil {
		return nil
	}
	return decoder(codec)
}

// decoder makes the function that sets a source record's value from its
// payload. A null payload is nil whatever the codec.
func decoder(codec string) func(*engine.Record) error {
	return decoderOf(codec, decoders[codec])
}

func decoderOf(codec string, decode func([]byte) (any, error)) func(*engine.Record) error {
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
