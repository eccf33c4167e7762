package layout

import "testing"

// TestSame: what the comparison of trees must see.
func TestSame(t *testing.T) {
	const text = "a: &x [1, 'b']\nb: *x\nc: |\n  text\n"
	for other, want := range map[string]bool{
		text: true, "a: &x [1,\n  'b']  # c\nb:   *x\nc: |\n    text\n": true,
		"a: &y [1, 'b']\nb: *y\nc: |\n  text\n":       false,
		"a: &x [1, 'b']\nb: *x\nc: &n |\n  text\n":    false,
		"a: &x [1, b]\nb: *x\nc: |\n  text\n":         false,
		"a: &x [1, 'b', 2]\nb: *x\nc: |\n  text\n":    false,
		"a: &x ['1', 'b']\nb: *x\nc: |\n  text\n":     false,
		"a: &x [1, 'b']\nb: *x\nc: |\n  text \n":      false,
		"a: &x [1, 'b']\nb: *x\nc: >\n  text\n":       false,
		"a: &x [1, 'b']\nc: *x\nb: |\n  text\n":       false,
		"a: &x [1, 'b']\nb: *x\nc: |\n  text\nd: 1\n": false,
	} {
		a, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := parse(other)
		if err != nil {
			t.Fatal(err)
		}
		if same(a, b) != want {
			t.Errorf("%q is the same: %v", other, !want)
		}
	}
}
