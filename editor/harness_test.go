package editor

import (
	"flag"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"waterhealer/configs"
	"waterhealer/kafka"
	"waterhealer/local"
	"waterhealer/operators"
)

var update = flag.Bool("update", false, "write the expected files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func specs() []configs.Spec {
	return slices.Concat(operators.Specs(), kafka.SourceSpecs(), local.SourceSpecs(), []configs.Spec{kafka.OutputSpec()}, local.OutputSpecs())
}

// check is what lint does.
func check(path string, data []byte) configs.Diagnostics {
	pipeline, found := configs.Parse(path, data, specs(), configs.Environment{})
	_, problems := operators.NewPlan(pipeline, operators.Scope{})
	return append(append(found, problems...), kafka.Check(pipeline)...).Distinct()
}
