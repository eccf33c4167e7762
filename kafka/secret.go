package kafka

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what is printed in place of a secret.
const redacted = "[secret]"

// Secret is text that must not be seen: however it is printed, logged or
// marshalled, what comes out is a placeholder. Reveal gives the text itself.
type Secret string

// Reveal is the secret itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret, as everything that prints it does.
func (s Secret) String() string { return redacted }

// GoString hides it from %#v.
func (s Secret) GoString() string { return redacted }

// LogValue hides it from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides it from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format covers the verbs that do not ask for String, such as %x and %d.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }
