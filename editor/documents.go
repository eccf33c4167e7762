package editor

import (
	"context"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"waterhealer/configs"
)

// document is an open file.
type document struct {
	uri     string
	version int
	text    *text
	// ours says that it is, or was, a pipeline file.
	ours    bool
	changed bool // since it was checked
}

// documents are the open files. Requests read them while changes come.
type documents struct {
	lock  sync.Mutex
	open  map[string]*document
	order []string      // in which they were opened
	wake  chan struct{} // something has changed
}

func newDocuments() *documents {
	return &documents{open: make(map[string]*document), wake: make(chan struct{}, 1)}
}

// pipelineKey finds what makes a YAML file a pipeline, however broken it is.
var pipelineKey = regexp.MustCompile(`(?m)^(?:\{[ \t]*)?["']?(?:sources|operators|sinks)["']?[ \t]*:`)

// ownLanguage is a language that only pipeline files have.
const ownLanguage = "waterhealer"

// put opens a file, or gives it another text.
func (ds *documents) put(uri string, version int, t *text, language string) {
	ds.lock.Lock()
	defer ds.lock.Unlock()
	d := ds.open[uri]
	if d == nil {
		d = &document{uri: uri}
		ds.open[uri] = d
		ds.order = append(ds.order, uri)
	}
	d.version, d.text, d.changed = version, t, true
	d.ours = d.ours || language == ownLanguage || pipelineKey.MatchString(t.data)
	ds.signal()
}

// change applies changes, in their order, to a file that is open.
func (ds *documents) change(p changeParams) {
	t := ds.text(p.TextDocument.URI)
	if t == nil {
		return
	}
	for _, c := range p.ContentChanges {
		t = t.changed(c)
	}
	ds.put(p.TextDocument.URI, p.TextDocument.Version, t, "")
}

// remove closes a file, and says whether it was open.
func (ds *documents) remove(uri string) bool {
	ds.lock.Lock()
	defer ds.lock.Unlock()
	if ds.open[uri] == nil {
		return false
	}
	delete(ds.open, uri)
	ds.order = slices.DeleteFunc(ds.order, func(s string) bool { return s == uri })
	return true
}

// text is the text of an open file; nil for one that is not open.
func (ds *documents) text(uri string) *text {
	ds.lock.Lock()
	defer ds.lock.Unlock()
	if d := ds.open[uri]; d != nil {
		return d.text
	}
	return nil
}

func (ds *documents) signal() {
	select {
	case ds.wake <- struct{}{}:
	default: // it is awake
	}
}

// next is a file that has changed and is ours, as it is now; ok is false when
// there is none.
func (ds *documents) next() (d document, ok bool) {
	ds.lock.Lock()
	defer ds.lock.Unlock()
	for _, uri := range ds.order {
		if d := ds.open[uri]; d.changed && d.ours {
			d.changed = false
			return *d, true
		}
	}
	return document{}, false
}

// whenCurrent does something unless a file was changed or closed since it was taken.
// No other change comes in between.
func (ds *documents) whenCurrent(d document, do func()) {
	ds.lock.Lock()
	defer ds.lock.Unlock()
	if now := ds.open[d.uri]; now != nil && now.text == d.text {
		do()
	}
}

// check tells what is wrong in files as they change, until ctx ends. What a change
// has overtaken is not told.
func (s *server) check(ctx context.Context) {
	for {
		d, ok := s.documents.next()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-s.documents.wake:
			}
			continue
		}
		found := s.diagnose(d)
		s.documents.whenCurrent(d, func() { s.publish(ctx, d.uri, &d.version, found) })
		if ctx.Err() != nil {
			return
		}
	}
}

// diagnose is what lint says of a file.
func (s *server) diagnose(d document) []diagnostic {
	all := []diagnostic{}
	for _, found := range s.lint(d) {
		one := diagnostic{
			Range: d.text.place(found.Position, found.Width), Severity: severityError,
			Code: found.Code, Source: serverName, Message: found.Message,
		}
		if found.Severity == configs.Warning {
			one.Severity = severityWarning
		}
		if found.Hint != "" {
			one.Message += "\n" + found.Hint
		}
		all = append(all, one)
	}
	return all
}

// lint checks a file. A mistake of ours in it must not cost the session.
func (s *server) lint(d document) (found configs.Diagnostics) {
	defer func() {
		if problem := recover(); problem != nil {
			s.options.Log.Error("a check failed", "file", d.uri, "problem", problem)
			found = nil
		}
	}()
	return s.options.Check(pathOf(d.uri), []byte(d.text.data))
}

// pathOf is the path that messages name of a file: without a scheme where it is a
// file on this machine.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return uri
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path)
}
