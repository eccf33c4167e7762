package kafka

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"waterhealer/configs"
)

// warnings are what a file's Kafka nodes do that is hardly meant.
func warnings(p *configs.Pipeline, now time.Time) configs.Diagnostics {
	var found configs.Diagnostics
	encrypted := false // some source is, so that an output that takes its brokers is, too
	var before []*configs.Node
	for _, n := range p.Sources {
		if n.Kind != kindKafka && n.Kind != kindBatched {
			continue
		}
		encrypted = encrypted || n.Values.Has("tls")
		found = append(found, plainPassword(n.Values, false)...)
		found = append(found, tlsFiles(n.Values)...)
		found = append(found, startToCome(n.Values, now)...)
		found = append(found, secondMember(n, before)...)
		before = append(before, n)
	}
	for _, n := range outputs(p) {
		found = append(found, plainPassword(n.Values, encrypted && !n.Values.Has("brokers"))...)
		found = append(found, tlsFiles(n.Values)...)
	}
	return found
}

func warning(v configs.Values, field, code, message, hint string) configs.Diagnostic {
	return configs.Diagnostic{
		Position: v.Pos(field), Width: v.Width(field), Severity: configs.Warning, Code: code, Message: message, Hint: hint,
	}
}

// plainPassword warns of a password that can be read on its way.
func plainPassword(v configs.Values, encrypted bool) configs.Diagnostics {
	if !v.Has("sasl") || v.Object("sasl").String("mechanism") != MechanismPlain {
		return nil
	}
	message := "PLAIN sends the password as it is, and the connection is not encrypted"
	switch {
	case v.Has("tls") && v.Object("tls").Bool("insecure"):
		message = "PLAIN sends the password as it is, and with `tls: {insecure: true}` anyone in between can pose as a broker"
	case v.Has("tls"), encrypted:
		return nil
	}
	field, at := "sasl", v
	if v.Object("sasl").Has("mechanism") {
		field, at = "mechanism", v.Object("sasl")
	}
	return configs.Diagnostics{warning(at, field, configs.CodePlainPassword, message,
		"add `tls: {}`, or use SCRAM-SHA-256 or SCRAM-SHA-512, which prove the password without sending it")}
}

// tlsFiles warns of certificates and keys that cannot be read here: they may be
// there where the pipeline runs.
func tlsFiles(v configs.Values) configs.Diagnostics {
	if !v.Has("tls") || len(checkTLS(v)) > 0 {
		return nil
	}
	const hint = "the pipeline does not start without it; is it there where the pipeline runs?"
	fields := v.Object("tls")
	for _, field := range []string{"ca", "cert", "key"} {
		if !fields.Has(field) {
			continue
		}
		if _, err := readPEM(field, fields.String(field)); err != nil {
			return configs.Diagnostics{warning(fields, field, configs.CodeUnreadableFile, err.Error(), hint)}
		}
	}
	options := TLSOptions{CA: fields.String("ca"), Cert: fields.String("cert"), Key: Secret(fields.String("key"))}
	if _, err := NewTLS(options); err != nil {
		return configs.Diagnostics{warning(v, "tls", configs.CodeUnreadableFile, err.Error(), hint)}
	}
	return nil
}

// startToCome warns of a start that no record has reached yet.
func startToCome(v configs.Values, now time.Time) configs.Diagnostics {
	start, err := time.Parse(time.RFC3339, v.String("start"))
	if err != nil || !start.After(now) {
		return nil
	}
	return configs.Diagnostics{warning(v, "start", configs.CodeStart,
		"the time is still to come: the source begins at the end of the topic, and does not wait for it",
		"write `start: latest` where the end is meant; a delay before the first record cannot be set")}
}

// secondMember warns of a source of a group that another source is in by
// another way: they would be two members of it, with topics of their own.
func secondMember(n *configs.Node, before []*configs.Node) configs.Diagnostics {
	v := n.Values
	for _, other := range before {
		o := other.Values
		if len(o.Strings("brokers")) == 0 || len(v.Strings("brokers")) == 0 || o.String("group") != v.String("group") || SameCluster(o, v) == SameBrokers(o, v) {
			continue
		}
		return configs.Diagnostics{warning(v, "brokers", configs.CodeSharedGroup,
			fmt.Sprintf("source %s is in the same group, with other brokers of what looks like the same cluster: the two would be two members", other.Name),
			"give both the same list of brokers: then they are one member")}
	}
	return nil
}

// SameBrokers reports whether two nodes name the same brokers, in any order.
func SameBrokers(a, b configs.Values) bool {
	x, y := slices.Clone(a.Strings("brokers")), slices.Clone(b.Strings("brokers"))
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// SameCluster reports whether two nodes have a broker in common.
func SameCluster(a, b configs.Values) bool {
	return slices.ContainsFunc(a.Strings("brokers"), func(broker string) bool { return slices.Contains(b.Strings("brokers"), broker) })
}

// otherWords are what other programs call the places to start at.
//
//nolint:gochecknoglobals // a constant table
var otherWords = map[string]string{
	"oldest": startEarliest, "beginning": startEarliest, "begin": startEarliest, "first": startEarliest, "smallest": startEarliest,
	"start": startEarliest, "all": startEarliest, "true": startEarliest, "-2": startEarliest,
	"newest": startLatest, "end": startLatest, "last": startLatest, "largest": startLatest, "now": startLatest,
	"false": startLatest, "-1": startLatest,
}

var (
	dayOnly    = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	timeOfDay  = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d)(:\d\d(?:\.\d+)?)?$`)
	wholeStart = regexp.MustCompile(`^\d+$`)
)

// startHint is what a start that is none was likely meant to be; "" is not known.
func startHint(text string) string {
	if word := otherWords[strings.ToLower(text)]; word != "" {
		return "here this is called " + word
	}
	if m := timeOfDay.FindStringSubmatch(text); m != nil {
		seconds := m[3]
		if seconds == "" {
			seconds = ":00"
		}
		return "say the zone, too: " + m[1] + "T" + m[2] + seconds + "Z is that time in UTC"
	}
	switch lower := strings.ToLower(text); {
	case lower == "none":
		return "say where a group begins that has committed nothing; offsets that are gone are an error in any case"
	case lower == "earliest-offset" || lower == "latest-offset":
		return "here this is called " + strings.TrimSuffix(lower, "-offset")
	case lower == "group-offsets" || lower == "committed" || lower == "stored":
		return "leave it out: a group always goes on from what it committed"
	case lower == startEarliest || lower == startLatest:
		return "in lower case: " + lower
	case dayOnly.MatchString(text):
		return "write " + text + "T00:00:00Z for the begin of that day in UTC"
	case wholeStart.MatchString(text):
		return "an offset is set once, on an empty group: waterhealer offsets FILE --set SOURCE/TOPIC/PARTITION=" + text
	}
	if _, err := time.ParseDuration(strings.TrimPrefix(text, "now")); err == nil {
		return "a time that passes cannot be set here: write the time itself, or use waterhealer offsets FILE --set"
	}
	return ""
}
