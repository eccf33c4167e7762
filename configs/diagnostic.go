package configs

import (
	"cmp"
	"slices"
)

// Severity says whether a diagnostic keeps a pipeline from running.
type Severity int

// The severities.
const (
	Error Severity = iota
	Warning
)

// String is the word that messages use.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is a problem in a pipeline file.
type Diagnostic struct {
	Position Position
	Width    int // characters under the caret, at least 1
	Severity Severity
	Code     string // one of [Codes]
	Message  string
	Hint     string // what mends it; "" is none
}

// String is path:line:col: error[code]: message.
func (d Diagnostic) String() string {
	return d.Position.String() + ": " + d.Severity.String() + "[" + d.Code + "]: " + d.Message
}

// Diagnostics are the problems of one or several files.
type Diagnostics []Diagnostic

// HasErrors reports whether any of them is an error.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort orders by file, position, code and message, in place, so that the same
// file always gives the same output.
func (ds Diagnostics) Sort() {
	slices.SortStableFunc(ds, compareDiagnostics)
}

func compareDiagnostics(a, b Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Position.File, b.Position.File),
		cmp.Compare(a.Position.Line, b.Position.Line),
		cmp.Compare(a.Position.Column, b.Position.Column),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Message, b.Message),
	)
}

// Distinct sorts and drops what is said twice: an anchor that is used in three
// places would otherwise report its mistake three times. The first use is the
// one that stays. It reuses the list.
func (ds Diagnostics) Distinct() Diagnostics {
	ds.Sort()
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.Position == b.Position && a.Code == b.Code && a.Message == b.Message
	})
}
