package configs

import (
	"strings"
	"testing"
)

// `key` is a secret below `tls`, and an expression everywhere else.
func TestSecretsByName(t *testing.T) {
	specs := []Spec{{Section: SectionSource, Kind: "kafka", Fields: []Field{
		{Name: "tls", Type: TypeObject, Fields: []Field{{Name: "key", Type: TypeString, Secret: true}}},
		{Name: "sasl", Type: TypeObject, Fields: []Field{{Name: "password", Type: TypeString, Secret: true}}},
	}}, {Section: SectionOperator, Kind: "partition", Fields: []Field{{Name: "key", Type: TypeExpression}}}}
	for _, c := range []struct{ name, text, want string }{
		{"flow", "a: [{kafka: {tls: {cert: x, key: abc}}}", "a: [{kafka: {tls: {cert: x, key: ***}}}"},
		{"flow, behind a mapping", "a: [{tls: {x: {}, key: abc}", "a: [{tls: {x: {}, key: ***}"},
		{"block", "tls:\n  cert: x\n  key: abc\n [", "tls:\n  cert: x\n  key: ***\n ["},
		{"flow over lines", "tls: {\n  cert: x,\n  key: abc\n [", "tls: {\n  cert: x,\n  key: ***\n ["},
		{"not clear", "tls: &t {key: abc} [", "tls: &t {key: ***} ["},
		{"password anywhere", "password: abc\nx: [", "password: ***\nx: ["},
		{"an expression in flow", "- partition: {size: 2, key: value.x} [", "- partition: {size: 2, key: value.x} ["},
		{"an expression in a block", "operators:\n  - partition:\n      size: 2\n      key: value.x\n [", "operators:\n  - partition:\n      size: 2\n      key: value.x\n ["},
		{"beside tls", "- kafka:\n    tls: {key: abc}\n    key: value.x\n [", "- kafka:\n    tls: {key: ***}\n    key: value.x\n ["},
		{"of the pipeline", "key: value.x\nx: [", "key: value.x\nx: ["},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &reader{text: newText("p.yaml", []byte(c.text)), specs: specs}
			if got := string(r.shownText()); got != c.want {
				t.Errorf("shown is\n%s\nwant\n%s", got, c.want)
			}
			if strings.Count(c.text, "\n") != strings.Count(c.want, "\n") {
				t.Error("lines are lost")
			}
		})
	}
}

// Of a secret that is put together, only the names of its parts are shown.
func TestSecretsAroundSubstitutions(t *testing.T) {
	for text, want := range map[string]string{
		"${A}":               "${A}",
		"${file:/a/b}":       "${file:/a/b}",
		"x${A}yz":            "*${A}**",
		"${A:-abc}":          "${A:-***}",
		"${A:-ü${B:-cd}e}f":  "${A:-*${B:-**}*}*",
		"a$${b}${C}":         "******${C}",
		"${A}${B}":           "${A}${B}",
		"abc":                "***",
		"${A:-${file:x}}-${": "${A:-${file:x}}***",
	} {
		shown := []rune(text)
		for _, part := range writtenParts(text, 0) {
			for i := part.from; i < part.to; i++ {
				shown[i] = '*'
			}
		}
		if string(shown) != want {
			t.Errorf("%s is shown as %s, want %s", text, string(shown), want)
		}
	}
}
