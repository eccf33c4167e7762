package operators

import (
	"fmt"
	"strconv"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators/types"
)

// Sampled is what records of a source show of those that will come, when lint is
// given a sample. It is what lint believes of a source without a schema; of one
// that has a schema, it says whether the records are as the schema says.
type Sampled struct {
	codec   string
	schema  types.Type // anything where there is none
	sample  types.Sample
	part    bool // not all of the sample was looked at
	count   int
	misfits int
	misfit  string // where the first is
}

// MaxSampled is how many records of a sample are looked at.
const MaxSampled = 100_000

// NewSampled begins a sample of the records of a source.
func NewSampled(pipeline *configs.Pipeline, source *configs.Node) *Sampled {
	schema, _, _ := readSchema(source, pipeline.File) // its problems are reported with the plan
	return &Sampled{codec: sourceCodec(source), schema: schema}
}

// Codec is how the source decodes payloads, "" for values.
func (s *Sampled) Codec() string { return s.codec }

// Add takes one more record; where is its place, for messages. It is false when no
// more are wanted.
func (s *Sampled) Add(r *engine.Record, where string) (more bool, err error) {
	if s.count == MaxSampled {
		s.part = true
		return false, nil
	}
	if s.codec != "" {
		if err := decoder(s.codec)(r); err != nil {
			return false, err
		}
	}
	s.count++
	s.sample.Add(r.Value)
	if !s.schema.Has(r.Value) {
		if s.misfits++; s.misfits == 1 {
			s.misfit = where
		}
	}
	return true, nil
}

// Count is how many records were seen.
func (s *Sampled) Count() int { return s.count }

// says is who knows what the sample shows.
func (s *Sampled) says() string {
	if s.part {
		return fmt.Sprintf("in the sample's first %s", s.records())
	}
	return fmt.Sprintf("in the sample's %s", s.records())
}

func (s *Sampled) records() string {
	if s.count == 1 {
		return "1 record"
	}
	return grouped(s.count) + " records"
}

// of is the type of the values that were seen, and of those like them.
func (s *Sampled) of() types.Type {
	return s.sample.Type(s.says())
}

// unlike warns of a sample that is not as the schema says: one of them is wrong.
func (s *Sampled) unlike(source *configs.Node) configs.Diagnostics {
	if s.misfits == 0 {
		return nil
	}
	verb := "are"
	if s.misfits == 1 {
		verb = "is"
	}
	at := source.Common.Part("schema", nil, false)
	return configs.Diagnostics{{
		Position: at.Pos, Width: at.Width, Severity: configs.Warning, Code: configs.CodeSchema,
		Message: fmt.Sprintf("%s of the sample's %s %s not as the schema says, the first in %s", grouped(s.misfits), s.records(), verb, s.misfit),
		Hint:    at.Hint("records are not held against the schema when the pipeline runs, so that expressions meet these, too"),
	}}
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
