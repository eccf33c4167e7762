package local

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// PrinterOptions are what a dry run's stand-in for an output is made from.
type PrinterOptions struct {
	Node       *configs.Node // what it stands for; nil is no file and no stdout
	Sink       string        // the name that is printed
	Render     engine.Render // of the output it stands for, so that its errors show
	DeadLetter bool
	// Codec is how the payloads are encoded: json, text, bytes or csv. "" finds
	// out by looking at each.
	Codec string
	// Stdout is where lines are printed. Several printers get one [Shared].
	Stdout io.Writer
}

// NewPrinter prints what an output would write, one JSON object per record:
//
//	{"sink":"alerts","key":"a","value":{"id":"a"}}
//	{"dead_letter":true,"sink":"dead","key":null,"value":"no json","headers":{"waterhealer-error":"…"}}
//
// A payload of JSON stands as it is; another is a string, or base64 with
// "value_encoding" where it is bytes or not UTF-8; a null payload is null. A key
// is a string or null, base64 with "key_encoding" where it is not UTF-8. Of
// headers with one name the last is shown; "headers_encoding" names those in
// base64.
func NewPrinter(o PrinterOptions) engine.Output {
	return newSharedOutput(o.Stdout, printed(o))
}

const base64Name = "base64"

func printed(o PrinterOptions) toLine {
	check := refusals(o)
	// A healing sink without outputs has no payloads: what was made is a value.
	unwritten := o.Node != nil && o.Node.Section == configs.SectionSink && o.Node.Kind == "healing"
	return func(dst []byte, r *engine.Record) ([]byte, error) {
		m, err := o.Render(r)
		if err == nil {
			err = check(m.Value)
		}
		if err != nil {
			return nil, err
		}
		line := append(dst, '{')
		if o.DeadLetter {
			line = append(line, `"dead_letter":true,`...)
		}
		line = appendText(append(line, `"sink":`...), o.Sink)
		line = appendEncoded(append(line, `,"key":`...), m.Key, "key")
		codec := o.Codec
		if unwritten && !r.Intact {
			codec = codecJSON
		}
		line = appendPayload(append(line, `,"value":`...), m.Value, codec)
		if o.DeadLetter && len(m.Headers) > 0 {
			line = appendHeaders(line, m.Headers)
		}
		return append(line, '}', '\n'), nil
	}
}

// refusals says what a file or stdout node would refuse as a line, each time it
// were tried.
func refusals(o PrinterOptions) func(payload []byte) error {
	if n := o.Node; n == nil || n.Kind != kindFile && n.Kind != kindStdout {
		return func([]byte) error { return nil }
	}
	rule := lineRule(formatOf(o.Node, o.Codec))
	return func(payload []byte) error {
		if _, err := rule(payload); err != nil {
			return engine.Deterministic(err)
		}
		return nil
	}
}

// appendPayload adds a payload in the form that fits its codec.
func appendPayload(dst, payload []byte, codec string) []byte {
	switch {
	case payload == nil:
		return append(dst, "null"...)
	case codec == codecBytes:
		return appendBase64(dst, payload, "value")
	case (codec == codecJSON || codec == "") && json.Valid(payload) && utf8.Valid(payload):
		return append(dst, oneLine(payload)...)
	}
	return appendEncoded(dst, payload, "value")
}

// appendEncoded adds text as a string and other bytes as base64, which a
// further field says.
func appendEncoded(dst, b []byte, field string) []byte {
	switch {
	case b == nil:
		return append(dst, "null"...)
	case utf8.Valid(b):
		return appendText(dst, string(b))
	}
	return appendBase64(dst, b, field)
}

func appendBase64(dst, b []byte, field string) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, `","`+field+`_encoding":"`+base64Name+`"`...)
}

func appendHeaders(dst []byte, headers []engine.Header) []byte {
	texts, encodings := value.NewObject(len(headers)), value.NewObject(0)
	for _, h := range headers {
		name := strings.ToValidUTF8(h.Key, "\ufffd")
		encodings.Delete(name)
		switch {
		case h.Value == nil:
			texts.Set(name, nil)
		case utf8.Valid(h.Value):
			texts.Set(name, string(h.Value))
		default:
			texts.Set(name, base64.StdEncoding.EncodeToString(h.Value))
			encodings.Set(name, base64Name)
		}
	}
	dst = appendJSON(append(dst, `,"headers":`...), texts)
	if encodings.Len() > 0 {
		dst = appendJSON(append(dst, `,"headers_encoding":`...), encodings)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return appendJSON(dst, strings.ToValidUTF8(s, "\ufffd"))
}

// appendJSON adds what is known to be writable: strings in UTF-8 and objects of
// them.
func appendJSON(dst []byte, v any) []byte {
	out, err := value.Append(dst, v)
	if err != nil {
		return append(dst, "null"...)
	}
	return out
}
