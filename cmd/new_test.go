package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"waterhealer/configs/layout"
	"waterhealer/configs/scaffold"
)

// TestNew: whatever is combined, lint says nothing, its tests pass, a dry run has
// no record fail, it is laid out, and lint takes any optional line switched on.
func TestNew(t *testing.T) {
	own(t)
	s := validator(t)
	file(t, "input.jsonl", "{\"id\": 1}\n")
	optional := regexp.MustCompile(`(?m)^( *)#([a-z_]+: )`)
	for _, from := range scaffold.Sources() {
		for _, to := range scaffold.Outputs() {
			name := from + "-" + to + ".yaml"
			run(t, "new", "--from", from, "--to", to, name).exits(t, 0).prints(t, "")
			run(t, "lint", "--strict", name).exits(t, 0).prints(t, "")
			run(t, "test", name).exits(t, 0)
			played := run(t, "run", name, "--dry-run", "--input", "input.jsonl").exits(t, 0)
			if want := "\"value\":{\"id\": 1}}\n"; to != "drop" && !strings.HasSuffix(played.stdout, want) {
				t.Errorf("a dry run of %s prints %q, want %q", name, played.stdout, want)
			}
			text := readAll(t, name)
			if got, err := layout.Format([]byte(text)); err != nil || string(got) != text {
				t.Errorf("%s is not laid out: %v", name, err)
			}
			if err := s.Validate(document(t, text)); err != nil {
				t.Errorf("the schema refuses %s: %v", name, err)
			}
			if from == "kafka" && len(optional.FindAllString(text, -1)) < 5 {
				t.Errorf("%s shows no defaults:\n%s", name, text)
			}
			file(t, "all.yaml", optional.ReplaceAllString(text, "$1$2"))
			run(t, "lint", "all.yaml").exits(t, 0).prints(t, "")
		}
	}
	run(t, "run", "generate-stdout.yaml").exits(t, 0).prints(t, "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n{\"id\":6}\n{\"id\":7}\n{\"id\":8}\n{\"id\":9}\n")
	runWith(t, "{\"id\": 1}\n", "run", "stdin-stdout.yaml").exits(t, 0).prints(t, "{\"id\": 1}\n")
	run(t, "run", "file-file.yaml").exits(t, 0)
	if got := readAll(t, "output.jsonl"); got != "{\"id\": 1}\n" {
		t.Errorf("written was %q", got)
	}
	run(t, "run", "kafka-stdout.yaml", "--embedded", "--seed", "input=input.jsonl", "--until-end").exits(t, 0).prints(t, "{\"id\": 1}\n")
}

// TestNewOfSeveral: sources and outputs can be several; a file is never overwritten.
func TestNewOfSeveral(t *testing.T) {
	own(t)
	all := []string{"new", "all.yaml"}
	for _, kind := range scaffold.Sources() {
		all = append(all, "--from", kind)
	}
	for _, kind := range scaffold.Outputs() {
		all = append(all, "--to", kind)
	}
	run(t, all...).exits(t, 0)
	run(t, "lint", "--strict", "all.yaml").exits(t, 0).prints(t, "")
	run(t, "test", "all.yaml").exits(t, 0)
	before := readAll(t, "all.yaml")
	run(t, all...).exits(t, 2).says(t, "all.yaml exists already")
	if readAll(t, "all.yaml") != before {
		t.Error("the file was overwritten")
	}
	for _, name := range []string{"true.yaml", "12.yaml", "it's ${NOBODY_SETS_THIS} #1.yaml", "-1.yaml", "ä: b.yaml"} {
		run(t, "new", "--to", "stdout", "--", name).exits(t, 0)
		run(t, "lint", "--strict", "--", name).exits(t, 0).prints(t, "")
	}
	if printed := run(t, "new").exits(t, 0).stdout; !strings.Contains(printed, "name: pipeline\n") {
		t.Errorf("printed was\n%s", printed)
	}
	run(t, "new", "--from", "nats").exits(t, 2).says(t, `--from is "nats", must be kafka, file, stdin, generate or values`)
	run(t, "new", "--to", "file,file").exits(t, 2).says(t, "--to names file twice")
	run(t, "new", "gone/a.yaml").exits(t, 2).says(t, "cannot write the pipeline")
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "new", "folder").exits(t, 2).says(t, "folder exists already")
}
