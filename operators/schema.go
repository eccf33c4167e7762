package operators

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"waterhealer/configs"
	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// bySchema is who knows what a schema says.
const bySchema = "by the schema"

// schemaOf is the type of a source's values as its schema says it; false where it
// has none. What is wrong with it is reported.
func (p *Plan) schemaOf(n *configs.Node) (types.Type, bool) {
	of, says, problems := readSchema(n, p.pipeline.File)
	p.problems = append(p.problems, problems...)
	return of, says
}

// readSchema reads the schema of a source. A file is seen from the folder of the
// pipeline file.
func readSchema(n *configs.Node, pipeline string) (of types.Type, says bool, problems configs.Diagnostics) {
	data := n.Common.JSON("schema")
	if data == nil {
		return types.Any(), false, nil
	}
	problem := func(at configs.Place, code, message, hint string) {
		if at.Substituted && code == configs.CodeSchema {
			message = "this is no JSON Schema" // and is not shown: it is not in the file
		}
		problems = append(problems, configs.Diagnostic{Position: at.Pos, Width: at.Width, Code: code, Message: message, Hint: at.Hint(hint)})
	}
	whole := n.Common.Part("schema", nil, false)
	schema, err := value.Decode(data)
	path, file := "", false
	if text, scalar := schema.(string); scalar && err == nil {
		if path, file = strings.CutPrefix(text, "file:"); !file || path == "" {
			problem(whole, configs.CodeWrongValue, "schema takes a JSON Schema, or file:PATH", "write `schema: file:"+likelyFile(text, whole, n)+"`, or the schema as a mapping below the key")
			return types.Any(), false, problems
		}
		schema, err = readSchemaFile(beside(pipeline, path))
	}
	var reading *fileError
	switch {
	case errors.As(err, &reading):
		problem(whole, configs.CodeUnreadableFile, reading.Error(), "a file is seen from the folder of the pipeline file")
	case err != nil && file:
		problem(whole, configs.CodeSchema, fmt.Sprintf("%s is no JSON: %v", path, err), "")
	case err != nil:
		problem(whole, configs.CodeSchema, err.Error(), "")
	}
	if err != nil {
		return types.Any(), false, problems
	}
	of, found := types.FromSchema(schema, bySchema)
	for _, f := range found {
		at, message := whole, f.Message
		if file {
			message = fmt.Sprintf("%s, at %s: %s", path, f.Path, f.Message)
		} else {
			at = n.Common.Part("schema", f.Steps(), f.Key)
		}
		problem(at, configs.CodeSchema, message, f.Hint)
		if f.Warning {
			problems[len(problems)-1].Severity = configs.Warning
		}
	}
	return of, true, problems
}

// likelyFile is what may be meant by a text that is no schema.
func likelyFile(text string, at configs.Place, n *configs.Node) string {
	if strings.HasSuffix(text, ".json") && !at.Substituted {
		return text
	}
	return n.Name + ".schema.json"
}

// beside is a path as seen from the folder of a file. The path of a pipeline that
// came in through standard input has no folder.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// fileError is a file that cannot be read.
type fileError struct{ error }

func readSchemaFile(path string) (any, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &fileError{fmt.Errorf("cannot read the schema: %s is no file", path)} // a pipe would keep lint waiting
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, &fileError{fmt.Errorf("cannot read the schema: %w", err)}
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, configs.MaxBytes+1))
	switch {
	case err != nil:
		return nil, &fileError{fmt.Errorf("cannot read the schema: %w", err)}
	case len(data) > configs.MaxBytes:
		return nil, &fileError{fmt.Errorf("the schema %s is larger than %d MiB", path, configs.MaxBytes>>20)}
	}
	return value.Decode(data)
}
