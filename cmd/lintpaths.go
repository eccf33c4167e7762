package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// pipelinePaths are the files that the arguments of lint name, folders and
// patterns resolved, in the order of the command line and within an argument of
// their names. Those that name none are reported.
func (p *program) pipelinePaths(arguments []string) (paths []string, missing bool) {
	for _, argument := range arguments {
		found, err := p.pathsOf(argument)
		if err != nil {
			fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
			missing = true
		}
		paths = append(paths, found...)
	}
	return paths, missing
}

func (p *program) pathsOf(argument string) ([]string, error) {
	if argument == stdinPath {
		return []string{argument}, nil
	}
	about, err := os.Stat(argument)
	switch {
	case err == nil && about.IsDir():
		return p.pipelinesIn(argument)
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(argument, "*?["):
		return matching(argument)
	}
	return []string{argument}, nil // whether it can be read is seen when it is
}

// topKey finds what makes a YAML file a pipeline. It need not be YAML otherwise:
// a broken pipeline is one, too.
var topKey = regexp.MustCompile(`(?m)^(?:\{[ \t]*)?["']?(?:sources|operators|sinks)["']?[ \t]*:`)

// pipelinesIn are the pipelines in a folder and those below it. Hidden folders
// and the settings file are left out.
func (p *program) pipelinesIn(folder string) ([]string, error) {
	var paths []string
	err := walkYAML(folder, func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil || topKey.Match(data) { // one that cannot be read is reported when it is loaded
			paths = append(paths, path)
		}
		return nil
	})
	if err == nil && len(paths) == 0 {
		return nil, fmt.Errorf("there is no pipeline file in the folder %s", folder)
	}
	return paths, err
}

// matching are the files that a pattern matches, in which ** stands for any
// number of folders.
func matching(pattern string) ([]string, error) {
	base, rest, deep := strings.Cut(filepath.ToSlash(pattern), "**/")
	if _, err := filepath.Match(rest, ""); err != nil || strings.Contains(rest, "**") {
		return nil, fmt.Errorf("%s is no pattern", pattern)
	}
	var paths []string
	var err error
	if deep {
		depth := strings.Count(rest, "/") + 1
		err = walkYAML(filepath.Clean(base), func(path string) error {
			parts := strings.Split(filepath.ToSlash(path), "/")
			if fits, _ := filepath.Match(rest, strings.Join(parts[max(len(parts)-depth, 0):], "/")); fits {
				paths = append(paths, path)
			}
			return nil
		})
	} else {
		paths, err = filepath.Glob(pattern)
	}
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s matches no file", pattern)
	}
	return paths, err
}

// walkYAML visits the YAML files in a folder and those below it, in the order of
// their names.
func walkYAML(folder string, visit func(path string) error) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("cannot read a folder: %w", err)
		case entry.IsDir() && path != folder && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case entry.IsDir(), entry.Name() == settingsFile, !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)):
			return nil
		}
		return visit(path)
	})
}
