package rehearsal

import (
	"fmt"
	"strings"

	"waterhealer/configs"
	"waterhealer/engine/value"
)

// Mark says what a [Row] shows.
type Mark byte

// The marks of rows.
const (
	Same    Mark = ' '
	Differs Mark = '!'
	Missing Mark = '-' // it was expected and did not come
	Surplus Mark = '+' // it came and was not expected
)

// Row is one line of what was expected beside what came.
type Row struct {
	Mark          Mark
	Path          string // which value or part of one: [1].id; "" is the whole
	Expected, Got string // as JSON
}

// Rows lay what was expected and what came side by side. Values that are alike
// stand for orientation; of values that are not, only the parts that differ.
func (m *Mismatch) Rows() []Row {
	switch {
	case m.Expectation.Single():
		return []Row{{Differs, "", text(m.Expected[0]), text(m.Got[0])}}
	case m.Expectation.Check == configs.CheckOutput, m.Expectation.Check == configs.CheckDead:
		return lists(nil, "", m.Expected, m.Got)
	}
	return []Row{{Differs, "", text(m.Expected), text(m.Got)}}
}

// text is a value as JSON.
func text(v any) string {
	if list, ok := v.([]any); ok && list == nil {
		return "[]"
	}
	line, err := value.Append(nil, v)
	if err != nil {
		return err.Error()
	}
	return string(line)
}

// parts lays two values that are not equal side by side.
func parts(rows []Row, path string, expected, got any) []Row {
	switch e := expected.(type) {
	case []any:
		if g, ok := got.([]any); ok {
			return lists(rows, path, e, g)
		}
	case *value.Object:
		if g, ok := got.(*value.Object); ok {
			return objects(rows, path, e, g)
		}
	}
	return append(rows, Row{Differs, path, text(expected), text(got)})
}

func objects(rows []Row, path string, expected, got *value.Object) []Row {
	for key, e := range expected.All() {
		g, there := got.Get(key)
		at := strings.TrimPrefix(path+"."+key, ".")
		switch {
		case !there:
			rows = append(rows, Row{Missing, at, text(e), ""})
		case !value.Equal(e, g):
			rows = parts(rows, at, e, g)
		}
	}
	for key, g := range got.All() {
		if _, there := expected.Get(key); !there {
			rows = append(rows, Row{Surplus, strings.TrimPrefix(path+"."+key, "."), "", text(g)})
		}
	}
	return rows
}

// lists finds which elements are alike, and lays those between them side by
// side. Positions are those of the side that has the element; of both the
// expected one.
func lists(rows []Row, path string, expected, got []any) []Row {
	i, j := 0, 0
	between := func(toI, toJ int) {
		for ; i < toI && j < toJ; i, j = i+1, j+1 {
			rows = parts(rows, at(path, i), expected[i], got[j])
		}
		for ; i < toI; i++ {
			rows = append(rows, Row{Missing, at(path, i), text(expected[i]), ""})
		}
		for ; j < toJ; j++ {
			rows = append(rows, Row{Surplus, at(path, j), "", text(got[j])})
		}
	}
	for _, pair := range alike(expected, got) {
		between(pair[0], pair[1])
		line := text(expected[i])
		rows = append(rows, Row{Same, at(path, i), line, line})
		i, j = i+1, j+1
	}
	between(len(expected), len(got))
	return rows
}

func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// alikeLimit bounds the comparisons that are made to find what is alike.
const alikeLimit = 1 << 20

// alike is a longest common subsequence of two lists, as pairs of positions.
// Of lists that are too long for that only the ends are looked at.
func alike(a, b []any) [][2]int {
	var pairs [][2]int
	head := 0
	for head < len(a) && head < len(b) && value.Equal(a[head], b[head]) {
		pairs = append(pairs, [2]int{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && value.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	n, m := len(a)-head-tail, len(b)-head-tail
	if n > 0 && m > 0 && n <= alikeLimit/m {
		pairs = middle(pairs, a[head:head+n], b[head:head+m], head)
	}
	for ; tail > 0; tail-- {
		pairs = append(pairs, [2]int{len(a) - tail, len(b) - tail})
	}
	return pairs
}

// middle adds the pairs of what stands between equal ends, head elements on.
func middle(pairs [][2]int, a, b []any, head int) [][2]int {
	// length[i][j] is that of the longest common subsequence of a[i:] and b[j:].
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if value.Equal(a[i], b[j]) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case value.Equal(a[i], b[j]):
			pairs = append(pairs, [2]int{head + i, head + j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
