package cmd

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/configs/schema"
)

// TestSights: for each code it is said whether a schema sees it.
func TestSights(t *testing.T) {
	for _, e := range configs.Codes() {
		i := slices.IndexFunc(schema.Sights(), func(s schema.Sight) bool { return s.Code == e.Code })
		if i < 0 {
			t.Errorf("configs/schema/sight.go does not say whether a schema sees %s", e.Code)
		} else if s := schema.Sights()[i]; (s.Seen == schema.Always) != (s.Why == "") {
			t.Errorf("%s: it is not said why a schema sees it %s", e.Code, s.Seen)
		}
	}
}

// TestSchemaSaysAll: docs, defaults and examples of all specs are in the schema.
func TestSchemaSaysAll(t *testing.T) {
	text := run(t, "schema").exits(t, 0).stdout
	said := func(what, doc string) {
		quoted, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		inside := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(quoted[1 : len(quoted)-1]))
		if !strings.Contains(text, inside) {
			t.Errorf("%s is not in the schema: %s", what, doc)
		}
	}
	for _, s := range specs() {
		said(s.Kind, strings.TrimSpace(configs.Sentence(s.Summary)+" "+configs.Sentence(s.Doc)))
		for _, f := range s.Fields {
			said(s.Kind+"."+f.Name, f.Doc)
		}
		if !strings.Contains(text, `"#/$defs/`+string(s.Section)+"."+s.Kind+`"`) {
			t.Errorf("nothing points at %s %s", s.Section, s.Kind)
		}
	}
	for _, f := range configs.PipelineFields() {
		said(f.Name, f.Doc)
	}
	for _, want := range []string{`"default": "10s"`, `"default": true`, `"default": 10000`, `"examples": [`, `"PLAIN"`, `"minimum": 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("the schema has no %s", want)
		}
	}
}

// TestSchemaTakesExamples: the example of each kind is one that the schema takes.
func TestSchemaTakesExamples(t *testing.T) {
	s := validator(t)
	for _, spec := range specs() {
		node := "\n  - " + strings.ReplaceAll(strings.TrimSpace(spec.Example), "\n", "\n    ") + "\n"
		sources, operators, sinks := "sources: [{values: []}]\n", "", "sinks: [{drop: {}}]\n"
		switch spec.Section {
		case configs.SectionSource:
			sources = "sources:" + node
		case configs.SectionOperator:
			operators = "operators:" + node
		default:
			sinks = "sinks:" + node
		}
		if err := s.Validate(document(t, sources+operators+sinks)); err != nil {
			t.Errorf("%s %s: %v", spec.Section, spec.Kind, err)
		}
	}
}
