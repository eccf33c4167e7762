package value

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Append adds v to dst as compact JSON. Numbers keep their text and objects
// their order; a float is written in the shortest form that reads back as the
// same float, and without a point where it is integral (8/2 is 4). Bytes become
// base64, times RFC 3339 with nanoseconds, durations Go's text (1m30s). Nothing
// is escaped that JSON does not demand.
//
// It fails on NaN, infinities, strings that are not UTF-8, nesting beyond
// [MaxDepth], length beyond [MaxSize] (dst counts too), and on what is no value;
// dst is then returned as it came.
func Append(dst []byte, v any) ([]byte, error) {
	out, err := appendValue(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v)
	case Number:
		return append(dst, v...), nil
	case *Object:
		switch {
		case v.lazy != nil:
			return v.lazy.append(dst, depth)
		case v.built != nil:
			return v.built.append(dst, depth)
		}
		return appendFields(dst, v.fields, depth, appendValue)
	case []any:
		return appendItems(dst, v, depth, appendValue)
	case []byte:
		return appendBytes(dst, v), nil
	case time.Time:
		return appendTime(dst, v)
	case time.Duration:
		return appendString(dst, v.String())
	}
	return nil, fmt.Errorf("a Go %T cannot be written as JSON", v)
}

// MaxSize is how many bytes a value may be written in, about. A value that uses
// one list many times over can be small in memory and endless in writing.
const MaxSize = 1 << 28

// writable says whether one more list or object may be begun.
func writable(dst []byte, depth int) error {
	switch {
	case depth >= MaxDepth:
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	case len(dst) > MaxSize:
		return fmt.Errorf("longer than %d MiB", MaxSize>>20)
	}
	return nil
}

// appender writes one value.
type appender func(dst []byte, v any, depth int) ([]byte, error)

func appendFields(dst []byte, fields []Field, depth int, item appender) ([]byte, error) {
	if err := writable(dst, depth); err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	var err error
	for i := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendString(dst, fields[i].Key); err != nil {
			return nil, err
		}
		dst = append(dst, ':')
		if dst, err = item(dst, fields[i].Value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func appendItems(dst []byte, list []any, depth int, item appender) ([]byte, error) {
	if err := writable(dst, depth); err != nil {
		return nil, err
	}
	dst = append(dst, '[')
	var err error
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = item(dst, list[i], depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendBytes(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

func appendTime(dst []byte, t time.Time) ([]byte, error) {
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("a time in the year %d cannot be written as RFC 3339", y)
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"'), nil
}

// exactBelow is the size below which integral floats are written digit by
// digit, all of them exact. It is where ECMAScript turns to exponents.
const exactBelow = 1e21

// appendFloat writes a float as ECMAScript does, but integral ones exactly.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is not a JSON number", f)
	}
	abs := math.Abs(f)
	switch {
	case abs < exactBelow && f == math.Trunc(f):
		return strconv.AppendFloat(dst, f, 'f', 0, 64), nil
	case abs < exactBelow && abs >= 1e-6:
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// e-07 becomes e-7
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}

const hexDigits = "0123456789abcdef"

func appendString(dst []byte, s string) ([]byte, error) {
	dst = append(dst, '"')
	start, ascii := 0, true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		start = i + 1
	}
	if !ascii {
		if bad := invalidUTF8(s); bad >= 0 {
			return nil, fmt.Errorf("a string is not UTF-8 at its byte %d", bad)
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
