package kafka

import (
	"net"
	"regexp"
	"strconv"
	"strings"

	"waterhealer/configs"
)

// legalName is what brokers take as the name of a topic, or of a member that is
// the same after a restart. They refuse everything else.
var legalName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// checkNames reports addresses and names that no broker can have. The names are
// not repeated: they may be substituted.
func checkNames(v configs.Values) configs.Diagnostics {
	var found configs.Diagnostics
	wrong := func(item configs.Item, message, hint string) {
		found = append(found, configs.Diagnostic{
			Position: item.Pos(), Width: max(item.Width(), 1), Severity: configs.Error, Code: configs.CodeWrongValue, Message: message, Hint: hint,
		})
	}
	for _, item := range v.Item("brokers").Items() {
		if message, hint := wrongAddress(item.String()); message != "" {
			wrong(item, message, hint)
		}
	}
	topics := v.Item("topics").Items()
	if v.Has("topic") && !v.Alternative("topic") {
		topics = append(topics, v.Item("topic"))
	}
	for _, item := range topics {
		switch name := item.String(); {
		case name == "", legalName.MatchString(name) && name != "." && name != "..": // an empty one was reported
		case strings.Contains(name, "{{"):
			wrong(item, "no topic can have this name", "a topic that is computed from each record is an expression: `topic: {expr: value.country}`")
		case strings.Contains(name, ","):
			wrong(item, "a topic's name holds no comma", "write a list: [a, b]")
		case strings.ContainsAny(name, "*^$|()[]"):
			wrong(item, "a topic's name is no pattern", "name each topic in a list: which are there is not looked for")
		default:
			wrong(item, "no topic can have this name", "a name is 1 to 249 of the characters a-z, A-Z, 0-9, . _ -")
		}
	}
	if name := v.String("instance_id"); name != "" && (!legalName.MatchString(name) || name == "." || name == "..") {
		wrong(v.Item("instance_id"), "no member of a group can have this name", "a name is 1 to 249 of the characters a-z, A-Z, 0-9, . _ -")
	}
	return found
}

// wrongAddress says what keeps an address from being one of a broker, and what
// mends it; "" is nothing.
func wrongAddress(address string) (message, hint string) {
	const form = "a broker is host:port"
	host, port, err := net.SplitHostPort(address)
	number, wrong := strconv.ParseUint(port, 10, 16)
	switch {
	case address == "": // which was reported
		return "", ""
	case strings.Contains(address, "://"):
		return form + ", without a protocol", "leave out all up to `//`; `tls: {}` encrypts the connection"
	case strings.ContainsAny(address, ", \t\n"):
		return form + ", and nothing else", "write a list: [\"kafka-1:9092\", \"kafka-2:9092\"]"
	case err != nil && strings.Contains(err.Error(), "missing port"):
		return form + ": the port is missing", "it is 9092 most of the time: \"kafka-1:9092\""
	case err != nil, host == "":
		return form, "such as \"kafka-1:9092\" or \"[::1]:9092\""
	case wrong != nil, number == 0:
		return form + ": the port is no number from 1 to 65535", "it is 9092 most of the time"
	}
	return "", ""
}
