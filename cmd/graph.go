package cmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/observe/drawing"
	"waterhealer/operators"
)

func (p *program) graphCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draws the compiled graph of a pipeline",
		Long: `Draws the graph that run would run: the nodes and what each reads from, which of
them lanes and which the stages of operators with state work on, what stays in order
there, which sink heals which source, what it writes to, and where dead letters and
reports go. Secrets that stand in the file are masked.

  waterhealer graph pipeline.yaml
  waterhealer graph pipeline.yaml --format svg > pipeline.svg

In the text each node has a line, and is above all that reads it:
○ source, ● operator in a lane or behind one with state, ◆ operator with state,
◉ sink that heals, ▷ output, ◌ what is fed from beside the graph. Where the locale
is set and is not UTF-8 these are o * # @ > x.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := choice(cmd, "format", "text", "mermaid", "dot", "svg")
			if err != nil {
				return err
			}
			l, err := p.loadRunnable(args[0])
			if err != nil {
				return err
			}
			d, err := drawingOf(l)
			if err != nil {
				return &exitError{code: exitUsage, err: err}
			}
			text := ""
			switch format {
			case "text":
				text = d.Text(p.textOptions())
			case "mermaid":
				text = d.Mermaid()
			case "dot":
				text = d.DOT()
			case "svg":
				text = d.SVG()
			}
			if _, err := fmt.Fprint(p.stdout, text); err != nil {
				return fmt.Errorf("print the graph: %w", err)
			}
			return nil
		},
		ValidArgsFunction: completePipelines,
	}
	c.Flags().String("format", "text", "how the graph is drawn: text, mermaid, dot or svg")
	return c
}

// drawingOf compiles a pipeline as run does, with nothing at its ends.
func drawingOf(l *loaded) (*drawing.Graph, error) {
	graph, err := l.plan.Graph(operators.Connectors{
		Sources: func([]*configs.Node, map[string]operators.SourceSettings) ([]engine.Source, error) { return nil, nil },
		Output:  func(operators.OutputRequest) (engine.Output, error) { return nil, nil },
	})
	if err != nil {
		return nil, err
	}
	settings := l.pipeline.Settings
	o := drawing.Options{Details: detailsOf(l.pipeline), PerCPU: !settings.Has("workers")}
	if settings.Has("key") {
		o.Key = detailAt(strings.Split(string(l.pipeline.Text()), "\n"), settings.KeyPos("key"))
	}
	return drawing.Of(graph, o), nil
}

// textOptions are those of stdout: its width, and whether its locale has more
// than ASCII.
func (p *program) textOptions() drawing.TextOptions {
	o := drawing.TextOptions{ASCII: asciiOnly(os.Getenv)}
	if file, ok := behind(p.stdout).(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
			o.Width = columns
		}
	}
	return o
}

// asciiOnly says that the locale is set, and is not one of UTF-8.
func asciiOnly(environment func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := environment(name); locale != "" {
			_, charset, _ := strings.Cut(strings.ToLower(locale), ".")
			return !strings.HasPrefix(strings.ReplaceAll(charset, "-", ""), "utf8")
		}
	}
	return false
}
