package editor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/creachadair/jrpc2"

	"waterhealer/configs"
	"waterhealer/configs/layout"
)

const serverName = "waterhealer"

// Options are what a server works with.
type Options struct {
	Specs []configs.Spec
	// Check is what lint does with a file.
	Check   func(path string, data []byte) configs.Diagnostics
	Version string
	Log     *slog.Logger
}

// ErrNoShutdown says that the editor ended the session without a shutdown before:
// the protocol wants another exit code then.
var ErrNoShutdown = errors.New("the editor has gone without a shutdown")

// Serve speaks with an editor until it ends the session, goes away, or ctx ends.
// An input that can be closed is closed.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{options: o, language: newLanguage(o.Specs), documents: newDocuments(), stream: newStream(in, out)}
	s.rpc = jrpc2.NewServer(s, &jrpc2.ServerOptions{
		AllowPush: true, DisableBuiltin: true,
		NewContext: func() context.Context { return ctx },
	})
	s.rpc.Start(s.stream)
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	var checks sync.WaitGroup
	checks.Go(func() { s.check(ctx) })
	status := s.rpc.WaitStatus()
	cancel()
	checks.Wait()
	switch {
	case errors.Is(status.Err, io.ErrUnexpectedEOF), errors.Is(status.Err, io.ErrClosedPipe):
		return ErrNoShutdown // in the middle of a message
	case status.Err != nil:
		return fmt.Errorf("speak with the editor: %w", status.Err)
	case !s.ended.Load():
		return ErrNoShutdown
	}
	return nil
}

// The protocol's own error codes.
const (
	codeNotInitialized jrpc2.Code = -32002
	codeFailed         jrpc2.Code = -32803
	codeCancelled      jrpc2.Code = -32800
)

// server is one session.
type server struct {
	options   Options
	language  *language
	documents *documents
	stream    *stream
	rpc       *jrpc2.Server
	client    atomic.Pointer[abilities] // nil before initialize
	ended     atomic.Bool               // by shutdown
}

// end lets the library find the end of the input. Its own Stop panics where a
// message has arrived and is not yet queued (jrpc2 1.3.6: Server.read signals on a
// channel that Stop has closed).
func (s *server) end() { _ = s.stream.Close() } // which gives no error

// abilities are what an editor lacks.
type abilities struct{ hoverPlain, itemPlain, flatSymbols, noSnippets bool }

// Assign finds what answers a method. The library runs a notification before what
// comes behind it, and requests beside each other.
func (s *server) Assign(_ context.Context, method string) jrpc2.Handler {
	switch method {
	case "initialize":
		return answer(s.initialize)
	case "initialized":
		return ignore
	case "shutdown":
		return s.during(func(context.Context, *jrpc2.Request) (any, error) {
			s.ended.Store(true)
			return nil, nil
		})
	case "exit":
		return func(context.Context, *jrpc2.Request) (any, error) {
			s.end()
			return nil, nil
		}
	case "$/cancelRequest":
		return answer(func(_ context.Context, p cancelParams) (any, error) {
			s.rpc.CancelRequest(string(p.ID))
			return nil, nil
		})
	case "textDocument/didOpen":
		return s.during(answer(s.didOpen))
	case "textDocument/didChange":
		return s.during(answer(s.didChange))
	case "textDocument/didClose":
		return s.during(answer(s.didClose))
	case "textDocument/completion":
		return s.during(answer(s.completion))
	case "textDocument/hover":
		return s.during(answer(s.hover))
	case "textDocument/definition":
		return s.during(answer(s.definition))
	case "textDocument/documentSymbol":
		return s.during(answer(s.documentSymbol))
	case "textDocument/formatting":
		return s.during(answer(s.formatting))
	}
	return nil
}

func ignore(context.Context, *jrpc2.Request) (any, error) { return nil, nil }

// during lets a handler run between initialize and shutdown only.
func (s *server) during(h jrpc2.Handler) jrpc2.Handler {
	return func(ctx context.Context, r *jrpc2.Request) (any, error) {
		switch {
		case s.client.Load() == nil:
			return nil, jrpc2.Errorf(codeNotInitialized, "the session begins with initialize")
		case s.ended.Load():
			return nil, jrpc2.Errorf(jrpc2.InvalidRequest, "the session has ended")
		}
		return h(ctx, r)
	}
}

