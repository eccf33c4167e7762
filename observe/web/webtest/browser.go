// Package webtest opens the live page in a headless Chromium, for tests. The
// page is judged from outside, by what a browser shows, logs and asks for.
//
//	browser.go  the browser and its pages
//	page.go     what a test does with a page and asks of it
//	axe.go      faults of accessibility, as axe-core finds them
package webtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a condition may take on a busy machine.
const patience = time.Minute

// Browser is a headless Chromium of one test.
type Browser struct{ ctx context.Context }

// Start starts a browser, which ends with the test. The test fails where there is
// none: CHROMIUM names one, else it is looked for on the PATH.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // CI runs as root, where Chromium has none
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-prefers-reduced-motion", true), // a picture is of one moment
	)
	allocator, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		limit, done := context.WithTimeout(ctx, patience)
		defer done()
		_ = chromedp.Cancel(limit) // politely first: it writes to its folder until it has ended
		cancel()
		closeAll()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

func find() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("the browser suite needs Chromium or Chrome: %w", exec.ErrNotFound)
}

// Page is a tab with storage and cookies of its own.
type Page struct {
	t    testing.TB
	ctx  context.Context
	home *url.URL

	mu     sync.Mutex
	faults []string
	away   bool
}

// Look is how a page is looked at.
type Look struct {
	Width, Height int64
	Dark          bool
}

// The screens that the page must be good on: a desk's and a phone's.
const (
	Wide   = 1440
	Narrow = 390
)

// Open opens an address and closes it with the test.
func (b *Browser) Open(t testing.TB, address string, look Look) *Page {
	t.Helper()
	home, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t, home: home}
	var cancel context.CancelFunc
	p.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.hear))
	t.Cleanup(cancel)
	// The tab lives as long as the context of its first action: not one with a limit.
	if err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		return err
	})); err != nil {
		t.Fatal(err)
	}
	p.look(look)
	p.do(chromedp.Navigate(address))
	return p
}

// hear notes what must not be: errors and warnings in the console, which a
// violation of the page's policy is, too, and requests to others.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.fault("exception: %s", e.ExceptionDetails.Text+" "+describe(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.fault("console: %s %s", e.Type, describe(e.Args...))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.logged(e.Entry)
		}
	case *network.EventRequestWillBeSent:
		to, err := url.Parse(e.Request.URL)
		if err != nil || to.Scheme != "data" && (to.Host != p.home.Host || to.Scheme != p.home.Scheme) {
			p.fault("request to %s", e.Request.URL)
		}
	}
}

// logged notes an entry of the browser's log. That a server does not answer
// while it is away is no fault of the page.
func (p *Page) logged(entry *log.Entry) {
	p.mu.Lock()
	away := p.away
	p.mu.Unlock()
	if away && entry.Source == log.EntrySourceNetwork {
		return
	}
	p.fault("log: %s %s: %s %s", entry.Source, entry.Level, entry.Text, entry.URL)
}

func (p *Page) fault(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

func describe(values ...*runtime.RemoteObject) string {
	text := ""
	for _, v := range values {
		if v != nil {
			text += " " + v.Description + string(v.Value)
		}
	}
	return text
}

func (p *Page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}
