package drawing

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"waterhealer/engine"
)

// elements reads a whole SVG, and fails where it is not well-formed.
func elements(t *rapid.T, svg string) (names map[string]int, text string) {
	names = make(map[string]int)
	decoder := xml.NewDecoder(strings.NewReader(svg))
	var all strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return names, all.String()
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names[token.Name.Local]++
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s has %s=%q", token.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			all.Write(token)
			all.WriteString("\n")
		}
	}
}

// TestSVG: it is well-formed whatever names hold, has a title for each node, no
// script and nothing from elsewhere.
func TestSVG(t *testing.T) {
	checkGraphs(t, func(t *rapid.T, d *Graph) {
		names, text := elements(t, d.SVG())
		if names["title"] != len(d.Nodes)+1 || names["desc"] != 1 || names["path"] != 2*len(d.drawn()) {
			t.Errorf("there are %v for %d nodes and %d lines", names, len(d.Nodes), len(d.drawn()))
		}
		for name := range names {
			if !slices.Contains([]string{"svg", "title", "desc", "style", "rect", "g", "path", "text"}, name) {
				t.Errorf("there is a %s", name)
			}
		}
		for i := range d.Nodes {
			if !strings.Contains(text, visible(d.Nodes[i].Name)) {
				t.Errorf("%q is missing in\n%s", d.Nodes[i].Name, text)
			}
		}
	})
}

// Lines of Mermaid and DOT as they are written; anything a name could break is not.
var (
	mermaidLine = regexp.MustCompile(`^(---|title: "(\\.|[^"\\])*"|config: .*|flowchart TB|  classDef .*|  subgraph g\d+\["[^"<>` + "`" + `]*(<br/>[^"<>` + "`" + `]*)*"\]|  end|` +
		` {2,4}n\d+(\[|\(\[|\[\[)"[^"<>` + "`" + `*\\]*(<br/>[^"<>` + "`" + `*\\]*)*"(\]|\]\)|\]\])(:::\w+)?|  n\d+ -\.?->(\|"[^"]*"\|)? n\d+)$`)
	dotLine = regexp.MustCompile(`^(digraph pipeline \{| *\}| *\w+=("(\\.|[^"\\])*"|\w+);|  (node|edge|graph) \[.*\];|  subgraph cluster_\d+ \{|` +
		` *n\d+ \[label="(\\.|[^"\\])*"(, \w+=\w+)*\];|  n\d+ -> n\d+( \[(style=dashed, )?label="(\\.|[^"\\])*"\])?;)$`)
)

// TestMermaidAndDOT: names break neither, and each node and edge is there once.
func TestMermaidAndDOT(t *testing.T) {
	checkGraphs(t, func(t *rapid.T, d *Graph) {
		for _, format := range []struct {
			text string
			line *regexp.Regexp
		}{{d.Mermaid(), mermaidLine}, {d.DOT(), dotLine}} {
			lines := strings.Split(strings.TrimSuffix(format.text, "\n"), "\n")
			edges, boxes := 0, make(map[string]int)
			for _, line := range lines {
				if !format.line.MatchString(line) {
					t.Errorf("%q is not right in\n%s", line, format.text)
				}
				line = strings.TrimLeft(line, " ")
				name := strings.TrimRight(line[:min(len(line), strings.IndexFunc(line+" ", func(c rune) bool { return c != 'n' && (c < '0' || c > '9') }))], " ")
				switch rest := strings.TrimLeft(line[len(name):], " "); {
				case strings.HasPrefix(rest, "-") && name != "":
					edges++
				case strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "("):
					boxes[name]++
				}
			}
			if edges != len(d.drawn()) {
				t.Errorf("there are %d edges, not %d", edges, len(d.drawn()))
			}
			for i := range d.Nodes {
				if n := boxes[fmt.Sprint("n", i+1)]; n != 1 {
					t.Errorf("node %d is there %d times", i+1, n)
				}
			}
		}
	})
}

// TestDrawnTwice: the same graph is drawn the same.
func TestDrawnTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t, 20, names)
		a, b := Of(g, details(g)), Of(g, details(g))
		if a.Text(TextOptions{}) != b.Text(TextOptions{}) || a.Mermaid() != b.Mermaid() || a.DOT() != b.DOT() || a.SVG() != b.SVG() {
			t.Fatal("drawn twice, it is not the same")
		}
	})
}

