// Package scaffold writes new pipeline files to begin with: commented, without
// lint's complaints, and runnable where nothing else is needed.
//
// What the comments say about fields comes from their specs. A field whose line
// begins with `#` is optional and shows its default.
package scaffold

import (
	"fmt"
	"slices"
	"strings"

	"waterhealer/configs"
)

// Options say what the pipeline is to be.
type Options struct {
	Name string   // of the pipeline; also its consumer group
	From []string // kinds of sources, each once; one at least
	To   []string // kinds of outputs, each once; one at least
}

// Sources are the kinds that a new pipeline can read from.
func Sources() []string { return []string{"kafka", "file", "stdin", "generate", "values"} }

// Outputs are the kinds that a new pipeline can write to.
func Outputs() []string { return []string{"kafka", "file", "stdout", "drop"} }

// New writes a pipeline file. It fails for kinds that are not among specs.
func New(specs []configs.Spec, o Options) (string, error) {
	w := &writer{specs: specs, options: o}
	w.line(0, "# waterhealer lint FILE says what is wrong with this file, waterhealer test FILE runs its tests,")
	w.line(0, "# waterhealer run FILE runs it. A line that begins with # and a field shows a default.")
	w.line(0, "name: %s", text(o.Name))
	w.line(0, "")
	w.line(0, "sources:")
	for _, kind := range o.From {
		if err := w.node(configs.SectionSource, kind, "  - name: "+w.source(kind), 4); err != nil {
			return "", err
		}
		w.decode(kind)
	}
	w.operators()
	if err := w.sinks(); err != nil {
		return "", err
	}
	w.onError()
	w.tests()
	return w.out.String(), nil
}

type writer struct {
	specs   []configs.Spec
	options Options
	out     strings.Builder
}

func (w *writer) line(indent int, format string, args ...any) {
	text := strings.Repeat(" ", indent) + fmt.Sprintf(format, args...)
	w.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

// comment writes a doc's first sentence.
func (w *writer) comment(indent int, doc string) {
	const width = 100
	first, _, cut := strings.Cut(doc, ". ")
	if cut {
		first += "."
	}
	line := "#"
	for _, word := range strings.Fields(first) {
		if len(line)+len(word)+1 > width-indent {
			w.line(indent, "%s", line)
			line = "#"
		}
		line += " " + word
	}
	w.line(indent, "%s", line)
}

// source is the name of a source: `in`, and the kind where there are several.
func (w *writer) source(kind string) string {
	if len(w.options.From) == 1 {
		return "in"
	}
	return "in-" + kind
}

// node writes the kind and the fields of a node below its first line, if it has one.
func (w *writer) node(section configs.Section, kind, first string, indent int) error {
	i := slices.IndexFunc(w.specs, func(s configs.Spec) bool { return s.Section == section && s.Kind == kind })
	if i < 0 {
		return fmt.Errorf("there is no %s %q", section, kind)
	}
	s := &w.specs[i]
	if first != "" {
		w.line(0, "%s", first)
	}
	given := w.given(s)
	prefix := ""
	if first == "" && len(w.options.To) > 1 { // an item of a list
		prefix = "- "
	}
	if len(given) == 0 {
		w.line(indent, "%s%s: {}", prefix, kind)
		return nil
	}
	w.line(indent, "%s%s:", prefix, kind)
	indent += len(prefix) + 2
	for _, f := range s.Fields {
		switch value, set := given[f.Name]; {
		case set:
			w.comment(indent, f.Doc)
			w.line(indent, "%s: %s", f.Name, value)
		case f.Required:
			return fmt.Errorf("%s %s: nothing is known for %s", section, kind, f.Name)
		case f.Default != "" && f.Type != configs.TypeObject:
			w.comment(indent, f.Doc)
			w.line(indent, "#%s: %s", f.Name, f.Default)
		}
	}
	return nil
}

// given are the fields that a new node has, as they are written.
func (w *writer) given(s *configs.Spec) map[string]string {
	brokers := `["${KAFKA_BROKERS:-localhost:9092}"]`
	switch string(s.Section) + " " + s.Kind {
	case "source kafka":
		return map[string]string{"topics": "[input]", "group": text(w.options.Name), "brokers": brokers}
	case "source file":
		return map[string]string{"path": "input.jsonl", "format": "jsonl"}
	case "source stdin":
		return map[string]string{"format": "jsonl"}
	case "source generate":
		return map[string]string{"value": `'{"id": index}'`, "interval": "100ms", "count": "10"}
	case "source values":
		return map[string]string{"items": "[{id: 1}, {id: 2}]"}
	case "output kafka":
		if slices.Contains(w.options.From, "kafka") {
			return map[string]string{"topic": "output"}
		}
		return map[string]string{"topic": "output", "brokers": brokers}
	case "output file":
		return map[string]string{"path": "output.jsonl", "format": "jsonl"}
	}
	return nil
}

// text is a word as YAML text, in quotes where it could be something else.
func text(s string) string {
	plain := s != ""
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		plain = plain && (letter || i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'))
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	return "'" + strings.NewReplacer("'", "''", "${", "$${").Replace(s) + "'"
}
