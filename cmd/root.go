package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"
)

// The exit codes, which scripts rely on.
const (
	exitDone    = 0
	exitHalted  = 1 // a run halted, lint found errors
	exitUsage   = 2 // the command line, the settings or the pipeline file are wrong
	exitStalled = 3 // nothing can make progress any more
	exitWaiting = 4 // supervise: nothing was committed or read for too long
	exitLimit   = 5 // supervise: the time or the commits of a run are used up
)

// exitError ends the program with a code. An empty message was printed before.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// program is what commands share: the standard streams and the settings.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	settings       *viper.Viper
	terminal       *terminal
	logsJSON       bool // the log on stderr is JSON, and so is all that goes there
}

// Execute runs the command line and returns the exit code.
func Execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the program at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, args, stdin, stdout, stderr)
}

func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stderr: stderr, settings: viper.New(), terminal: newTerminal(stderr)}
	p.stdout = p.terminal.beside(stdout)
	root := p.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := p.guarded(ctx, root)
	if err == nil {
		return exitDone
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintf(stderr, "waterhealer: %v\n", exit.err)
		}
		return exit.code
	}
	// What cobra refuses is usage: an unknown command or flag, a missing argument.
	fmt.Fprintf(stderr, "waterhealer: %v\nSee 'waterhealer --help'.\n", err)
	return exitUsage
}

// guarded runs a command; a panic in it is an error like any other, since users
// have no use for a stack.
func (p *program) guarded(ctx context.Context, root *cobra.Command) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = &exitError{code: exitHalted, err: fmt.Errorf("internal error: %v", problem)}
		}
	}()
	return root.ExecuteContext(ctx)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "waterhealer",
		Short: "Runs stream processors on Kafka and commits only what is finished",
		Long: `waterhealer runs stream processors that are described in YAML files. It reads
Kafka, transforms records with expressions, batches and fans them out, writes
them somewhere, and commits an offset only when that record and every record
before it on its partition are finished.`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return p.loadSettings(cmd) },
	}
	flags := root.PersistentFlags()
	flags.String("settings", "", "settings file (default: waterhealer.yaml in the working folder, if there)")
	flags.String("log-format", "text", "format of the log on stderr: text or json")
	flags.String("log-level", "info", "least level that is logged: debug, info, warn or error")
	root.AddCommand(
		p.runCommand(), p.lintCommand(), p.testCommand(), p.graphCommand(), p.operatorsCommand(), p.schemaCommand(), p.fmtCommand(), p.newCommand(), p.exprCommand(), p.lspCommand(),
		p.offsetsCommand(), p.healCommand(), p.tapCommand(), p.topCommand(), p.brokerCommand(), p.versionCommand(),
	)
	return root
}
