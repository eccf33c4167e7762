package remote_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"waterhealer/observe"
	"waterhealer/observe/remote"
	"waterhealer/observe/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeline is a made-up one whose tap gives three records.
type pipeline struct{}

func (pipeline) Status() *observe.Status {
	return &observe.Status{Pipeline: "orders", State: observe.StateRunning, Health: observe.Health{Live: true, Ready: true}}
}
func (pipeline) History() []observe.Point { return []observe.Point{{In: 1}, {In: 2}} }
func (pipeline) Config() string           { return "" }

func (pipeline) Tap(ctx context.Context, node, filter string, limit int) (<-chan observe.Sample, error) {
	if node == "hidden" {
		return nil, observe.ErrHidden
	}
	out := make(chan observe.Sample)
	go func() {
		defer close(out)
		for i := range limit {
			select {
			case out <- observe.Sample{Node: node + filter, Offset: int64(i), Value: []byte("1")}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func client(t *testing.T, handler http.Handler, token string) *remote.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := remote.New(strings.TrimPrefix(server.URL, "http://"), token, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClient(t *testing.T) {
	const token = "a token of some length"
	handler := web.New(web.Options{Pipeline: pipeline{}, Token: token}).Handler()
	c := client(t, handler, token)
	status, err := c.Status(t.Context())
	if err != nil || status.Pipeline != "orders" || !status.Health.Ready {
		t.Errorf("the status is %+v, %v", status, err)
	}
	points, err := c.History(t.Context())
	if err != nil || len(points) != 2 || points[1].In != 2 {
		t.Errorf("the history is %v, %v", points, err)
	}
	enough := errors.New("enough")
	if err := c.Events(t.Context(), func(s *observe.Status) error {
		if s.Pipeline != "orders" {
			t.Errorf("an event is %+v", s)
		}
		return enough
	}); !errors.Is(err, enough) {
		t.Errorf("the events end with %v", err)
	}
	var got []string
	if err := c.Tap(t.Context(), "map 1", "a&b", 3, func(s observe.Sample) error {
		got = append(got, s.Node)
		return nil
	}); err != nil || strings.Join(got, " ") != "map 1a&b map 1a&b map 1a&b" {
		t.Errorf("the tap gives %q, %v", got, err)
	}
}

func TestRefusals(t *testing.T) {
	handler := web.New(web.Options{Pipeline: pipeline{}, Token: "a token of some length"}).Handler()
	_, err := client(t, handler, "another").Status(t.Context())
	var refused *remote.RefusedError
	if !errors.As(err, &refused) || refused.Code != http.StatusUnauthorized || !strings.Contains(err.Error(), "--http-token") {
		t.Errorf("the wrong token: %v", err)
	}
	err = client(t, handler, "a token of some length").Tap(t.Context(), "hidden", "", 1, nil)
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "--http-show-values") {
		t.Errorf("hidden values: %v", err)
	}
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusTeapot) })
	if _, err = client(t, other, "").Status(t.Context()); err == nil || !strings.Contains(err.Error(), "no pipeline's address") {
		t.Errorf("another server: %v", err)
	}
	elsewhere := http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound)
	if _, err = client(t, elsewhere, "secret").Status(t.Context()); !errors.As(err, &refused) || refused.Code != http.StatusFound {
		t.Errorf("a redirect is followed: %v", err)
	}
}

// A stream that breaks is told from one that ends.
func TestBrokenStream(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "event: sample\ndata: {\"node\":\"a\"}\n\nevent: sam")
	})
	seen := 0
	err := client(t, handler, "").Tap(t.Context(), "a", "", 0, func(observe.Sample) error {
		seen++
		return nil
	})
	if seen != 1 || !errors.Is(err, remote.ErrBroken) {
		t.Errorf("%d records, then %v", seen, err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":8080": "http://localhost:8080", "https://a.example/x": "https://a.example/x",
	} {
		if c, err := remote.New(address, "", nil); err != nil || c.Address() != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	for _, address := range []string{"", "ftp://a", "http://", "%"} {
		if _, err := remote.New(address, "", nil); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
