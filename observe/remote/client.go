// Package remote asks a running pipeline what it does, over the API that
// `run --http` serves. It is what `waterhealer tap` and `waterhealer top` use.
package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"waterhealer/observe"
)

const (
	dialTime = 5 * time.Second
	// answerTime bounds an answer that is no stream.
	answerTime = 10 * time.Second
	// silence is how long a stream may say nothing before it counts as broken;
	// the server says something every ten seconds.
	silence = 30 * time.Second
	// maxEvent bounds one event: the status of thousands of partitions.
	maxEvent = 64 << 20
	maxError = 64 << 10
)

// Client asks one pipeline.
type Client struct {
	base   *url.URL
	token  string
	client *http.Client
}

// New makes a client for HOST:PORT or a URL. Tokens are only sent to that
// address; config may be nil.
func New(address, token string, config *tls.Config) (*Client, error) {
	if strings.HasPrefix(address, ":") {
		address = "localhost" + address
	}
	if !strings.Contains(address, "://") {
		scheme := "http://"
		if config != nil {
			scheme = "https://"
		}
		address = scheme + address
	}
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("address %q must be HOST:PORT or a URL", address)
	}
	return &Client{base: base, token: token, client: &http.Client{
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: dialTime}).DialContext, TLSClientConfig: config, TLSHandshakeTimeout: dialTime,
			ResponseHeaderTimeout: answerTime, Proxy: http.ProxyFromEnvironment,
		},
		// The token must not follow to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.client.CloseIdleConnections() }

// Address is what is asked.
func (c *Client) Address() string { return c.base.String() }

// RefusedError is an answer that says no.
type RefusedError struct {
	Code int // of HTTP
	Text string
}

func (e *RefusedError) Error() string { return e.Text }

// Status asks once.
func (c *Client) Status(ctx context.Context) (*observe.Status, error) {
	s := &observe.Status{}
	err := c.once(ctx, "api/v1/status", s)
	return s, err
}

// History asks for the last 15 minutes.
func (c *Client) History(ctx context.Context) ([]observe.Point, error) {
	var points []observe.Point
	err := c.once(ctx, "api/v1/history", &points)
	return points, err
}

func (c *Client) once(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	body, err := c.get(ctx, path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // all of it was read
	if err := json.NewDecoder(io.LimitReader(body, maxEvent)).Decode(into); err != nil {
		return fmt.Errorf("answer of %s: %w", c.base, err)
	}
	return nil
}

// Events calls yield with the status as often as the server sends it, until ctx
// is done or the connection ends.
func (c *Client) Events(ctx context.Context, yield func(*observe.Status) error) error {
	return c.follow(ctx, "api/v1/events", nil, func(event string, data []byte) error {
		if event != "status" {
			return nil
		}
		var s observe.Status
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("status of %s: %w", c.base, err)
		}
		return yield(&s)
	})
}

// Tap calls yield with the records that pass through a node: see
// [observe.Pipeline]. nil is returned when limit were sent or the pipeline ended.
func (c *Client) Tap(ctx context.Context, node, filter string, limit int, yield func(observe.Sample) error) error {
	query := url.Values{"node": {node}}
	if filter != "" {
		query.Set("filter", filter)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	err := c.follow(ctx, "api/v1/tap", query, func(event string, data []byte) error {
		switch event {
		case "end":
			return errEnd
		case "sample":
			var s observe.Sample
			if err := json.Unmarshal(data, &s); err != nil {
				return fmt.Errorf("sample of %s: %w", c.base, err)
			}
			return yield(s)
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

var errEnd = errors.New("the server has ended the stream")

// ErrBroken is a stream that ended without a word.
var ErrBroken = errors.New("the connection ended")

// get asks and returns the body of an answer that says yes.
func (c *Client) get(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	at := c.base.JoinPath(path)
	at.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // it repeats the whole URL
		}
		return nil, fmt.Errorf("%s: %w", c.base, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer func() { _ = answer.Body.Close() }() // what it says is read
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxError))
	var refusal struct{ Error string }
	if json.Unmarshal(text, &refusal) != nil || refusal.Error == "" {
		refusal.Error = "this is no pipeline's address: it answers " + answer.Status
	}
	return nil, &RefusedError{Code: answer.StatusCode, Text: refusal.Error}
}

// follow calls yield with each event of a stream. Lines are as our server
// writes them: one event: and one data: line.
func (c *Client) follow(ctx context.Context, path string, query url.Values, yield func(event string, data []byte) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(fmt.Errorf("%s: %w", c.base, ErrBroken)) })
	defer quiet.Stop()
	body, err := c.get(ctx, path, query)
	if err != nil {
		return causeOr(ctx, err)
	}
	defer func() { _ = body.Close() }() // nothing more is wanted
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEvent)
	event := ""
	for lines.Scan() {
		quiet.Reset(silence)
		if name, ok := bytes.CutPrefix(lines.Bytes(), []byte("event: ")); ok {
			event = string(name)
		} else if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			if err := yield(event, data); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return causeOr(ctx, fmt.Errorf("%s: %w", c.base, err))
	}
	return causeOr(ctx, fmt.Errorf("%s: %w", c.base, ErrBroken))
}

// causeOr is why a context ended, or the error where it has not.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
