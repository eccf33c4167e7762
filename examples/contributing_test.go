package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestContributingCompiles compiles the operator of CONTRIBUTING.md in its
// place, listed in the registry.
func TestContributingCompiles(t *testing.T) {
	atRoot(t)
	_, code, found := strings.Cut(text(t, "CONTRIBUTING.md"), "   ```go\n")
	code, _, closed := strings.Cut(code, "   ```\n")
	if !found || !closed {
		t.Fatal("CONTRIBUTING.md shows no operator")
	}
	dir := t.TempDir()
	overlay := map[string]string{
		"operators/repeat.go":   strings.ReplaceAll(code, "\n   ", "\n"),
		"operators/registry.go": strings.Replace(text(t, "operators/registry.go"), "		removeKind(),\n", "		removeKind(),\n		repeatKind(),\n", 1),
	}
	replaced := make(map[string]string)
	for path, content := range overlay {
		file := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(file, []byte(strings.TrimPrefix(content, "   ")), 0o600); err != nil {
			t.Fatal(err)
		}
		full, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		replaced[full] = file
	}
	listing, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, listing, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), "go", "run", "-overlay", file, ".", "operators", "repeat").CombinedOutput()
	if err != nil || !strings.Contains(string(output), "times: integer, required") {
		t.Errorf("%v\n%s", err, output)
	}
}
