package rehearsal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators"
)

// Result is what became of one test.
type Result struct {
	Test       *configs.Test
	Mismatches []Mismatch
	// Halted is what halted the pipeline, nil when nothing did. It fails no test
	// by itself.
	Halted error
	// Failures are those of records whose tries have ended, in order.
	Failures []*engine.Failure
	// Waiting counts the inputs, by source, that never entered the pipeline: for
	// back-pressure, or because their source's batch was not full.
	Waiting []Waiting
}

// Waiting is how many inputs of a source were never taken.
type Waiting struct {
	Source string
	Inputs int
}

// Passed says that everything is as expected.
func (r *Result) Passed() bool { return len(r.Mismatches) == 0 }

// Mismatch is one expectation that was not met. Expected and Got are lists of
// values, or of offsets; of a watermark they hold it alone.
type Mismatch struct {
	Expectation *configs.Expectation
	Expected    []any
	Got         []any
}

// start is where the clock of every test stands at its beginning.
func start() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// Run runs one test of a pipeline that has no errors. The error is one of
// running it; a test that fails has mismatches.
func Run(ctx context.Context, pipeline *configs.Pipeline, test *configs.Test) (Result, error) {
	clock := engine.NewVirtualClock(start())
	plan, problems := operators.NewPlan(pipeline, operators.Scope{Now: clock.Now, UUID: uuids(), InTurn: true})
	if problems.HasErrors() {
		return Result{}, fmt.Errorf("%s: the pipeline has errors", pipeline.File)
	}
	p := newPlayer(test, clock)
	graph, err := plan.Graph(operators.Connectors{Sources: p.sources, Output: p.output})
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", pipeline.File, err)
	}
	// One lane, and what is stopped may take its time: nothing waits in a test.
	graph.Workers, graph.ShutdownTimeout = 1, time.Hour
	p.seen.listen(graph, test)
	rt, err := engine.New(graph, engine.Options{Clock: clock, InTurn: true, Seed: 1, OnFailure: p.seen.failure})
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", pipeline.File, err)
	}
	halted, err := p.play(ctx, rt)
	if err != nil {
		return Result{}, fmt.Errorf("%s: test %s: %w", test.Pos, test.Name, err)
	}
	result := Result{Test: test, Halted: halted, Failures: p.seen.failures}
	if halted == nil {
		result.Waiting = p.left()
	}
	result.Mismatches, err = p.compare()
	return result, err
}

// uuids are version 4 UUIDs that are the same in every run.
func uuids() func() string {
	random := rand.New(rand.NewPCG(1, 0))
	return func() string {
		high, low := random.Uint64(), random.Uint64()
		high = high&^0xf000 | 0x4000
		low = low&^(0xc0<<56) | 0x80<<56
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
	}
}
