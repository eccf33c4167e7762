package cmd

import (
	"encoding/json"
	"strings"
	"testing"
)

// logLine is a pipeline whose run logs at its end; how depends on settings.
func logging(t *testing.T) string {
	t.Helper()
	return file(t, "p.yaml", "sources:\n  - values: [1]\nsinks:\n  - stdout: {}\n")
}

func isJSON(text string) bool {
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !json.Valid([]byte(line)) {
			return false
		}
	}
	return true
}

// TestPrecedence: the command line, then the environment, then the settings
// file, then the default.
func TestPrecedence(t *testing.T) {
	own(t)
	p := logging(t)
	asText := func(args ...string) bool {
		return !isJSON(run(t, append([]string{"run", p}, args...)...).exits(t, 0).stderr)
	}
	if !asText() {
		t.Error("the default is not text")
	}
	file(t, "waterhealer.yaml", "log-format: json\n")
	if asText() {
		t.Error("the settings file does not count")
	}
	t.Setenv("WATERHEALER_LOG_FORMAT", "text")
	if !asText() {
		t.Error("the environment does not go before the settings file")
	}
	if asText("--log-format", "json") {
		t.Error("the command line does not go before the environment")
	}
}

func TestListsInSettings(t *testing.T) {
	own(t)
	file(t, "p.yaml", twoSources)
	file(t, "l.jsonl", "1\n")
	file(t, "waterhealer.yaml", "dry-run: true\ninput: [left=l.jsonl, right=l.jsonl]\n")
	run(t, "run", "p.yaml").exits(t, 0).says(t, "source right would commit offset 1")
}

func TestBadSettings(t *testing.T) {
	own(t)
	p := logging(t)
	for content, want := range map[string]string{
		"log-fromat: json\n":     `settings file`,
		"log-level: [\n":         "settings file",
		"connect-timeout: soon":  `setting connect-timeout: `,
		"log-level: loud\n":      `--log-level is "loud"`,
		"until-end: perhaps\n":   "setting until-end: ",
		"sources: [{values: 1}]": `there is no setting "sources"`,
	} {
		file(t, "waterhealer.yaml", content)
		run(t, "run", p).exits(t, 2).says(t, want)
	}
	file(t, "waterhealer.yaml", "")
	file(t, "other.yaml", "log-format: json\n")
	if !isJSON(run(t, "run", p, "--settings", "other.yaml").exits(t, 0).stderr) {
		t.Error("--settings does not count")
	}
	// A setting of another command does not disturb.
	file(t, "waterhealer.yaml", "strict: true\nlisten: 127.0.0.1:0\n")
	run(t, "run", p).exits(t, 0)
}

// TestOnlyTheSettingsFileIsRead: the program itself may lie in the working
// folder under the same name without an extension.
func TestOnlyTheSettingsFileIsRead(t *testing.T) {
	own(t)
	p := logging(t)
	file(t, "waterhealer", "\x7fELF")
	file(t, "waterhealer.json", "{")
	run(t, "run", p).exits(t, 0)
}

func TestDataAndLogsAreApart(t *testing.T) {
	own(t)
	got := run(t, "run", logging(t), "--log-format", "json").exits(t, 0).prints(t, "1\n")
	if !isJSON(got.stderr) || !strings.Contains(got.stderr, `"msg":"run ended","in":1,"out":1,"failed":0`) {
		t.Errorf("stderr is\n%s", got.stderr)
	}
	if strings.ContainsAny(got.stderr, "\x1b\r") {
		t.Errorf("there are control characters in what is no terminal:\n%q", got.stderr)
	}
}
