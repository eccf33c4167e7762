package value

import (
	"os"
	"path/filepath"
	"testing"
)

// What the data path does with the bytes of a record: check them, and note the
// fields that a pipeline looks at.
func benchmarkTexts(b *testing.B, run func(b *testing.B, text []byte)) {
	files, err := filepath.Glob("testdata/bench/*.json")
	if err != nil || len(files) == 0 {
		b.Fatal("no texts: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(file), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			run(b, text)
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		r := NewReader(nil, true)
		for b.Loop() {
			if err := r.Check(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	paths := [][]string{{"id"}, {"customer"}, {"status"}, {"amount"}, {"properties", "mag"}, {"properties", "place"}}
	benchmarkTexts(b, func(b *testing.B, text []byte) {
		r := NewReader(paths, true)
		for b.Loop() {
			if _, err := r.Decode(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
