package kafka

import (
	"errors"
	"fmt"
	"time"

	"waterhealer/configs"
)

// settingError is what is wrong with a field of a node.
type settingError struct {
	at      configs.Position
	width   int
	message string
	hint    string
}

func (e *settingError) Error() string { return fmt.Sprintf("%s: %s", e.at, e.message) }

func wrongSetting(v configs.Values, field, format string, args ...any) error {
	return &settingError{at: v.Pos(field), width: v.Width(field), message: fmt.Sprintf(format, args...)}
}

// Check finds what is wrong with the settings of Kafka nodes beside what their
// specs say. It reads the files that `tls` names and reaches no broker.
func Check(p *configs.Pipeline) configs.Diagnostics {
	var found configs.Diagnostics
	note := func(err error) {
		var at *settingError
		if errors.As(err, &at) {
			found = append(found, configs.Diagnostic{
				Position: at.at, Width: max(at.width, 1), Severity: configs.Error, Code: configs.CodeWrongValue, Message: at.message, Hint: at.hint,
			})
		}
	}
	groups := make(map[string]*declared)
	for _, n := range p.Sources {
		v := n.Values
		if n.Kind != kindKafka && n.Kind != kindBatched {
			continue
		}
		found = append(append(found, checkNames(v)...), checkTLS(v)...)
		if v.String("start") == "" || len(v.Strings("topics")) == 0 || v.Duration("rebalance_timeout") == 0 {
			continue // what is no value at all was reported when the file was read
		}
		node, err := readNode(n, SourceSettings{})
		note(err)
		m, broken := readMembership(v)
		note(broken)
		if err != nil || broken != nil {
			continue
		}
		key := m.key(Connection{Brokers: v.Strings("brokers")})
		if groups[key] == nil {
			groups[key] = &declared{membership: m, owners: make(map[string]*sourceNode)}
		}
		note(groups[key].add(n, node, m))
	}
	for _, n := range outputs(p) {
		found = append(append(found, checkNames(n.Values)...), checkTLS(n.Values)...)
		_, err := ReadOutput(n.Values)
		note(err)
	}
	return append(found, warnings(p, time.Now())...)
}

// outputs are the Kafka outputs of a pipeline, each once.
func outputs(p *configs.Pipeline) []*configs.Node {
	all := append([]*configs.Node(nil), p.Sinks...)
	policies := []*configs.OnError{p.OnError}
	for _, nodes := range [][]*configs.Node{p.Sources, p.Operators, p.Sinks} {
		for _, n := range nodes {
			policies = append(policies, n.OnError)
		}
	}
	for _, sink := range p.Sinks {
		all = append(all, sink.Values.Outputs("to")...)
		all = append(all, sink.Values.Outputs("report")...)
	}
	for _, o := range policies {
		if o != nil && o.DeadLetter != nil {
			all = append(all, o.DeadLetter)
		}
	}
	var out []*configs.Node
	seen := make(map[*configs.Node]bool)
	for _, n := range all {
		if n.Kind == kindKafka && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// checkTLS reports a certificate without its key, and the other way round.
func checkTLS(v configs.Values) configs.Diagnostics {
	t := v.Object("tls")
	for _, pair := range [][2]string{{"cert", "key"}, {"key", "cert"}} {
		if has, needs := pair[0], pair[1]; t.Has(has) && !t.Has(needs) {
			return configs.Diagnostics{{
				Position: t.Pos(has), Width: t.Width(has), Severity: configs.Error, Code: configs.CodeMissingField,
				Message: fmt.Sprintf("%q needs %q beside it", has, needs), Hint: "write both: tls: {cert: ..., key: ...}",
			}}
		}
	}
	return nil
}
