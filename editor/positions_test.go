package editor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"waterhealer/configs"
)

func texts() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "é", "漢", "😀", "\t", " ", "\n", "\r\n", "\r", "\u2028", "key: ", "- ", "'", "\"", "{", "}", "[", "]", ",", ": ", "#", "|", "&x", "*x"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "text"), "")
	})
}

// TestPositions: the protocol's position of each character, counted here in another
// way, leads back to it.
func TestPositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := texts().Draw(t, "text")
		text := newText(data)
		for i := range data + "x" {
			if i > 0 && i < len(data) && data[i-1] == '\r' && data[i] == '\n' {
				continue // between the two there is no position
			}
			lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(data[:i], "\r\n", "\n"), "\r", "\n"), "\n")
			want := position{len(lines) - 1, len(utf16.Encode([]rune(lines[len(lines)-1])))}
			if got := text.position(i); got != want {
				t.Fatalf("%q: %d is at %v, want %v", data, i, got, want)
			}
			if got := text.offset(want); got != i {
				t.Fatalf("%q: %v is %d, want %d", data, want, got, i)
			}
		}
		wild := position{rapid.IntRange(-2, 100).Draw(t, "line"), rapid.IntRange(-2, 100).Draw(t, "character")}
		if got := text.offset(wild); got < 0 || got > len(data) || !utf8.ValidString(data[:got]) {
			t.Fatalf("%q: %v is %d", data, wild, got)
		}
	})
}

// TestChanges: what an editor changes here is changed here.
func TestChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := texts().Draw(t, "text")
		from := rapid.IntRange(0, len(data)).Draw(t, "from")
		to := rapid.IntRange(from, len(data)).Draw(t, "to")
		text := newText(data)
		a, b := text.position(from), text.position(to)
		if text.offset(a) != from || text.offset(b) != to {
			t.Skip("inside a character")
		}
		put := texts().Draw(t, "put")
		got := text.changed(contentChange{Range: &textRange{a, b}, Text: put}).data
		if want := data[:from] + put + data[to:]; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// TestDiagnosticPlaces: the range of each diagnostic in lint's golden files is the text
// that lint marks.
func TestDiagnosticPlaces(t *testing.T) {
	count := 0
	for _, pattern := range []string{"../cmd/testdata/lint/*/*.yaml", "../configs/testdata/err/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(data) {
				continue // no editor can send it
			}
			text := newText(string(data))
			for _, d := range check(file, data) {
				count++
				place := text.place(d.Position, d.Width)
				got := text.data[text.offset(place.Start):text.offset(place.End)]
				if want := marked(string(data), d); got != want {
					t.Errorf("%s: got %q, want %q", d, got, want)
				}
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d diagnostics were looked at", count)
	}
}

// marked is what lint marks, counted in characters.
func marked(data string, d configs.Diagnostic) string {
	line := []rune(strings.TrimSuffix(strings.Split(strings.TrimPrefix(data, byteOrderMark), "\n")[d.Position.Line-1], "\r"))
	from := min(d.Position.Column-1, len(line))
	return string(line[from:min(from+d.Width, len(line))])
}
