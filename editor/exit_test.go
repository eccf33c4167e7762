package editor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
)

// TestExitBeforeMore: an editor may write on behind its exit, which is met at any
// point between the arrival of a message and its place in the library's queue.
func TestExitBeforeMore(t *testing.T) {
	var input bytes.Buffer
	for _, message := range []string{`"method": "initialize", "id": 1, "params": {}`, `"method": "exit"`} {
		frame(&input, message)
	}
	for id := range 20 {
		frame(&input, fmt.Sprintf(`"method": "textDocument/hover", "id": %d`, id+2))
	}
	for range 300 {
		err := Serve(t.Context(), bytes.NewReader(input.Bytes()), io.Discard, Options{Specs: specs(), Check: check, Log: slog.New(slog.DiscardHandler)})
		if !errors.Is(err, ErrNoShutdown) {
			t.Fatalf("got %v", err)
		}
	}
}

func frame(out *bytes.Buffer, message string) {
	message = `{"jsonrpc": "2.0", ` + message + `}`
	fmt.Fprintf(out, "Content-Length: %d\r\n\r\n%s", len(message), message)
}

// TestExitIsNoFailure: the end of a session closes the input, whose reader must not
// take that for a failure of it.
func TestExitIsNoFailure(t *testing.T) {
	for range 200 {
		s := begin(t, check)
		s.call(t, "shutdown", nil, new(any))
		s.tell(t, "exit", nil)
		if err := <-s.ended; err != nil {
			t.Fatal(err)
		}
	}
}
