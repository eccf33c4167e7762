package kafka

import (
	"fmt"

	"waterhealer/configs"
)

// ConnectionFields are the fields that say how to reach a cluster, the same
// for sources and outputs.
func ConnectionFields() []configs.Field {
	return []configs.Field{
		{
			Name: "brokers", Type: configs.TypeString, List: true, Commas: true, Required: true,
			Doc: "Addresses of brokers, host:port. Any one that answers is enough: it names the others. " +
				"One text may hold several, with commas between, as the value of `${KAFKA_BROKERS}` often does.",
		},
		{
			Name: "client_id", Type: configs.TypeString, Default: defaultClientID,
			Doc: "The name under which brokers log and limit this client.",
		},
		{
			Name: "tls", Type: configs.TypeObject, Fields: tlsFields(),
			Doc: "Encrypts the connection. `tls: {}` is enough where the brokers' certificates are signed by an authority that the machine trusts.",
		},
		{
			Name: "sasl", Type: configs.TypeObject, Fields: saslFields(),
			Doc: "Says who we are, to brokers that ask.",
		},
	}
}

func tlsFields() []configs.Field {
	return []configs.Field{
		{
			Name: "ca", Type: configs.TypeString,
			Doc: "Certificates of those who sign the brokers' certificates: the path of a PEM file, or its text. Default: the authorities that the machine trusts.",
		},
		{
			Name: "cert", Type: configs.TypeString,
			Doc: "Our own certificate, for brokers that ask for one: the path of a PEM file, or its text. Needs `key`.",
		},
		{
			Name: "key", Type: configs.TypeString, Secret: true, SecretPath: true,
			Doc: "The private key of `cert`: the path of a PEM file, or its text.",
		},
		{
			Name: "server_name", Type: configs.TypeString,
			Doc: "The name in the brokers' certificates, where it is not the host in their address.",
		},
		{
			Name: "insecure", Type: configs.TypeBool, Default: "false",
			Doc: "Accepts any certificate, so that anyone in between can read and change the data. For trying things only.",
		},
	}
}

func saslFields() []configs.Field {
	return []configs.Field{
		{
			Name: "mechanism", Type: configs.TypeString, Default: MechanismPlain,
			Values: []string{MechanismPlain, MechanismSHA256, MechanismSHA512},
			Doc:    "How the password is proved. PLAIN sends it as it is: use it with `tls` only.",
		},
		{Name: "username", Type: configs.TypeString, Required: true, Doc: "The user that the brokers know."},
		{
			Name: "password", Type: configs.TypeString, Required: true, Secret: true,
			Doc: "The user's password. Take it from the environment or a file, as `${KAFKA_PASSWORD}` or `${file:/run/secrets/kafka}`; it is never printed.",
		},
	}
}

// ReadConnection reads the fields of [ConnectionFields] and the files that
// they name. An error is for the place of the field; it holds no secret.
func ReadConnection(v configs.Values) (Connection, error) {
	c := Connection{Brokers: v.Strings("brokers"), ClientID: v.String("client_id")}
	if v.Has("tls") {
		fields := v.Object("tls")
		encryption, err := NewTLS(TLSOptions{
			CA:         fields.String("ca"),
			Cert:       fields.String("cert"),
			Key:        Secret(fields.String("key")),
			ServerName: fields.String("server_name"),
			Insecure:   fields.Bool("insecure"),
		})
		if err != nil {
			return Connection{}, fmt.Errorf("%s: %w", v.Pos("tls"), err)
		}
		c.TLS = encryption
	}
	if v.Has("sasl") {
		fields := v.Object("sasl")
		c.SASL = &SASL{
			Mechanism: fields.String("mechanism"),
			Username:  fields.String("username"),
			Password:  Secret(fields.String("password")),
		}
		if err := c.SASL.check(); err != nil {
			return Connection{}, fmt.Errorf("%s: %w", v.Pos("sasl"), err)
		}
	}
	return c, nil
}