// answer makes a handler of a function of parameters. A panic is an error like any
// other, since it must not cost the session.
func answer[P any](do func(context.Context, P) (any, error)) jrpc2.Handler {
	return func(ctx context.Context, r *jrpc2.Request) (result any, err error) {
		defer func() {
			if problem := recover(); problem != nil {
				result, err = nil, jrpc2.Errorf(jrpc2.InternalError, "internal error: %v", problem)
			}
		}()
		var p P
		if r.HasParams() {
			// Fields that are not known here are those of newer editors.
			if err := json.Unmarshal([]byte(r.ParamString()), &p); err != nil {
				return nil, jrpc2.Errorf(jrpc2.InvalidParams, "the parameters of %s: %v", r.Method(), err)
			}
		}
		if ctx.Err() != nil {
			return nil, jrpc2.Errorf(codeCancelled, "cancelled")
		}
		return do(ctx, p)
	}
}

func (s *server) initialize(_ context.Context, p initializeParams) (any, error) {
	client := p.Capabilities.TextDocument
	if !s.client.CompareAndSwap(nil, &abilities{
		hoverPlain:  !slices.Contains(client.Hover.ContentFormat, markdown),
		itemPlain:   !slices.Contains(client.Completion.CompletionItem.DocumentationFormat, markdown),
		noSnippets:  !client.Completion.CompletionItem.SnippetSupport,
		flatSymbols: !client.DocumentSymbol.Hierarchical,
	}) {
		return nil, jrpc2.Errorf(jrpc2.InvalidRequest, "the session has begun")
	}
	return initializeResult{
		Capabilities: serverCapabilities{
			PositionEncoding:           "utf-16",
			TextDocumentSync:           syncOptions{OpenClose: true, Change: incremental},
			CompletionProvider:         completionOptions{TriggerCharacters: []string{".", " ", "-", "{", "[", ","}},
			HoverProvider:              true,
			DefinitionProvider:         true,
			DocumentFormattingProvider: true,
			DocumentSymbolProvider:     true,
		},
		ServerInfo: serverInfo{Name: serverName, Version: s.options.Version},
	}, nil
}

func (s *server) didOpen(_ context.Context, p openParams) (any, error) {
	d := p.TextDocument
	s.documents.put(d.URI, d.Version, newText(d.Text), d.LanguageID)
	return nil, nil
}

func (s *server) didChange(_ context.Context, p changeParams) (any, error) {
	s.documents.change(p)
	return nil, nil
}

// didClose takes back what was told of a file.
func (s *server) didClose(ctx context.Context, p documentParams) (any, error) {
	if s.documents.remove(p.TextDocument.URI) {
		s.publish(ctx, p.TextDocument.URI, nil, []diagnostic{})
	}
	return nil, nil
}

func (s *server) publish(ctx context.Context, uri string, version *int, found []diagnostic) {
	err := s.rpc.Notify(ctx, "textDocument/publishDiagnostics", diagnosticsParams{URI: uri, Version: version, Diagnostics: found})
	if err != nil && ctx.Err() == nil {
		s.options.Log.Debug("diagnostics were not sent", "file", uri, "error", err)
	}
}

// formatting lays a file out as fmt does.
func (s *server) formatting(_ context.Context, p documentParams) (any, error) {
	t := s.documents.text(p.TextDocument.URI)
	if t == nil {
		return nil, nil
	}
	if len(t.data) > configs.MaxBytes {
		return nil, jrpc2.Errorf(codeFailed, "the file is larger than %d MiB", configs.MaxBytes>>20)
	}
	after, err := layout.Format([]byte(t.data))
	if err != nil {
		return nil, jrpc2.Errorf(codeFailed, "not laid out: %v", err)
	}
	if string(after) == t.data {
		return []textEdit{}, nil
	}
	return []textEdit{{Range: t.span(span{0, len(t.data)}), NewText: string(after)}}, nil
}
