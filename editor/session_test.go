package editor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"waterhealer/configs"
)

const uri = "file:///home/me/a%20b.yaml"

// session is a server with a client of the library: its own framing, not ours.
type session struct {
	*jrpc2.Client
	told  chan diagnosticsParams
	ended chan error
}

func newSession(t *testing.T, check func(string, []byte) configs.Diagnostics) *session {
	t.Helper()
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	s := &session{told: make(chan diagnosticsParams, 100), ended: make(chan error, 1)}
	go func() {
		s.ended <- Serve(t.Context(), toServer, fromServer, Options{Specs: specs(), Check: check, Version: "1", Log: slog.New(slog.DiscardHandler)})
		_ = fromServer.Close()
	}()
	s.Client = jrpc2.NewClient(channel.LSP(toClient, fromClient), &jrpc2.ClientOptions{OnNotify: func(r *jrpc2.Request) {
		var p diagnosticsParams
		if err := r.UnmarshalParams(&p); err != nil || r.Method() != "textDocument/publishDiagnostics" {
			t.Errorf("%s: %v", r.Method(), err)
		}
		s.told <- p
	}})
	t.Cleanup(func() { _ = s.Client.Close() })
	return s
}

// begin opens a session as an editor does that can do everything.
func begin(t *testing.T, check func(string, []byte) configs.Diagnostics) *session {
	t.Helper()
	s := newSession(t, check)
	var begun initializeResult
	s.call(t, "initialize", json.RawMessage(`{"processId": 1, "capabilities": {"textDocument": {
		"hover": {"contentFormat": ["markdown"]}, "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
		"completion": {"completionItem": {"snippetSupport": true, "documentationFormat": ["markdown", "plaintext"]}}}}}`), &begun)
	if begun.Capabilities.PositionEncoding != "utf-16" || begun.ServerInfo.Name != "waterhealer" {
		t.Fatalf("initialize gave %+v", begun)
	}
	s.tell(t, "initialized", json.RawMessage(`{}`))
	return s
}

func (s *session) call(t *testing.T, method string, params, result any) {
	t.Helper()
	if err := s.CallResult(t.Context(), method, params, result); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

// code is the code with which a call is refused, 0 for none.
func (s *session) code(t *testing.T, method string, params any) jrpc2.Code {
	t.Helper()
	_, err := s.Call(t.Context(), method, params)
	var refused *jrpc2.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("%s: %v", method, err)
	}
	if refused == nil {
		return 0
	}
	return refused.Code
}

func (s *session) tell(t *testing.T, method string, params any) {
	t.Helper()
	if err := s.Notify(t.Context(), method, params); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

func (s *session) open(t *testing.T, text string) {
	t.Helper()
	s.tell(t, "textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
}

func (s *session) change(t *testing.T, version int, changes ...contentChange) {
	t.Helper()
	p := changeParams{ContentChanges: changes}
	p.TextDocument.URI, p.TextDocument.Version = uri, version
	s.tell(t, "textDocument/didChange", p)
}

// heard is what is told next.
func (s *session) heard(t *testing.T) diagnosticsParams {
	t.Helper()
	select {
	case p := <-s.told:
		return p
	case <-time.After(time.Minute):
		t.Fatal("nothing was told")
	}
	return diagnosticsParams{}
}

func (s *session) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		t.Fatal("the session does not end")
	}
	return nil
}

func at(line, character int) documentAt {
	return documentAt{TextDocument: documentID{uri}, Position: position{line, character}}
}

const pipeline = `sources:
  - name: quakes
    values: [{mag: 5}]
operators:
  - map: 'merge(value, {"😀": valeu})'
sinks:
  - stdout: {}
    from: map-1
`

// TestSeveralMistakes: all mistakes of one expression are told, each at its place,
// and of what is mended only the rest.
func TestSeveralMistakes(t *testing.T) {
	s := begin(t, check)
	s.open(t, "sources:\n  - values: [1]\noperators:\n  - map: |\n      \"😀\" + vlaue.a +\n        uper(tpoic)\nsinks:\n  - stdout: {}\n")
	for _, want := range [][]diagnostic{{
		{Range: textRange{position{4, 13}, position{4, 18}}, Message: "unknown name vlaue\ndid you mean value?"},
		{Range: textRange{position{5, 8}, position{5, 12}}, Message: "unknown function uper\ndid you mean upper?"},
		{Range: textRange{position{5, 13}, position{5, 18}}, Message: "unknown name tpoic\ndid you mean topic?"},
	}, {
		{Range: textRange{position{4, 13}, position{4, 18}}, Message: "unknown name vlaue\ndid you mean value?"},
		{Range: textRange{position{5, 14}, position{5, 19}}, Message: "unknown name tpoic\ndid you mean topic?"},
	}} {
		for i := range want {
			want[i].Severity, want[i].Code, want[i].Source = severityError, configs.CodeExpression, "waterhealer"
		}
		if told := s.heard(t); !slices.Equal(told.Diagnostics, want) {
			t.Errorf("told\n%+v, want\n%+v", told.Diagnostics, want)
		}
		s.change(t, 2, contentChange{Range: &textRange{position{5, 8}, position{5, 12}}, Text: "upper"})
	}
}

