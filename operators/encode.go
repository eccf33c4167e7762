package operators

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"sync"
	"unicode/utf8"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

// encode makes the payload of a value. nil is a null payload.
func encode(codec string, v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	switch codec {
	case codecText:
		return encodeText(v)
	case codecBytes:
		switch v := v.(type) {
		case []byte:
			return v, nil
		case string:
			return []byte(v), nil
		}
		return nil, fmt.Errorf("encode: bytes takes bytes or a string, not %s", value.Kind(v))
	case codecCSV:
		return encodeCSV(v)
	}
	return encodeJSON(v)
}

// scratch holds buffers to write JSON in, so that a payload is allocated once,
// in its size.
//
//nolint:gochecknoglobals // a pool is only of use if it is shared
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// scratchMost is the size of the largest buffer that is kept.
const scratchMost = 64 << 10

func encodeJSON(v any) ([]byte, error) {
	buffer := scratch.Get().(*[]byte)
	text, err := value.Append((*buffer)[:0], v)
	if err != nil {
		return nil, err
	}
	payload := bytes.Clone(text)
	if cap(text) <= scratchMost {
		*buffer = text
		scratch.Put(buffer)
	}
	return payload, nil
}

func encodeText(v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	case *value.Object, []any:
		return nil, fmt.Errorf("encode: text takes a string, a number or a boolean, not %s", value.Kind(v))
	}
	return scalarText(v)
}

// scalarText is a number in decimal, a boolean as its word, a time as RFC 3339.
func scalarText(v any) ([]byte, error) {
	text, err := value.Append(nil, v)
	if err != nil {
		return nil, err
	}
	return bytes.Trim(text, `"`), nil
}

// encodeCSV writes one row, without a line end: the items of a list, or the
// fields of an object in their order.
func encodeCSV(v any) ([]byte, error) {
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case *value.Object:
		for i := range v.Len() {
			_, item := v.At(i)
			items = append(items, item)
		}
	default:
		return nil, fmt.Errorf("encode: csv takes a list or an object, not %s", value.Kind(v))
	}
	row := make([]string, len(items))
	for i, item := range items {
		if item == nil {
			continue
		}
		text, err := encodeText(item)
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", i+1, err)
		}
		row[i] = string(text)
	}
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	if err := w.Write(row); err != nil {
		return nil, err
	}
	w.Flush()
	return bytes.TrimRight(line.Bytes(), "\n"), w.Error()
}

// keyBytes is a message key: a string as it is, a number in decimal, anything
// else as JSON, nil a null key.
func keyBytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	case *value.Object, []any, bool:
		return value.Append(nil, v)
	}
	return scalarText(v)
}

// rendering is how an output's messages are made.
type rendering struct {
	codec   string
	line    bool // one message is one line of text
	native  string
	topic   string
	topicOf *Expression
	key     *Expression
	headers []headerOf
}

// looks says whether a message shows more of an untouched record than its bytes.
func (r *rendering) looks() bool {
	return r.line || r.topicOf != nil || r.key != nil || len(r.headers) > 0
}

// expressions are those that make a message's topic, key and headers.
func (r *rendering) expressions() []*Expression {
	var all []*Expression
	for _, h := range append([]headerOf{{value: r.topicOf}, {value: r.key}}, r.headers...) {
		if h.value != nil {
			all = append(all, h.value)
		}
	}
	return all
}

type headerOf struct {
	name  string
	value *Expression
}

// render makes the message of one record. Expression errors are deterministic,
// and so is a value that cannot be encoded.
func (r *rendering) render(record *engine.Record) (engine.Message, error) {
	m := engine.Message{Topic: r.topic, Key: record.Key, Headers: record.Headers}
	if record.Known&engine.KnownTimestamp != 0 {
		m.Timestamp = record.Timestamp
	}
	if err := r.address(record, &m); err != nil {
		return m, engine.Deterministic(err)
	}
	if err := r.payload(record, &m); err != nil {
		return m, engine.Deterministic(err)
	}
	return m, nil
}

func (r *rendering) address(record *engine.Record, m *engine.Message) error {
	if r.topicOf != nil {
		v, err := r.topicOf.Run(record)
		if err != nil {
			return err
		}
		topic, ok := v.(string)
		if !ok || topic == "" {
			return fmt.Errorf("%s: a topic must be a string that is not empty, got %s", r.topicOf.written.Pos(), value.Kind(v))
		}
		m.Topic = topic
	}
	if r.key != nil {
		v, err := r.key.Run(record)
		if err != nil {
			return err
		}
		if m.Key, err = keyBytes(v); err != nil {
			return err
		}
	}
	if len(r.headers) == 0 {
		return nil
	}
	m.Headers = nil
	for _, h := range record.Headers {
		if !r.overrides(h.Key) {
			m.Headers = append(m.Headers, h)
		}
	}
	for _, h := range r.headers {
		v, err := h.value.Run(record)
		if err != nil {
			return err
		}
		text, err := keyBytes(v)
		if err != nil {
			return err
		}
		m.Headers = append(m.Headers, engine.Header{Key: h.name, Value: text})
	}
	return nil
}

func (r *rendering) overrides(name string) bool {
	for _, h := range r.headers {
		if h.name == name {
			return true
		}
	}
	return false
}

// payload writes the original bytes of a value that no operator changed. In a
// file, where a message is a line, they must also be a line of its format.
func (r *rendering) payload(record *engine.Record, m *engine.Message) (err error) {
	if record.Intact {
		original := !r.line || r.codec == r.native && bytes.IndexByte(record.Raw, '\n') < 0
		if original {
			m.Value = record.Raw
			return nil
		}
	}
	v := record.List()
	if record.Intact && v == nil && record.Raw != nil && string(record.Raw) != "null" {
		// A payload that could not be decoded, on its way to a dead letter file.
		v = undecoded(record.Raw)
	}
	m.Value, err = encode(r.codec, v)
	return err
}

// undecoded is a payload as a value: text, or bytes where it is no text.
func undecoded(raw []byte) any {
	if utf8.Valid(raw) {
		return string(raw)
	}
	return raw
}
