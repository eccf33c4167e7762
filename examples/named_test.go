package examples_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNamedTestsExist holds the documents to the tests that they name as proof.
func TestNamedTestsExist(t *testing.T) {
	atRoot(t)
	var tests strings.Builder
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != ".":
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		tests.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	for _, document := range []string{"README.md", "CONTRIBUTING.md"} {
		names := named.FindAllStringSubmatch(text(t, document), -1)
		if document == "README.md" && len(names) < 20 {
			t.Errorf("%s names %d tests", document, len(names))
		}
		for _, name := range names {
			if !strings.Contains(tests.String(), "func "+name[1]+"(t *testing.T)") {
				t.Errorf("%s names %s, which is no test", document, name[1])
			}
		}
	}
}
