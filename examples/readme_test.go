package examples_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// block is a shell block of the README and what it is said to print.
type block struct {
	line     int
	commands string
	exits    int
	prints   []string
}

// servedAt is where the README's pipeline serves; here another program may.
const servedAt = "127.0.0.1:8080"

// TestReadme runs all commands of the README in one shell, as a reader does,
// but for those that say that they are not run. What stands in a block of text
// behind a command must be printed by it, in that order.
func TestReadme(t *testing.T) {
	atRoot(t)
	blocks := readBlocks(t, text(t, "README.md"))
	if len(blocks) < 8 {
		t.Fatalf("the README has %d shell blocks that are run", len(blocks))
	}
	address, served := freeAddress(t), freeAddress(t)
	var script strings.Builder
	for i, b := range blocks {
		fmt.Fprintf(&script, "%s\necho \"@@ %d $?\"\n", strings.ReplaceAll(b.commands, servedAt, served), i)
	}
	shell := exec.CommandContext(t.Context(), "sh")
	shell.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "KAFKA_BROKERS="+address, "WATERHEALER_LISTEN="+address)
	shell.Stdin = strings.NewReader(script.String())
	shell.WaitDelay = 10 * time.Second // a broker that was left running must not hold the test up
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	rest := string(output)
	for i, b := range blocks {
		printed, after, ended := strings.Cut(rest, fmt.Sprintf("@@ %d ", i))
		if !ended {
			t.Fatalf("README.md:%d did not come to its end:\n%s", b.line, rest)
		}
		code, after, _ := strings.Cut(after, "\n")
		rest = after
		if code != strconv.Itoa(b.exits) {
			t.Errorf("README.md:%d exits with %s, want %d:\n%s", b.line, code, b.exits, printed)
		}
		b.check(t, printed)
	}
}

// check fails the test when a line that the README shows was not printed.
func (b block) check(t *testing.T, printed string) {
	t.Helper()
	rest := printed
	for _, want := range b.prints {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("README.md:%d does not print %q; it prints\n%s", b.line, want, printed)
			return
		}
		rest = after
	}
}

var exitsWith = regexp.MustCompile(`^<!-- exits with (\d+) -->$`)

// readBlocks finds the shell blocks that are run and the texts behind them.
func readBlocks(t *testing.T, readme string) []block {
	t.Helper()
	var blocks []block
	lines := strings.Split(readme, "\n")
	for i := 0; i < len(lines); i++ {
		language, fence := strings.CutPrefix(lines[i], "```")
		if !fence {
			continue
		}
		start := i + 1
		length := slices.Index(lines[start:], "```")
		if length < 0 {
			t.Fatalf("README.md:%d: the block has no end", start)
		}
		i = start + length
		inside := lines[start:i]
		mark := lines[max(start-2, 0)]
		switch {
		case language == "sh" && strings.HasPrefix(mark, "<!-- not run by the tests: "):
		case language == "sh":
			b := block{line: start + 1, commands: strings.Join(inside, "\n")}
			if m := exitsWith.FindStringSubmatch(mark); m != nil {
				b.exits, _ = strconv.Atoi(m[1])
			}
			blocks = append(blocks, b)
		case language == "text" && len(blocks) > 0:
			last := &blocks[len(blocks)-1]
			last.prints = append(last.prints, inside...)
		}
	}
	return blocks
}

// freeAddress is a loopback address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}
