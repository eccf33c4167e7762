package value

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Number is a JSON number's text as it was written, for example 1.10 or
// 9007199254740993. It is always well formed: make one with [ParseNumber].
type Number string

// ParseNumber checks that text is a number as JSON writes it.
func ParseNumber(text string) (Number, error) {
	if text == "" || scanNumber(text, 0) != len(text) {
		return "", fmt.Errorf("%q is not a JSON number", text)
	}
	return Number(text), nil
}

// IsInteger says whether the number is written as an integer, without a
// fraction or an exponent. Such a number is exact whatever its size.
func (n Number) IsInteger() bool {
	return !strings.ContainsAny(string(n), ".eE")
}

// Int is the number if it is written as an integer and fits 64 bits.
func (n Number) Int() (int64, bool) {
	if m, scale, ok := small(string(n)); ok {
		return m, scale == 0 && n.IsInteger()
	}
	if !n.IsInteger() {
		return 0, false
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// Float is the nearest float64; false if the number is beyond all of them.
func (n Number) Float() (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil
}

// Truncate is the number without its fraction, exactly; false if that does not
// fit 64 bits.
func (n Number) Truncate() (int64, bool) {
	if i, ok := n.Int(); ok {
		return i, true
	}
	d := parseDecimal(string(n), nil)
	if len(d.digits) == 0 || (d.far == nil && d.point <= 0) || (d.far != nil && d.far.Sign() < 0) {
		return 0, true
	}
	if d.far != nil || d.point > 19 {
		return 0, false
	}
	text := make([]byte, 0, 20)
	if d.negative {
		text = append(text, '-')
	}
	for i := range int(d.point) {
		if i < len(d.digits) {
			text = append(text, d.digits[i])
		} else {
			text = append(text, '0')
		}
	}
	i, err := strconv.ParseInt(string(text), 10, 64)
	return i, err == nil
}

// smallDigits is how many digits always fit an int64.
const smallDigits = 18

// small reads a number of few digits and no exponent as m / 10^scale. It is the
// fast path of all comparisons and takes almost every number that occurs.
func small(text string) (m int64, scale int, ok bool) {
	digits := text
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) > smallDigits {
		return 0, 0, false
	}
	for i := range len(digits) {
		c := digits[i]
		if c == '.' {
			scale = len(digits) - 1 - i
			continue
		}
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		m = m*10 + int64(c-'0')
	}
	if len(digits) != len(text) {
		m = -m
	}
	return m, scale, true
}

// decimal is a number taken apart: ±0.digits × 10^point. The digits have no
// zeros at either end; zero has none.
type decimal struct {
	negative bool
	digits   []byte
	point    int64
	// far replaces point where an exponent does not fit 64 bits.
	far *big.Int
}

// parseDecimal takes a well-formed number apart; the digits are appended to buf.
func parseDecimal(text string, buf []byte) decimal {
	var d decimal
	i := 0
	if text[0] == '-' {
		d.negative = true
		i++
	}
	digits, point, fraction := buf[:0], int64(0), false
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' {
			fraction = true
			continue
		}
		if c == 'e' || c == 'E' {
			break
		}
		if c == '0' && len(digits) == 0 {
			if fraction {
				point--
			}
			continue
		}
		digits = append(digits, c)
		if !fraction {
			point++
		}
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	d.digits, d.point = digits, point
	if len(digits) == 0 {
		return decimal{}
	}
	if i < len(text) {
		d.shift(text[i+1:])
	}
	return d
}

// shift moves the point by the exponent's text.
func (d *decimal) shift(exponent string) {
	e, err := strconv.ParseInt(exponent, 10, 64)
	if err == nil && e > math.MinInt64/2 && e < math.MaxInt64/2 {
		d.point += e
		return
	}
	d.far, _ = new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
	d.far.Add(d.far, big.NewInt(d.point))
}

// compare orders two decimals.
func (d decimal) compare(e decimal) int {
	if c := d.sign() - e.sign(); c != 0 || d.sign() == 0 {
		return clampSign(c)
	}
	c := d.compareMagnitude(e)
	if d.negative {
		return -c
	}
	return c
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func (d decimal) compareMagnitude(e decimal) int {
	if d.far != nil || e.far != nil {
		if c := d.bigPoint().Cmp(e.bigPoint()); c != 0 {
			return c
		}
	} else if d.point != e.point {
		if d.point < e.point {
			return -1
		}
		return 1
	}
	return strings.Compare(string(d.digits), string(e.digits))
}

func (d decimal) bigPoint() *big.Int {
	if d.far != nil {
		return d.far
	}
	return big.NewInt(d.point)
}

func clampSign(c int) int {
	switch {
	case c < 0:
		return -1
	case c > 0:
		return 1
	}
	return 0
}
