package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// rival is another program that does what filter-map-kafka does with orders, each
// in the settings that serve it best. Its files are in rivals/.
type rival struct {
	name, about string
	// prepare are the commands that bring it into the folder of its name below
	// rivalsFolder: each a program and its arguments, run in the module's folder,
	// whose absolute path stands where they say ROOT.
	prepare [][]string
	// run is how it is started, in the module's folder; brokers, group, topic to
	// read and topic to write follow where told is nil, and stand in the
	// environment where it names the variables.
	run  []string
	told []string
}

const (
	rivalsFolder = ".build/rivals"
	rivalFiles   = "e2e/bench/rivals"
)

// rivals are pinned by what prepares them. Not among them: Bento and Redpanda
// Connect, which are no Go modules that can be installed; water-healer, whose
// newest package (0.1.8) lacks a part of itself and needs a Python that is no
// longer kept.
func rivals() []rival {
	return []rival{
		{
			name: "telegraf", about: "rival: Telegraf 1.37.2, no scripts",
			// Without tags it is all plugins, and ten times as large.
			prepare: [][]string{{
				"env", "GOBIN=ROOT/" + rivalsFolder + "/telegraf", "go", "install", "-ldflags", "-s -w",
				"-tags", "custom,inputs.kafka_consumer,parsers.json_v2,outputs.kafka,serializers.json",
				"github.com/influxdata/telegraf/cmd/telegraf@v1.37.2",
			}},
			run:  []string{rivalsFolder + "/telegraf/telegraf", "--config", rivalFiles + "/telegraf/telegraf.conf"},
			told: []string{"BROKERS", "GROUP", "IN", "OUT"},
		},
		{
			name: "parallel-consumer", about: "rival: Confluent's parallel-consumer 0.5.3.3 and Jackson, unordered, batches of 1,000",
			prepare: [][]string{{
				"mvn", "-B", "-q", "-ntp", "-f", rivalFiles + "/parallel-consumer/pom.xml",
				"compile", "dependency:copy-dependencies", "-DincludeScope=runtime",
			}},
			run: []string{"java", "-cp", rivalsFolder + "/parallel-consumer/classes:" + rivalsFolder + "/parallel-consumer/dependency/*", "Rival"},
		},
		{
			name: "streamz", about: "rival: streamz 0.6.6 and confluent-kafka 2.16.1, batches of 50,000",
			prepare: [][]string{
				{"python3", "-m", "venv", rivalsFolder + "/streamz"},
				{rivalsFolder + "/streamz/bin/pip", "install", "-q", "--disable-pip-version-check", "-r", rivalFiles + "/streamz/requirements.txt"},
			},
			run: []string{rivalsFolder + "/streamz/bin/python", rivalFiles + "/streamz/rival.py"},
		},
	}
}

// prepareRivals installs those that take part.
func (s *suite) prepareRivals(ctx context.Context) error {
	for _, r := range rivals() {
		if !s.rivals && !slices.Contains(s.pipelines, r.name) {
			continue
		}
		for _, words := range r.prepare {
			fmt.Fprintf(s.log, "preparing %s\n", r.name)
			var args []string
			for _, word := range words[1:] {
				args = append(args, strings.Replace(word, "ROOT", s.root, 1))
			}
			c := exec.CommandContext(ctx, words[0], args...)
			c.Dir, c.Stdout, c.Stderr = s.root, s.log, s.log
			if err := c.Run(); err != nil {
				return fmt.Errorf("preparing %s: %w", r.name, err)
			}
		}
	}
	return nil
}

// rivalChild is the process of a rival, from one topic to another.
func (f *field) rivalChild(ctx context.Context, r *rival, group, out string) *process {
	args := []string{strings.Join(f.broker.addresses, ","), group, f.topic, out}
	var environment []string
	for i, name := range r.told {
		environment = append(environment, name+"="+args[i])
	}
	if r.told != nil {
		args = nil
	}
	p := newProcess(ctx, environment, r.run[0], append(slices.Clone(r.run[1:]), args...)...)
	p.command.Dir = f.root
	return p
}

// untilDone waits until a rival, which never ends by itself, has committed and
// written everything, and ends it.
func (f *field) untilDone(ctx context.Context, c contender, p *process, group string, topics []string) error {
	var before int64
	moved := time.Now()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-p.done:
			return fmt.Errorf("it ended by itself: %w\n%s", p.err, tail(p.stderr.String()+p.stdout.String()))
		case <-ctx.Done():
			return ctx.Err()
		}
		committed, err := f.broker.committed(ctx, group, f.topic)
		if err != nil {
			return err
		}
		if committed == f.made.Records {
			break
		}
		if committed > before {
			before, moved = committed, time.Now()
		}
		if time.Since(moved) > f.patience {
			p.kill()
			return fmt.Errorf("it has committed %d of %d records, and nothing for %v\n%s", committed, f.made.Records, f.patience, tail(p.stderr.String()+p.stdout.String()))
		}
	}
	took := time.Since(p.began)
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	p.took = took
	return f.checkOutside(ctx, c, group, topics)
}
