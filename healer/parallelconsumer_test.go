package healer

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestDecodeParallelConsumer(t *testing.T) {
	pack := func(magic byte, body string) string {
		data, err := hex.DecodeString(body)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(append([]byte{magic}, data...))
	}
	zip := func(magic byte, body string) string {
		data, _ := hex.DecodeString(body)
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(w.EncodeAll(data, []byte{magic}))
	}
	tests := []struct {
		name     string
		metadata string
		end      int64
		want     string
		err      error
	}{
		{name: "none", end: 11},
		{name: "bitset", metadata: "bAAGNgA=", end: 11, want: "[{6 7} {9 10}]"},
		{name: "run lengths 2", metadata: "ZQAAAAEAAMNL", end: 50001, want: "[{6 50000}]"},
		{name: "bitset 2", metadata: pack('o', "000000063600"), end: 11, want: "[{6 7} {9 10}]"},
		{name: "run lengths", metadata: pack('n', "0001000200010002"), end: 11, want: "[{6 7} {9 10}]"},
		{name: "bitset in zstd", metadata: zip('a', "00063600"), end: 11, want: "[{6 7} {9 10}]"},
		{name: "bitset 2 in zstd", metadata: zip('s', "000000063600"), end: 11, want: "[{6 7} {9 10}]"},
		{name: "run lengths in zstd", metadata: zip('J', "0001000200010002"), end: 11, want: "[{6 7} {9 10}]"},
		{name: "run lengths 2 in zstd", metadata: zip('p', "000000010000c34b"), end: 50001, want: "[{6 50000}]"},
		{name: "nothing incomplete at first", metadata: pack('n', "00000002"), end: 7, want: "[{5 6}]"},
		{name: "an empty bitset", metadata: pack('l', "000000"), end: 5},

		{name: "past the end", metadata: "bAAGNgA=", end: 10, err: ErrGround},
		{name: "run lengths past the end", metadata: "ZQAAAAEAAMNL", end: 50000, err: ErrGround},
		{name: "end before committed", metadata: "bAAGNgA=", end: 0, err: ErrGround},
		{name: "a byte short", metadata: pack('l', "000636"), end: 11, err: ErrCorruptMap},
		{name: "a byte long", metadata: pack('l', "0006360000"), end: 11, err: ErrCorruptMap},
		{name: "a bit beyond the length", metadata: pack('l', "00067600"), end: 99, err: ErrCorruptMap},
		{name: "a bit in the spare byte", metadata: pack('l', "00063601"), end: 99, err: ErrCorruptMap},
		{name: "negative length", metadata: pack('l', "fff63600"), end: 11, err: ErrCorruptMap},
		{name: "no length", metadata: pack('o', "0000"), end: 11, err: ErrCorruptMap},
		{name: "no runs", metadata: pack('e', ""), end: 11, err: ErrCorruptMap},
		{name: "half a run", metadata: pack('e', "000000010000"), end: 11, err: ErrCorruptMap},
		{name: "negative run", metadata: pack('n', "0001ffff"), end: 11, err: ErrCorruptMap},
		{name: "run of 0", metadata: pack('n', "000100000002"), end: 11, err: ErrCorruptMap},
		{name: "not zstd", metadata: pack('a', "00063600"), end: 11, err: ErrCorruptMap},
		{name: "a byte array", metadata: pack('L', "0001"), end: 11, err: ErrUnknownMap},
		{name: "Kafka Streams", metadata: pack(2, "0001"), end: 11, err: ErrUnknownMap},
		{name: "not base64", metadata: "bAAG NgA=", end: 11, err: ErrUnknownMap},
		{name: "no padding", metadata: "bAAGNgA", end: 11, err: ErrUnknownMap},
		{name: "our own", metadata: "wh1:AAAA", end: 11, err: ErrUnknownMap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := DecodeParallelConsumer(tt.metadata, 5, tt.end)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			want := tt.want
			if want == "" {
				want = "[]"
			}
			if got := fmt.Sprint(slices.Collect(h.Ranges())); got != want {
				t.Errorf("read %s, want %s", got, want)
			}
		})
	}
}

// TestDecompressionIsBounded unpacks far more zeros than a map can honestly hold: it
// must stop.
func TestDecompressionIsBounded(t *testing.T) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := w.EncodeAll(make([]byte, 64<<20), []byte{'s'})
	if _, err := DecodeParallelConsumer(base64.StdEncoding.EncodeToString(body), 0, 1<<40); !errors.Is(err, ErrCorruptMap) {
		t.Errorf("64 MiB in %d bytes: %v", len(body), err)
	}
}

func FuzzDecodeParallelConsumer(f *testing.F) {
	f.Add([]byte("l\x00\x06\x36\x00"), int64(5), int64(11))
	f.Add([]byte("e\x00\x00\x00\x01\x00\x00\xc3\x4b"), int64(5), int64(50001))
	f.Fuzz(func(t *testing.T, data []byte, committed, end int64) {
		metadata := base64.StdEncoding.EncodeToString(data)
		Describe(metadata)
		h, err := DecodeParallelConsumer(metadata, committed, end)
		if h.Len() > 0 && (err != nil || h.First() < committed || h.Last() >= end) {
			t.Fatalf("%d-%d in %d-%d, %v", h.First(), h.Last(), committed, end, err)
		}
	})
}
