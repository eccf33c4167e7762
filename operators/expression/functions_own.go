package expression

import (
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"time"

	"waterhealer/engine/value"
)

// ownFunctions are those that expr does not have (merge is among the functions
// of objects, parse_json and to_json among the conversions).
func ownFunctions() []*function {
	return []*function{
		{name: "uuid", signature: "uuid()", doc: "A new random UUID.",
			examples: []string{`len(uuid()) == 36`},
			gives:    isString, changing: true,
			call: func(f *frame, _ []any) (any, error) { return f.program.options.UUID(), nil }},
		{name: "env", signature: "env(name)", doc: "An environment variable. One that is not set is an error.",
			examples: []string{`env("HOME") != ""`},
			takes:    []kinds{isString}, gives: isString, changing: true, call: env},
		{name: "hash", signature: "hash(value)", doc: "The xxhash64 of the value's canonical JSON, as 16 lower-case hexadecimal digits. Equal values have equal hashes, whatever the order of their keys.",
			examples: []string{`hash({"a": 1, "b": 2}) == hash({"b": 2.0, "a": 1})`, `hash("a") == "5271bc5453102389"`},
			takes:    []kinds{anything}, gives: isString,
			call: hash},
		{name: "fail", signature: "fail(message)", doc: "Fails this record with the message.",
			examples: []string{`value == nil or fail("there is a value")`},
			takes:    []kinds{isString}, gives: anything, changing: true,
			call: func(_ *frame, args []any) (any, error) { return nil, fmt.Errorf("%s", args[0]) }},
	}
}

func hash(f *frame, args []any) (any, error) {
	text, err := value.AppendCanonical(nil, args[0])
	if err != nil {
		return nil, err
	}
	return value.HashCanonical(text), f.spend(len(text))
}

func env(f *frame, args []any) (any, error) {
	name := args[0].(string)
	text, ok := f.program.options.LookupEnv(name)
	if !ok {
		return nil, fmt.Errorf("the environment variable %s is not set", clip(name))
	}
	return text, nil
}

// once makes a part that is computed at the first run, and then constant.
func once(run eval) eval {
	var (
		ready sync.Once
		v     any
		err   error
	)
	return func(f *frame) (any, error) {
		ready.Do(func() { v, err = run(f) })
		return v, err
	}
}

// withDefaults fills what the caller left to us.
func withDefaults(o Options) Options {
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().UTC().Round(0) }
	}
	if o.UUID == nil {
		o.UUID = randomUUID
	}
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	return o
}

// randomUUID is a version 4 UUID.
func randomUUID() string {
	var b [16]byte
	// It never fails: crypto/rand ends the process where there is no randomness.
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
