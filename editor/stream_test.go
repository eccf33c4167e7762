package editor

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

// TestFraming: what is no message ends the stream with a reason, however long it
// says that it is.
func TestFraming(t *testing.T) {
	for _, c := range []struct{ in, message, fails string }{
		{"Content-Length: 2\r\n\r\n{}", "{}", "EOF"},
		{"content-length:2\nContent-Type: application/vscode-jsonrpc; charset=utf8\n\n{}", "{}", "EOF"},
		{"Content-Length: 0\r\n\r\n", "", "EOF"},
		{"", "", "EOF"},
		{"Content-Length: 5\r\n\r\n{}", "", "unexpected EOF"},
		{"Content-Length: 99999999999\r\n\r\n{}", "", "is refused"},
		{"Content-Length: 9999999999999999999999\r\n\r\n{}", "", "not the language server protocol"},
		{"Content-Length: -1\r\n\r\n{}", "", "not the language server protocol"},
		{"sources: []\n", "", "not the language server protocol"},
		{"hello", "", "not the language server protocol"},
		{"hello\n", "", "not the language server protocol"},
		{strings.Repeat("a", 10_000), "", "not the language server protocol"},
		{strings.Repeat("a: b\n", 10_000), "", "not the language server protocol"},
	} {
		s := newStream(strings.NewReader(c.in), io.Discard)
		message, err := s.Recv()
		if c.fails == "EOF" && c.in != "" {
			if err != nil || string(message) != c.message {
				t.Errorf("%.40q gives %q, %v", c.in, message, err)
			}
			_, err = s.Recv()
		}
		if err == nil || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%.40q ends with %v, want %s", c.in, err, c.fails)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStreamWrites(t *testing.T) {
	var out bytes.Buffer
	s := newStream(strings.NewReader(""), &out)
	if err := s.Send([]byte(`"é"`)); err != nil || out.String() != "Content-Length: 4\r\n\r\n\"é\"" {
		t.Errorf("wrote %q, %v", out.String(), err)
	}
	_ = s.Close()
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

// TestMalformed: a message that is no JSON is answered, and the next one is heard.
func TestMalformed(t *testing.T) {
	in, toServer := io.Pipe()
	out := &listener{seen: make(chan string, 100)}
	done := make(chan error, 1)
	go func() { done <- Serve(t.Context(), in, out, Options{Check: check}) }()
	say := func(message, answer string) {
		t.Helper()
		if _, err := io.WriteString(toServer, "Content-Length: "+strconv.Itoa(len(message))+"\r\n\r\n"+message); err != nil {
			t.Fatal(err)
		}
		if answer == "" {
			return
		}
		if got := <-out.seen; !strings.Contains(got, answer) {
			t.Errorf("%s gives %s, want %s", message, got, answer)
		}
	}
	say(`{"jsonrpc":`, "-32700")
	say(`5`, "-32700")
	say(`[]`, "-32600")
	say("\xff\xfe", "-32700")
	say(`{"id": 1, "method": "initialize"}`, "-32600") // no version
	say(`{"jsonrpc": "2.0", "id": {}, "method": "initialize"}`, "-32600")
	say(`{"jsonrpc": "2.0", "id": 7, "result": {}}`, "-32600")
	say(`{"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": {}}`, `"id":2,"result"`)
	say(`{"jsonrpc": "2.0", "id": "3", "method": "shutdown", "params": null}`, `"id":"3","result":null`)
	say(`{"jsonrpc": "2.0", "method": "exit"}`, "")
	if err := <-done; err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

// listener passes on what is written.
type listener struct{ seen chan string }

func (l *listener) Write(b []byte) (int, error) {
	l.seen <- string(b)
	return len(b), nil
}
