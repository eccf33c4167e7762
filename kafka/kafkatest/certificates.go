package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Security is what a client needs for the listeners that authenticate. Its
// files live as long as the cluster.
type Security struct {
	CA       string // path: the authority that signed the brokers' certificate, which names 127.0.0.1 and localhost
	Cert     string // path: a client's certificate
	Key      string // path: its private key
	User     string // known to PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512
	Password string

	keystore string // path: the brokers' key and certificate in one file
}

// newSecurity makes an authority, the brokers' certificate, a client's, and a
// user, and writes the files into dir.
func newSecurity(dir string) (Security, error) {
	s := Security{
		CA:       filepath.Join(dir, "ca.pem"),
		Cert:     filepath.Join(dir, "client.pem"),
		Key:      filepath.Join(dir, "client-key.pem"),
		User:     "healer",
		Password: "p-" + rand.Text(),
		keystore: filepath.Join(dir, "broker.pem"),
	}
	authority, err := newCertificate("test authority", nil)
	if err != nil {
		return s, err
	}
	server, err := newCertificate("broker", authority)
	if err != nil {
		return s, err
	}
	client, err := newCertificate("client", authority)
	if err != nil {
		return s, err
	}
	for path, content := range map[string][]byte{
		s.CA:       authority.pem,
		s.Cert:     client.pem,
		s.Key:      client.key,
		s.keystore: slices.Concat(server.key, server.pem),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Certificates makes an authority, a certificate for a server on loopback
// addresses (one file that holds its key, too) and one for its clients, outside of any cluster.
func Certificates(dir string) (s Security, server string, err error) {
	s, err = newSecurity(dir)
	return s, s.keystore, err
}

type certificate struct {
	parsed   *x509.Certificate
	private  *ecdsa.PrivateKey
	pem, key []byte
}

// newCertificate makes a certificate for loopback addresses that is valid for
// a day. Without a signer it is an authority and signs itself.
func newCertificate(name string, signer *certificate) (*certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost"},
		BasicConstraintsValid: true,
	}
	parent, parentKey := template, private
	if signer == nil {
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign
		template.ExtKeyUsage = nil
	} else {
		parent, parentKey = signer.parsed, signer.private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &private.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return &certificate{
		parsed:  parsed,
		private: private,
		pem:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:     pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	}, nil
}
