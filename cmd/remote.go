package cmd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"waterhealer/observe"
	"waterhealer/observe/remote"
)

// remoteOptions are the flags of commands that ask a running pipeline.
type remoteOptions struct {
	token, authority, cert, key string
}

func (o *remoteOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&o.token, "http-token", "", "the token that the pipeline was started with; better set as WATERHEALER_HTTP_TOKEN")
	flags.StringVar(&o.authority, "ca", "", "PEM file of the authority that the server's certificate is from, where the system does not know it")
	flags.StringVar(&o.cert, "cert", "", "PEM file of the client's certificate, where the server asks for one")
	flags.StringVar(&o.key, "key", "", "PEM file of its key")
}

// client makes the client of the flags.
func (o *remoteOptions) client(address string) (*remote.Client, error) {
	config, err := o.tls()
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	c, err := remote.New(address, o.token, config)
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err}
	}
	return c, nil
}

// tls is nil where no flag speaks of it.
func (o *remoteOptions) tls() (*tls.Config, error) {
	if o.authority == "" && o.cert == "" && o.key == "" {
		return nil, nil //nolint:nilnil // off is no error
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.authority != "" {
		pool, err := readAuthority("--ca", o.authority)
		if err != nil {
			return nil, err
		}
		c.RootCAs = pool
	}
	if o.cert == "" && o.key == "" {
		return c, nil
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, fmt.Errorf("--cert and --key: %w", err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

func readAuthority(flag, path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: %s has no certificate", flag, path)
	}
	return pool, nil
}

// remoteOutcome is the exit of a command whose server said no, or went away.
func remoteOutcome(ctx context.Context, err error) error {
	var refused *remote.RefusedError
	switch {
	case err != nil && errors.As(err, &refused):
		return &exitError{code: exitUsage, err: err}
	case err != nil && ctx.Err() == nil: // else the user has seen enough
		return &exitError{code: exitHalted, err: err}
	}
	return nil
}

func (p *program) tapCommand() *cobra.Command {
	var o remoteOptions
	var filter string
	var limit int
	c := &cobra.Command{
		Use:   "tap ADDR NODE",
		Short: "Shows records on their way through a node of a running pipeline",
		Long: `Shows records on their way through a node of a pipeline that runs with
--http ADDR --http-show-values, a JSON object per line: when, the node, the record's
emit_id (topic/partition/offset), key, value and headers as they leave the node.

  waterhealer tap 127.0.0.1:8080 map-1 --filter 'value.mag >= 6' --limit 5

The pipeline is never slowed: at most 100 records a second are shown, a filter is tried
on 5,000, and the rest goes by. Without a filter a node with inspect: true begins with its
last records. On a batch value is the list of its elements.

Exit code: 0 after --limit records, a signal or the end of the pipeline; 1 when the
connection breaks; 2 when the pipeline refuses, as with an unknown node.`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return usageError("--limit is %d, must be at least 0", limit)
			}
			client, err := o.client(args[0])
			if err != nil {
				return err
			}
			defer client.Close()
			return remoteOutcome(cmd.Context(), client.Tap(cmd.Context(), args[1], filter, limit, p.printSample))
		},
	}
	o.add(c.Flags())
	c.Flags().StringVar(&filter, "filter", "", "expression that says which records to show")
	c.Flags().IntVar(&limit, "limit", 0, "end after so many records; 0 is no limit")
	return c
}

// printSample prints a line of JSON.
func (p *program) printSample(s observe.Sample) error {
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("sample of %s: %w", s.EmitID, err)
	}
	if _, err := p.stdout.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
