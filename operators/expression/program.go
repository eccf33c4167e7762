package expression

import (
	"time"

	"waterhealer/engine/value"
)

// Variables are what an expression sees of a record. Fields that [Program.Reads]
// does not name need not be set. All must be of value's kinds; Go's int and
// int32 are taken as integers.
type Variables struct {
	Value     any
	Key       any // a string or nil
	Headers   any // an object of strings
	Topic     any
	Partition any
	Offset    any
	Timestamp any // a time or nil
	Index     any // inside foreach
	// Extra holds the names of [Options.Names] other than index: state, args.
	Extra map[string]any
}

// Options say what an expression may use.
type Options struct {
	// Vars is the pipeline's constants as a *value.Object, nil for none.
	Vars any
	// Names are the further variables it may use: index, state, ….
	Names []string
	// Now is the clock; nil is the machine's, in UTC.
	Now func() time.Time
	// UUID makes what uuid() gives; nil makes random ones.
	UUID func() string
	// LookupEnv is what env() asks; nil is the process's environment.
	LookupEnv func(name string) (string, bool)
	// Functions are further functions, for tests.
	Functions map[string]func(args ...any) (any, error)
}

// Program is a compiled expression. It is safe for use by several goroutines.
type Program struct {
	source string
}

// Compile compiles an expression. Its errors are of type *[Error].
func Compile(source string, o Options) (*Program, error) {
	return &Program{source: source}, nil
}

// Run computes the expression. The result is of value's kinds. An error is of
// type *[RuntimeError] and about this record: the same again would fail again.
func (p *Program) Run(v *Variables) (any, error) {
	return nil, &RuntimeError{Message: "not built yet"}
}

// RunBool computes the expression of a filter: nil and whatever else is not a
// boolean is an error that says what it was.
func (p *Program) RunBool(v *Variables) (bool, error) {
	result, err := p.Run(v)
	if err != nil {
		return false, err
	}
	b, ok := result.(bool)
	if !ok {
		return false, &RuntimeError{Message: "the result is " + value.Kind(result)}
	}
	return b, nil
}

// Reads says whether the expression uses a variable.
func (p *Program) Reads(name string) bool { return true }

// NeverBool says whether the expression can be seen to give no boolean for any
// record, so that a filter of it would fail always.
func (p *Program) NeverBool() bool { return false }
