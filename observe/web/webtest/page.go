package webtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Look sets the size of the screen and the colours that the system prefers, and
// waits until the page has been drawn so.
func (p *Page) Look(look Look) {
	p.t.Helper()
	p.look(look)
	Ask[bool](p, `new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => seen(true)))))`)
}

func (p *Page) look(look Look) {
	p.t.Helper()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	if look.Height == 0 {
		look.Height = 900
	}
	p.do(chromedp.EmulateViewport(look.Width, look.Height), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}))
}

// Ask runs an expression in the page and decodes what it gives.
func Ask[T any](p *Page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Text is what is seen of an element, "" where it is not there.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Ask[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, quote(selector)))
}

// Count is how many elements are seen.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Ask[int](p, fmt.Sprintf(`[...document.querySelectorAll(%s)].filter((e) => e.getClientRects().length > 0).length`, quote(selector)))
}

// Until waits until an expression is true in the page.
func (p *Page) Until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")", chromedp.EvalAwaitPromise))
		if err == nil && ok {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			p.t.Fatalf("the page does not show: %s (last error: %v); it shows:\n%s", what, err, strings.Join(strings.FieldsFunc(p.Text("body"), func(r rune) bool { return r == '\n' }), "\n"))
		}
	}
}

// Shows waits until an element shows all texts.
func (p *Page) Shows(selector string, texts ...string) {
	p.t.Helper()
	all, _ := json.Marshal(texts) // strings always can be
	p.Until(selector+" with "+strings.Join(texts, ", "), fmt.Sprintf(
		`((e) => e?.getClientRects().length > 0 && %s.every((text) => e.innerText.includes(text)))(document.querySelector(%s))`, all, quote(selector)))
}

// Gone waits until an element is not seen, or does not show a text.
func (p *Page) Gone(selector, text string) {
	p.t.Helper()
	p.Until(selector+" without "+text, fmt.Sprintf(
		`((e) => !e || e.getClientRects().length === 0 || !e.innerText.includes(%s))(document.querySelector(%s))`, quote(text), quote(selector)))
}

// Click clicks an element with the mouse, in view.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do(chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Press presses keys, as "\t" or kb.Enter, with modifiers.
func (p *Page) Press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// Type puts a text into a field.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Reload loads the page anew.
func (p *Page) Reload() {
	p.t.Helper()
	p.do(chromedp.Reload())
}

// Away says whether the server is away, on purpose: then the browser's log may
// say that it does not answer.
func (p *Page) Away(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = away
}

// Faults are what was wrong until now: errors in the console, violations of the
// page's policy, requests to others.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}

// Sideways are what makes the page wider than the screen, so that it scrolls
// sideways as a whole.
func (p *Page) Sideways() []string {
	p.t.Helper()
	return Ask[[]string](p, `(() => {
		const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= most) return [];
		return ["the page is " + document.documentElement.scrollWidth + " wide on " + most,
			...[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > most + 1).slice(0, 8)
				.map((e) => e.tagName + "#" + e.id + "." + e.getAttribute("class") + " ends at " + e.getBoundingClientRect().right)];
	})()`)
}

// Shot writes a picture of the whole page into a folder, and nothing where that is "".
func (p *Page) Shot(folder, name string) {
	p.t.Helper()
	if folder == "" {
		return
	}
	yes := true
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, func(ctx context.Context, tab *chromedp.Target) ([]byte, error) {
		// The first makes the page draw all of itself, beyond the screen, too.
		if _, err := cdp.Call(ctx, tab, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes}); err != nil {
			return nil, err
		}
		r, err := cdp.Call(ctx, tab, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes})
		return r.Data, err
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// quote writes a string as JavaScript does.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // strings always can be
	return string(quoted)
}
