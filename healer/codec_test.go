package healer

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func testGround() Ground {
	return Ground{
		ClusterID: "MkU3OEVBNTcwNTJENDM2Qk",
		TopicID:   [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		Partition: 5,
		Base:      1000,
	}
}

// TestMapGolden keeps the format as released: these must be read for ever.
func TestMapGolden(t *testing.T) {
	tests := []struct {
		name     string
		holes    Holes
		metadata string
		describe string
	}{
		{
			name:     "one run",
			holes:    NewHoles(Range{1001, 5000}),
			metadata: "wh1:AAECAwQFBgcICQoLDA0ODxZNa1UzT0VWQk5UY3dOVEpFTkRNMlFrBegHAfeYX39zMQm9gGOs",
			describe: `map of 4000 finished offsets from 1000 on, partition 5, topic id AAECAwQFBgcICQoLDA0ODw, cluster "MkU3OEVBNTcwNTJENDM2Qk": 1001-5000`,
		},
		{
			name:     "from the base on",
			holes:    NewHoles(Range{1000, 1000}, Range{1002, 1004}, Range{9_000_000_000, 9_000_000_000}),
			metadata: "wh1:AAECAwQFBgcICQoLDA0ODxZNa1UzT0VWQk5UY3dOVEpFTkRNMlFrBegHA/vvvRP4Aj2uRNh71yY85OAA",
			describe: `map of 5 finished offsets from 1000 on, partition 5, topic id AAECAwQFBgcICQoLDA0ODw, cluster "MkU3OEVBNTcwNTJENDM2Qk": 1000, 1002-1004, 9000000000`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			metadata, kept := EncodeMap(testGround(), tt.holes, 4096)
			if metadata != tt.metadata || kept != tt.holes.Len() {
				t.Errorf("wrote %q with %d of %d, want %q", metadata, kept, tt.holes.Len(), tt.metadata)
			}
			holes, err := DecodeMap(tt.metadata, testGround())
			if err != nil || !slices.Equal(list(holes), list(tt.holes)) {
				t.Errorf("read %v, %v", list(holes), err)
			}
			if got := Describe(tt.metadata); got != tt.describe {
				t.Errorf("described as\n%s, want\n%s", got, tt.describe)
			}
		})
	}
}

// TestMapGoldenLong does the same for what the coder has learned after many
// runs: the checksum stands for the whole text.
func TestMapGoldenLong(t *testing.T) {
	var m marks
	for i := int64(1); i < 40_000; i++ {
		if i%37 != 0 && i%101 != 0 && i*i%1009 > 3 {
			m.add(1000 + i)
		}
	}
	m.flush()
	metadata, kept := EncodeMap(testGround(), Holes{bits: m.bits}, 1<<20)
	got := fmt.Sprintf("%d in %d…%s", kept, len(metadata), metadata[len(metadata)-10:])
	if want := "38264 in 1352…EhQF44Mz6L"; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
}

func TestMapOfNothing(t *testing.T) {
	for name, h := range map[string]Holes{"none": {}, "all below the base": NewHoles(Range{0, 999})} {
		if metadata, kept := EncodeMap(testGround(), h, 4096); metadata != "" || kept != 0 {
			t.Errorf("%s: wrote %q with %d", name, metadata, kept)
		}
	}
	for limit := range 60 {
		if metadata, _ := EncodeMap(testGround(), NewHoles(Range{1001, 1005}), limit); metadata != "" {
			t.Errorf("wrote %d bytes, limit %d", len(metadata), limit)
		}
	}
	if h, err := DecodeMap("", testGround()); err != nil || h.Len() != 0 {
		t.Errorf("no metadata is read as %v, %v", list(h), err)
	}
}

