package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"waterhealer/kafka/embedded"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert: cert, key: key, pem: encodePEM("CERTIFICATE", der)}
}

// sign makes a certificate for names, which may be addresses, and its key.
func (a *authority) sign(t *testing.T, names ...string) (cert, key string) {
	t.Helper()
	private := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("CERTIFICATE", der), encodePEM("EC PRIVATE KEY", encoded)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// serverTLS is the broker's side: a certificate for names, and with clients the
// demand for certificates that a signed.
func (a *authority) serverTLS(t *testing.T, clients bool, names ...string) *tls.Config {
	t.Helper()
	cert, key := a.sign(t, names...)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if clients {
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(a.cert)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config
}

func startBroker(t *testing.T, o embedded.Options) *embedded.Broker {
	t.Helper()
	goleakLater(t)
	return startAnotherBroker(t, o)
}

// startAnotherBroker starts a broker that is closed before what the test opened
// earlier, so that it cannot check for goroutines.
func startAnotherBroker(t *testing.T, o embedded.Options) *embedded.Broker {
	t.Helper()
	broker, err := embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	return broker
}

// goleakLater checks at the end of the test, after all that is registered
// later has been closed, that no goroutine is left.
func goleakLater(t *testing.T) {
	t.Helper()
	known := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, known) })
}

// connects opens and closes a client.
func connects(t *testing.T, c Connection) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client, err := c.Client(ctx, c.Config())
	if err == nil {
		_ = client.Close()
	}
	return err
}

func TestConnectionTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	cert, key := ours.sign(t, "client")
	strange, strangeKey := other.sign(t, "client")
	folder := t.TempDir()
	path := filepath.Join(folder, "ca.pem")
	if err := os.WriteFile(path, []byte(ours.pem), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := startBroker(t, embedded.Options{TLS: ours.serverTLS(t, false, "127.0.0.1")})
	named := startBroker(t, embedded.Options{TLS: ours.serverTLS(t, false, "kafka.example")})
	mutual := startBroker(t, embedded.Options{TLS: ours.serverTLS(t, true, "127.0.0.1")})

	for _, test := range []struct {
		name   string
		broker *embedded.Broker
		tls    *TLSOptions
		want   string // part of the error; "" connects
	}{
		{"ca as text", plain, &TLSOptions{CA: ours.pem}, ""},
		{"ca as path", plain, &TLSOptions{CA: path}, ""},
		{"another ca", plain, &TLSOptions{CA: other.pem}, "not signed by tls.ca"},
		{"the machine's authorities", plain, &TLSOptions{}, "not signed by tls.ca"},
		{"insecure", plain, &TLSOptions{Insecure: true}, ""},
		{"no tls", plain, nil, "likely it wants tls"},
		{"another name", named, &TLSOptions{CA: ours.pem}, "see tls.server_name"},
		{"server name", named, &TLSOptions{CA: ours.pem, ServerName: "kafka.example"}, ""},
		{"client certificate", mutual, &TLSOptions{CA: ours.pem, Cert: cert, Key: Secret(key)}, ""},
		{"no client certificate", mutual, &TLSOptions{CA: ours.pem}, "tls.cert"},
		{"client certificate of another", mutual, &TLSOptions{CA: ours.pem, Cert: strange, Key: Secret(strangeKey)}, "tls.cert"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Connection{Brokers: test.broker.Addresses(), ConnectTimeout: time.Second}
			if test.tls != nil {
				encryption, err := NewTLS(*test.tls)
				if err != nil {
					t.Fatal(err)
				}
				c.TLS = encryption
			}
			checkConnect(t, c, test.want)
		})
	}
}

// checkConnect connects, or fails with one line that names the brokers and holds
// want.
func checkConnect(t *testing.T, c Connection, want string) {
	t.Helper()
	if want == "" {
		c.ConnectTimeout = 0
	}
	err := connects(t, c)
	if want == "" {
		if err != nil {
			t.Errorf("does not connect: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatal("connects")
	}
	for _, part := range []string{want, c.Brokers[0]} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %v", err)
	}
	if strings.Contains(err.Error(), "opensesame") {
		t.Errorf("the error holds the password: %v", err)
	}
}

func TestConnectionSASL(t *testing.T) {
	mechanisms := []string{MechanismPlain, MechanismSHA256, MechanismSHA512}
	ours := newAuthority(t)
	for _, encrypted := range []bool{false, true} {
		for _, mechanism := range mechanisms {
			o := embedded.Options{Users: []embedded.User{{Mechanism: mechanism, Name: "ada", Password: "opensesame"}}}
			name, encryption := mechanism, (*TLS)(nil)
			if encrypted {
				name += " over TLS"
				o.TLS = ours.serverTLS(t, false, "127.0.0.1")
				var err error
				if encryption, err = NewTLS(TLSOptions{CA: ours.pem}); err != nil {
					t.Fatal(err)
				}
			}
			t.Run(name, func(t *testing.T) {
				broker := startBroker(t, o)
				check := func(s *SASL, want string) {
					t.Helper()
					checkConnect(t, Connection{
						Brokers: broker.Addresses(), TLS: encryption, SASL: s, ConnectTimeout: 400 * time.Millisecond,
					}, want)
				}
				check(&SASL{mechanism, "ada", "opensesame"}, "")
				check(&SASL{mechanism, "ada", "opensesame1"}, "sasl.password")
				if encrypted {
					return
				}
				check(&SASL{mechanism, "bob", "opensesame"}, "sasl.username")
				check(nil, "sasl")
				for _, another := range mechanisms {
					if another != mechanism {
						check(&SASL{another, "ada", "opensesame"}, "sasl.mechanism")
					}
				}
			})
		}
	}
}
