package scaffold

import (
	"slices"

	"waterhealer/configs"
)

// decode says how payloads become values, where there are payloads.
func (w *writer) decode(kind string) {
	if kind != "kafka" {
		return
	}
	for _, f := range configs.CommonFields(configs.SectionSource) {
		if f.Name == "decode" {
			w.comment(4, f.Doc)
			w.line(4, "decode: %s", f.Default)
		}
	}
}

func (w *writer) operators() {
	w.line(0, "")
	w.line(0, "# Each operator takes the one above it. waterhealer operators lists what there is.")
	w.line(0, "operators:")
	w.line(2, "# What is not true is dropped, and its offset is finished.")
	w.line(2, "- filter: value != nil")
	w.line(2, "# One expression, or a mapping of several: {id: value.id, at: now()}")
	w.line(2, "- map: value")
}

func (w *writer) sinks() error {
	w.line(0, "")
	w.line(0, "# An offset is finished when all outputs of healing have acknowledged what was made of its record.")
	w.line(0, "sinks:")
	w.line(2, "- name: out")
	w.line(4, "healing:")
	for _, s := range w.specs {
		if s.Section != configs.SectionSink || s.Kind != "healing" {
			continue
		}
		for _, f := range s.Fields {
			if f.Default != "" {
				w.comment(6, f.Doc)
				w.line(6, "#%s: %s", f.Name, f.Default)
			}
		}
	}
	w.line(6, "to:")
	for _, kind := range w.options.To {
		if err := w.node(configs.SectionOutput, kind, "", 8); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) onError() {
	w.line(0, "")
	w.line(0, "on_error:")
	for _, f := range configs.ErrorFields() {
		switch f.Name {
		case "retry":
			w.comment(2, f.Doc)
			w.line(2, "retry:")
			for _, f := range f.Fields {
				if f.Default != "" {
					w.comment(4, f.Doc)
					w.line(4, "%s: %s", f.Name, f.Default)
				}
			}
		case "then":
			w.comment(2, f.Doc)
			w.line(2, "then: %s", f.Default)
		case "dead_letter":
			if !slices.Contains(w.options.From, "kafka") && !slices.Contains(w.options.To, "kafka") {
				continue
			}
			w.line(2, "# With `then: dead_letter`, the output that dead letters are written to:")
			w.line(2, "# dead_letter: {kafka: {topic: output.dead}}")
		}
	}
}

func (w *writer) tests() {
	first := w.source(w.options.From[0])
	w.line(0, "")
	w.line(0, "# They run without brokers and files, on a clock of their own.")
	w.line(0, "tests:")
	w.line(2, "- name: what is not null comes out")
	w.line(4, "input:")
	w.line(6, "- %s: {id: 1}", first)
	w.line(6, "- %s: null", first)
	w.line(4, "output:")
	w.line(6, "out: [{id: 1}]")
	w.line(4, "finished:")
	w.line(6, "%s: [0, 1]", first)
}
