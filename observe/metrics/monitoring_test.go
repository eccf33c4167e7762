package metrics

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// gathered are the names of all metrics, as queries write them.
func gathered(t *testing.T) map[string]bool {
	t.Helper()
	families, err := Registry(full(), worked(t)).Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, f := range families {
		names[f.GetName()] = true
		if f.GetType().String() == "HISTOGRAM" {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				names[f.GetName()+part] = true
			}
		}
	}
	return names
}

// TestMonitoringExamples: what the examples of dashboards and alerts ask for is
// there. The module tools/rules has them read by Prometheus itself.
func TestMonitoringExamples(t *testing.T) {
	names := gathered(t)
	word := regexp.MustCompile(`\b(waterhealer|go|process)_[a-z_]+\b`)
	asked := make(map[string]bool)
	for _, file := range []string{"dashboard.json", "alerts.yml"} {
		text, err := os.ReadFile("../../examples/monitoring/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := word.FindAllString(string(text), -1)
		if len(found) < 10 {
			t.Errorf("%s names %d metrics", file, len(found))
		}
		for _, name := range found {
			asked[name] = true
			if !names[name] {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
	for _, f := range families() { // the dashboard shows everything, so that nothing is forgotten
		if name := namespace + f.name; !asked[name] && !strings.HasSuffix(name, "_live") && !strings.HasSuffix(name, "_in_total") {
			t.Errorf("neither the dashboard nor an alert uses %s", name)
		}
	}
}

// TestEveryMetricIsThere: the test's pipeline has a value for each metric.
func TestEveryMetricIsThere(t *testing.T) {
	names := gathered(t)
	for _, f := range families() {
		if !names[namespace+f.name] {
			t.Errorf("no value of %s", f.name)
		}
	}
	for _, h := range histograms() {
		if !names[namespace+h.name] {
			t.Errorf("no value of %s", h.name)
		}
	}
}
