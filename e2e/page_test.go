//go:build browser

package e2e

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"waterhealer/observe/web/webtest"
)

// shown is the page of a running pipeline, in a browser.
type shown struct {
	*webtest.Page
	t        *testing.T
	broker   *broker
	program  *program
	address  string
	pipeline string
	names    []string // in, out, aside
	records  int      // so far
}

const group = "paged"

// A pipeline with an order of none, so that records behind one that sticks
// finish, whose record 1000 cannot be written until there is a topic for it.
// Every tenth record is put aside.
func show(t *testing.T) *shown {
	b := startBroker(t)
	s := &shown{t: t, broker: b, names: b.topics(t, 2, "paged", "written", "aside")}
	to := fmt.Sprintf("{expr: '\"%s\" + (value.id == 1000 ? \"-absent\" : \"\")'}", s.names[1])
	s.pipeline = file(t, "p.yaml", "name: paged\norder: none\n"+linear(s.names[0], to, group, fmt.Sprintf(
		"  - filter: value.id %% 10 != 9\n  - name: check\n    map: 'value.id %% 10 == 8 ? fail(\"poison\") : value'\n"+
			"    on_error: {then: dead_letter, dead_letter: {kafka: {topic: %s}}}", s.names[2])))
	s.program = start(t, b.env(), "run", s.pipeline, "--http", "127.0.0.1:0")
	s.address = s.program.served()
	s.Page = webtest.Start(t).Open(t, s.address, webtest.Look{Width: webtest.Wide})
	return s
}

// produce writes as many records more.
func (s *shown) produce(n int) {
	s.t.Helper()
	s.broker.produce(s.t, s.names[0], numbers(s.records, s.records+n, 2)...)
	s.records += n
}

// flow writes records for as long as f takes.
func (s *shown) flow(f func()) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	ended := make(chan error)
	go func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		var err error
		for ctx.Err() == nil && err == nil {
			err = s.broker.client.Produce(context.WithoutCancel(ctx), s.names[0], numbers(s.records, s.records+20, 2))
			s.records += 20
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
		ended <- err
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}()
	f()
}

// node is the drawn node of a name.
func node(name string) string { return fmt.Sprintf(`#graph [data-name="%s"]`, name) }

// row is the row of a partition, as an expression that gives the element.
func (s *shown) row(partition int) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#partition-rows tr")].find((e) => e.querySelector("th")?.innerText === "%s/%d")`, s.names[0], partition)
}

// cell is a number in the row of a partition, as an expression.
func (s *shown) cell(partition int, label string) string {
	return fmt.Sprintf(`Number(%s?.querySelector('[data-label="%s"]').innerText.replaceAll(",", ""))`, s.row(partition), label)
}

// painted says, as an expression, that a partition's strip has pixels of a
// colour of the page's style.
func (s *shown) painted(partition int, name string) string {
	return fmt.Sprintf(`((canvas) => {
		if (!canvas?.width) return false;
		const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
		[probe.canvas.width, probe.canvas.height] = [canvas.width, canvas.height];
		probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--%s").trim();
		probe.fillRect(0, 0, 1, 1);
		const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
		probe.clearRect(0, 0, 1, 1);
		probe.drawImage(canvas, 0, 0);
		const data = probe.getImageData(0, 0, canvas.width, canvas.height).data;
		for (let i = 0; i < data.length; i += 4) {
			if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 6 && data[i + 3] > 200) return true;
		}
		return false;
	})(%s?.querySelector("canvas"))`, name, s.row(partition))
}

// One pipeline's life, as somebody sees it who keeps its page open.
func TestBrowserPage(t *testing.T) {
	s := show(t)
	t.Run("Flows", func(*testing.T) { s.flows() })
	t.Run("Sticks", func(*testing.T) { s.sticks() })
	t.Run("Keyboard", func(*testing.T) { s.keyboard() })
	t.Run("Heals", func(*testing.T) { s.heals() })
	t.Run("Restarts", func(*testing.T) { s.restarts() })
	for _, fault := range s.Faults() {
		t.Error(fault)
	}
}

// flows: records pass, and every part of the page says so.
func (s *shown) flows() {
	s.Shows("#pipeline", group)
	s.Shows("#health", "ready")
	s.flow(func() {
		for _, name := range []string{"in", "filter-1", "check", "out", "out/kafka"} {
			s.Until(name+" has a rate", fmt.Sprintf(`/[1-9][\d,.]*( k)?\/s/.test(document.querySelector('%s .flow')?.textContent)`, node(name)))
		}
		s.Until("the filter drops", fmt.Sprintf(`/→/.test(document.querySelector('%s .flow').textContent)`, node("filter-1")))
		s.Until("time per node", fmt.Sprintf(`/\d (µs|ms|s)/.test(document.querySelector('%s .time, %s [id$=time]').textContent)`, node("out/kafka"), node("out/kafka")))
		s.Until("charts are drawn", `document.querySelectorAll("#chart-rate canvas, #chart-lag canvas").length === 2`)
	})
	s.Until("all is read", fmt.Sprintf(`%s + %s === %d && %s === 0`, s.cell(0, "Committed"), s.cell(1, "Committed"), s.records, s.cell(0, "Lag")))
	s.broker.committed(s.t, group, s.names[0], int64(s.records/2), int64(s.records/2))
	// What fails is told of; what it held is nobody's business.
	s.Shows("#failure-rows", s.names[0]+"/0/", "check", "dead letter", "poison")
	s.Shows("#failures-hint", "--http-show-values shows them")
	if n := s.Count("#failure-rows details"); n != 0 {
		s.t.Errorf("%d failures show values", n)
	}
	letters := len(s.broker.consume(s.t, s.names[2]))
	s.Until("as many letters as a witness counts", fmt.Sprintf(`document.querySelector('%s').textContent.includes("%d letters")`, node("dead_letter"), letters))
	s.Until("nothing sticks", `document.getElementById("stuck-section").hidden`)
}

