package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// settingsFile is read where no other is named.
const settingsFile = "waterhealer.yaml"

// loadSettings gives every flag of a command its value: the command line, then
// WATERHEALER_*, then the settings file, then the default. The settings file
// names flags as the command line does; the pipeline file never comes here.
func (p *program) loadSettings(cmd *cobra.Command) error {
	v := p.settings
	v.SetEnvPrefix("WATERHEALER")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return usageError("settings: %w", err)
	}
	// Viper's own search would also read a file without an extension, such as
	// the program itself where it stands in the working folder.
	path := v.GetString("settings")
	if path == "" {
		if _, err := os.Stat(settingsFile); err == nil {
			path = settingsFile
		}
	}
	if path == "" {
		return applySettings(cmd, v)
	}
	v.SetConfigFile(path)
	v.SetConfigType("yaml")
	switch err := v.ReadInConfig(); {
	case errors.Is(err, fs.ErrNotExist):
		return usageError("settings file %s does not exist", path)
	case err != nil:
		return usageError("settings file %s: %w", path, err)
	}
	if err := p.checkSettings(cmd); err != nil {
		return err
	}
	return applySettings(cmd, v)
}

// checkSettings refuses names in the settings file that no command has.
func (p *program) checkSettings(cmd *cobra.Command) error {
	known := make(map[string]bool)
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		note := func(f *pflag.Flag) { known[strings.ToLower(f.Name)] = true }
		c.Flags().VisitAll(note)
		c.PersistentFlags().VisitAll(note)
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(cmd.Root())
	for name := range p.settings.AllSettings() {
		if !known[name] && p.settings.InConfig(name) {
			return usageError("settings file %s: there is no setting %q", p.settings.ConfigFileUsed(), name)
		}
	}
	return nil
}

// applySettings sets the flags that the command line left out, so that
// commands read flags and nothing else.
func applySettings(cmd *cobra.Command, v *viper.Viper) error {
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || !v.IsSet(f.Name) || problem != nil {
			return
		}
		text := v.GetString(f.Name)
		if list, ok := f.Value.(pflag.SliceValue); ok {
			if items := v.GetStringSlice(f.Name); len(items) > 0 {
				problem = list.Replace(items)
			}
			return
		}
		if text == f.DefValue {
			return
		}
		if err := f.Value.Set(text); err != nil {
			problem = usageError("setting %s: %w", f.Name, err)
		}
	})
	return problem
}

// logger makes the log of the flags.
func (p *program) logger(cmd *cobra.Command) (*slog.Logger, error) {
	format, _ := cmd.Flags().GetString("log-format")
	text, _ := cmd.Flags().GetString("log-level")
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return nil, usageError("--log-level is %q, must be debug, info, warn or error", text)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: readableDurations}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(p.terminal, options)), nil
	case "json":
		p.logsJSON = true
		return slog.New(slog.NewJSONHandler(p.terminal, options)), nil
	}
	return nil, usageError("--log-format is %q, must be text or json", format)
}

// readableDurations writes durations as the pipeline file does, not in nanoseconds.
func readableDurations(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// choice checks a flag that takes one of a few words.
func choice(cmd *cobra.Command, flag string, allowed ...string) (string, error) {
	text, _ := cmd.Flags().GetString(flag)
	for _, word := range allowed {
		if text == word {
			return text, nil
		}
	}
	return "", usageError("--%s is %q, must be %s", flag, text, joinOr(allowed))
}

func joinOr(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return fmt.Sprintf("%s or %s", strings.Join(words[:last], ", "), words[last])
}
