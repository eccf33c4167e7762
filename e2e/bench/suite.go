package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/IBM/sarama"
)

// suite is all that one command measures.
type suite struct {
	options
	binary string // the program
	self   string // this binary, which is the baselines too
	dir    string
	out    io.Writer
	log    io.Writer // what is going on
	number int       // of runs, for names of groups and topics
	missed int       // targets
}

func (s *suite) run(ctx context.Context) error {
	if err := s.prepareRivals(ctx); err != nil {
		return err
	}
	var sections []func(context.Context) error
	if !s.only {
		sections = append(sections, s.startup, s.throughput)
	}
	if s.scaling {
		sections = append(sections, s.scale)
	}
	if s.latency {
		sections = append(sections, s.delays)
	}
	if s.overhead {
		sections = append(sections, s.overheads)
	}
	for _, section := range sections {
		if err := section(ctx); err != nil {
			return err
		}
	}
	if s.strict && s.missed > 0 {
		return fmt.Errorf("%d targets missed", s.missed)
	}
	return nil
}

// throughput is all blocks.
func (s *suite) throughput(ctx context.Context) error {
	for _, brokers := range s.brokers {
		for _, data := range s.data {
			for _, partitions := range s.partitions {
				if err := s.block(ctx, brokers, data, partitions); err != nil {
					return fmt.Errorf("%s, %s, %d partitions: %w", brokers, data, partitions, err)
				}
			}
		}
	}
	return nil
}

// block is one data set on one number of partitions of one kind of brokers. It
// has a broker of its own, so that none holds the data of all.
func (s *suite) block(ctx context.Context, brokers, data string, partitions int32) (err error) {
	participants := s.chosen(data, partitions)
	if len(participants) == 0 {
		return nil
	}
	f, err := s.lay(ctx, brokers, data, partitions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.broker.close()) }()
	results, err := f.compete(ctx, brokers, participants)
	if err != nil {
		return err
	}
	if s.allocs {
		for i := range results {
			if results[i].rival != nil {
				continue
			}
			if results[i].allocations, err = f.allocations(ctx, results[i].contender); err != nil {
				return fmt.Errorf("%s, allocations: %w", results[i].contender.name, err)
			}
		}
	}
	fmt.Fprintf(s.out, "\n%s broker, %d records of %s (%d B on average), %d partitions, medians of %d\n\n",
		brokers, f.made.Records, data, f.made.Bytes/f.made.Records, partitions, s.runs)
	t := tableOf(results, f.made)
	if err := t.print(s.out); err != nil {
		return err
	}
	missed, err := printVerdicts(s.out, verdictsOf(t))
	s.missed += missed
	return err
}

// compete runs all of them in turn, as often as was asked for.
func (f *field) compete(ctx context.Context, brokers string, participants []contender) ([]result, error) {
	results := make([]result, len(participants))
	for i, c := range participants {
		results[i].contender = c
	}
	for round := range f.runs {
		for i := range results {
			// Each round begins with another one, so that none always follows the same.
			r := &results[(i+round)%len(results)]
			m, err := f.measure(ctx, r.contender, "")
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.contender.name, err)
			}
			r.runs = append(r.runs, m)
			fmt.Fprintf(f.log, "%s %s/%d run %d: %s %.2f CPU s per million, %.0f records/s\n",
				brokers, f.data, f.partitions, round+1, r.contender.name, m.perMillion(f.made), m.rate(f.made))
		}
	}
	return results, nil
}

// field is where contenders of one block meet: the broker and its data.
type field struct {
	*suite
	broker     *broker
	data       string
	topic      string
	partitions int32
	made       counts
}

// lay starts a broker with a data set.
func (s *suite) lay(ctx context.Context, brokers, data string, partitions int32) (*field, error) {
	broker, err := s.startBroker(ctx, brokers)
	if err != nil {
		return nil, err
	}
	f := &field{suite: s, broker: broker, data: data, topic: "in", partitions: partitions}
	if err := f.fill(ctx); err != nil {
		return nil, errors.Join(err, broker.close())
	}
	return f, nil
}

// fill writes the data set.
func (f *field) fill(ctx context.Context) error {
	if err := f.broker.makeTopics(ctx, f.partitions, f.topic); err != nil {
		return err
	}
	loader := newProcess(ctx, nil, f.self, commandLoad, "-brokers", strings.Join(f.broker.addresses, ","), "-topic", f.topic,
		"-partitions", fmt.Sprint(f.partitions), "-data", f.data, "-records", fmt.Sprint(f.records), "-seed", fmt.Sprint(f.seed), "-root", f.root)
	if err := loader.start(); err != nil {
		return err
	}
	if err := loader.wait(); err != nil {
		return err
	}
	return json.Unmarshal(loader.stdout.Bytes(), &f.made)
}

// outputs makes fresh topics to write to; the returned function removes them,
// so that a broker in memory does not keep what all runs wrote.
func (f *field) outputs(ctx context.Context, names []string) (remove func() error, err error) {
	if err := f.broker.makeTopics(ctx, f.partitions, names...); err != nil {
		return nil, err
	}
	return func() error {
		if len(names) == 0 {
			return nil
		}
		admin, err := sarama.NewClusterAdmin(f.broker.addresses, config())
		if err != nil {
			return err
		}
		for _, name := range names {
			err = errors.Join(err, admin.DeleteTopic(name))
		}
		return errors.Join(err, admin.Close())
	}, nil
}