func TestMapOnAnotherGround(t *testing.T) {
	metadata, _ := EncodeMap(testGround(), NewHoles(Range{1001, 1005}), 4096)
	changes := map[string]func(*Ground){
		"on cluster":       func(g *Ground) { g.ClusterID = "other" },
		"on topic id":      func(g *Ground) { g.TopicID[15]++ },
		"on partition":     func(g *Ground) { g.Partition++ },
		"committed offset": func(g *Ground) { g.Base++ },
	}
	for want, change := range changes {
		g := testGround()
		change(&g)
		h, err := DecodeMap(metadata, g)
		var ground *GroundError
		if !errors.Is(err, ErrGround) || !errors.As(err, &ground) || ground.Found != testGround() || ground.Want != g {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if !strings.Contains(err.Error(), want) || h.Len() != 0 {
			t.Errorf("%s: %v with %v", want, err, list(h))
		}
	}
}

func TestMetadataOfOthers(t *testing.T) {
	long := strings.Repeat("é", 100)
	tests := []struct {
		metadata string
		want     error
		describe string
	}{
		{"wh2:AAAA", ErrMapVersion, "map of finished offsets has a version that is not known here: wh2"},
		{"wh:AAAA", ErrUnknownMap, `unknown metadata, 7 bytes: "wh:AAAA"`},
		{"what: ever", ErrUnknownMap, `unknown metadata, 10 bytes: "what: ever"`},
		{"wh1:", ErrCorruptMap, "map of finished offsets is corrupt: its checksum does not fit"},
		{"wh1:!", ErrCorruptMap, "map of finished offsets is corrupt: illegal base64 data at input byte 0"},
		{"sarama", ErrUnknownMap, `unknown metadata, 6 bytes: "sarama"`},
		{"bAAGNgA=", ErrUnknownMap, "map of parallel-consumer (bitset): 4 of 6 offsets from the committed one on are complete: +1-+2, +4-+5"},
		{"bAAGNg==", ErrUnknownMap, "looks like a map of parallel-consumer (bitset), but: map of finished offsets is corrupt: its lengths do not match"},
		{long, ErrUnknownMap, `unknown metadata, 200 bytes: "` + long[:80] + `"`},
	}
	for _, tt := range tests {
		h, err := DecodeMap(tt.metadata, testGround())
		if !errors.Is(err, tt.want) || h.Len() != 0 {
			t.Errorf("%.20q: %v, %v", tt.metadata, list(h), err)
		}
		if got := Describe(tt.metadata); got != tt.describe {
			t.Errorf("%.20q is described as\n%s, want\n%s", tt.metadata, got, tt.describe)
		}
	}
	if got := Describe(""); got != "no metadata" {
		t.Errorf("nothing is described as %s", got)
	}
}

// TestMapDamaged changes each character, and cuts at each place.
func TestMapDamaged(t *testing.T) {
	metadata, _ := EncodeMap(testGround(), NewHoles(Range{1001, 1005}, Range{1100, 1300}), 4096)
	for i := range metadata {
		damaged := []byte(metadata)
		damaged[i] ^= 1
		for _, text := range []string{string(damaged), metadata[:i]} {
			if h, err := DecodeMap(text, testGround()); h.Len() > 0 || err == nil && text != "" {
				t.Errorf("%q was read: %v, %v", text, list(h), err)
			}
		}
	}
}

// TestMapCut checks that the lowest offsets are kept, more with more room.
func TestMapCut(t *testing.T) {
	g := testGround()
	for name, h := range shapes(g.Base, 3000) {
		all, last := list(h), 0
		for limit := 0; limit < 4096; limit += 37 {
			metadata, kept := EncodeMap(g, h, limit)
			if len(metadata) > limit || kept < last || (metadata == "") != (kept == 0) {
				t.Fatalf("%s, limit %d: %d bytes, %d kept after %d", name, limit, len(metadata), kept, last)
			}
			last = kept
			got, err := DecodeMap(metadata, g)
			if err != nil || !slices.Equal(list(got), all[:kept]) {
				t.Fatalf("%s, limit %d: read %d, %v; want the first %d", name, limit, got.Len(), err, kept)
			}
		}
		if last != len(all) {
			t.Errorf("%s: %d of %d fit into 4096 bytes", name, last, len(all))
		}
	}
}

func TestMapRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := testGround()
		g.ClusterID = rapid.String().Draw(t, "cluster")
		g.Base = rapid.Int64Range(0, math.MaxInt64-1).Draw(t, "base")
		length := rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(1, 100_000), rapid.Int64Range(1, math.MaxInt64))
		var ranges []Range
		next, total := g.Base, int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "runs") {
			first := next + length.Draw(t, "gap") - 1
			run := min(length.Draw(t, "run"), 1<<10)
			if first < next || first > math.MaxInt64-run {
				break
			}
			ranges = append(ranges, Range{first, first + run - 1})
			next, total = first+run+1, total+run
			if next < 0 {
				break
			}
		}
		metadata, kept := EncodeMap(g, NewHoles(ranges...), 1<<20)
		if int64(kept) != total {
			t.Fatalf("kept %d of %d", kept, total)
		}
		got, err := DecodeMap(metadata, g)
		if err != nil || !slices.Equal(slices.Collect(got.Ranges()), ranges) && len(ranges) > 0 {
			t.Fatalf("read %v, %v; want %v", slices.Collect(got.Ranges()), err, ranges)
		}
	})
}

