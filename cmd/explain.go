package cmd

import (
	"fmt"
	"strings"

	"waterhealer/configs"
)

// explain prints what a code means, an example of it with what lint says of
// that, and how it is mended.
func (p *program) explain(code string) error {
	text, known := configs.Explain(code)
	if !known {
		var codes []string
		for _, e := range configs.Codes() {
			codes = append(codes, e.Code)
		}
		return usageError("there is no code %q; the codes are %s", code, strings.Join(codes, ", "))
	}
	fmt.Fprintf(p.stdout, "%s: %s\n", code, text)
	wrong, mended := configs.Example(code)
	if wrong == "" {
		return nil
	}
	const file = "pipeline.yaml"
	l := p.check(file, []byte(wrong))
	fmt.Fprintf(p.stdout, "\nFor example:\n\n")
	fmt.Fprint(p.stdout, indented(strings.ReplaceAll(wrong, "\a", "\uFFFD"), "    "))
	var said strings.Builder
	l.diagnostics.Print(&said, map[string][]byte{file: l.pipeline.Text()}, false)
	fmt.Fprintf(p.stdout, "\nsays\n\n")
	fmt.Fprint(p.stdout, indented(said.String(), "    "))
	fmt.Fprintf(p.stdout, "\nMended:\n\n")
	fmt.Fprint(p.stdout, indented(mended, "    "))
	return nil
}
