package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"waterhealer/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeline is a made-up one.
type pipeline struct {
	unready atomic.Bool
	dead    atomic.Bool
	made    atomic.Int64
	samples int // a tap gives, then waits for its end
}

func (p *pipeline) Status() *observe.Status {
	s := &observe.Status{Pipeline: "orders", State: observe.StateRunning, Run: "a", Totals: observe.Totals{In: p.made.Add(1)}}
	s.Health = observe.Health{Live: !p.dead.Load(), Ready: !p.unready.Load()}
	if p.unready.Load() {
		s.Health.Problems = []observe.Problem{{Code: observe.ProblemBrokersAway, Text: "127.0.0.1:1 does not answer", Node: "kafka-1"}}
	}
	return s
}

func (*pipeline) History() []observe.Point { return []observe.Point{{In: 7}} }
func (*pipeline) Config() string           { return "name: orders\n" }

func (p *pipeline) Tap(ctx context.Context, node, _ string, limit int) (<-chan observe.Sample, error) {
	if node != "map-1" {
		return nil, errors.New(`there is no node "` + node + `"`)
	}
	out := make(chan observe.Sample)
	go func() {
		defer close(out)
		for i := range max(limit, p.samples) {
			select {
			case out <- observe.Sample{Node: node, Offset: int64(i), Value: json.RawMessage(`{"a":1}`)}:
			case <-ctx.Done():
				return
			}
		}
		if limit == 0 {
			<-ctx.Done()
		}
	}()
	return out, nil
}

// serve starts a server and returns its address.
func serve(t *testing.T, o Options) string {
	t.Helper()
	if o.Pipeline == nil {
		o.Pipeline = &pipeline{}
	}
	o.Logger = slog.New(slog.DiscardHandler)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(o).Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + listener.Addr().String()
}

// get asks; the header's lines are "Name: value".
func get(t *testing.T, address string, header ...string) (code int, body string, headers http.Header) {
	t.Helper()
	return ask(t, http.MethodGet, address, "", header...)
}

