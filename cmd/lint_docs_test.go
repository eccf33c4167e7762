package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"waterhealer/configs"
)

var (
	yamlBlock  = regexp.MustCompile("(?ms)^```ya?ml\n(.*?)^```")
	topSection = regexp.MustCompile(`(?m)^[a-z_]+:`)
)

// TestDocsAreLinted: every YAML block of the documents is a pipeline without
// problems and runs, or a part of one that fits into the first pipeline of its
// document, or a node, or settings.
func TestDocsAreLinted(t *testing.T) {
	blocks := 0
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		var whole string
		for _, m := range yamlBlock.FindAllStringSubmatchIndex(string(text), -1) {
			block := string(text[m[2]:m[3]])
			line := strings.Count(string(text[:m[2]]), "\n") + 1
			blocks++
			if isPipeline(block) && whole == "" {
				whole = block
			}
			t.Run(strings.TrimPrefix(document, "../"), func(t *testing.T) { lintBlock(t, block, whole, line) })
		}
	}
	if blocks < 30 {
		t.Errorf("the documents have %d YAML blocks", blocks)
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	found := []string{"../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md"}
	err := filepath.WalkDir("../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func isPipeline(block string) bool {
	return strings.Contains("\n"+block, "\nsources:") && strings.Contains("\n"+block, "\nsinks:")
}

func lintBlock(t *testing.T, block, whole string, line int) {
	t.Helper()
	switch {
	case isPipeline(block):
		lintsClean(t, block, line)
		own(t)
		file(t, "empty", "")
		args := []string{"run", file(t, "p.yaml", block), "--dry-run"}
		for _, n := range (&program{}).check("p.yaml", []byte(block)).pipeline.Sources {
			args = append(args, "--input", n.Name+"=empty")
		}
		run(t, args...).exits(t, exitDone)
	case strings.HasPrefix(block, "- "):
		lintsClean(t, around(block), line, configs.CodeForgets, configs.CodeUnreadNode, configs.CodeBranch)
	case isSettings(t, block):
		own(t)
		file(t, settingsFile, block)
		run(t, "lint", file(t, "clean.yaml", cleanFile)).exits(t, exitDone)
	case whole != "":
		lintsClean(t, without(whole, topSection.FindAllString(block, -1))+block, line)
	default:
		t.Errorf("line %d: the block is no pipeline, no part of one and no settings:\n%s", line, block)
	}
}

// around puts nodes into a pipeline, in the section in which they are complete.
func around(nodes string) string {
	nodes = "  " + strings.ReplaceAll(strings.TrimSpace(nodes), "\n", "\n  ") + "\n"
	const (
		ab      = "sources: [{name: a, values: [1]}, {name: b, values: [1]}]\n"
		healing = "sinks:\n  - healing: {}\n"
	)
	sink := "sources: [{kafka: {brokers: [a:1], topics: [t], group: g}}]\n" + healing + nodes
	for _, file := range []string{ab + "operators:\n" + nodes + "sinks: [{stdout: {}}]\n", "sources:\n" + nodes + healing, sink} {
		wrong := func(d configs.Diagnostic) bool {
			return d.Code == configs.CodeWrongSection || d.Code == configs.CodeMissingField || d.Code == configs.CodeUnknownKind
		}
		if !slices.ContainsFunc((&program{}).check("p.yaml", []byte(file)).diagnostics, wrong) {
			return file
		}
	}
	return sink
}

// lintsClean fails the test when lint says something, but for the codes left out.
func lintsClean(t *testing.T, pipeline string, line int, leftOut ...string) {
	t.Helper()
	for _, d := range (&program{}).check("p.yaml", []byte(pipeline)).diagnostics {
		if !slices.Contains(leftOut, d.Code) {
			t.Errorf("line %d: %v\n%s", line, d, pipeline)
		}
	}
}

// isSettings reports a block all of whose keys are flags.
func isSettings(t *testing.T, block string) bool {
	t.Helper()
	var keys map[string]any
	if yaml.Unmarshal([]byte(block), &keys) != nil || len(keys) == 0 {
		return false
	}
	root := (&program{}).root()
	for key := range keys {
		known := root.PersistentFlags().Lookup(key) != nil
		for _, c := range root.Commands() {
			known = known || c.Flags().Lookup(key) != nil
		}
		if !known {
			return false
		}
	}
	return true
}

// without leaves sections out of a pipeline.
func without(pipeline string, sections []string) string {
	var kept strings.Builder
	leaving := false
	for line := range strings.Lines(pipeline) {
		if key := topSection.FindString(line); key != "" {
			leaving = slices.Contains(sections, key)
		}
		if !leaving {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
