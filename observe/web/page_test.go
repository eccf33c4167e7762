//go:build browser

package web

import (
	"flag"
	"testing"

	"waterhealer/observe"
	"waterhealer/observe/web/webtest"
)

// shots is where pictures of the page go, to be looked at.
var shots = flag.String("shots", "", "folder that gets pictures of the page")

// In no state does the page break out of the screen, break its policy, log an
// error or shut somebody out, be it wide or narrow, light or dark.
func TestBrowserStates(t *testing.T) {
	browser := webtest.Start(t)
	for _, c := range []struct {
		name  string
		state func() *observe.Status
		quiet bool
		shows []string
	}{
		{"healthy", healthy, false, []string{"orders", "ready", "12.4 k"}},
		{"stuck", stuck, false, []string{"stalled", "orders/2/187002468", "17 tries"}},
		{"halted", halted, false, []string{"halted", "no \"customer\""}},
		{"away", brokersAway, false, []string{"brokers away", "no broker of orders answers"}},
		{"partitions", manyPartitions, false, []string{"64"}},
		{"nodes", manyNodes, false, []string{"check-number-0"}},
		{"nothing", noRecords, true, []string{"starting", "holds no partition"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pipeline := &drawn{quiet: c.quiet}
			pipeline.set(c.state)
			page := browser.Open(t, serve(t, Options{Pipeline: pipeline}), webtest.Look{Width: webtest.Wide})
			page.Shows("body", c.shows...)
			for i, look := range []struct {
				name string
				webtest.Look
			}{
				{"wide-light", webtest.Look{Width: webtest.Wide}},
				{"narrow-dark", webtest.Look{Width: webtest.Narrow, Dark: true}},
				{"wide-dark", webtest.Look{Width: webtest.Wide, Dark: true}},
				{"narrow-light", webtest.Look{Width: webtest.Narrow}},
			} {
				page.Look(look.Look)
				page.Shot(*shots, c.name+"-"+look.name)
				for _, fault := range page.Sideways() {
					t.Errorf("%s: %s", look.name, fault)
				}
				if i > 1 {
					continue // each size and each theme has been looked into
				}
				for _, fault := range page.Inaccessible() {
					t.Errorf("%s: %s", look.name, fault)
				}
			}
			for _, fault := range page.Faults() {
				t.Error(fault)
			}
		})
	}
}

// The window of a tap, over a page with a failure that is being read.
func TestBrowserTap(t *testing.T) {
	pipeline := &drawn{}
	pipeline.set(stuck)
	page := webtest.Start(t).Open(t, serve(t, Options{Pipeline: pipeline}), webtest.Look{Width: webtest.Wide})
	page.Shows("#stuck", "orders/2/187002468")
	page.Click("#failure-rows summary")
	page.Shows("#failure-rows pre", "key: customer-17", "origin: shop", `"amount": 12.5`)
	page.Shot(*shots, "failure-wide-light")
	page.Click("#stuck button")
	page.Shows("#tap", "billing/kafka", "orders/1/1245", "customer-11")
	for name, look := range map[string]webtest.Look{
		"tap-wide-dark": {Width: webtest.Wide, Dark: true}, "tap-narrow-light": {Width: webtest.Narrow, Height: 800},
	} {
		page.Look(look)
		page.Shot(*shots, name)
		for _, fault := range append(page.Sideways(), page.Inaccessible()...) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	for _, fault := range page.Faults() {
		t.Error(fault)
	}
}

// Another version of the program brings its own page: one that is open loads
// itself anew.
func TestBrowserUpgrade(t *testing.T) {
	pipeline := &drawn{}
	pipeline.set(healthy)
	page := webtest.Start(t).Open(t, serve(t, Options{Pipeline: pipeline}), webtest.Look{Width: webtest.Wide})
	page.Shows("#version", "waterhealer 1.4.0")
	webtest.Ask[bool](page, "globalThis.before = true")
	pipeline.set(func() *observe.Status {
		s := healthy()
		s.Run, s.Version = "b", "1.5.0"
		return s
	})
	page.Until("it is another page", `!globalThis.before && document.getElementById("version")?.innerText === "waterhealer 1.5.0"`)
}
