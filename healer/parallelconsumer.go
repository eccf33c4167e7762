package healer

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// DecodeParallelConsumer reads the commit metadata of Confluent's
// parallel-consumer: which offsets from committed on it had completed. end is
// the partition's end offset; a map that marks anything at or past it belongs
// to another log. Empty metadata is an empty set. Errors wrap ErrUnknownMap,
// ErrCorruptMap or ErrGround.
func DecodeParallelConsumer(metadata string, committed, end int64) (Holes, error) {
	if metadata == "" {
		return Holes{}, nil
	}
	encoding, body, err := openForeign(metadata)
	if err != nil {
		return Holes{}, err
	}
	ranges, length, err := encoding.runs(body)
	if err != nil {
		return Holes{}, err
	}
	if committed < 0 || length > max(0, end-committed) {
		return Holes{}, fmt.Errorf("%w: it covers %d offsets from %d on, and the partition ends at %d", ErrGround, length, committed, end)
	}
	for i := range ranges {
		ranges[i].First += committed
		ranges[i].Last += committed
	}
	return NewHoles(ranges...), nil
}

// foreignEncoding is one of parallel-consumer's encodings, by its magic byte.
type foreignEncoding struct {
	name       string
	bitset     bool
	width      int // bytes of a length
	compressed bool
}

func foreignEncodingOf(magic byte) (foreignEncoding, bool) {
	switch magic {
	case 'l':
		return foreignEncoding{"bitset", true, 2, false}, true
	case 'a':
		return foreignEncoding{"compressed bitset", true, 2, true}, true
	case 'o':
		return foreignEncoding{"bitset, version 2", true, 4, false}, true
	case 's':
		return foreignEncoding{"compressed bitset, version 2", true, 4, true}, true
	case 'n':
		return foreignEncoding{"run lengths", false, 2, false}, true
	case 'J':
		return foreignEncoding{"compressed run lengths", false, 2, true}, true
	case 'e':
		return foreignEncoding{"run lengths, version 2", false, 4, false}, true
	case 'p':
		return foreignEncoding{"compressed run lengths, version 2", false, 4, true}, true
	}
	return foreignEncoding{}, false
}

// openForeign takes metadata apart. What is not even base64 with a known first
// byte is not parallel-consumer's.
func openForeign(metadata string) (foreignEncoding, []byte, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(metadata)
	if err != nil || len(data) == 0 {
		return foreignEncoding{}, nil, fmt.Errorf("%w of parallel-consumer", ErrUnknownMap)
	}
	encoding, ok := foreignEncodingOf(data[0])
	if !ok {
		return foreignEncoding{}, nil, fmt.Errorf("%w of parallel-consumer: it starts with %#02x", ErrUnknownMap, data[0])
	}
	body := data[1:]
	if encoding.compressed {
		if body, err = decompress(body); err != nil {
			return encoding, nil, fmt.Errorf("%w: %w", ErrCorruptMap, err)
		}
	}
	return encoding, body, nil
}

func decompress(body []byte) ([]byte, error) {
	const limit = 16 << 20 // more than metadata of 4 KiB can honestly hold
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(limit))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(body, nil)
}

var (
	errLength  = errors.New("its lengths do not match")
	errPadding = errors.New("it marks offsets beyond its length")
)

// runs returns the completed offsets, relative to the committed one, and how
// many offsets the map covers.
func (e foreignEncoding) runs(body []byte) ([]Range, int64, error) {
	var (
		ranges []Range
		length int64
		err    error
	)
	if e.bitset {
		ranges, length, err = e.bits(body)
	} else {
		ranges, length, err = e.lengths(body)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrCorruptMap, err)
	}
	return ranges, length, nil
}

// bits reads a bitset: its length in bits, then the bits, the lowest first in
// each byte. Its writer always leaves one byte more than the bits need.
func (e foreignEncoding) bits(body []byte) (ranges []Range, length int64, err error) {
	length, body, err = e.number(body)
	if err != nil {
		return nil, 0, err
	}
	if int64(len(body)) != (length+7)/8+1 {
		return nil, 0, errLength
	}
	for i := range int64(len(body)) * 8 {
		if body[i/8]>>(i%8)&1 == 0 {
			continue
		}
		if i >= length {
			return nil, 0, errPadding
		}
		if last := len(ranges) - 1; last >= 0 && ranges[last].Last == i-1 {
			ranges[last].Last = i
			continue
		}
		ranges = append(ranges, Range{First: i, Last: i})
	}
	return ranges, length, nil
}

// lengths reads run lengths: incomplete and complete ones in turn, incomplete
// first. Only the first may be 0.
func (e foreignEncoding) lengths(body []byte) (ranges []Range, length int64, err error) {
	if len(body) == 0 {
		return nil, 0, errLength
	}
	for i := 0; len(body) > 0; i++ {
		var run int64
		if run, body, err = e.number(body); err != nil {
			return nil, 0, err
		}
		if run == 0 && i > 0 {
			return nil, 0, errLength
		}
		if i%2 == 1 {
			ranges = append(ranges, Range{First: length, Last: length + run - 1})
		}
		length += run
	}
	return ranges, length, nil
}

// number takes a signed length, which is never negative, off the front.
func (e foreignEncoding) number(body []byte) (int64, []byte, error) {
	if len(body) < e.width {
		return 0, nil, errLength
	}
	n := int64(int16(binary.BigEndian.Uint16(body)))
	if e.width == 4 {
		n = int64(int32(binary.BigEndian.Uint32(body)))
	}
	if n < 0 {
		return 0, nil, errLength
	}
	return n, body[e.width:], nil
}
