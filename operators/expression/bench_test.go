package expression

import (
	"os"
	"testing"

	"waterhealer/engine/value"
)

func benchmark(b *testing.B, source string) {
	data, err := os.ReadFile("testdata/earthquake.json")
	if err != nil {
		b.Fatal(err)
	}
	v, err := value.Decode(data)
	if err != nil {
		b.Fatal(err)
	}
	p, err := Compile(source, Options{})
	if err != nil {
		b.Fatal(err)
	}
	variables := &Variables{Value: v}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Run(variables); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFilter(b *testing.B) { benchmark(b, `value.properties.mag >= 4`) }

func BenchmarkMap(b *testing.B) {
	benchmark(b, `{"id": value.id, "magnitude": value.properties.mag, "place": value.properties.place}`)
}

func BenchmarkPipe(b *testing.B) {
	benchmark(b, `split(value.properties.types, ",") | filter(len(#) > 0) | map(upper(#)) | join(";")`)
}

// The filter of the main job must not allocate: it runs for every record.
func TestFilterDoesNotAllocate(t *testing.T) {
	p := compiled(t, `value.properties.mag >= 4 && value.type == "Feature"`, Options{})
	v := testVariables(t, `{"type":"Feature","properties":{"mag":4.5}}`)
	allocations := testing.AllocsPerRun(1000, func() {
		if ok, err := p.RunBool(v); !ok || err != nil {
			t.Fatal(ok, err)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations per run", allocations)
	}
}
