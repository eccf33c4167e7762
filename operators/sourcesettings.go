package operators

import (
	"time"

	"waterhealer/configs"
)

// SourceSettings is what the graph says about a source: how its finished
// offsets are committed, and how it makes values.
type SourceSettings struct {
	CommitInterval     time.Duration
	IgnoreCommitErrors bool
	// NoMap says that a path from the source meets an operator that pairs
	// neighbours: no holes are kept over a restart.
	NoMap bool
	// Generate computes the values of a generate source; nil for others.
	Generate func(index int64) (any, error)
	// Codec is how the source's payloads are decoded, "" for values.
	Codec string
}

// reportsAtOnce says whether the reports of a healing sink do not wait for the
// commit. Sinks that share a source also share its commits: they wait unless
// all of them say otherwise.
func (p *Plan) reportsAtOnce(sink *configs.Node) bool {
	sources := sourcesOf(sink)
	for _, other := range p.pipeline.Sinks {
		if other.Kind != "healing" || other.Values.Bool("asynchronous") {
			continue
		}
		for _, source := range sources {
			if reaches(source, other) {
				return false
			}
		}
	}
	return true
}

// sourceSettings gathers what the sinks and operators behind a source say.
func (p *Plan) sourceSettings() map[string]SourceSettings {
	settings := make(map[string]SourceSettings, len(p.pipeline.Sources))
	for _, source := range p.pipeline.Sources {
		s := SourceSettings{Generate: p.generate[source], Codec: sourceCodec(source)}
		healing := 0
		ignoring := 0
		for _, sink := range p.pipeline.Sinks {
			if sink.Kind != "healing" || !reaches(source, sink) {
				continue
			}
			healing++
			if interval := sink.Values.Duration("interval"); s.CommitInterval == 0 || interval < s.CommitInterval {
				s.CommitInterval = interval
			}
			if sink.Values.Bool("ignore") {
				ignoring++
			}
		}
		if s.CommitInterval == 0 {
			s.CommitInterval = time.Second
		}
		s.IgnoreCommitErrors = healing > 0 && ignoring == healing
		for _, n := range p.pipeline.Operators {
			if p.kinds[n].Pairs && reaches(source, n) {
				s.NoMap = true
			}
		}
		settings[source.Name] = s
	}
	return settings
}

func reaches(source, n *configs.Node) bool {
	for _, s := range sourcesOf(n) {
		if s == source {
			return true
		}
	}
	return false
}
