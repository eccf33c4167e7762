package configs_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	c "waterhealer/configs"
)

// TestHostileFiles expects each to be answered, with a message, in a time that
// a person does not notice much.
func TestHostileFiles(t *testing.T) {
	const most = 1 << 19 // a quarter of what is read at all: the race detector is slow
	fill := func(unit string) string { return strings.Repeat(unit, most/len(unit)-64) }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i, i)
		}
		return b.String()
	}
	const ends = "sources: [{values: [1]}]\nsinks: [{stdout: {}}]\n"
	tests := []struct {
		name, file string
		ok         bool
	}{
		{"too large", strings.Repeat("#\n", 50<<20), false},
		{"brackets", fill("["), false},
		{"braces", fill("{"), false},
		{"dashes", fill("- "), false},
		{"keys", fill("? "), false},
		{"quotes", fill(`"`), false},
		{"comments", fill("#\n") + ends, true},
		{"blank lines", fill("\n") + ends, true},
		{"one line of data", ends + "vars: {a: [" + fill("é,") + "]}", true},
		{"unknown keys", numbered("unknown_key_%06d: %d\n", 15_000), false},
		{"unknown kinds", "sources:\n" + numbered("  - kafcavalues%06d: %d\n", 10_000), false},
		{"unknown inputs", ends + "operators:\n" + numbered("  - {filter: a, from: filter%06d%d}\n", 4_000), false},
		{"too many nodes", "sources:\n" + numbered("  - {values: [%d, %d]}\n", 20_000) + "sinks: [{stdout: {}}]\n", false},
		{"many to many", "sources:\n" + numbered("  - {values: [%d, %d]}\n", 2_000) + "sinks:\n" + numbered("  - {stdout: {}, name: a%d-%d}\n", 2_000), true},
		{"circles", ends + "operators:\n" + numbered("  - {filter: a, name: n%d, from: [values-1, n%d]}\n", 4_000), false},
		{"nested defaults", ends + "name: ${A:-" + strings.Repeat("${A:-", 20_000) + strings.Repeat("}", 20_001), false},
		{"many substitutions", ends + "name: '" + fill("${WORKERS}") + "'", true},
		{"aliases of aliases", "x-0: &a0 [1, 2]\nvars:\n" + numbered("  k%d: [*a0, *a0, %d]\n", 1000) + ends, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, ds := c.Parse("hostile.yaml", []byte(test.file), specs(), environment())
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			} else {
				t.Log(took, len(ds))
			}
			checkPositions(t, []byte(test.file), ds)
			if ds.HasErrors() == test.ok {
				t.Errorf("errors: %v, first of %d: %v", ds.HasErrors(), len(ds), ds[:min(len(ds), 1)])
			}
		})
	}
}

// TestSecretsAreNotShown parses every bad file, and expects neither what was
// substituted nor a password in what is printed.
func TestSecretsAreNotShown(t *testing.T) {
	for _, file := range matches(t, "testdata/err/*.yaml") {
		p, ds := c.Parse(file, read(t, file), specs(), environment())
		for _, secret := range []string{"hunter2", "s3cret", "not-a-number"} {
			if out := printed(p, ds); bytes.Contains(out, []byte(secret)) {
				t.Errorf("%s: %q is shown:\n%s", file, secret, out)
			}
		}
	}
}
