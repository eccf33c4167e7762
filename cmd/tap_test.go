package cmd

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"waterhealer/observe"
	"waterhealer/observe/web"
)

// samples is a pipeline whose tap gives as many records as it is asked for.
type samples struct{ observe.Pipeline }

func (samples) Tap(ctx context.Context, node, filter string, limit int) (<-chan observe.Sample, error) {
	out := make(chan observe.Sample, limit)
	for i := range limit {
		out <- observe.Sample{EmitID: "orders/0/7", Node: node, Offset: int64(i), Value: []byte(`{"filter":"` + filter + `"}`)}
	}
	close(out)
	return out, ctx.Err()
}

func TestTapCommand(t *testing.T) {
	const token = "a token of some length"
	server := httptest.NewServer(web.New(web.Options{Pipeline: samples{}, Token: token}).Handler())
	defer server.Close()
	t.Setenv("WATERHEALER_HTTP_TOKEN", token)
	for _, test := range []struct {
		args   []string
		code   int
		stdout int // lines
		stderr string
	}{
		{[]string{server.URL, "map-1", "--limit", "2", "--filter", "x"}, exitDone, 2, ""},
		{[]string{server.URL, "map-1", "--limit", "-1"}, exitUsage, 0, "--limit"},
		{[]string{server.URL, "map-1", "--http-token", "the wrong one, but long"}, exitUsage, 0, "--http-token"},
		{[]string{"ftp://a", "map-1"}, exitUsage, 0, "HOST:PORT"},
		{[]string{"127.0.0.1:1", "map-1"}, exitHalted, 0, "127.0.0.1:1"},
		{[]string{server.URL, "map-1", "--ca", "/nowhere"}, exitUsage, 0, "--ca"},
		{[]string{server.URL}, exitUsage, 0, "accepts 2 arg"},
	} {
		var stdout, stderr strings.Builder
		code := Execute(append([]string{"tap"}, test.args...), strings.NewReader(""), &stdout, &stderr)
		if code != test.code || strings.Count(stdout.String(), "\n") != test.stdout || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("tap %v: exit %d, %q, %q", test.args, code, stdout.String(), stderr.String())
		}
		if test.stdout > 0 && !strings.Contains(stdout.String(), `"value":{"filter":"x"}`) {
			t.Errorf("tap prints %s", stdout.String())
		}
	}
}
