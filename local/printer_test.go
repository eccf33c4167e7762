package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"waterhealer/engine"
)

func TestPrinter(t *testing.T) {
	header := func(k string, v []byte) engine.Header { return engine.Header{Key: k, Value: v} }
	for _, c := range []struct {
		name   string
		o      PrinterOptions
		record engine.Record
		want   string
	}{
		{"json", PrinterOptions{}, engine.Record{Key: []byte("k"), Raw: []byte("{\"b\": 1.10,\n\"a\":\"<\u00e9>\"}")},
			`{"sink":"alerts","key":"k","value":{"b": 1.10,"a":"<é>"}}`},
		{"null key, null payload", PrinterOptions{}, engine.Record{}, `{"sink":"alerts","key":null,"value":null}`},
		{"empty key, empty payload", PrinterOptions{}, engine.Record{Key: []byte{}, Raw: []byte{}}, `{"sink":"alerts","key":"","value":""}`},
		{"text", PrinterOptions{}, engine.Record{Raw: []byte("a\n\"b")}, `{"sink":"alerts","key":null,"value":"a\n\"b"}`},
		{"text that looks like JSON", PrinterOptions{Codec: codecText}, engine.Record{Raw: []byte("12")}, `{"sink":"alerts","key":null,"value":"12"}`},
		{"csv", PrinterOptions{Codec: codecCSV}, engine.Record{Raw: []byte("1,2")}, `{"sink":"alerts","key":null,"value":"1,2"}`},
		{"a poison record under json", PrinterOptions{Codec: codecJSON}, engine.Record{Raw: []byte("{")}, `{"sink":"alerts","key":null,"value":"{"}`},
		{"bytes", PrinterOptions{Codec: codecBytes}, engine.Record{Raw: []byte("ab")}, `{"sink":"alerts","key":null,"value":"YWI=","value_encoding":"base64"}`},
		{"not UTF-8", PrinterOptions{}, engine.Record{Key: []byte("\xff"), Raw: []byte("\"\xff\"")},
			`{"sink":"alerts","key":"/w==","key_encoding":"base64","value":"Iv8i","value_encoding":"base64"}`},
		{"headers of records are not shown", PrinterOptions{}, engine.Record{Raw: []byte("1"), Headers: []engine.Header{header("h", []byte("x"))}},
			`{"sink":"alerts","key":null,"value":1}`},
		{"dead letter", PrinterOptions{DeadLetter: true}, engine.Record{Raw: []byte("1"), Headers: []engine.Header{
			header("h", []byte("x")), header("e", []byte("no\n")), header("h", []byte("\xff")), header("n", nil), header("\xff", []byte("y"))}},
			`{"dead_letter":true,"sink":"alerts","key":null,"value":1,"headers":{"h":"/w==","e":"no\n","n":null,"\ufffd":"y"},"headers_encoding":{"h":"base64"}}`},
		{"dead letter without headers", PrinterOptions{DeadLetter: true}, engine.Record{}, `{"dead_letter":true,"sink":"alerts","key":null,"value":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var shown bytes.Buffer
			c.o.Sink, c.o.Render, c.o.Stdout = "alerts", message, &shown
			out := NewPrinter(c.o)
			if errs := out.Write(t.Context(), []*engine.Record{&c.record}); errs != nil {
				t.Fatal(errs)
			}
			want := bytes.ReplaceAll([]byte(c.want), []byte(`\ufffd`), []byte("\ufffd"))
			if got := bytes.TrimSuffix(shown.Bytes(), []byte("\n")); !bytes.Equal(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid(shown.Bytes()) {
				t.Error("this is no JSON")
			}
		})
	}
}

// TestPrinterShowsErrors: what the real output would refuse is refused.
func TestPrinterShowsErrors(t *testing.T) {
	out := NewPrinter(PrinterOptions{Sink: "s", Render: message, Stdout: &bytes.Buffer{}})
	errs := out.Write(t.Context(), []*engine.Record{rec(0, "bad", "1"), rec(0, "", "2")})
	var fault *engine.FaultError
	if len(errs) != 2 || !errors.As(errs[0], &fault) || fault.Fault != engine.FaultExpression || errs[1] != nil {
		t.Errorf("answers %v", errs)
	}
}
