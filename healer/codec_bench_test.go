package healer

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
)

// shapes are the kinds of holes that come up, each with n offsets beyond base.
func shapes(base int64, n int) map[string]Holes {
	random := rand.New(rand.NewPCG(1, 2))
	every := func(keep func(i int64) bool) Holes {
		var m marks
		for i, found := int64(1), 0; found < n; i++ {
			if keep(i) {
				m.add(base + i)
				found++
			}
		}
		m.flush()
		return Holes{bits: m.bits}
	}
	return map[string]Holes{
		"stuck head":         every(func(int64) bool { return true }),
		"1 in 100 slow":      every(func(int64) bool { return random.IntN(100) != 0 }),
		"half":               every(func(int64) bool { return random.IntN(2) == 0 }),
		"1 in 10 done":       every(func(int64) bool { return random.IntN(10) == 0 }),
		"marker every 101st": every(func(i int64) bool { return i%101 != 0 }),
		"marker every 2nd":   every(func(i int64) bool { return i%2 == 0 }),
		"poison keys":        every(func(i int64) bool { return i%37 != 0 && i%101 != 0 && random.IntN(500) != 0 }),
	}
}

// codecs are what the chosen encoding was measured against; each returns the
// bytes before base64, without ground and checksum.
var codecs = []struct {
	name   string
	encode func(base int64, h Holes) []byte
}{
	{"arithmetic", func(base int64, h Holes) []byte {
		coded, _, _ := encodeRuns(base, h.Ranges(), 1<<30)
		return coded
	}},
	{"roaring", func(base int64, h Holes) []byte {
		b := roaring.New()
		for r := range h.Ranges() {
			b.AddRange(uint64(r.First-base), uint64(r.Last-base)+1)
		}
		b.RunOptimize()
		data, _ := b.ToBytes()
		return data
	}},
	{"roaring+flate", func(base int64, h Holes) []byte {
		b := roaring.New()
		for r := range h.Ranges() {
			b.AddRange(uint64(r.First-base), uint64(r.Last-base)+1)
		}
		b.RunOptimize()
		data, _ := b.ToBytes()
		return deflate(data)
	}},
	{"runs", varintRuns},
	{"runs+flate", func(base int64, h Holes) []byte { return deflate(varintRuns(base, h)) }},
	{"bitset", bitset},
	{"bitset+flate", func(base int64, h Holes) []byte { return deflate(bitset(base, h)) }},
}

func varintRuns(base int64, h Holes) []byte {
	var data []byte
	for r := range h.Ranges() {
		data = binary.AppendUvarint(data, uint64(r.First-base))
		data = binary.AppendUvarint(data, uint64(r.Last-r.First))
		base = r.Last + 2
	}
	return data
}

func bitset(base int64, h Holes) []byte {
	data := make([]byte, (h.Last()-base)/8+1)
	for r := range h.Ranges() {
		for o := r.First; o <= r.Last; o++ {
			data[(o-base)/8] |= 1 << ((o - base) % 8)
		}
	}
	return data
}

func deflate(data []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Bytes()
}

// BenchmarkCodecs shows size and time of each way to write a map: "chars" is
// its length in base64.
func BenchmarkCodecs(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		all := shapes(1_000_000, n)
		names := make([]string, 0, len(all))
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			for _, codec := range codecs {
				b.Run(fmt.Sprintf("%d/%s/%s", n, name, codec.name), func(b *testing.B) {
					var data []byte
					for b.Loop() {
						data = codec.encode(1_000_000, all[name])
					}
					b.ReportMetric(float64(base64.RawStdEncoding.EncodedLen(len(data))), "chars")
				})
			}
		}
	}
}
