package expression

import (
	"fmt"
	"sync"
	"time"

	"waterhealer/engine/value"
)

// Variables are what an expression sees of a record. Fields that [Program.Reads]
// does not name need not be set. All must be of value's kinds; the numbers may
// be Go integers of any size.
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
	run     eval
	path    []string       // the keys, where it is a field of the value and nothing more
	against against        // set where it is that and nothing more
	fields  map[*path]bool // of the value that are looked at
	wholes  int            // how often the value is looked at in other ways
	kinds   kinds
	whole   place // the expression's first character
	options Options
	reads   map[string]bool
	calls   map[string]bool
	// valueOnly says that it reads no variable but value.
	valueOnly bool
	slots     int
	frames    sync.Pool
}

// Run computes the expression. The result is of value's kinds. An error is of
// type *[RuntimeError] and about this record: the same again would fail again.
func (p *Program) Run(v *Variables) (result any, err error) {
	f := p.frames.Get().(*frame)
	if p.valueOnly {
		f.vars.Value = v.Value
	} else {
		f.vars = *v // copied, so that the caller's need not be allocated
	}
	f.budget = maxWork
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, p.whole.errorf("internal error: %v", r)
		}
		f.release()
		p.frames.Put(f)
	}()
	return p.run(f)
}

// RunBool computes the expression of a filter: nil and whatever else is not a
// boolean is an error that says what it was.
func (p *Program) RunBool(v *Variables) (bool, error) {
	result, err := p.Run(v)
	if err != nil {
		return false, err
	}
	if b, ok := result.(bool); ok {
		return b, nil
	}
	return false, p.whole.errorf("the result is %s, not a boolean", value.Kind(result))
}

// Reads says whether the expression uses a variable.
func (p *Program) Reads(name string) bool { return p.reads[name] }

// Calls says whether the expression calls a function.
func (p *Program) Calls(name string) bool { return p.calls[name] }

// NeverBool says whether the expression can be seen to give no boolean for any
// record, so that a filter of it would fail always.
func (p *Program) NeverBool() bool { return p.kinds&isBool == 0 }

// Kinds names what the expression may give, as far as can be known before it
// runs, for example "string or list".
func (p *Program) Kinds() string { return p.kinds.Names() }

// maxWork bounds the work of one run, in bytes of memory or their worth in
// time: strings, lists and objects that an expression makes, and the steps of
// its loops.
const maxWork = 1 << 28

// stepWork is what one step of a loop counts for: maxWork is 8 million steps.
const stepWork = 32

// itemWork is what one item of a new list or object counts for.
const itemWork = 32

// frame is the state of one run.
type frame struct {
	program *Program
	vars    Variables
	locals  []any // let variables and the #, #index, #acc of predicates
	args    []any // a stack: the arguments of the open calls
	budget  int
}

// spend counts work and fails when the run has done too much.
func (f *frame) spend(work int) error {
	if f.budget -= work; f.budget < 0 {
		return fmt.Errorf("this takes too much memory or too many steps for one record")
	}
	return nil
}

// scanWork is what it counts for to go through a value once. What lists and
// objects hold in turn is not counted.
func scanWork(v any) int {
	const perItem = 4
	switch v := v.(type) {
	case string:
		return len(v) / perItem
	case []byte:
		return len(v) / perItem
	case []any:
		return len(v) * perItem
	case *value.Object:
		return v.Len() * perItem
	}
	return 0
}

// release lets go of the run's values.
func (f *frame) release() {
	if f.program.valueOnly {
		f.vars.Value = nil
	} else {
		f.vars = Variables{}
	}
	clear(f.locals)
	clear(f.args[:cap(f.args)])
	f.args = f.args[:0]
}
