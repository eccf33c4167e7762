package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/local"
	"waterhealer/operators"
	"waterhealer/operators/expression"
)

func (p *program) exprCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "expr EXPR",
		Short: "Tries an expression on the records of a file",
		Long: `Computes an expression for each record of a file and prints the results, a JSON value
per line:

  waterhealer expr 'value.mag >= 4' --input quakes.jsonl

A record on which the expression fails is named as file:line, with the place in the
expression, and the others are computed all the same. The expression sees what it sees
in a pipeline; index is the record's number from 0. Without --input it is computed once,
without a record. An expression that begins with - stands behind --.

Exit code: 0; 1 when a record failed; 2 when the expression is wrong or the file cannot
be read.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              p.expr,
	}
	c.Flags().String("input", "", "file or pattern, or - for standard input")
	c.Flags().String("decode", "json", "how a payload becomes a value: json, text, bytes or csv")
	c.Flags().String("format", "", "what the file is: jsonl, csv or text (default: csv if it ends in .csv or with --decode csv, else a payload per line)")
	for flag, words := range map[string][]string{"decode": {"json", "text", "bytes", "csv"}, "format": {"jsonl", "csv", "text"}} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
	return c
}

func (p *program) expr(cmd *cobra.Command, args []string) error {
	decode, err := choice(cmd, "decode", "json", "text", "bytes", "csv")
	if err != nil {
		return err
	}
	format, _ := cmd.Flags().GetString("format")
	if format != "" {
		if format, err = choice(cmd, "format", "jsonl", "csv", "text"); err != nil {
			return err
		}
	}
	t := &trial{program: p, source: args[0]}
	if t.compiled, err = expression.Compile(t.source, expression.Options{Names: []string{"index"}}); err != nil {
		t.explain("", err)
		return &exitError{code: exitUsage}
	}
	input, _ := cmd.Flags().GetString("input")
	if input == "" {
		if err := t.record("", &engine.Record{}); err != nil {
			return err
		}
	} else if err := t.file(cmd.Context(), local.FileOptions{Path: input, Codec: decode, Format: format, Stdin: p.stdin}); err != nil {
		return err
	}
	if t.failed > 0 {
		if t.count > 1 {
			fmt.Fprintf(p.stderr, "%d of %d records failed\n", t.failed, t.count)
		}
		return &exitError{code: exitHalted}
	}
	return nil
}

// trial is an expression that is tried on records.
type trial struct {
	program       *program
	source        string
	compiled      *expression.Program
	count, failed int64
	line          []byte
}

func (t *trial) file(ctx context.Context, o local.FileOptions) error {
	decode := operators.Decoder(o.Codec)
	var printing error
	err := local.Records(ctx, o, func(file string, r *engine.Record, err error) error {
		where := fmt.Sprintf("%s:%d", file, r.Line)
		if err == nil {
			err = decode(r)
		}
		if err != nil {
			fmt.Fprintf(t.program.stderr, "%s: %v\n", where, err)
			t.failed++
			t.count++
			return nil
		}
		printing = t.record(where, r)
		return printing
	})
	switch {
	case printing != nil:
		return printing
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitHalted, err: errors.New("stopped")}
	case err != nil:
		return usageError("cannot read the input: %w", err)
	}
	return nil
}

// record computes the expression for a record and prints what it gives. The
// error is one of printing.
func (t *trial) record(where string, r *engine.Record) error {
	variables := expression.Variables{Value: r.Value, Headers: value.NewObject(0), Index: t.count}
	if where != "" {
		variables.Topic, variables.Partition, variables.Offset, variables.Timestamp = r.Topic, int64(r.Partition), r.Offset, r.Timestamp
	}
	t.count++
	result, err := t.compiled.Run(&variables)
	if err == nil {
		t.line, err = value.Append(t.line[:0], result)
	}
	if err != nil {
		t.failed++
		t.explain(where, err)
		return nil
	}
	t.line = append(t.line, '\n')
	if _, err := t.program.stdout.Write(t.line); err != nil {
		return &exitError{code: exitHalted, err: fmt.Errorf("print: %w", err)}
	}
	return nil
}

// explain shows errors under their tokens, as lint does.
func (t *trial) explain(where string, err error) {
	file := "expression"
	if where != "" {
		file = where + ": " + file
	}
	at := func(line, column int) configs.Position {
		return configs.Position{File: file, Line: line, Column: column}
	}
	var found configs.Diagnostics
	var compiling expression.Errors
	var running *expression.RuntimeError
	switch {
	case errors.As(err, &compiling):
		for _, e := range compiling {
			found = append(found, configs.Diagnostic{Position: at(e.Line, e.Column+1), Width: e.Width, Message: e.Message, Hint: e.Hint})
		}
	case errors.As(err, &running):
		found = configs.Diagnostics{{Position: at(max(running.Line, 1), running.Column+1), Width: max(running.Width, 1), Message: running.Message, Hint: running.Hint}}
	default:
		found = configs.Diagnostics{{Position: at(1, 1), Width: 1, Message: err.Error()}}
	}
	for i := range found {
		found[i].Code = configs.CodeExpression
	}
	w := t.program.stderr
	found.Print(w, map[string][]byte{file: []byte(t.source)}, colored(w))
}
