package cmd

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/pflag"

	"waterhealer/engine"
	"waterhealer/observe"
	"waterhealer/observe/metrics"
	"waterhealer/observe/web"
)

// minToken is the least length of a token: who can reach the port can try as
// many as they like.
const minToken = 16

// httpOptions are the flags of the HTTP server.
type httpOptions struct {
	address, token             string
	cert, key, clientAuthority string
	hosts                      []string
	showValues                 bool
}

func (o *httpOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.address, "http", "", "HOST:PORT that serves the live page, metrics, health and profiles; off by default")
	flags.StringVar(&o.token, "http-token", "", "what clients must send as Authorization: Bearer; better set as WATERHEALER_HTTP_TOKEN. Needed beyond loopback, unless --http-client-ca is")
	flags.StringVar(&o.cert, "http-cert", "", "PEM file of the server's certificate: serves HTTPS")
	flags.StringVar(&o.key, "http-key", "", "PEM file of its key")
	flags.StringVar(&o.clientAuthority, "http-client-ca", "", "PEM file of the authority that clients' certificates must be from")
	flags.StringArrayVar(&o.hosts, "http-host", nil, "a name that the server may be called by, beside localhost and addresses; only asked without a token")
	flags.BoolVar(&o.showValues, "http-show-values", false, "show keys, values and headers of records on the page and in taps")
}

// check refuses flags that do not go together.
func (o *httpOptions) check() error {
	for flag, set := range map[string]bool{
		"--http-token": o.token != "", "--http-cert": o.cert != "", "--http-key": o.key != "",
		"--http-client-ca": o.clientAuthority != "", "--http-host": len(o.hosts) > 0, "--http-show-values": o.showValues,
	} {
		// A token may be set for all commands; alone it does nothing.
		if set && o.address == "" && flag != "--http-token" {
			return usageError("%s needs --http", flag)
		}
	}
	switch {
	case o.address == "":
		return nil
	case (o.cert == "") != (o.key == ""):
		return usageError("--http-cert and --http-key go together")
	case o.clientAuthority != "" && o.cert == "":
		return usageError("--http-client-ca needs --http-cert")
	case o.token != "" && len(o.token) < minToken:
		return usageError("--http-token has %d characters, must have at least %d", len(o.token), minToken)
	}
	if _, _, err := net.SplitHostPort(o.address); err != nil {
		return usageError("--http is %q, must be HOST:PORT, as 127.0.0.1:8080", o.address)
	}
	return nil
}

// httpServer is what `--http` asks for, before there is a pipeline to serve.
type httpServer struct {
	options  httpOptions
	listener net.Listener
	tls      *tls.Config
	logger   *slog.Logger
	measures *engine.Measures
}

// measured are the times and sizes that the server shows; nil where there is none.
func (s *httpServer) measured() *engine.Measures {
	if s == nil {
		return nil
	}
	return s.measures
}

// listen opens the address, so that what is wrong with it is known before the
// pipeline starts; nil is off.
func (o httpOptions) listen(ctx context.Context, logger *slog.Logger) (*httpServer, error) {
	if o.address == "" {
		return nil, nil //nolint:nilnil // off is no error
	}
	s := &httpServer{options: o, logger: logger, measures: engine.NewMeasures()}
	var err error
	if s.tls, err = o.tls(); err != nil {
		return nil, usageError("%w", err)
	}
	var listen net.ListenConfig
	if s.listener, err = listen.Listen(ctx, "tcp", o.address); err != nil {
		return nil, usageError("--http %s: %w", o.address, err)
	}
	bound, _ := s.listener.Addr().(*net.TCPAddr)
	if bound != nil && !bound.IP.IsLoopback() {
		if o.token == "" && o.clientAuthority == "" {
			_ = s.listener.Close()
			return nil, usageError("--http %s can be reached by others: it needs --http-token, or --http-client-ca, or an address as 127.0.0.1:%d", o.address, bound.Port)
		}
		if s.tls == nil {
			logger.Warn("the token is sent in the clear beyond this machine: --http-cert encrypts it", "http", o.address)
		}
	}
	return s, nil
}

// close gives the address back, where nothing was served at it.
func (s *httpServer) close() {
	if s != nil {
		_ = s.listener.Close() // it may be closed already
	}
}

// tls reads the certificates; nil is plain HTTP.
func (o httpOptions) tls() (*tls.Config, error) {
	if o.cert == "" {
		return nil, nil //nolint:nilnil // off is no error
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, fmt.Errorf("--http-cert and --http-key: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if o.clientAuthority == "" {
		return c, nil
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	if c.ClientCAs, err = readAuthority("--http-client-ca", o.clientAuthority); err != nil {
		return nil, err
	}
	return c, nil
}

// serve answers until the returned function is called. A server that breaks
// does not end the pipeline, whose records matter more.
func (s *httpServer) serve(ctx context.Context, pipeline observe.Pipeline) (stop func()) {
	if s == nil {
		return func() {}
	}
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	server := web.New(web.Options{
		Pipeline: pipeline, Metrics: metrics.Handler(pipeline, s.measures), Token: s.options.token, Hosts: s.options.hosts, TLS: s.tls, Logger: s.logger,
	})
	// A signal drains the pipeline, and people want to see how.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(serving, s.listener); err != nil {
			s.logger.Error("the page, metrics and health checks have ended; the pipeline goes on", "error", err)
		}
	}()
	s.logger.Info("page, metrics and health are served", "address", scheme+"://"+s.listener.Addr().String())
	return func() {
		cancel()
		<-done
	}
}
