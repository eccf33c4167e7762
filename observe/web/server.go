// Package web serves what a running pipeline says of itself over HTTP: the live
// page, its API, health checks, metrics and profiles. Nothing in it can change
// the pipeline: every answer is to a GET.
//
// # Where to start
//
//	server.go  the server and its life
//	routes.go  what is served where
//	guard.go   who may ask, and what browsers are told
//	login.go   the token as a cookie, for the page
//	health.go  /livez and /readyz
//	events.go  streams: the status each second, records from a tap
//	page/      the page: plain files, embedded, no build step
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"waterhealer/observe"
)

// Options are what a server needs.
type Options struct {
	Pipeline observe.Pipeline
	// Metrics serves /metrics; nil serves none.
	Metrics http.Handler
	// Token must be known by who asks, "" is nobody must know any. Health checks
	// are answered without it, in short.
	Token string
	// Hosts are the names that the server may be called by, beside addresses and
	// localhost: see guard.go.
	Hosts []string
	// TLS is nil for plain HTTP.
	TLS    *tls.Config
	Logger *slog.Logger
}

// Server serves one pipeline.
type Server struct {
	options Options
	guard   guard
	latest  latest
	streams chan struct{} // a place for each stream that may be open at once
	ending  chan struct{} // closed when the server stops, so that streams end
}

const (
	// maxStreams is how many pages, taps and such may be open at once.
	maxStreams = 64
	// headerTime bounds how long a client may take to send its request.
	headerTime = 5 * time.Second
	idleTime   = 2 * time.Minute
	// goodbye is how long requests may go on when the server stops.
	goodbye        = time.Second
	maxHeaderBytes = 64 << 10
)

// New makes a server; [Server.Serve] starts it.
func New(o Options) *Server {
	s := &Server{
		options: o, streams: make(chan struct{}, maxStreams), ending: make(chan struct{}),
		guard: newGuard(o.Token, o.Hosts, o.TLS != nil, demandsCertificate(o.TLS)),
	}
	s.latest.make = o.Pipeline.Status
	return s
}

// demandsCertificate says that TLS itself tells who may ask.
func demandsCertificate(c *tls.Config) bool {
	return c != nil && c.ClientAuth == tls.RequireAndVerifyClientCert
}

// Serve answers on a listener until ctx is done. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeaderBytes,
		TLSConfig: s.options.TLS,
		ErrorLog:  slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug), // what clients do wrong
	}
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error {
		var err error
		if s.options.TLS != nil {
			err = server.ServeTLS(listener, "", "")
		} else {
			err = server.Serve(listener)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("http server on %s: %w", listener.Addr(), err)
	})
	group.Go(func() error {
		<-serving.Done()
		close(s.ending)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if server.Shutdown(limit) != nil {
			_ = server.Close() // what is still open then is cut
		}
		return nil
	})
	return group.Wait()
}
