package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// measurement is what one run took, of the measured process alone.
type measurement struct {
	cpu      time.Duration // user and system
	took     time.Duration // from the process's start to its end
	resident int64         // bytes, the most it had
}

// perMillion is CPU seconds per million records.
func (m measurement) perMillion(made counts) float64 {
	return m.cpu.Seconds() / float64(made.Records) * 1e6
}

// rate is records per second.
func (m measurement) rate(made counts) float64 {
	return float64(made.Records) / m.took.Seconds()
}

// measure runs a contender once over all records, and checks that it did all its
// work. With profile it writes what it allocated there.
func (f *field) measure(ctx context.Context, c contender, profile string) (m measurement, err error) {
	f.number++
	group := fmt.Sprintf("%s-%d", c.name, f.number)
	var topics []string
	for i := range c.writes {
		topics = append(topics, fmt.Sprintf("out-%d-%d", f.number, i))
	}
	remove, err := f.outputs(ctx, topics)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	p, err := f.child(ctx, c, group, topics, profile)
	if err != nil {
		return m, err
	}
	end := f.untilEnd
	if c.rival != nil {
		end = f.untilDone
	}
	if err := p.looked(ctx, c.look, func() error { return end(ctx, c, p, group, topics) }); err != nil {
		return m, err
	}
	m.took = p.took
	m.cpu, m.resident, err = usage(p.command.ProcessState)
	return m, err
}

// looked starts a child and sees to its end, looked at meanwhile if somebody does.
func (p *process) looked(ctx context.Context, look func(context.Context) (*lookout, error), end func() error) (err error) {
	if look != nil {
		l, err := look(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, l.end()) }()
		p.command.Args = append(p.command.Args, l.arguments...)
		p.command.Env = append(p.command.Env, l.environment...)
	}
	if err := p.start(); err != nil {
		return err
	}
	return end()
}

// child is the process to measure.
func (f *field) child(ctx context.Context, c contender, group string, topics []string, profile string) (*process, error) {
	brokers := strings.Join(f.broker.addresses, ",")
	if c.rival != nil {
		return f.rivalChild(ctx, c.rival, group, topics[0]), nil
	}
	var environment []string
	if profile != "" {
		environment = append(environment, profileRate)
	}
	if c.baseline {
		return newProcess(ctx, environment, f.self, commandBaseline, "-name", c.name, "-brokers", brokers, "-group", group,
			"-data", f.data, "-in", f.topic, "-out", strings.Join(topics, ","), "-memprofile", profile), nil
	}
	pipeline, err := f.pipeline(c)
	if err != nil {
		return nil, err
	}
	environment = append(environment, "KAFKA_BROKERS="+brokers, "IN="+f.topic, "GROUP="+group)
	for i, topic := range topics {
		environment = append(environment, fmt.Sprintf("OUT%d=%s", i+1, topic))
	}
	args := []string{"run", pipeline, "--until-end", "--log-format", "json"}
	if profile != "" {
		args = append(args, "--memprofile", profile)
	}
	return newProcess(ctx, environment, f.binary, args...), nil
}

// pipeline finds a contender's file.
func (f *field) pipeline(c contender) (string, error) {
	if c.file != "" {
		return c.file, nil
	}
	data := filepath.Join(f.root, "e2e", "bench", "testdata")
	var missing error
	for _, dir := range []string{shape(f.data), "."} {
		path := filepath.Join(data, dir, c.name+".yaml")
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		missing = err
	}
	return "", missing
}
