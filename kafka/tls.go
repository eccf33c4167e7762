package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TLSOptions say how a connection is encrypted and whom it trusts. CA, Cert
// and Key are paths of PEM files, or the PEM text itself.
type TLSOptions struct {
	CA         string // signers of the brokers' certificates; "" trusts the machine's
	Cert       string // the client's certificate, for brokers that ask for one
	Key        Secret // its private key
	ServerName string // the name in the brokers' certificates, where it is not their address
	Insecure   bool   // accept any certificate: for trying things only
}

// TLS is a checked set of [TLSOptions].
type TLS struct {
	config  *tls.Config
	summary string
}

// NewTLS reads the files that o names. An error says which option is wrong and
// never holds what is in a file.
func NewTLS(o TLSOptions) (*TLS, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName, InsecureSkipVerify: o.Insecure}
	if o.CA != "" {
		pem, err := readPEM("ca", o.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("tls: ca holds no PEM certificate")
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("tls: cert and key must be given together")
	}
	if o.Cert != "" {
		pair, err := readPair(o.Cert, o.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &TLS{config: config, summary: summarize(o)}, nil
}

func readPair(cert string, key Secret) (tls.Certificate, error) {
	certPEM, err := readPEM("cert", cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyPEM, err := readPEM("key", key.Reveal())
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls: cert and key: %w", err)
	}
	return pair, nil
}

// readPEM is the text itself or what the file of that name holds. A value that
// may be key material is not repeated in the error.
func readPEM(field, value string) ([]byte, error) {
	if strings.Contains(value, "-----BEGIN") {
		return []byte(value), nil
	}
	data, err := os.ReadFile(value)
	if err == nil {
		return data, nil
	}
	var path *fs.PathError
	if errors.As(err, &path) && (field == "key" || !isPath(value)) {
		return nil, fmt.Errorf("tls: %s is neither PEM text nor the path of a file that can be read: %w", field, path.Err)
	}
	return nil, fmt.Errorf("tls: %s: %w", field, err)
}

// isPath says that a text can be the path of a file, and not what a file holds.
func isPath(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func summarize(o TLSOptions) string {
	parts := []string{"tls"}
	if o.CA != "" {
		parts = append(parts, "own ca")
	}
	if o.Cert != "" {
		parts = append(parts, "client certificate")
	}
	if o.ServerName != "" {
		parts = append(parts, "server name "+o.ServerName)
	}
	if o.Insecure {
		parts = append(parts, "INSECURE: certificates are not checked")
	}
	return strings.Join(parts, ", ")
}

// String says which options are set, never what is in them.
func (t *TLS) String() string { return t.summary }

// Format is String for every verb, so that %+v shows no key.
func (t *TLS) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.summary) }

// LogValue is String for logs.
func (t *TLS) LogValue() slog.Value { return slog.StringValue(t.summary) }