// TestSession is a whole session, from a mistake to its mend.
func TestSession(t *testing.T) {
	s := begin(t, check)
	s.open(t, pipeline)
	told := s.heard(t)
	if told.URI != uri || told.Version == nil || *told.Version != 1 || len(told.Diagnostics) != 1 {
		t.Fatalf("told %+v", told)
	}
	// The emoji is one character and two units of UTF-16.
	want := diagnostic{
		Range: textRange{position{4, 30}, position{4, 35}}, Severity: severityError, Code: configs.CodeExpression, Source: "waterhealer",
		Message: "unknown name valeu\ndid you mean value?",
	}
	if got := told.Diagnostics[0]; got != want {
		t.Errorf("told\n%+v, want\n%+v", got, want)
	}

	s.change(t, 2, contentChange{Range: &textRange{position{4, 30}, position{4, 35}}, Text: "value"})
	if told := s.heard(t); *told.Version != 2 || told.Diagnostics == nil || len(told.Diagnostics) != 0 {
		t.Errorf("after the mend: %+v", told)
	}

	var h hover
	s.call(t, "textDocument/hover", at(4, 12), &h)
	if h.Contents.Kind != markdown || !strings.Contains(h.Contents.Value, "merge(a, b)") || h.Range != (textRange{position{4, 10}, position{4, 15}}) {
		t.Errorf("hover gave %+v", h)
	}
	var list completionList
	s.call(t, "textDocument/completion", at(7, 10), &list)
	var labels []string
	for _, item := range list.Items {
		labels = append(labels, item.Label)
	}
	if got := strings.Join(labels, " "); got != "quakes map-1" {
		t.Errorf("completion gave %s", got)
	}
	var where location
	s.call(t, "textDocument/definition", at(7, 12), &where)
	if where != (location{uri, textRange{position{4, 4}, position{4, 7}}}) {
		t.Errorf("definition gave %+v", where)
	}
	var symbols []symbol
	s.call(t, "textDocument/documentSymbol", documentParams{documentID{uri}}, &symbols)
	if len(symbols) != 3 || symbols[1].Children[0].Name != "map-1" || symbols[1].Children[0].Detail != "map" {
		t.Errorf("symbols gave %+v", symbols)
	}
	s.change(t, 3, contentChange{Text: "sources:\n- values:   [1]\nsinks:\n- stdout: {}\n"})
	var edits []textEdit
	s.call(t, "textDocument/formatting", documentParams{documentID{uri}}, &edits)
	if len(edits) != 1 || edits[0].NewText != "sources:\n  - values: [1]\nsinks:\n  - stdout: {}\n" {
		t.Errorf("formatting gave %+v", edits)
	}
	s.heard(t)
	s.tell(t, "textDocument/didClose", documentParams{documentID{uri}})
	if told := s.heard(t); told.Version != nil || len(told.Diagnostics) != 0 {
		t.Errorf("after the end: %+v", told)
	}
	s.call(t, "shutdown", nil, new(any))
	if code := s.code(t, "textDocument/hover", at(0, 0)); code != jrpc2.InvalidRequest {
		t.Errorf("after shutdown hover gives %d", code)
	}
	s.tell(t, "exit", nil)
	if err := s.end(t); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

// TestEndings: only an editor that says shutdown ends well.
func TestEndings(t *testing.T) {
	for name, leave := range map[string]func(*session){
		"exit":  func(s *session) { s.tell(t, "exit", nil) },
		"close": func(s *session) { _ = s.Client.Close() },
	} {
		s := begin(t, check)
		leave(s)
		if err := s.end(t); !errors.Is(err, ErrNoShutdown) {
			t.Errorf("%s without shutdown ends with %v", name, err)
		}
		s = begin(t, check)
		s.call(t, "shutdown", nil, new(any))
		leave(s)
		if err := s.end(t); err != nil {
			t.Errorf("%s after shutdown ends with %v", name, err)
		}
	}
}

// TestRefusals: what is no proper request is refused, and the session goes on.
func TestRefusals(t *testing.T) {
	s := newSession(t, check)
	if code := s.code(t, "textDocument/hover", at(0, 0)); code != codeNotInitialized {
		t.Errorf("before initialize: %d", code)
	}
	s.open(t, pipeline) // not heard
	s.call(t, "initialize", json.RawMessage(`{"capabilities": {}}`), new(any))
	for _, c := range []struct {
		method string
		params any
		code   jrpc2.Code
	}{
		{"initialize", json.RawMessage(`{}`), jrpc2.InvalidRequest},
		{"textDocument/rename", at(0, 0), jrpc2.MethodNotFound},
		{"$/whatever", nil, jrpc2.MethodNotFound},
		{"rpc.serverInfo", nil, jrpc2.MethodNotFound},
		{"textDocument/hover", json.RawMessage(`[1]`), jrpc2.InvalidParams},
		{"textDocument/hover", json.RawMessage(`{"position": {"line": "x"}}`), jrpc2.InvalidParams},
		{"textDocument/hover", at(0, 0), 0}, // not open
		{"textDocument/completion", at(0, 0), 0},
		{"textDocument/definition", at(0, 0), 0},
		{"textDocument/documentSymbol", documentParams{}, 0},
		{"textDocument/formatting", documentParams{}, 0},
	} {
		if code := s.code(t, c.method, c.params); code != c.code {
			t.Errorf("%s %v: %d, want %d", c.method, c.params, code, c.code)
		}
	}
	s.tell(t, "$/setTrace", json.RawMessage(`{"value": "off"}`))
	s.tell(t, "$/cancelRequest", json.RawMessage(`{"id": 12345}`))
	s.tell(t, "textDocument/didChange", json.RawMessage(`{"contentChanges": 5}`))
	s.change(t, 1, contentChange{Text: "x"}) // not open
	s.tell(t, "textDocument/didClose", documentParams{documentID{"file:///other"}})
	s.open(t, pipeline)
	s.heard(t)
	for _, p := range []position{{-1, 0}, {0, -1}, {4, 1 << 30}, {1 << 30, 0}, {4, 26}, {1<<31 - 1, 1<<31 - 1}} {
		if code := s.code(t, "textDocument/completion", at(p.Line, p.Character)); code != 0 {
			t.Errorf("at %v: %d", p, code)
		}
	}
	s.change(t, 2, contentChange{Text: "sources: [\n"})
	s.heard(t)
	if code := s.code(t, "textDocument/formatting", documentParams{documentID{uri}}); code != codeFailed {
		t.Errorf("what is no YAML is laid out: %d", code)
	}
}

// TestCancelled: a request that was taken back is not worked on.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	requests, err := jrpc2.ParseRequests([]byte(`{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	handler := answer(func(context.Context, documentAt) (any, error) { panic("worked on") })
	_, err = handler(ctx, requests[0].ToRequest())
	if jrpc2.ErrorCode(err) != codeCancelled {
		t.Errorf("got %v", err)
	}
	_, err = handler(t.Context(), requests[0].ToRequest())
	if jrpc2.ErrorCode(err) != jrpc2.InternalError {
		t.Errorf("a panic gives %v", err)
	}
}

