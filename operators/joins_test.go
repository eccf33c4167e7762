package operators_test

import (
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/operators"
)

// TestPairsKeepNoMap: where neighbours are paired, sources keep no map of holes;
// other sources and other operators do.
func TestPairsKeepNoMap(t *testing.T) {
	for operator, pairs := range map[string]bool{
		"from: a\n    sliding_window: 2": true, "from: [a, c]\n    zip: {}": true, "from: [a, c]\n    zip_latest: {}": true,
		"from: [a, c]\n    combine_latest: {}": true, "from: a\n    partition: 2": false, "from: [a, c]\n    union: {}": false,
		"from: a\n    collect: {flush_on: c}": false,
	} {
		_, settings, _ := requests(t, "sources: [{name: a, memory: {}}, {name: b, memory: {}}, {name: c, memory: {}}]\noperators:\n  - "+
			operator+"\nsinks: [{name: out, memory: {}}, {name: other, from: [b, c], memory: {}}]\n")
		if settings["a"].NoMap != pairs || settings["b"].NoMap {
			t.Errorf("%q: a has no map: %t, b has none: %t", operator, settings["a"].NoMap, settings["b"].NoMap)
		}
	}
}

// TestJoinedSourcesShareAGroup: what meets in a join is committed together.
func TestJoinedSourcesShareAGroup(t *testing.T) {
	source := configs.Spec{Section: configs.SectionSource, Kind: "kafka", Fields: []configs.Field{
		{Name: "group", Type: configs.TypeString, Required: true}, {Name: "topics", Type: configs.TypeString, List: true},
		{Name: "brokers", Type: configs.TypeString, List: true},
	}}
	for operator, wrong := range map[string]bool{
		"{from: [a, b], zip: {}}": true, "{from: [a, c], zip: {}}": false, "{from: [a, b], union: {}}": false, "{from: a, collect: {flush_on: b}}": true,
	} {
		parsed, found := configs.Parse("p.yaml", []byte("sources:\n  - {name: a, kafka: {group: g}}\n  - {name: b, kafka: {group: h}}\n  - {name: c, kafka: {group: g}}\n"+
			"operators:\n  - "+operator+"\nsinks: [{healing: {}}, {from: [b, c], healing: {}}]\n"), append(operators.Specs(), source), configs.Environment{})
		if found.HasErrors() {
			t.Fatal(found)
		}
		_, problems := operators.NewPlan(parsed, operators.Scope{})
		got := len(problems) > 0 && strings.HasPrefix(problems[0].String(), "p.yaml:3:30: error[join-groups]: the sources a and b meet")
		if got != wrong || !wrong && problems.HasErrors() {
			t.Errorf("%s: %v", operator, problems)
		}
	}
}