// sticks: a record that cannot be written is in the strip and in the list, with
// all that is known of it.
func (s *shown) sticks() {
	for s.records < 900 {
		s.produce(100)
	}
	s.produce(1200 - s.records + s.records%2)
	at := 1000 / 2 // record 1000 is on partition 0, as every even one
	s.Shows("#stuck", fmt.Sprintf("%s/0/%d", s.names[0], at), "at out/kafka", "tries", "next in", "finished behind it", s.names[1]+"-absent")
	s.Until("the strip shows it", s.painted(0, "bad"))
	s.Until("the strip shows what finished out of order", s.painted(0, "hole"))
	s.Until("the other strip does not", "!("+s.painted(1, "bad")+")")
	s.Until("the numbers of its partition", fmt.Sprintf(`%s === %d && %s === %d && %s > 0 && %s > 0 && %s === %d`,
		s.cell(0, "Committed"), at, s.cell(0, "Watermark"), at, s.cell(0, "In flight"), s.cell(0, "Holes"), s.cell(0, "End"), s.records/2))
	s.Until("the words of its strip", fmt.Sprintf(`%s.querySelector("canvas").getAttribute("aria-label").includes("offset %d holds it up")`, s.row(0), at))
	s.broker.committed(s.t, group, s.names[0], int64(at))
	s.Until("its node is marked", fmt.Sprintf(`document.querySelector('%s').classList.contains("bad")`, node("out/kafka")))
	for _, look := range []webtest.Look{{Width: webtest.Wide}, {Width: webtest.Narrow, Dark: true}} {
		s.Look(look)
		for _, fault := range append(s.Sideways(), s.Inaccessible()...) {
			s.t.Error(fault)
		}
	}
	s.Look(webtest.Look{Width: webtest.Wide})
}

// keyboard: all can be reached and seen to be reached, opened and closed again.
func (s *shown) keyboard() {
	const focused = `document.activeElement`
	webtest.Ask[bool](s.Page, `(document.body.focus(), scrollTo(0, 0), document.activeElement?.blur(), true)`)
	s.Press(kb.Tab)
	s.Until("the first stop skips what is above the page", focused+`.classList.contains("skip")`)
	s.Press(kb.Tab)
	s.Until("the second is the theme", focused+`.id === "theme"`)
	var stops []string
	for !strings.HasSuffix(strings.Join(stops, " "), "out/kafka") {
		if len(stops) > 20 {
			s.t.Fatalf("tab does not lead to the node out/kafka: %q", stops)
		}
		s.Press(kb.Tab)
		seen := webtest.Ask[bool](s.Page, `((style, box) => style.outlineStyle !== "none" || parseFloat(box?.strokeWidth) >= 3)(getComputedStyle(document.activeElement), document.activeElement.querySelector?.(".box") && getComputedStyle(document.activeElement.querySelector(".box")))`)
		stops = append(stops, webtest.Ask[string](s.Page, focused+`.dataset.name ?? `+focused+`.id`))
		if !seen {
			s.t.Errorf("the focus on %s cannot be seen", stops[len(stops)-1])
		}
	}
	s.Press(kb.Enter)
	s.Shows("#tap", "out/kafka", "values are hidden: start the pipeline with --http-show-values")
	s.Press(kb.Escape)
	s.Until("it is closed", `!document.getElementById("tap").open`)
	s.Until("the focus is where it was", focused+`.dataset.name === "out/kafka"`)
	s.Press(kb.Tab, chromedp.ModifierShift)
	s.Until("and goes back", focused+`.dataset.name === "out"`)
}

// heals: once the record can be written, it leaves strip and list.
func (s *shown) heals() {
	if err := s.broker.CreateTopic(s.names[1]+"-absent", 1); err != nil {
		s.t.Fatal(err)
	}
	s.Until("it has left the list", `document.getElementById("stuck-section").hidden`)
	s.Until("it has left the strip", "!("+s.painted(0, "bad")+")")
	s.Until("all is committed", fmt.Sprintf(`%s === %d && %s === 0 && %s === 0`, s.cell(0, "Committed"), s.records/2, s.cell(0, "In flight"), s.cell(0, "Holes")))
	s.broker.committed(s.t, group, s.names[0], int64(s.records/2), int64(s.records/2))
	s.Until("its node is not marked", fmt.Sprintf(`!document.querySelector('%s').classList.contains("bad")`, node("out/kafka")))
}

