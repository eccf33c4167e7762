package observe

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

const (
	// shownValue is how much of a value is shown, shownOrigins how many source
	// records of a value made of several.
	shownValue   = 16 << 10
	shownOrigins = 10
)

// sampleOf writes a record down. Nothing of it is kept, as its memory is the
// pipeline's.
func sampleOf(node string, r *engine.Record) Sample {
	s := Sample{At: time.Now(), Node: node, Partition: -1, Offset: -1, Batch: len(r.Batch)}
	if r.Known&engine.KnownTopic != 0 {
		s.Topic = strings.Clone(r.Topic)
	}
	if r.Known&engine.KnownPartition != 0 {
		s.Partition = r.Partition
	}
	if r.Known&engine.KnownOffset != 0 {
		s.Offset = r.Offset
		s.EmitID = engine.EmitID(r.Topic, r.Partition, r.Offset)
	}
	s.Key, s.Headers = keyOf(r), headersOf(r)
	if r.Batch != nil {
		r.Elements(func(element *engine.Record) {
			if len(s.Origins) < shownOrigins && element.Known&engine.KnownOffset != 0 {
				s.Origins = append(s.Origins, engine.EmitID(element.Topic, element.Partition, element.Offset))
			}
		})
	}
	text, err := value.Append(nil, r.List())
	if err != nil {
		s.Value, s.Error = json.RawMessage("null"), err.Error()
		return s
	}
	s.Value, s.Truncated = shownJSON(text)
	return s
}

func keyOf(r *engine.Record) *string {
	if r.Known&engine.KnownKey == 0 || r.Key == nil {
		return nil
	}
	key := shownText(r.Key)
	return &key
}

func headersOf(r *engine.Record) map[string]string {
	if r.Known&engine.KnownHeaders == 0 || len(r.Headers) == 0 {
		return nil
	}
	headers := make(map[string]string, len(r.Headers))
	for _, h := range r.Headers {
		headers[strings.Clone(h.Key)] = shownText(h.Value)
	}
	return headers
}

// shownJSON is a JSON text, or a string with its beginning where it is long.
func shownJSON(text []byte) (shown json.RawMessage, truncated bool) {
	if len(text) <= shownValue {
		if json.Valid(text) {
			return text, false
		}
		return quoted(string(text)), false
	}
	return quoted(beginning(string(text[:shownValue]))), true
}

// shownText is bytes as text; what is no UTF-8 is written as base64.
func shownText(b []byte) string {
	text := string(b)
	cut := len(text) > shownValue
	if cut {
		text = beginning(text[:shownValue])
	}
	if !utf8.ValidString(text) {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	if cut {
		text += "… (" + strconv.Itoa(len(b)) + " bytes)"
	}
	return text
}

// beginning leaves out a character that was cut in two.
func beginning(text string) string {
	for i := 1; i <= utf8.UTFMax && i <= len(text); i++ {
		if utf8.RuneStart(text[len(text)-i]) {
			if r, size := utf8.DecodeRuneInString(text[len(text)-i:]); r == utf8.RuneError && size == 1 && text[len(text)-i] >= utf8.RuneSelf {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

func quoted(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("null") // cannot be: it is a string
	}
	return b
}
