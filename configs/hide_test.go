package configs

import "testing"

// TestHide: what was substituted is in no message, however it is written there.
func TestHide(t *testing.T) {
	for _, c := range []struct{ before, secret, after, message, want string }{
		{`"`, "hunter2", `".a`, `"hunter2" is a string, not hunter2`, `"${…}" is a string, not ${…}`},
		{`"é" + "`, "地震地震", `"`, `"é" + "地震地震" is "é"`, `"é" + "${…}" is "é"`},
		{`"`, `a"b\c`, `"`, `"a\"b\\c" is a string`, `"${…}" is a string`},
		{`"`, "a long secret", `"`, `"a long sec… is a string, "a l… or "b…`, `"${… is a string, "a l… or "b…`},
		{`"`, "abc", `"`, `"abc" is short`, `"abc" is short`},
		{``, `~`, ``, `nil is nil`, `nil is nil`},
	} {
		pieces := []piece{{len([]rune(c.before)), 0, true}, {len([]rune(c.secret)), len(c.before), false}, {len([]rune(c.after)), len(c.before) + 4, true}}
		e := &Expression{Source: c.before + c.secret + c.after, pieces: pieces, hidden: true}
		if got := e.Hide(c.message); got != c.want {
			t.Errorf("%s: got %s, want %s", c.message, got, c.want)
		}
		e.hidden = false
		if got := e.Hide(c.message); got != c.message {
			t.Errorf("%s is changed to %s", c.message, got)
		}
		e.hidden, e.Source = true, "nil"
		_ = e.Hide(c.message)
	}
}
