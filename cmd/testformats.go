package cmd

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"waterhealer/engine/value"
)

// jsonFile is a file as `test --format json` prints it.
type jsonFile struct {
	File    string     `json:"file"`
	Refused bool       `json:"refused"`
	Tests   []jsonTest `json:"tests"`
}

type jsonTest struct {
	Name       string         `json:"name"`
	Line       int            `json:"line"`
	Column     int            `json:"column"`
	Passed     bool           `json:"passed"`
	Error      string         `json:"error,omitempty"`
	Halted     string         `json:"halted,omitempty"`
	Waiting    map[string]int `json:"waiting,omitempty"` // inputs that never entered, by source
	Mismatches []jsonMismatch `json:"mismatches,omitempty"`
}

// jsonMismatch has lists under expected and got, of a watermark numbers.
type jsonMismatch struct {
	Check    string          `json:"check"`
	Node     string          `json:"node"`
	Line     int             `json:"line"`
	Column   int             `json:"column"`
	Expected json.RawMessage `json:"expected"`
	Got      json.RawMessage `json:"got"`
}

func writeTestsJSON(w io.Writer, files []tested) error {
	all := make([]jsonFile, 0, len(files))
	for _, f := range files {
		file := jsonFile{File: f.path, Refused: f.refused, Tests: []jsonTest{}}
		for i := range f.results {
			file.Tests = append(file.Tests, jsonTestOf(&f.results[i]))
		}
		all = append(all, file)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

func jsonTestOf(r *testResult) jsonTest {
	t := jsonTest{Name: r.Test.Name, Line: r.Test.Pos.Line, Column: r.Test.Pos.Column, Passed: r.passed()}
	if r.err != nil {
		t.Error = r.err.Error()
	}
	if r.Halted != nil {
		t.Halted = r.Halted.Error()
	}
	for _, w := range r.Waiting {
		if t.Waiting == nil {
			t.Waiting = make(map[string]int)
		}
		t.Waiting[w.Source] = w.Inputs
	}
	for _, m := range r.Mismatches {
		x := m.Expectation
		one := jsonMismatch{Check: string(x.Check), Node: x.Name(), Line: x.KeyPos.Line, Column: x.KeyPos.Column}
		one.Expected, one.Got = rawList(m.Expected), rawList(m.Got)
		if x.Single() {
			one.Expected, one.Got = raw(m.Expected[0]), raw(m.Got[0])
		}
		t.Mismatches = append(t.Mismatches, one)
	}
	return t
}

func rawList(list []any) json.RawMessage {
	if len(list) == 0 {
		return json.RawMessage("[]")
	}
	return raw(list)
}

// raw is a value as JSON.
func raw(v any) json.RawMessage {
	text, err := value.Append(nil, v)
	if err != nil {
		text, err = json.Marshal(err.Error())
	}
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// The elements of a JUnit report that readers of them agree on.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		File      string        `xml:"file,attr"`
		Line      int           `xml:"line,attr,omitempty"`
		Failure   *junitProblem `xml:"failure"`
		Error     *junitProblem `xml:"error"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
)

// writeJUnit writes a suite per file. A file that is refused has one case, an
// error.
func writeJUnit(w io.Writer, files []tested) error {
	var all junitSuites
	for _, f := range files {
		suite := junitSuite{Name: f.path}
		if f.refused {
			var why bytes.Buffer
			for _, d := range f.why {
				fmt.Fprintln(&why, d)
			}
			suite.Cases = append(suite.Cases, junitCase{
				Name: "lint", Classname: f.path, File: f.path,
				Error: &junitProblem{Message: "the file has errors, or cannot be read", Text: why.String()},
			})
			suite.Errors++
		}
		for i := range f.results {
			r := &f.results[i]
			c := junitCase{Name: r.Test.Name, Classname: f.path, File: f.path, Line: r.Test.Pos.Line}
			switch {
			case r.err != nil:
				suite.Errors++
				c.Error = &junitProblem{Message: r.err.Error()}
			case !r.passed():
				suite.Failures++
				var about []string
				for _, m := range r.Mismatches {
					about = append(about, subject(m.Expectation))
				}
				c.Failure = &junitProblem{Message: strings.Join(about, ", ") + " not as expected", Text: "\n" + details(r)}
			}
			suite.Cases = append(suite.Cases, c)
		}
		suite.Tests = len(suite.Cases)
		all.Tests, all.Failures, all.Errors = all.Tests+suite.Tests, all.Failures+suite.Failures, all.Errors+suite.Errors
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
