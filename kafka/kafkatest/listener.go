package kafkatest

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Listener is a way to connect to a broker, by the name that Kafka gives its
// protocol.
type Listener string

// The ways to connect. All but Plaintext and Fronted need [Options.Secure].
const (
	Plaintext Listener = "PLAINTEXT"
	Fronted   Listener = "FRONTED"        // plain, through the proxies of [Options.Front]
	SASL      Listener = "SASL_PLAINTEXT" // authentication in the clear
	SASLTLS   Listener = "SASL_SSL"       // authentication over TLS
	MutualTLS Listener = "SSL"            // TLS, and the client must show a certificate
)

// Mechanism is how a client proves on the SASL listeners who it is.
type Mechanism string

// The mechanisms that the SASL listeners take.
const (
	Plain    Mechanism = "PLAIN"
	SCRAM256 Mechanism = "SCRAM-SHA-256"
	SCRAM512 Mechanism = "SCRAM-SHA-512"
)

// Connect makes a client for one listener. It shows what s holds, which is the
// cluster's own [Cluster.Security] or a changed copy; the mechanism counts
// with SASL only.
func (c *Cluster) Connect(l Listener, m Mechanism, s Security) (*Client, error) {
	var options []kgo.Opt
	if l == SASL || l == SASLTLS {
		options = append(options, s.sasl(m))
	}
	if l == SASLTLS || l == MutualTLS {
		config, err := s.tls()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(config))
	}
	return Connect(c.AddressesOf(l), options...)
}

func (s Security) sasl(m Mechanism) kgo.Opt {
	switch m {
	case SCRAM256:
		return kgo.SASL(scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism())
	case SCRAM512:
		return kgo.SASL(scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism())
	default:
		return kgo.SASL(plain.Auth{User: s.User, Pass: s.Password}.AsMechanism())
	}
}

func (s Security) tls() (*tls.Config, error) {
	authority, err := os.ReadFile(s.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	if s.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.Cert, s.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Kcat is kcat for one listener, with PLAIN where that asks for a password:
// librdkafka before 2.6.1, as Debian 12 has it, repeats the nonce in SCRAM,
// which Kafka 4 refuses.
func (c *Cluster) Kcat(l Listener) Kcat {
	properties := map[string]string{"security.protocol": string(l)}
	if l == SASL || l == SASLTLS {
		properties["sasl.mechanism"] = string(Plain)
		properties["sasl.username"] = c.security.User
		properties["sasl.password"] = c.security.Password
	}
	if l == SASLTLS || l == MutualTLS {
		properties["ssl.ca.location"] = c.security.CA
	}
	if l == MutualTLS {
		properties["ssl.certificate.location"] = c.security.Cert
		properties["ssl.key.location"] = c.security.Key
	}
	return Kcat{Addresses: c.AddressesOf(l), Properties: properties}
}
