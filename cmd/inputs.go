package cmd

import (
	"os"
	"path/filepath"
	"strings"

	"waterhealer/configs"
)

// stdinPath stands for standard input on the command line.
const stdinPath = "-"

// inputsOf assigns --input to sources, all of which need something to read.
func inputsOf(pipeline *configs.Pipeline, texts []string) (map[string]string, error) {
	inputs, err := assign("--input", pipeline, texts)
	if err != nil {
		return nil, err
	}
	for _, n := range pipeline.Sources {
		if _, there := inputs[n.Name]; there {
			continue
		}
		switch {
		case isKafka(n):
			return nil, usageError("a dry run reaches no broker: give source %q a file with --input %s=FILE", n.Name, n.Name)
		case n.Kind == "generate" && n.Values.Int("count") == 0:
			return nil, usageError("source %q generates records without end: give it a `count`, or a file with --input %s=FILE", n.Name, n.Name)
		}
	}
	return inputs, nil
}

// assign reads the values of a flag, each [SOURCE=]FILE, and gives the files to the
// sources by their names.
func assign(flag string, pipeline *configs.Pipeline, texts []string) (map[string]string, error) {
	var names []string
	for _, n := range pipeline.Sources {
		names = append(names, n.Name)
	}
	files := make(map[string]string)
	for _, text := range texts {
		name, file, err := readInput(flag, names, text)
		if err != nil {
			return nil, err
		}
		if _, twice := files[name]; twice {
			return nil, usageError("%s names source %q twice", flag, name)
		}
		if !readable(file) {
			return nil, usageError("%s is %q: there is no such file", flag, file)
		}
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return nil, usageError("%s is %q, a folder: %q reads the files in it", flag, file, filepath.Join(file, "*"))
		}
		files[name] = file
	}
	return files, nil
}

// readInput reads [SOURCE=]FILE. Where there is only one source, a name with
// `=` in it may be a file's.
func readInput(flag string, names []string, text string) (source, file string, err error) {
	name, file, named := strings.Cut(text, "=")
	for _, known := range names {
		if named && name == known {
			return name, file, nil
		}
	}
	switch {
	case len(names) == 1 && (!named || readable(text)):
		return names[0], text, nil
	case named:
		return "", "", usageError("%s is %q: there is no source %q, only %s", flag, text, name, strings.Join(names, ", "))
	}
	return "", "", usageError("%s is %q: there are several sources, say which as SOURCE=FILE (%s)", flag, text, strings.Join(names, ", "))
}

// readable says that a path names something to read: a file, a pattern that
// matches, or standard input.
func readable(path string) bool {
	if path == stdinPath {
		return true
	}
	if _, err := os.Stat(path); err == nil {
		return true
	}
	found, err := filepath.Glob(path)
	return err == nil && len(found) > 0
}

// oneStdin makes sure that standard input is read once.
func oneStdin(l *loaded, inputs map[string]string) error {
	var readers []string
	if l.path == stdinPath {
		readers = append(readers, "the pipeline")
	}
	for _, n := range l.pipeline.Sources {
		if file, given := inputs[n.Name]; file == stdinPath || !given && n.Kind == "stdin" {
			readers = append(readers, "source "+n.Name)
		}
	}
	if len(readers) > 1 {
		return usageError("standard input can be read only once: %s want it", strings.Join(readers, " and "))
	}
	return nil
}