// TestMapIsBounded writes more than a map may hold.
func TestMapIsBounded(t *testing.T) {
	g := testGround()
	h := NewHoles(Range{1001, 1003}, Range{2000, 2000 + maxOffsets}, Range{2010 + maxOffsets, 2010 + maxOffsets})
	metadata, kept := EncodeMap(g, h, 4096)
	if got, err := DecodeMap(metadata, g); err != nil || kept != maxOffsets || got.Len() != maxOffsets || got.Last() != 2000+maxOffsets-4 {
		t.Errorf("%d kept of a run that is too long, %d read up to %d, %v", kept, got.Len(), got.Last(), err)
	}
	var m marks
	for i := range int64(maxRuns + 10) {
		m.add(1001 + 2*i)
	}
	m.flush()
	metadata, kept = EncodeMap(g, Holes{bits: m.bits}, 1<<20)
	if kept != maxRuns {
		t.Errorf("%d runs kept, want %d", kept, maxRuns)
	}
	if got, err := DecodeMap(metadata, g); err != nil || got.Len() != maxRuns {
		t.Errorf("read %d, %v", got.Len(), err)
	}
}

// TestRunsPastTheLastOffset forges lengths that add up to more than there is.
func TestRunsPastTheLastOffset(t *testing.T) {
	tests := []struct {
		name          string
		base          int64
		missing, size uint64
	}{
		{"the gap", math.MaxInt64 - 10, 1 << 40, 1},
		{"the run", math.MaxInt64 - 10, 1, 11},
		{"the count", 0, 1, maxOffsets + 1},
	}
	for _, tt := range tests {
		l, e := newLengths(), newEncoder(100)
		l.encode(e, gap, tt.missing)
		l.encode(e, filled, tt.size)
		if h, ok := decodeRuns(tt.base, 1, e.finish()); ok || h.Len() > 0 {
			t.Errorf("%s: read %d offsets", tt.name, h.Len())
		}
	}
}

func FuzzDecodeMap(f *testing.F) {
	metadata, _ := EncodeMap(testGround(), NewHoles(Range{1001, 1005}, Range{1100, 1300}), 4096)
	body, _ := base64.RawStdEncoding.DecodeString(metadata[len(mapPrefix):])
	f.Add(metadata, body[:len(body)-checksumSize])
	f.Add("bAAGNgA=", []byte{})
	f.Add("wh1:", binary.AppendUvarint(make([]byte, 20), math.MaxUint64))
	f.Fuzz(func(t *testing.T, metadata string, body []byte) {
		// As it comes, and with a checksum that fits.
		sealed := mapPrefix + base64.RawStdEncoding.EncodeToString(append(body[:len(body):len(body)], checksum(body)...))
		for _, text := range []string{metadata, sealed} {
			Describe(text)
			g, h, err := readMap(text)
			if err != nil {
				if h.Len() > 0 {
					t.Fatalf("%d offsets beside %v", h.Len(), err)
				}
				continue
			}
			if h.Len() > 0 && (h.First() < g.Base || h.Last() == math.MaxInt64) {
				t.Fatalf("%d-%d beside base %d", h.First(), h.Last(), g.Base)
			}
			if again, kept := EncodeMap(g, h, 1<<30); kept != h.Len() {
				t.Fatalf("only %d of %d can be written again: %q", kept, h.Len(), again)
			}
		}
	})
}