// TestLetters: who sends dead letters where is told in words or drawn.
func TestLetters(t *testing.T) {
	dead, other := &engine.Node{Name: "dead", Role: engine.RoleOutput}, &engine.Node{Name: "other", Role: engine.RoleOutput}
	to := func(n *engine.Node) engine.Policy { return engine.Policy{Then: engine.ThenDeadLetter, DeadLetter: n} }
	in := &engine.Node{Name: "in", Role: engine.RoleSource, Policy: to(dead)}
	a := &engine.Node{Name: "a", Role: engine.RoleOperator, Policy: to(dead)}
	sink := &engine.Node{Name: "sink", Role: engine.RoleHealing, Policy: to(dead)}
	x := &engine.Node{Name: "sink/x", Sink: "sink", Role: engine.RoleOutput, Policy: to(dead)}
	y := &engine.Node{Name: "sink/y", Sink: "sink", Role: engine.RoleOutput, Policy: to(dead)}
	g := &engine.Graph{Nodes: []*engine.Node{in, a, sink, x, y, dead}}
	g.Connect(in, a, 0)
	g.Connect(a, sink, 0)
	g.Connect(sink, x, 0)
	g.Connect(sink, y, 0)
	for _, c := range []struct {
		change func()
		dead   string
		lines  int
	}{
		{func() {}, "dead letters of all\n", 0},
		{func() { a.Policy = engine.Policy{} }, "dead letters of all but a\n", 0},
		{func() { a.Policy, g.Nodes = to(other), append(g.Nodes, other) }, "dead letters of all but a\n", 1},
		{func() { a.Policy, x.Policy, y.Policy = to(dead), to(other), to(other) }, "dead letters of in, a\n", 4},
		{func() {
			in.Policy, a.Policy, x.Policy, y.Policy = to(dead), to(other), engine.Policy{}, engine.Policy{}
		}, "dead letters of in\n", 2},
	} {
		c.change()
		d := Of(g, Options{})
		if text := d.Text(TextOptions{}); !strings.Contains(text, c.dead) {
			t.Errorf("the text does not say %q:\n%s", c.dead, text)
		}
		if got := strings.Count(d.DOT(), "style=dashed, label"); got != c.lines {
			t.Errorf("%d ways of dead letters are drawn, not %d", got, c.lines)
		}
	}
}

// large is a graph of n nodes with branches and joins.
func large(n int) *engine.Graph {
	g := &engine.Graph{Name: "large", Workers: 4, Nodes: []*engine.Node{{Name: "in", Role: engine.RoleSource}}}
	for i := 1; i < n-1; i++ {
		node := &engine.Node{Name: fmt.Sprint("n", i), Kind: "map", Role: engine.RoleOperator, State: i%40 == 0}
		from := i - 1
		if i%3 == 0 {
			from = max(0, i-20)
		}
		g.Connect(g.Nodes[from], node, 0)
		if i%7 == 0 {
			g.Connect(g.Nodes[i/2], node, 1)
		}
		g.Nodes = append(g.Nodes, node)
	}
	sink := &engine.Node{Name: "out", Role: engine.RoleHealing}
	for i, node := range g.Nodes {
		if len(node.Successors()) == 0 {
			g.Connect(node, sink, i)
		}
	}
	g.Nodes = append(g.Nodes, sink)
	return g
}

// TestLargeGraph: a graph of 1,000 nodes is drawn in well under a second; the
// bound is for machines that are busy with other things.
func TestLargeGraph(t *testing.T) {
	d := Of(large(1000), Options{})
	for name, draw := range formats(d) {
		began := time.Now()
		draw()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func formats(d *Graph) map[string]func() string {
	return map[string]func() string{
		"text": func() string { return d.Text(TextOptions{}) }, "mermaid": d.Mermaid, "dot": d.DOT, "svg": d.SVG,
	}
}

func BenchmarkLargeGraph(b *testing.B) {
	d := Of(large(1000), Options{})
	for _, name := range []string{"text", "mermaid", "dot", "svg"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				formats(d)[name]()
			}
		})
	}
}
