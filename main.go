// Command waterhealer runs stream processors that are described in YAML files.
package main

import (
	"os"

	"waterhealer/cmd"
)

func main() {
	os.Exit(cmd.Execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
