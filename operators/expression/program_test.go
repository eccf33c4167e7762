package expression

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"waterhealer/engine/value"
)

func compiled(t *testing.T, source string, o Options) *Program {
	t.Helper()
	p, err := Compile(source, o)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return p
}

func TestRunBool(t *testing.T) {
	p := compiled(t, "  value.x", Options{})
	for text, want := range map[string]string{
		`{"x":true}`:  "",
		`{"x":false}`: "",
		`{}`:          "the result is nil, not a boolean",
		`{"x":1}`:     "the result is integer, not a boolean",
		`{"x":"yes"}`: "the result is string, not a boolean",
		`{"x":[]}`:    "the result is list, not a boolean",
		`null`:        `value is nil, so it has no field "x"`,
	} {
		got, err := p.RunBool(testVariables(t, text))
		if want == "" {
			if err != nil || got != strings.Contains(text, "true") {
				t.Errorf("%s: %v, %v", text, got, err)
			}
			continue
		}
		var at *RuntimeError
		if !errors.As(err, &at) || at.Line != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q with a place", text, err, want)
		}
		if strings.HasPrefix(want, "the result") && at.Column != 2 {
			t.Errorf("%s: column %d, want that of the first character", text, at.Column)
		}
	}
}

func TestNeverBool(t *testing.T) {
	for source, want := range map[string]bool{
		`value`: false, `value.a > 1`: false, `value ?? true`: false,
		`1`: true, `"yes"`: true, `value + 1`: true, `nil`: true, `len(value)`: true, `{}`: true,
	} {
		if p := compiled(t, source, Options{}); p.NeverBool() != want {
			t.Errorf("%s: NeverBool is %v, gives %s", source, !want, p.Kinds())
		}
	}
}

func TestReadsAndCalls(t *testing.T) {
	p := compiled(t, `filter(value.a, .b > offset) | map(upper(.c) + uuid())`, Options{})
	for name, want := range map[string]bool{"value": true, "offset": true, "key": false, "headers": false} {
		if p.Reads(name) != want {
			t.Errorf("Reads(%s) is %v", name, !want)
		}
	}
	for name, want := range map[string]bool{"uuid": true, "upper": true, "filter": true, "now": false} {
		if p.Calls(name) != want {
			t.Errorf("Calls(%s) is %v", name, !want)
		}
	}
}

func TestManyGoroutinesShareAProgram(t *testing.T) {
	p := compiled(t, `let n = offset; map(value, {let i = #; sum(map(value, # * i)) + n})`, Options{})
	v, err := value.Decode([]byte(`[1,2,3]`))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for n := range int64(8) {
		group.Go(func() {
			for range 200 {
				got, err := p.Run(&Variables{Value: v, Offset: n})
				if want := []any{6 + n, 12 + n, 18 + n}; err != nil || !value.Equal(got, want) {
					t.Errorf("got %v, %v, want %v", got, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestEnvIsConstant(t *testing.T) {
	asked := 0
	p := compiled(t, `env("A")`, Options{LookupEnv: func(string) (string, bool) {
		asked++
		return "x", true
	}})
	if asked != 0 {
		t.Error("the environment was read at compile time")
	}
	for range 3 {
		if v, err := p.Run(&Variables{}); v != "x" || err != nil {
			t.Errorf("got %v, %v", v, err)
		}
	}
	if asked != 1 {
		t.Errorf("the environment was read %d times", asked)
	}
}

func TestFurtherFunctions(t *testing.T) {
	slept := time.Duration(0)
	o := Options{Functions: map[string]func(args ...any) (any, error){
		"sleep": func(args ...any) (any, error) {
			d, ok := args[0].(time.Duration)
			if !ok {
				return nil, errors.New("no duration")
			}
			slept += d
			return 1, nil
		},
		"broken": func(...any) (any, error) { panic("oh") },
	}}
	if v, err := compiled(t, `sleep(duration("5ms")) + 1`, o).Run(&Variables{}); v != int64(2) || err != nil || slept != 5*time.Millisecond {
		t.Errorf("got %v, %v after %s", v, err, slept)
	}
	if _, err := compiled(t, `sleep(1)`, o).Run(&Variables{}); err == nil || !strings.Contains(err.Error(), "no duration") {
		t.Errorf("got %v", err)
	}
	if _, err := compiled(t, `broken()`, o).Run(&Variables{}); err == nil || !strings.Contains(err.Error(), "internal error: oh") {
		t.Errorf("got %v", err)
	}
}

func TestDefaults(t *testing.T) {
	before := time.Now()
	v, err := compiled(t, `[now(), uuid(), uuid()]`, Options{}).Run(&Variables{})
	list, ok := v.([]any)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", v, err)
	}
	if now, ok := list[0].(time.Time); !ok || now.Before(before.Round(0)) || now.Location() != time.UTC {
		t.Errorf("now() is %v", list[0])
	}
	id, _ := list[1].(string)
	if len(id) != 36 || id[14] != '4' || id == list[2] {
		t.Errorf("uuid() is %v, then %v", list[1], list[2])
	}
}
