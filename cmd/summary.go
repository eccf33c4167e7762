package cmd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"waterhealer/engine"
)

// summary is what a dry run says at its end.
type summary struct {
	Nodes    []summaryNode    `json:"nodes"`
	Commits  []summaryCommit  `json:"commits"`
	Failures []summaryFailure `json:"failures"`
}

// summaryNode counts what came to a node, what left it, what it dropped and
// what failed there.
type summaryNode struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	In      int64  `json:"in"`
	Out     int64  `json:"out"`
	Dropped int64  `json:"dropped"`
	Failed  int64  `json:"failed"`
}

// summaryCommit is the offset that a source would commit of a file.
type summaryCommit struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Offset int64  `json:"offset"`
}

// summaryFailure is a record that failed, as file:line where it came from a file.
type summaryFailure struct {
	Record string `json:"record"`
	Node   string `json:"node"`
	Where  string `json:"where"`
	Then   string `json:"then"`
	Error  string `json:"error"`
}

func newSummary(result engine.Result, failures []*engine.Failure) summary {
	s := summary{Nodes: []summaryNode{}, Commits: []summaryCommit{}, Failures: []summaryFailure{}}
	for _, n := range result.Nodes {
		if isStandIn(n) {
			continue
		}
		s.Nodes = append(s.Nodes, summaryNode{Name: n.Name, Kind: n.Kind, In: n.In, Out: n.Out, Dropped: n.Dropped, Failed: n.Failed})
	}
	for _, c := range result.Claims {
		s.Commits = append(s.Commits, summaryCommit{Source: c.Source, File: c.Topic, Offset: c.Watermark})
	}
	// Nodes with memory fail in goroutines of their own: the order of the input
	// is the same in every run.
	slices.SortStableFunc(failures, func(a, b *engine.Failure) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
	})
	for _, f := range failures {
		s.Failures = append(s.Failures, summaryFailure{
			Record: f.Origin(), Node: f.Node, Where: f.Where, Then: f.Then.String(), Error: f.Err.Error(),
		})
	}
	return s
}

// isStandIn says that a node only prints, for a healing sink without outputs.
func isStandIn(n engine.NodeStats) bool { return n.Role == engine.RoleOutput && n.Kind == "healing" }

// halting counts the failures that would halt the pipeline.
func (s summary) halting() int {
	n := 0
	for _, f := range s.Failures {
		if f.Then == engine.ThenHalt.String() {
			n++
		}
	}
	return n
}

// write writes the summary as text or, for scripts, as one JSON object.
func (s summary) write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(s)
	}
	writeNodes(w, s.Nodes)
	files := make(map[string]int)
	for _, c := range s.Commits {
		files[c.Source]++
	}
	for _, c := range s.Commits {
		of := ""
		if files[c.Source] > 1 {
			of = " of " + c.File
		}
		fmt.Fprintf(w, "source %s would commit offset %d%s\n", c.Source, c.Offset, of)
	}
	writeFailures(w, s.Failures)
	if n := s.halting(); n > 0 {
		fmt.Fprintf(w, "%s would halt the pipeline\n", counted(n, "failure", "failures"))
	}
	return nil
}

func writeNodes(w io.Writer, all []summaryNode) {
	nodes := table{{"node", "in", "out", "dropped", "failed"}}
	for _, n := range all {
		nodes = append(nodes, []string{n.Name, number(n.In), number(n.Out), number(n.Dropped), number(n.Failed)})
	}
	nodes.write(w, 1)
}

func writeFailures(w io.Writer, failures []summaryFailure) {
	for _, f := range failures {
		fmt.Fprintf(w, "%s: failed at %s (%s), then %s: %s\n", f.Record, f.Node, f.Where, f.Then, f.Error)
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + several
}