// restarts: the page says that nobody answers, and goes on with the next run.
func (s *shown) restarts() {
	s.Away(true)
	s.program.kill()
	s.Shows("#connection", "No answer from the pipeline since")
	s.Shows("#health", "no answer")
	s.program = start(s.t, s.broker.env(), "run", s.pipeline, "--http", strings.TrimPrefix(s.address, "http://"))
	s.program.served()
	s.Shows("#health", "ready")
	s.Away(false)
	s.Until("nothing is said of an absence", `document.getElementById("connection").hidden`)
	s.Shows("#failures-hint", "None since the start.")
	s.produce(200)
	s.Until("the new run's numbers", fmt.Sprintf(`%s === %d && document.getElementById("figures").innerText.includes("200 in all")`, s.cell(0, "Committed"), s.records/2))
	s.program.signal(syscall.SIGTERM)
	if code := s.program.wait(time.Minute); code != 0 {
		s.t.Errorf("exit code %d", code)
	}
	s.Away(true) // on purpose
}

// With a token and --http-show-values, on the broker inside: the way in, values,
// the tap, and no secret.
func TestBrowserValues(t *testing.T) {
	const token, password = "a-token-that-is-long", "swordfish"
	var seed strings.Builder
	for i := range 40 {
		fmt.Fprintf(&seed, "{\"id\": %d, \"name\": \"Ada <b>%d</b>\", \"big\": 9007199254740993, \"price\": 1.10}\n", i, i)
	}
	pipeline := file(t, "p.yaml", `
name: guarded
sources:
  - {name: ticks, generate: {value: '{"id": 1000 + index, "name": "tick", "big": 9007199254740993}', interval: 50ms}}
  - kafka: {brokers: [nowhere:9092], topics: [people], group: g, sasl: {username: me, password: "`+password+`"}}
operators:
  - name: check
    inspect: true
    map: 'value.id == 7 ? fail("seven") : value'
    on_error: {then: dead_letter, dead_letter: {kafka: {topic: aside}}}
sinks:
  - healing: {to: {kafka: {topic: greeted, headers: {source: '"`+group+`"'}}}}
`)
	p := start(t, []string{"WATERHEALER_HTTP_TOKEN=" + token}, "run", pipeline, "--embedded", "--seed", "people="+file(t, "people.jsonl", seed.String()),
		"--http", "127.0.0.1:0", "--http-show-values")
	page := webtest.Start(t).Open(t, p.served(), webtest.Look{Width: webtest.Narrow})
	page.Shows("form", "Token")
	faults := page.Inaccessible()
	page.Away(true) // a wrong token is answered with 401
	page.Type("#token", "not-the-token-at-all"+kb.Enter)
	page.Shows("form", "This is not the token.")
	page.Away(false)
	page.Type("#token", token+kb.Enter)
	page.Shows("#pipeline", "guarded")
	page.Shows("#failure-rows", "people/", "check", "seven")
	page.Click("#failure-rows summary")
	page.Shows("#failure-rows pre", "no key", `"id": 7`, "Ada <b>7</b>", "9007199254740993", "1.10")

	page.Click("#config-box summary")
	page.Shows("#config", "username: me", "value.id == 7")
	if text := page.Text("#config"); strings.Contains(text, password) || !strings.Contains(text, strings.Repeat("*", len(password))) {
		t.Errorf("the secret is not masked in:\n%s", text)
	}

	// What went through a node that keeps its last records is seen at once.
	page.Click(node("healing-1/kafka"))
	page.Shows("#tap", "healing-1/kafka", "tick", `"id":`, "9007199254740993")
	page.Press(kb.Escape)
	page.Click(node("check"))
	page.Shows("#tap", "check", "ticks")
	page.Type("#tap-filter", "value.id % 2 == 0"+kb.Enter)
	page.Until("only what was asked for", `((ids) => ids.length > 2 && ids.every((id) => id % 2 === 0))([...document.querySelectorAll("#tap-records pre")].map((e) => JSON.parse(e.innerText).id))`)
	faults = append(faults, page.Inaccessible()...)
	page.Type("#tap-filter", " +"+kb.Enter)
	page.Shows("#tap-state", "filter")
	page.Click("#tap [aria-label=Close]")

	page.Look(webtest.Look{Width: webtest.Narrow, Dark: true})
	page.Click("#theme")
	page.Until("the other colours", `document.documentElement.dataset.theme === "light" && getComputedStyle(document.body).backgroundColor === "rgb(246, 247, 248)"`)
	page.Reload()
	page.Shows("#pipeline", "guarded")
	page.Until("they stay", `document.documentElement.dataset.theme === "light"`)
	if status := webtest.Ask[int](page, `fetch("/api/v1/status", {method: "POST"}).then((r) => r.status)`); status != 405 {
		t.Errorf("a POST is answered with %d", status)
	}
	for _, fault := range append(append(faults, page.Sideways()...), page.Faults()...) {
		if !strings.Contains(fault, "405") { // which was asked for
			t.Error(fault)
		}
	}
}
