package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
)

// consultant asks one cluster about what a pipeline wants of it.
type consultant struct {
	connection Connection
	asked      configs.Values // the node whose connection it is
	sources    []*configs.Node
	outputs    []wantedOutput
	found      configs.Diagnostics
	limits     map[string]int64 // max.message.bytes by topic
}

// wantedOutput is a Kafka output and the Kafka sources whose records it writes.
type wantedOutput struct {
	node    *configs.Node
	sources []*configs.Node
}

// Consult finds what only the brokers know to be wrong: whether they answer,
// whether topics exist and may be read and written, whether the group may be
// used and is in use, whether what one topic holds is too large for another. It
// changes nothing and joins no group. patience bounds how long a cluster may be
// away.
func Consult(ctx context.Context, p *configs.Pipeline, patience time.Duration) configs.Diagnostics {
	var found configs.Diagnostics
	for _, c := range consultants(p, patience) {
		c.consult(ctx, p.Settings)
		found = append(found, c.found...)
	}
	return found
}

// consultants are one for each connection that the pipeline uses.
func consultants(p *configs.Pipeline, patience time.Duration) []*consultant {
	var all []*consultant
	with := func(v configs.Values, c Connection) *consultant {
		i := slices.IndexFunc(all, func(other *consultant) bool { return other.connection.same(c) })
		if i < 0 {
			c.ConnectTimeout, c.Logger = patience, slog.New(slog.DiscardHandler)
			all, i = append(all, &consultant{connection: c, asked: v, limits: make(map[string]int64)}), len(all)
		}
		return all[i]
	}
	for _, n := range p.Sources {
		if n.Kind != kindKafka && n.Kind != kindBatched {
			continue
		}
		if c, err := ReadConnection(n.Values); err == nil { // else it was reported
			asked := with(n.Values, c)
			asked.sources = append(asked.sources, n)
		}
	}
	for _, o := range wantedOutputs(p) {
		v := o.node.Values
		if !v.Has("brokers") {
			if len(o.sources) == 0 || slices.ContainsFunc(o.sources, func(n *configs.Node) bool { return !SameBrokers(n.Values, o.sources[0].Values) }) {
				continue
			}
			v = o.sources[0].Values
		}
		c, err := ReadConnection(v)
		own, wrong := ReadConnection(o.node.Values)
		if err != nil || wrong != nil {
			continue
		}
		if own.SASL != nil {
			c.SASL = own.SASL
		}
		if own.TLS != nil {
			c.TLS = own.TLS
		}
		asked := with(v, c)
		asked.outputs = append(asked.outputs, o)
	}
	return all
}

// same says that two connections reach the same brokers as the same user.
func (c Connection) same(o Connection) bool {
	a, b := slices.Clone(c.Brokers), slices.Clone(o.Brokers)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b) && (c.TLS == nil) == (o.TLS == nil) && (c.SASL == nil) == (o.SASL == nil) && (c.SASL == nil || *c.SASL == *o.SASL)
}

// wantedOutputs are the Kafka outputs with the sources that reach them; dead
// letters come from all.
func wantedOutputs(p *configs.Pipeline) []wantedOutput {
	var kafkas []*configs.Node
	for _, n := range p.Sources {
		if n.Kind == kindKafka || n.Kind == kindBatched {
			kafkas = append(kafkas, n)
		}
	}
	reaching := make(map[*configs.Node][]*configs.Node)
	for _, sink := range p.Sinks {
		above := make(map[*configs.Node]bool)
		climb(sink, above)
		for _, n := range append(sink.Values.Outputs("to"), sink) {
			reaching[n] = slices.DeleteFunc(slices.Clone(kafkas), func(s *configs.Node) bool { return !above[s] })
		}
	}
	var all []wantedOutput
	for _, n := range outputs(p) {
		sources, placed := reaching[n]
		if !placed {
			sources = kafkas
		}
		all = append(all, wantedOutput{n, sources})
	}
	return all
}

func climb(n *configs.Node, above map[*configs.Node]bool) {
	for _, in := range n.Reads() {
		if !above[in.Node] {
			above[in.Node] = true
			climb(in.Node, above)
		}
	}
}

func (c *consultant) report(severity configs.Severity, v configs.Values, field, code, hint, format string, args ...any) {
	c.reportAt(configs.Diagnostic{Position: v.Pos(field), Width: v.Width(field), Severity: severity, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *consultant) reportAt(d configs.Diagnostic) {
	if !slices.Contains(c.found, d) {
		c.found = append(c.found, d)
	}
}

// unreachable reports brokers: one at its address, several at their list.
func (c *consultant) unreachable(hint, message string) {
	at := c.asked.Item("brokers")
	if items := at.Items(); len(items) == 1 {
		at = items[0]
	}
	c.reportAt(configs.Diagnostic{Position: at.Pos(), Width: at.Width(), Severity: configs.Error, Code: configs.CodeUnreachable, Message: message, Hint: hint})
}

func (c *consultant) consult(ctx context.Context, settings configs.Values) {
	client, err := c.connection.Client(ctx, c.connection.Config())
	if err != nil {
		c.unreachable("are they up, and can this machine reach them?", strings.TrimPrefix(err.Error(), "kafka: "))
		return
	}
	defer func() { _ = client.Close() }() // nothing was written
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		c.unreachable("", err.Error())
		return
	}
	if err := c.topics(client); err != nil {
		c.unreachable("", fmt.Sprintf("asking for topics: %v", err))
		return
	}
	c.groups(client)
	c.sizes(admin, settings)
}