func ask(t *testing.T, method, address, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

// A page that taps in vain hears why, as browsers hide answers that are no stream.
func TestTapRefused(t *testing.T) {
	address := serve(t, Options{})
	code, body, headers := get(t, address+"/api/v1/tap?node=x", "Accept: text/event-stream")
	want := "event: refused\ndata: {\"error\":\"there is no node \\\"x\\\"\"}\n\n"
	if code != 200 || headers.Get("Content-Type") != "text/event-stream" || body != want {
		t.Errorf("%d %s %q", code, headers.Get("Content-Type"), body)
	}
}

func cookies(headers http.Header) []*http.Cookie { return (&http.Response{Header: headers}).Cookies() }

func TestAnswers(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	address := serve(t, Options{Metrics: metrics})
	for path, want := range map[string]struct {
		code int
		kind string
		text string
	}{
		"/":                      {200, "text/html", "<title>"},
		"/login.css":             {200, "text/css", ""},
		"/login":                 {303, "text/html", ""},
		"/livez":                 {200, "application/json", `"ok":true`},
		"/readyz":                {200, "application/json", `"problems":[]`},
		"/metrics":               {200, "text/plain", "up 1"},
		"/api/v1/status":         {200, "application/json", `"pipeline":"orders"`},
		"/api/v1/history":        {200, "application/json", `"in":7`},
		"/api/v1/config":         {200, "text/plain", "name: orders"},
		"/api/v1/nothing":        {404, "application/json", `"error"`},
		"/api/v1/tap?node=x":     {400, "application/json", `there is no node \"x\"`},
		"/api/v1/tap?limit=-1":   {400, "application/json", "whole number"},
		"/debug/pprof/":          {200, "text/html", "goroutine"},
		"/debug/pprof/cmdline":   {404, "text/plain", ""},
		"/nothing":               {404, "text/plain", ""},
		"/etc/passwd":            {404, "text/plain", ""},
		"/../../etc/passwd":      {307, "text/html", ""},
		"/debug/pprof/heap?gc=1": {200, "application/octet-stream", ""},
	} {
		code, body, headers := get(t, address+path)
		if code != want.code || !strings.HasPrefix(headers.Get("Content-Type"), want.kind) || !strings.Contains(body, want.text) {
			t.Errorf("%s: %d %s %.200q, want %d %s with %q", path, code, headers.Get("Content-Type"), body, want.code, want.kind, want.text)
		}
		if headers.Get("Content-Security-Policy") != policy {
			t.Errorf("%s has no content security policy", path)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if code, _, _ := ask(t, method, address+"/api/v1/status", ""); code != http.StatusMethodNotAllowed {
			t.Errorf("%s of the status: %d", method, code)
		}
	}
}

func TestHealthTellsTheTruth(t *testing.T) {
	p := &pipeline{}
	address := serve(t, Options{Pipeline: p})
	p.unready.Store(true)
	code, body, _ := get(t, address+"/readyz")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"brokers_away"`) || !strings.Contains(body, "does not answer") {
		t.Errorf("without brokers: %d %s", code, body)
	}
	if code, _, _ := get(t, address+"/livez"); code != http.StatusOK {
		t.Errorf("a restart brings no brokers back: %d", code)
	}
	p.unready.Store(false)
	if code, body, _ := get(t, address+"/readyz"); code != http.StatusOK {
		t.Errorf("with brokers: %d %s", code, body)
	}
	p.dead.Store(true)
	if code, _, _ := get(t, address+"/livez"); code != http.StatusServiceUnavailable {
		t.Errorf("dead: %d", code)
	}
}

func TestToken(t *testing.T) {
	p := &pipeline{}
	p.unready.Store(true)
	const token = "a token of some length"
	address := serve(t, Options{Pipeline: p, Token: token})
	for _, path := range []string{"/", "/api/v1/status", "/api/v1/events", "/api/v1/tap?node=map-1", "/api/v1/config", "/metrics", "/debug/pprof/heap", "/app.js"} {
		for _, header := range []string{"X: y", "Authorization: Bearer wrong", "Authorization: Basic " + token, "Authorization: Bearer ", "Cookie: waterhealer=" + token} {
			code, body, _ := get(t, address+path, header)
			if code != http.StatusUnauthorized || !strings.Contains(body, "--http-token") {
				t.Errorf("%s with %s: %d %s", path, header, code, body)
			}
		}
	}
	if code, body, _ := get(t, address+"/api/v1/status", "Authorization: Bearer "+token); code != 200 {
		t.Errorf("with the token: %d %s", code, body)
	}
	// Probes need no token, and learn no names.
	code, body, _ := get(t, address+"/readyz")
	if code != 503 || !strings.Contains(body, "brokers_away") || strings.Contains(body, "127.0.0.1") || strings.Contains(body, "kafka-1") || strings.Contains(body, "orders") {
		t.Errorf("without the token: %d %s", code, body)
	}
	if _, body, _ := get(t, address+"/readyz", "Authorization: Bearer "+token); !strings.Contains(body, "127.0.0.1") {
		t.Errorf("with the token: %s", body)
	}
}

func TestLogin(t *testing.T) {
	const token = "a token of some length"
	address := serve(t, Options{Token: token})
	code, _, headers := get(t, address+"/", "Accept: text/html,*/*")
	if code != http.StatusSeeOther || headers.Get("Location") != "/login" {
		t.Errorf("a browser without the token: %d %s", code, headers.Get("Location"))
	}
	form := "Content-Type: application/x-www-form-urlencoded"
	code, body, headers := ask(t, http.MethodPost, address+"/login", "token=wrong", form)
	if code != http.StatusUnauthorized || len(cookies(headers)) != 0 || !strings.Contains(body, "not the token") {
		t.Errorf("the wrong token: %d %v", code, cookies(headers))
	}
	code, _, headers = ask(t, http.MethodPost, address+"/login", "token="+url.QueryEscape(token), form)
	if code != http.StatusSeeOther || len(cookies(headers)) != 1 {
		t.Fatalf("the token: %d %v", code, cookies(headers))
	}
	cookie := cookies(headers)[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || strings.Contains(cookie.Value, token) {
		t.Errorf("the cookie is %v", cookie)
	}
	if code, _, _ := get(t, address+"/api/v1/status", "Cookie: "+cookie.Name+"="+cookie.Value); code != 200 {
		t.Errorf("with the cookie: %d", code)
	}
	if code, _, _ := ask(t, http.MethodPost, address+"/login", "token="+url.QueryEscape(token), form, "Origin: http://evil.example"); code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", code)
	}
	if code, _, _ := ask(t, http.MethodPost, address+"/login", "token="+strings.Repeat("x", 1<<20), form); code != http.StatusUnauthorized {
		t.Errorf("a megabyte: %d", code)
	}
}

func TestOtherSitesGetNothing(t *testing.T) {
	address := serve(t, Options{Hosts: []string{"streams.internal"}})
	port := address[strings.LastIndex(address, ":"):]
	for _, test := range []struct {
		header []string
		code   int
	}{
		{[]string{"Host: localhost" + port}, 200},
		{[]string{"Host: LOCALHOST." + port}, 200},
		{[]string{"Host: [::1]" + port}, 200},
		{[]string{"Host: 10.0.0.7" + port}, 200},
		{[]string{"Host: streams.internal"}, 200},
		{[]string{"Host: evil.example" + port}, 421},
		{[]string{"Host: localhost.evil.example"}, 421},
		{[]string{"Host: 127.0.0.1.evil.example"}, 421},
		{[]string{"Origin: http://evil.example"}, 403},
		{[]string{"Origin: null"}, 403},
		{[]string{"Origin: " + address}, 200},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"}, 403},
		{[]string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, 200},
		{[]string{"Sec-Fetch-Site: same-origin"}, 200},
		{[]string{"Sec-Fetch-Site: same-origin", "Origin: null"}, 200},
	} {
		if code, body, _ := get(t, address+"/api/v1/status", test.header...); code != test.code {
			t.Errorf("%v: %d %s, want %d", test.header, code, body, test.code)
		}
	}
}

// follow starts a stream and returns its lines.
func follow(t *testing.T, address string) (lines *bufio.Scanner, end func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request) //nolint:bodyclose // the caller ends it
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%s: %s %s", address, answer.Status, answer.Header.Get("Content-Type"))
	}
	return bufio.NewScanner(answer.Body), func() {
		cancel()
		_ = answer.Body.Close()
	}
}

func TestEvents(t *testing.T) {
	address := serve(t, Options{})
	lines, end := follow(t, address+"/api/v1/events")
	defer end()
	for range 2 {
		var text []string
		for lines.Scan() && lines.Text() != "" {
			text = append(text, lines.Text())
		}
		if len(text) != 2 || text[0] != "event: status" || !strings.HasPrefix(text[1], `data: {"pipeline":"orders"`) {
			t.Fatalf("the event is %q, error %v", text, lines.Err())
		}
	}
}

func TestTap(t *testing.T) {
	address := serve(t, Options{})
	lines, end := follow(t, address+"/api/v1/tap?node=map-1&limit=2")
	defer end()
	var text []string
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event:") {
			text = append(text, lines.Text())
		}
	}
	if got := strings.Join(text, " "); got != "event: open event: sample event: sample event: end" {
		t.Errorf("the stream is %s", got)
	}
}

// A server that stops ends its streams and waits for nobody.
func TestStopEndsStreams(t *testing.T) {
	p := &pipeline{}
	server := New(Options{Pipeline: p, Logger: slog.New(slog.DiscardHandler)})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	for _, path := range []string{"/api/v1/events", "/api/v1/tap?node=map-1"} {
		lines, end := follow(t, "http://"+listener.Addr().String()+path)
		defer end()
		lines.Scan()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestTooManyStreams(t *testing.T) {
	server := New(Options{Pipeline: &pipeline{}, Logger: slog.New(slog.DiscardHandler)})
	for range maxStreams {
		server.streams <- struct{}{}
	}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/v1/events", nil)
	server.Handler().ServeHTTP(recorder, request)
	if recorder.Code != http.StatusServiceUnavailable || recorder.Header().Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d %s", recorder.Code, recorder.Body)
	}
}
