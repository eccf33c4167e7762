package configs_test

import (
	"fmt"
	"strings"
	"testing"

	c "waterhealer/configs"
)

func thousandNodes() []byte {
	var b strings.Builder
	b.WriteString("sources:\n  - name: quakes\n    kafka: {topics: [a], group: g}\noperators:\n")
	for i := range 500 {
		fmt.Fprintf(&b, "  - name: filter%d\n    filter: value.properties.mag >= %d && value.地震 != nil\n", i, i)
		b.WriteString("  - map:\n      id: value.id\n      place: 'value.place'\n      mag: \"value.mag\"\n")
	}
	b.WriteString("sinks:\n  - healing: {to: {kafka: {topic: out}}}\n")
	return []byte(b.String())
}

func BenchmarkParseThousandNodes(b *testing.B) {
	data, known := thousandNodes(), specs()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ds := c.Parse("big.yaml", data, known, environment()); len(ds) > 0 {
			b.Fatal(ds[0])
		}
	}
}