// TestOvertaken: while one check runs, changes wait, and only the last is checked
// and told.
func TestOvertaken(t *testing.T) {
	started, goOn := make(chan string, 10), make(chan bool)
	s := begin(t, func(_ string, data []byte) configs.Diagnostics {
		started <- string(data)
		<-goOn
		return configs.Diagnostics{{Position: configs.Position{Line: 1, Column: 1}, Width: 1, Code: string(data), Message: "m"}}
	})
	s.open(t, "sources: 1")
	<-started
	for v, text := range []string{"sources: 2", "sources: 3", "sources: 4"} {
		s.change(t, v+2, contentChange{Text: text})
	}
	s.call(t, "textDocument/documentSymbol", documentParams{documentID{uri}}, new(any)) // behind the changes
	close(goOn)
	told := s.heard(t)
	if *told.Version != 4 || told.Diagnostics[0].Code != "sources: 4" {
		t.Errorf("told %+v", told)
	}
	if second := <-started; second != "sources: 4" {
		t.Errorf("checked %q second", second)
	}
}

// TestForeignFiles: YAML that is no pipeline is left alone until it is one.
func TestForeignFiles(t *testing.T) {
	s := begin(t, check)
	s.open(t, "apiVersion: v1\nkind: Pod\n")
	s.change(t, 2, contentChange{Text: "name: a\nsources:\n"})
	if told := s.heard(t); *told.Version != 2 || len(told.Diagnostics) == 0 {
		t.Errorf("told %+v", told)
	}
	s.change(t, 3, contentChange{Text: "name: a\n"}) // still ours
	if told := s.heard(t); *told.Version != 3 || len(told.Diagnostics) == 0 {
		t.Errorf("told %+v", told)
	}
	s.tell(t, "textDocument/didOpen", json.RawMessage(`{"textDocument": {"uri": "untitled:1", "languageId": "waterhealer", "version": 7, "text": ""}}`))
	if told := s.heard(t); told.URI != "untitled:1" || *told.Version != 7 || told.Diagnostics[0].Code != configs.CodeDocuments {
		t.Errorf("told %+v", told)
	}
}

// TestFailingCheck: a check that panics costs its answer, not the session.
func TestFailingCheck(t *testing.T) {
	s := begin(t, func(_ string, data []byte) configs.Diagnostics {
		if strings.Contains(string(data), "boom") {
			panic("boom")
		}
		return nil
	})
	s.open(t, "sources: boom")
	if told := s.heard(t); len(told.Diagnostics) != 0 {
		t.Errorf("told %+v", told)
	}
	s.change(t, 2, contentChange{Text: "sources: 1"})
	if told := s.heard(t); *told.Version != 2 {
		t.Errorf("told %+v", told)
	}
}

func TestPaths(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///home/me/a%20b.yaml": "/home/me/a b.yaml", "untitled:1": "untitled:1", "%zz": "%zz", "": "",
	} {
		if got := pathOf(uri); got != want {
			t.Errorf("%s: %s", uri, got)
		}
	}
}
