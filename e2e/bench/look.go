package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// scrapeInterval is how often Prometheus is told to ask by many.
const scrapeInterval = time.Second

// scraped scrapes the run's metrics as Prometheus does.
func scraped(ctx context.Context) (*lookout, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	scraping, cancel := context.WithCancel(ctx)
	done := make(chan int, 1)
	go func() { done <- scrape(scraping, "http://"+address+"/metrics") }()
	return &lookout{arguments: []string{"--http", address}, end: func() error {
		cancel()
		if <-done == 0 {
			return errors.New("the metrics were never scraped")
		}
		return nil
	}}, nil
}

// scrape asks each second until ctx is done, and returns how often it got an
// answer. Before the first it asks more often, as the run may be short.
func scrape(ctx context.Context, address string) (answers int) {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		pause := scrapeInterval
		if err := scrapeOnce(ctx, client, address); err == nil {
			answers++
		} else if answers == 0 {
			pause = scrapeInterval / 50
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return answers
		}
	}
}

func scrapeOnce(ctx context.Context, client *http.Client, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// freeAddress is a loopback address on which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// served is a run that serves its page, at which nobody looks.
func served(ctx context.Context) (*lookout, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	return &lookout{arguments: []string{"--http", address, "--http-show-values"}, end: func() error { return nil }}, nil
}

// followed is a collector that gets the spans of a record in a hundred.
func followed(ctx context.Context) (*lookout, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var taken atomic.Int64 // bytes
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		taken.Add(n)
		w.Header().Set("Content-Type", "application/x-protobuf")
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return &lookout{
		environment: []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + listener.Addr().String(),
			"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01",
		},
		end: func() error {
			err := server.Close()
			if served := <-done; !errors.Is(served, http.ErrServerClosed) {
				err = errors.Join(err, served)
			}
			if taken.Load() == 0 {
				err = errors.Join(err, errors.New("no span came"))
			}
			return err
		},
	}, nil
}

// everybody looks: scraped, followed and with its values shown.
func everybody(ctx context.Context) (*lookout, error) {
	metrics, err := scraped(ctx)
	if err != nil {
		return nil, err
	}
	traces, err := followed(ctx)
	if err != nil {
		return nil, errors.Join(err, metrics.end())
	}
	return &lookout{
		arguments:   append(metrics.arguments, "--http-show-values"),
		environment: traces.environment,
		end:         func() error { return errors.Join(metrics.end(), traces.end()) },
	}, nil
}
