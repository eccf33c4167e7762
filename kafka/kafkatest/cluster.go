package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	startLimit = 5 * time.Minute // for all brokers of a cluster; three take 15 s on two slow cores, one 2 min where 50 processes want them
	logLines   = 60              // of each broker's log, shown when something went wrong
	heap       = "-Xmx512m"
)

// Options say what to start. The zero value is one broker that asks for no
// authentication.
type Options struct {
	Brokers    int               // 0 is 1; three replicate every topic three times and stay writable with two
	Secure     bool              // adds the listeners SASL, SASLTLS and MutualTLS
	Properties map[string]string // go into every broker's server.properties, over our own
	// Front adds the listener Fronted, which clients are told to reach at
	// another address: that of a proxy, which Front starts before the address
	// that it is given, and returns.
	Front func(broker string) (front string, err error)
}

// Cluster is a running Apache Kafka of one broker or more, each a process of
// its own and a controller too (KRaft). Brokers are counted from 0.
type Cluster struct {
	options  Options
	dir      string
	id       string
	java     string
	jars     string
	brokers  []*broker
	security Security
}

type broker struct {
	id      int
	dir     string
	ports   map[Listener]int
	front   string   // what clients of Fronted are told
	process *process // nil before the first start
}

func (b *broker) address(l Listener) string { return fmt.Sprintf("127.0.0.1:%d", b.ports[l]) }
func (b *broker) data() string              { return filepath.Join(b.dir, "data") }
func (b *broker) log() string               { return filepath.Join(b.dir, "broker.log") }
func (b *broker) config() string            { return filepath.Join(b.dir, "server.properties") }

// Run starts a cluster for one test, and stops it at the test's end. The
// brokers' logs are shown if the test failed.
func Run(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("kafka: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Logs())
		}
		if err := c.Stop(); err != nil {
			t.Errorf("stopping kafka: %v", err)
		}
	})
	return c
}

// Start starts a cluster and returns when every broker knows all the others
// and groups can be used. The caller stops it.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o.Brokers = max(o.Brokers, 1)
	jars, err := classpath()
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "waterhealer-kafka-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: o, dir: dir, java: java, jars: jars, id: newClusterID()}
	if err := c.start(ctx); err != nil {
		err = fmt.Errorf("%w\n%s", err, c.Logs())
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	if err := c.layOut(); err != nil {
		return err
	}
	format, formatCtx := errgroup.WithContext(ctx)
	for _, b := range c.brokers {
		format.Go(func() error { return c.format(formatCtx, b) })
	}
	if err := format.Wait(); err != nil {
		return err
	}
	return c.launch(ctx, c.brokers)
}

// layOut chooses ports and writes what the brokers read at their start.
func (c *Cluster) layOut() error {
	listeners := append(c.options.listeners(), controller)
	ports, err := freePorts(c.options.Brokers * len(listeners))
	if err != nil {
		return err
	}
	if c.options.Secure {
		if c.security, err = newSecurity(c.dir); err != nil {
			return err
		}
	}
	for i := range c.options.Brokers {
		b := &broker{id: i, dir: filepath.Join(c.dir, fmt.Sprintf("broker-%d", i)), ports: make(map[Listener]int)}
		for _, l := range listeners {
			b.ports[l], ports = ports[0], ports[1:]
		}
		if c.options.Front != nil {
			if b.front, err = c.options.Front(b.address(Fronted)); err != nil {
				return err
			}
		}
		c.brokers = append(c.brokers, b)
	}
	for _, b := range c.brokers {
		if err := os.MkdirAll(b.data(), 0o700); err != nil {
			return err
		}
	}
	return c.configure()
}

