package operators

import (
	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators/expression"
)

// Condition compiles an expression that stands in no pipeline file, of someone
// who looks at records while they pass: it says which ones to show.
func Condition(source string) (func(*engine.Record) (bool, error), error) {
	program, err := expression.Compile(source, expression.Options{})
	if err != nil { // it says the line and the column of each mistake
		return nil, err
	}
	e := &Expression{program: program, written: &configs.Expression{Source: source}, reads: readsOf(program)}
	return e.RunBool, nil
}
