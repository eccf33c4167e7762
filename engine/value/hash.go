package value

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Hash is the xxhash64 of v's canonical JSON, as 16 lower-case hexadecimal
// digits. Equal values have equal hashes. It fails where [Append] does.
func Hash(v any) (string, error) {
	text, err := AppendCanonical(nil, v)
	if err != nil {
		return "", err
	}
	return HashCanonical(text), nil
}

// HashCanonical is the hash of a value whose canonical JSON is text.
func HashCanonical(text []byte) string {
	return fmt.Sprintf("%016x", xxhash.Sum64(text))
}

// AppendCanonical adds v to dst as canonical JSON: as [Append] does, but with
// the keys of objects sorted and with one form for each number, so that equal
// values give equal bytes. Where all numbers are 64-bit floats that is the form
// of RFC 8785; bigger or finer numbers keep all their digits.
func AppendCanonical(dst []byte, v any) ([]byte, error) {
	out, err := appendCanonical(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendCanonical(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		if _, err := finite(v); err != nil {
			return nil, err
		}
		return appendCanonicalNumber(dst, v), nil
	case Number:
		return appendCanonicalNumber(dst, v), nil
	case *Object:
		return appendFields(dst, sortedFields(v), depth, appendCanonical)
	case []any:
		return appendItems(dst, v, depth, appendCanonical)
	case time.Time:
		return appendTime(dst, v.UTC())
	}
	return appendValue(dst, v, depth)
}

// sortedFields are an object's fields in the order of canonical JSON.
func sortedFields(o *Object) []Field {
	fields := slices.Clone(o.solid().fields)
	slices.SortFunc(fields, func(a, b Field) int { return compareUTF16(a.Key, b.Key) })
	return fields
}

// compareUTF16 orders strings by their UTF-16 code units, as RFC 8785 sorts
// keys. It differs from the order of bytes only where a character beyond 16
// bits meets one of U+E000 to U+FFFF.
func compareUTF16(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	for i := 0; i < len(ra) && i < len(rb); i++ {
		x, y := ra[i], rb[i]
		if x == y {
			continue
		}
		const beyond = 0x10000
		if (x >= beyond) != (y >= beyond) {
			x, y = unit(x), unit(y)
		}
		return clampSign(int(x) - int(y))
	}
	return clampSign(len(ra) - len(rb))
}

// unit is a character's first UTF-16 code unit.
func unit(r rune) rune {
	if r >= 0x10000 {
		return 0xD800 + (r-0x10000)>>10
	}
	return r
}

// appendCanonicalNumber writes a number as ECMAScript writes numbers, with all
// its digits.
func appendCanonicalNumber(dst []byte, v any) []byte {
	var buf [64]byte
	d := decimalOf(v, buf[:])
	if len(d.digits) == 0 {
		return append(dst, '0')
	}
	if d.negative {
		dst = append(dst, '-')
	}
	n := len(d.digits)
	switch {
	case d.far == nil && d.point >= int64(n) && d.point <= 21:
		dst = append(dst, d.digits...)
		return appendZeros(dst, int(d.point)-n)
	case d.far == nil && d.point > 0 && d.point <= 21:
		dst = append(dst, d.digits[:d.point]...)
		dst = append(dst, '.')
		return append(dst, d.digits[d.point:]...)
	case d.far == nil && d.point > -6 && d.point <= 0:
		dst = append(dst, "0."...)
		dst = appendZeros(dst, int(-d.point))
		return append(dst, d.digits...)
	}
	dst = append(dst, d.digits[0])
	if n > 1 {
		dst = append(dst, '.')
		dst = append(dst, d.digits[1:]...)
	}
	return d.appendExponent(append(dst, 'e'))
}

func (d decimal) appendExponent(dst []byte) []byte {
	if d.far == nil {
		if d.point > 0 {
			dst = append(dst, '+')
		}
		return strconv.AppendInt(dst, d.point-1, 10)
	}
	e := new(big.Int).Sub(d.far, big.NewInt(1))
	if e.Sign() > 0 {
		dst = append(dst, '+')
	}
	return e.Append(dst, 10)
}

func appendZeros(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, '0')
	}
	return dst
}
