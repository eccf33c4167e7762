package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const controller Listener = "CONTROLLER"

func (o Options) listeners() []Listener {
	listeners := []Listener{Plaintext}
	if o.Secure {
		listeners = append(listeners, SASL, SASLTLS, MutualTLS)
	}
	if o.Front != nil {
		listeners = append(listeners, Fronted)
	}
	return listeners
}

// properties are the settings of one broker, which is a controller too.
// They leave Kafka's defaults alone, but for what one machine with a few
// brokers needs, and for topics that nobody asked for.
func (c *Cluster) properties(b *broker) map[string]string {
	replicas := fmt.Sprint(len(c.brokers))
	inSync := fmt.Sprint(len(c.brokers)/2 + 1)
	var voters, listeners, advertised []string
	for _, other := range c.brokers {
		voters = append(voters, fmt.Sprintf("%d@%s", other.id, other.address(controller)))
	}
	for _, l := range c.options.listeners() {
		listeners = append(listeners, fmt.Sprintf("%s://%s", l, b.address(l)))
		told := b.address(l)
		if l == Fronted {
			told = b.front
		}
		advertised = append(advertised, fmt.Sprintf("%s://%s", l, told))
	}
	listeners = append(listeners, fmt.Sprintf("%s://%s", controller, b.address(controller)))

	p := map[string]string{
		"process.roles":                                    "broker,controller",
		"node.id":                                          fmt.Sprint(b.id),
		"log.dirs":                                         b.data(),
		"listeners":                                        strings.Join(listeners, ","),
		"advertised.listeners":                             strings.Join(advertised, ","),
		"controller.listener.names":                        string(controller),
		"controller.quorum.voters":                         strings.Join(voters, ","),
		"listener.security.protocol.map":                   "CONTROLLER:PLAINTEXT,FRONTED:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL",
		"inter.broker.listener.name":                       string(Plaintext),
		"auto.create.topics.enable":                        "false",
		"num.partitions":                                   "1",
		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"offsets.topic.num.partitions":                     "8", // 50 by default: slow to make on a small machine
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"transaction.state.log.num.partitions":             "8",
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,
		"group.initial.rebalance.delay.ms":                 "0", // 3 s by default, for groups that start in pieces
	}
	if c.options.Secure {
		maps.Copy(p, c.security.properties())
	}
	maps.Copy(p, c.options.Properties)
	return p
}

// properties of the listeners that authenticate. They all know one user.
func (s Security) properties() map[string]string {
	const (
		plain  = "org.apache.kafka.common.security.plain.PlainLoginModule"
		scram  = "org.apache.kafka.common.security.scram.ScramLoginModule"
		prefix = "listener.name."
	)
	p := map[string]string{
		"sasl.enabled.mechanisms":      "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"ssl.keystore.type":            "PEM",
		"ssl.keystore.location":        s.keystore,
		"ssl.truststore.type":          "PEM",
		"ssl.truststore.location":      s.CA,
		prefix + "ssl.ssl.client.auth": "required",
	}
	for _, l := range []Listener{SASL, SASLTLS} {
		name := prefix + strings.ToLower(string(l))
		p[name+".plain.sasl.jaas.config"] = fmt.Sprintf("%s required user_%s=%q;", plain, s.User, s.Password)
		p[name+".scram-sha-256.sasl.jaas.config"] = scram + " required;"
		p[name+".scram-sha-512.sasl.jaas.config"] = scram + " required;"
	}
	return p
}

// encode writes properties as Java reads them, sorted.
func encode(properties map[string]string) []byte {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		value := strings.ReplaceAll(properties[key], `\`, `\\`)
		fmt.Fprintf(&b, "%s=%s\n", key, value)
	}
	return []byte(b.String())
}
