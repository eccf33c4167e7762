package webtest

import (
	_ "embed" // axe-core
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// violation is a rule of axe-core that does not hold.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		Target  []any  `json:"target"`
		Failure string `json:"failureSummary"`
	} `json:"nodes"`
}

// Inaccessible are the faults that axe-core finds serious or critical.
func (p *Page) Inaccessible() []string {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](axe + "; undefined"))
	found := Ask[[]violation](p, `axe.run().then((r) => r.violations)`)
	var faults []string
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" {
			p.t.Logf("axe: %s %s: %s (%d places)", v.Impact, v.ID, v.Help, len(v.Nodes))
			continue
		}
		for _, n := range v.Nodes {
			faults = append(faults, fmt.Sprintf("%s %s: %s: %v: %s", v.Impact, v.ID, v.Help, n.Target, strings.ReplaceAll(n.Failure, "\n", " ")))
		}
	}
	return faults
}