// configure writes what the brokers read at their start.
func (c *Cluster) configure() error {
	for _, b := range c.brokers {
		if err := os.WriteFile(b.config(), encode(c.properties(b)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Set changes a property of all brokers; each reads it at its next start.
func (c *Cluster) Set(name, value string) error {
	c.options.Properties = maps.Clone(c.options.Properties)
	if c.options.Properties == nil {
		c.options.Properties = make(map[string]string)
	}
	c.options.Properties[name] = value
	return c.configure()
}

// format writes a broker's empty storage, with the cluster's first users.
func (c *Cluster) format(ctx context.Context, b *broker) error {
	args := []string{
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", c.jars,
		"kafka.tools.StorageTool", "format", "--cluster-id", c.id, "--config", b.config(),
	}
	if c.options.Secure {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			args = append(args, "--add-scram",
				fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, c.security.User, c.security.Password))
		}
	}
	output, err := exec.CommandContext(ctx, c.java, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("formatting storage of broker %d: %w\n%s", b.id, err, output)
	}
	return nil
}

// launch starts processes and waits until their brokers can be used.
func (c *Cluster) launch(ctx context.Context, brokers []*broker) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for _, b := range brokers {
		p, err := startProcess(b.log(), c.java, heap, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError",
			"-Dorg.slf4j.simpleLogger.showDateTime=true",
			"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
			"-Dorg.slf4j.simpleLogger.log.state.change.logger=warn", // lines for every partition, at every change
			"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime=warn",
			"-Dorg.slf4j.simpleLogger.log.kafka.cluster.Partition=warn",
			"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.NetworkClient=error", // every second, while a broker is away
			"-Dorg.slf4j.simpleLogger.log.state.change.logger=warn",                     // lines for every partition, at every change
			"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime=warn",
			"-Dorg.slf4j.simpleLogger.log.kafka.cluster.Partition=warn",
			"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.NetworkClient=error", // every second, while a broker is away
			"-cp", c.jars, "kafka.Kafka", b.config())
		if err != nil {
			return err
		}
		b.process = p
	}
	return c.ready(ctx, brokers)
}

// Addresses are the brokers', without authentication.
func (c *Cluster) Addresses() []string { return c.AddressesOf(Plaintext) }

// AddressesOf are the brokers', for one way to connect.
func (c *Cluster) AddressesOf(l Listener) []string {
	var addresses []string
	for _, b := range c.brokers {
		if l == Fronted {
			addresses = append(addresses, b.front)
			continue
		}
		addresses = append(addresses, b.address(l))
	}
	return addresses
}

// Security is what the listeners that authenticate ask for; the zero value
// without [Options.Secure].
func (c *Cluster) Security() Security { return c.security }

// CreateTopic makes a topic with a replica on every broker, and returns when
// every broker that runs knows its leaders.
func (c *Cluster) CreateTopic(name string, partitions int32) error {
	client, err := Connect(c.Addresses())
	if err != nil {
		return err
	}
	defer client.Close()
	return client.CreateTopic(context.Background(), name, partitions, nil)
}

// Kill ends a broker with SIGKILL and returns when it is gone.
func (c *Cluster) Kill(i int) error {
	if err := c.brokers[i].process.kill(); err != nil {
		return fmt.Errorf("killing broker %d: %w", i, err)
	}
	return nil
}

// Freeze stops a broker where it stands: its connections stay open, and it
// answers nobody until [Cluster.Thaw].
func (c *Cluster) Freeze(i int) error {
	if err := c.brokers[i].process.freeze(); err != nil {
		return fmt.Errorf("freezing broker %d: %w", i, err)
	}
	return nil
}

// Thaw lets a frozen broker go on.
func (c *Cluster) Thaw(i int) error {
	if err := c.brokers[i].process.thaw(); err != nil {
		return fmt.Errorf("thawing broker %d: %w", i, err)
	}
	return nil
}

// Restart starts brokers again on their old data and ports, and returns when
// they can be used. Those that still run are killed first.
func (c *Cluster) Restart(ctx context.Context, numbers ...int) error {
	var brokers []*broker
	for _, i := range numbers {
		if err := c.Kill(i); err != nil {
			return err
		}
		brokers = append(brokers, c.brokers[i])
	}
	return c.launch(ctx, brokers)
}

// Reconfigure restarts a broker with other properties, over those that it had.
func (c *Cluster) Reconfigure(ctx context.Context, i int, properties map[string]string) error {
	changed := maps.Clone(c.options.Properties)
	if changed == nil {
		changed = make(map[string]string)
	}
	maps.Copy(changed, properties)
	c.options.Properties = changed
	b := c.brokers[i]
	if err := os.WriteFile(b.config(), encode(c.properties(b)), 0o600); err != nil {
		return err
	}
	return c.Restart(ctx, i)
}

// Stop kills every broker and removes their data.
func (c *Cluster) Stop() error {
	var errs []error
	for i, b := range c.brokers {
		if b.process != nil {
			errs = append(errs, c.Kill(i))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// Logs are the ends of the brokers' logs.
func (c *Cluster) Logs() string {
	var text string
	for _, b := range c.brokers {
		text += fmt.Sprintf("--- broker %d\n%s\n", b.id, tail(b.log(), logLines))
	}
	return text
}

// newClusterID is 16 random bytes in the form that Kafka writes them. It does
// not begin with a dash, which a command line would take for a flag.
func newClusterID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	id[0] &= 0x7f
	return base64.RawURLEncoding.EncodeToString(id)
}
