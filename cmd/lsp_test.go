package cmd

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// TestLSP is a session with the command: what it tells of a file is what lint says.
func TestLSP(t *testing.T) {
	own(t)
	const text = "sources:\n  - values: [1]\noperators:\n  - filter: valeu > 3\n  - unique: {max_sise: 3}\nsinks:\n  - stdout: {}\n"
	file(t, "a.yaml", text)
	lint := run(t, "lint", "a.yaml", "--format", "json").exits(t, 1)

	in, fromClient := io.Pipe()
	toClient, out := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- execute(t.Context(), []string{"lsp"}, in, out, &stderr)
		_ = out.Close()
	}()
	told := make(chan *jrpc2.Request, 10)
	client := jrpc2.NewClient(channel.LSP(toClient, fromClient), &jrpc2.ClientOptions{OnNotify: func(r *jrpc2.Request) { told <- r }})
	defer func() { _ = client.Close() }()
	call := func(method string, params, result any) {
		t.Helper()
		if err := client.CallResult(t.Context(), method, params, result); err != nil {
			t.Fatalf("%s: %v\n%s", method, err, stderr.String())
		}
	}
	tell := func(method string, params any) {
		t.Helper()
		if err := client.Notify(t.Context(), method, params); err != nil {
			t.Fatalf("%s: %v\n%s", method, err, stderr.String())
		}
	}
	call("initialize", map[string]any{"capabilities": map[string]any{}}, new(any))
	tell("initialized", map[string]any{})
	document := map[string]any{"uri": "file:///a.yaml", "languageId": "yaml", "version": 1, "text": text}
	tell("textDocument/didOpen", map[string]any{"textDocument": document})

	var diagnostics struct {
		Diagnostics []struct {
			Code    string
			Message string
			Range   struct{ Start, End struct{ Line, Character int } }
		}
	}
	if err := (<-told).UnmarshalParams(&diagnostics); err != nil {
		t.Fatal(err)
	}
	var want []jsonDiagnostic
	if err := json.Unmarshal([]byte(lint.stdout), &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != 3 || len(diagnostics.Diagnostics) != len(want) {
		t.Fatalf("told %+v, lint says\n%s", diagnostics, lint.stdout)
	}
	for i, d := range diagnostics.Diagnostics {
		w := want[i]
		if d.Code != w.Code || d.Message != strings.TrimSuffix(w.Message+"\n"+w.Hint, "\n") || d.Range.Start.Line != w.Line-1 ||
			d.Range.Start.Character != w.Column-1 || d.Range.End.Character != w.Column-1+w.Width {
			t.Errorf("told %+v, lint says %+v", d, w)
		}
	}

	position := map[string]any{"textDocument": map[string]any{"uri": "file:///a.yaml"}, "position": map[string]int{"line": 4, "character": 18}}
	var offers struct{ Items []struct{ Label string } }
	call("textDocument/completion", position, &offers)
	if labels := len(offers.Items); labels == 0 {
		t.Error("nothing is offered")
	}
	call("shutdown", nil, new(any))
	tell("exit", nil)
	if got := <-code; got != exitDone || stderr.Len() > 0 {
		t.Errorf("exit code %d\n%s", got, stderr.String())
	}
	runWith(t, "", "lsp").exits(t, 1).says(t, "lsp: the editor has gone without a shutdown")
	runWith(t, "sources: []\n", "lsp").exits(t, 1).says(t, "the input is not the language server protocol, which an editor speaks")
	run(t, "lsp", "a.yaml").exits(t, 2)
}
