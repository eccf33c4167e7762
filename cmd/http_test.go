package cmd

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// Flags that do not go together, and addresses that others can reach without
// any proof of who they are, are refused before the pipeline starts.
func TestHTTPFlags(t *testing.T) {
	own(t)
	s, server, err := kafkatest.Certificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file(t, "p.yaml", "sources:\n  - values: {items: [1]}\nsinks:\n  - drop: {}\n")
	for _, c := range []struct {
		flags string
		says  string
	}{
		{"--http 0.0.0.0:0", "can be reached by others: it needs --http-token, or --http-client-ca"},
		{"--http :0", "can be reached by others"},
		{"--http [::]:0", "can be reached by others"},
		{"--http 0.0.0.0:0 --http-cert " + server + " --http-key " + server, "can be reached by others"}, // TLS alone asks nobody who they are
		{"--http 127.0.0.1:0 --http-token short", "must have at least 16"},
		{"--http 8080", "must be HOST:PORT"},
		{"--http 127.0.0.1:99999", "--http 127.0.0.1:99999"},
		{"--http 127.0.0.1:0 --http-client-ca " + s.CA, "--http-client-ca needs --http-cert"},
		{"--http 127.0.0.1:0 --http-cert " + server, "go together"},
		{"--http 127.0.0.1:0 --http-cert " + s.CA + " --http-key " + s.Key, "--http-cert and --http-key: "},
		{"--http 127.0.0.1:0 --http-cert " + server + " --http-key " + server + " --http-client-ca " + s.Key, "has no certificate"},
		{"--http-show-values", "--http-show-values needs --http"},
		{"--http 127.0.0.1:0 --dry-run", "--dry-run serves nothing"},
	} {
		r := run(t, append([]string{"run", "p.yaml"}, strings.Fields(c.flags)...)...)
		if r.code != exitUsage || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.flags, r.code, exitUsage, c.says, r.stderr)
		}
	}
	// The token may be set for all commands; where nothing is served it is not asked for.
	t.Setenv("WATERHEALER_HTTP_TOKEN", "a token of some length")
	run(t, "run", "p.yaml").exits(t, exitDone)
}

// openLog is a log that can be read while it is written.
type openLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *openLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *openLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serving runs a pipeline that goes on, with --http, until the test is over, and
// returns the port at which it serves and its log.
func serving(t *testing.T, flags ...string) (port string, log *openLog) {
	t.Helper()
	log = &openLog{}
	ctx, signal := context.WithCancel(context.Background())
	done := make(chan int, 1)
	path := file(t, "p.yaml", "sources:\n  - generate: {value: '{\"n\": index}', interval: 10ms}\noperators:\n  - map: value\nsinks:\n  - drop: {}\n")
	go func() {
		done <- execute(ctx, append([]string{"run", path}, flags...), strings.NewReader(""), &openLog{}, log)
	}()
	t.Cleanup(func() {
		signal()
		if code := <-done; code != exitDone {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	})
	served := regexp.MustCompile(`address=https?://\S*:(\d+)`)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if m := served.FindStringSubmatch(log.String()); m != nil {
			return m[1], log
		}
	}
	t.Fatalf("it serves nothing:\n%s", log)
	return "", nil
}

// Beyond this machine, who has a certificate of the authority sees everything,
// and who has none gets not even an answer.
func TestClientCertificates(t *testing.T) {
	own(t)
	s, server, err := kafkatest.Certificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := kafkatest.Certificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	port, _ := serving(t, "--http", "0.0.0.0:0", "--http-cert", server, "--http-key", server, "--http-client-ca", s.CA, "--http-show-values")
	address := "https://127.0.0.1:" + port
	run(t, "top", address, "--once", "--ca", s.CA, "--cert", s.Cert, "--key", s.Key).exits(t, exitDone).shows(t, "generate-1")
	run(t, "tap", address, "map-1", "--limit", "1", "--ca", s.CA, "--cert", s.Cert, "--key", s.Key).exits(t, exitDone).shows(t, `"node":"map-1"`)
	run(t, "top", address, "--once", "--ca", s.CA).exits(t, exitHalted).says(t, "certificate required")
	run(t, "top", address, "--once", "--ca", s.CA, "--cert", other.Cert, "--key", other.Key).exits(t, exitHalted)
	run(t, "top", address, "--once").exits(t, exitHalted).says(t, "unknown authority")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	if response, err := client.Get(address + "/readyz"); err == nil {
		_ = response.Body.Close()
		t.Errorf("a stranger is told %s", response.Status)
	}
}

// With a token alone it goes beyond this machine, too, and says that the token
// is sent in the clear.
func TestTokenBeyondLoopback(t *testing.T) {
	own(t)
	const token = "a token of some length"
	port, log := serving(t, "--http", "0.0.0.0:0", "--http-token", token)
	if !strings.Contains(log.String(), "in the clear") || strings.Contains(log.String(), token) {
		t.Errorf("it says:\n%s", log)
	}
	run(t, "top", "127.0.0.1:"+port, "--once", "--http-token", token).exits(t, exitDone).shows(t, "generate-1")
	run(t, "top", "127.0.0.1:"+port, "--once").exits(t, exitUsage).says(t, "--http-token")
	for path, bearer := range map[string]string{"/debug/pprof/profile?seconds=1": "", "/debug/pprof/goroutine": "", "/debug/pprof/": "the wrong one, but long"} {
		if code, _ := askAs(t, "http://127.0.0.1:"+port+path, bearer); code != http.StatusUnauthorized {
			t.Errorf("%s answers %d to who does not know the token", path, code)
		}
	}
	if code, profile := askAs(t, "http://127.0.0.1:"+port+"/debug/pprof/profile?seconds=1", token); code != http.StatusOK || !strings.HasPrefix(profile, "\x1f\x8b") {
		t.Errorf("the CPU profile: %d, %.80q", code, profile)
	}
	run(t, "tap", "127.0.0.1:"+port, "map-1", "--http-token", token).exits(t, exitUsage).says(t, "--http-show-values")
}

// shows fails the test when stdout does not hold a text.
func (r ran) shows(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(r.stdout, text) {
		t.Errorf("stdout has no %q:\n%s", text, r.stdout)
	}
}

// askAs asks with a token.
func askAs(t *testing.T, url, token string) (code int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close(); http.DefaultClient.CloseIdleConnections() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}
