package configs

import (
	_ "embed"
	"strings"
)

// examples holds for each code a file with the mistake, and the file mended.
//
//go:embed explain.txt
var examples string

// Example is a pipeline file with a mistake of a code, and the same file
// without it. Both are "" where there is none.
func Example(code string) (wrong, mended string) {
	for part := range strings.SplitSeq(examples, "== ") {
		name, files, _ := strings.Cut(part, "\n")
		if name == code {
			wrong, mended, _ = strings.Cut(files, "-- mended\n")
			return wrong, mended
		}
	}
	return "", ""
}
