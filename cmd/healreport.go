package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// healReport is what became of the dead letters.
type healReport struct {
	dry bool

	Letters    int64 `json:"letters"` // that were put back
	Healed     int64 `json:"healed"`
	Failed     int64 `json:"failed"` // again, with a new letter
	Skipped    int64 `json:"skipped"`
	Unfinished int64 `json:"unfinished"` // left for the next run
	Repeated   int64 `json:"repeated"`   // letters of records that were put back already
	Foreign    int64 `json:"foreign"`    // letters of other pipelines, or no letters
	Stopped    bool  `json:"stopped"`    // by a signal, perhaps before the ends

	Partitions []healPartition  `json:"partitions"`
	Nodes      []summaryNode    `json:"nodes,omitempty"`    // of a dry run
	Failures   []summaryFailure `json:"failures,omitempty"` // of a dry run
}

// healPartition is how far a partition of letters was committed; null is that
// the last commit failed.
type healPartition struct {
	Group     string `json:"group"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Committed *int64 `json:"committed"`
	Holes     int    `json:"holes"`
}

// outcome is an error when not every letter was healed.
func (r healReport) outcome() error {
	switch {
	case r.Stopped:
		return &exitError{code: exitHalted, err: errors.New("stopped: what is left is put back the next time")}
	case r.Failed == 0:
		return nil
	}
	return &exitError{code: exitHalted, err: fmt.Errorf("%s failed again and %s a new dead letter",
		counted(int(r.Failed), "record", "records"), verb(r.Failed, "has", "have"))}
}

func verb(n int64, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// write writes the report as text or as one JSON object.
func (r healReport) write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	}
	var b strings.Builder
	if len(r.Nodes) > 0 {
		writeNodes(&b, r.Nodes)
		writeFailures(&b, r.Failures)
	}
	fmt.Fprintln(&b, r.line())
	if len(r.Partitions) > 0 {
		places := table{{"topic", "group", "partition", "committed", "holes"}}
		for _, p := range r.Partitions {
			committed := "unknown"
			if p.Committed != nil {
				committed = number(*p.Committed)
			}
			places = append(places, []string{p.Topic, p.Group, number(int64(p.Partition)), committed, number(int64(p.Holes))})
		}
		b.WriteByte('\n')
		places.write(&b, 2)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line is the result in one line.
func (r healReport) line() string {
	var b strings.Builder
	if r.dry {
		fmt.Fprintf(&b, "%s would be put back: %s would be healed, %s would fail again",
			counted(int(r.Letters), "letter", "letters"), grouped(r.Healed), grouped(r.Failed))
	} else {
		fmt.Fprintf(&b, "%s put back: %s healed, %s failed again",
			counted(int(r.Letters), "letter", "letters"), grouped(r.Healed), grouped(r.Failed))
	}
	for _, more := range []struct {
		n    int64
		what string
	}{
		{r.Skipped, "skipped"},
		{r.Unfinished, "left unfinished for the next time"},
		{r.Repeated, "further letters of the same records"},
		{r.Foreign, "of other pipelines"},
	} {
		if more.n > 0 {
			fmt.Fprintf(&b, ", %s %s", grouped(more.n), more.what)
		}
	}
	return b.String()
}
