package kafkatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// What separates messages, and keys from values, on kcat's input: characters
// that no test's record holds, as lines and tabs may be part of a value.
const (
	messageEnd = "\x1e"
	keyEnd     = "\x1f"
)

// Kcat runs Debian's kcat (librdkafka), a client that shares no code with
// waterhealer. It is a [Witness]; keys, values and headers must be text.
type Kcat struct {
	Addresses  []string
	Properties map[string]string // librdkafka's, as security.protocol
}

// ProduceFile writes every line of a file as a message with a null key, to one
// partition, or with -1 spread at random.
func (k Kcat) ProduceFile(ctx context.Context, topic string, partition int32, path string) error {
	_, err := k.run(ctx, nil, produceArgs(topic, partition, "-l", path)...)
	return err
}

// Produce is [Witness.Produce].
func (k Kcat) Produce(ctx context.Context, topic string, messages []Message) error {
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b Message) int { return int(a.Partition - b.Partition) })
	for len(messages) > 0 {
		n := sameShape(messages)
		if err := k.produceRun(ctx, topic, messages[:n]); err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

// sameShape counts the messages at the beginning that one call of kcat can
// write: the partition, the headers, and whether an empty value stands for a
// null one, are options of the call.
func sameShape(messages []Message) int {
	first := messages[0]
	for i, m := range messages {
		if m.Partition != first.Partition || (m.Value == nil) != (first.Value == nil) ||
			!slices.Equal(m.Headers, first.Headers) {
			return i
		}
	}
	return len(messages)
}

func (k Kcat) produceRun(ctx context.Context, topic string, messages []Message) error {
	first := messages[0]
	args := produceArgs(topic, first.Partition, "-D", messageEnd, "-K", keyEnd)
	if first.Value == nil {
		args = append(args, "-Z")
	}
	for _, h := range first.Headers {
		args = append(args, "-H", h.Name+"="+h.Value)
	}
	var input bytes.Buffer
	for _, m := range messages {
		if err := writeMessage(&input, m); err != nil {
			return err
		}
	}
	_, err := k.run(ctx, input.Bytes(), args...)
	return err
}

func writeMessage(input *bytes.Buffer, m Message) error {
	switch {
	case bytes.ContainsAny(m.Key, messageEnd+keyEnd), bytes.ContainsAny(m.Value, messageEnd+keyEnd):
		return fmt.Errorf("kcat: message %q holds a separator", m.Value)
	case m.Key == nil && len(m.Value) == 0:
		return errors.New("kcat: it takes no message without a key and a value")
	case m.Value == nil && len(m.Key) == 0:
		return errors.New("kcat: it takes no null value with an empty key")
	}
	if m.Key != nil {
		input.Write(m.Key)
		input.WriteString(keyEnd)
	}
	input.Write(m.Value)
	input.WriteString(messageEnd)
	return nil
}

func produceArgs(topic string, partition int32, more ...string) []string {
	return append([]string{
		"-P", "-t", topic, "-p", fmt.Sprint(partition),
		"-X", "acks=all", "-X", "enable.idempotence=true", "-X", "message.timeout.ms=30000",
	}, more...)
}

// Consume is [Witness.Consume].
func (k Kcat) Consume(ctx context.Context, topic string) ([]Message, error) {
	output, err := k.run(ctx, nil, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J",
		"-X", "isolation.level=read_committed")
	if err != nil {
		return nil, err
	}
	var messages []Message
	for line := range bytes.Lines(output) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		m, err := parseEnvelope(line)
		if err != nil {
			return nil, fmt.Errorf("kcat: %w in %q", err, line)
		}
		messages = append(messages, m)
	}
	sortMessages(messages)
	return messages, nil
}

// parseEnvelope reads what kcat -J prints for one message. Bytes that are no
// UTF-8 make it print what is not JSON.
func parseEnvelope(line []byte) (Message, error) {
	if !utf8.Valid(line) {
		return Message{}, errors.New("bytes that are no text, use Client.Consume,")
	}
	var envelope struct {
		Partition    int32
		Offset       int64
		TS           int64
		Headers      []string
		Key, Payload *string
	}
	if err := json.Unmarshal(line, &envelope); err != nil {
		return Message{}, err
	}
	m := Message{
		Partition: envelope.Partition, Offset: envelope.Offset, Timestamp: time.UnixMilli(envelope.TS),
		Key: toBytes(envelope.Key), Value: toBytes(envelope.Payload),
	}
	for pair := range slices.Chunk(envelope.Headers, 2) {
		if len(pair) != 2 {
			return Message{}, errors.New("a header without a value")
		}
		m.Headers = append(m.Headers, Header{Name: pair[0], Value: pair[1]})
	}
	return m, nil
}

func toBytes(s *string) []byte {
	if s == nil {
		return nil
	}
	return []byte(*s)
}

// What kcat says, in `-o stored` mode: the offset of the first record, where it
// stands when nothing is left to read, and that nothing was committed.
var (
	firstOffset = regexp.MustCompile(`(?m)^(\d+)$`)
	endReached  = regexp.MustCompile(`Reached end of topic .* at offset (\d+)`)
	noneStored  = regexp.MustCompile(`no previously committed offset`)
)

// Committed is [Witness.Committed]: where kcat, with the group's name but
// without joining it, would begin to read. Where records are missing from the
// log (compaction, transactions) that is the next one that is there.
//
// When kcat ends by itself in this mode it commits what it has read, whatever
// it was told. A witness must not: it is killed once it has spoken.
func (k Kcat) Committed(ctx context.Context, group, topic string, partition int32) (int64, error) {
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	command := k.command(ctx, "-C", "-t", topic, "-p", fmt.Sprint(partition), "-o", "stored", "-u", "-f", "%o\n",
		"-X", "group.id="+group, "-X", "topic.auto.commit.enable=false", "-X", "auto.offset.reset=error")
	spoken := &listener{done: kill, heard: func(text string) bool {
		return firstOffset.MatchString(text) || endReached.MatchString(text) || noneStored.MatchString(text)
	}}
	command.Stdout, command.Stderr = spoken, spoken
	err := command.Run()
	text := spoken.String()
	if noneStored.MatchString(text) {
		return -1, nil
	}
	for _, pattern := range []*regexp.Regexp{firstOffset, endReached} {
		if found := pattern.FindStringSubmatch(text); found != nil {
			return strconv.ParseInt(found[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("kcat: no offset in %q: %w", text, err)
}

// listener collects what a command prints and calls done once it has heard enough.
type listener struct {
	mu    sync.Mutex
	text  strings.Builder
	heard func(text string) bool
	done  func()
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if l.heard(l.text.String()) {
		l.done()
	}
	return len(p), nil
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// command is a call of kcat, which dies by SIGKILL when ctx is done.
func (k Kcat) command(ctx context.Context, args ...string) *exec.Cmd {
	all := []string{"-b", strings.Join(k.Addresses, ",")}
	for _, name := range slices.Sorted(maps.Keys(k.Properties)) {
		all = append(all, "-X", name+"="+k.Properties[name])
	}
	return exec.CommandContext(ctx, "kcat", append(all, args...)...)
}

// run is one call of kcat, and what it printed.
func (k Kcat) run(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	command := k.command(ctx, args...)
	var output, messages bytes.Buffer
	command.Stdin = bytes.NewReader(input)
	command.Stdout, command.Stderr = &output, &messages
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("kcat %s: %w: %s", strings.Join(args, " "), err, messages.String())
	}
	return output.Bytes(), nil
}
