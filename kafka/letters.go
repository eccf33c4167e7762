package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"waterhealer/engine"
)

// foreignShown is how many letters are named that are not put back.
const foreignShown = 10

// letterIntake turns the dead letters that a group reads back into the records
// that they were made of, on their way to the engine. What it leaves out is
// finished: the letter stays in its topic, and the group goes on.
type letterIntake struct {
	intake
	options HealOptions
	logger  *slog.Logger

	mu     sync.Mutex
	counts Letters
	// first is the letter that an origin was put back from. A letter that is
	// read again, by a later claim, is still the first.
	first map[originPlace]map[int64]letterPlace
}

// originPlace is where records came from that died.
type originPlace struct {
	source, topic string
	partition     int32
}

// letterPlace is where a letter stands.
type letterPlace struct {
	topic     int32 // in the options' Topics
	partition int32
	offset    int64
}

// letterClaim is a claim of a partition of letters.
type letterClaim struct {
	tracker
	topic    int32
	finished func(int64) bool // by an earlier claim; nil is none
}

func newLetterIntake(o HealOptions, logger *slog.Logger) *letterIntake {
	return &letterIntake{options: o, logger: logger, first: make(map[originPlace]map[int64]letterPlace)}
}

func (l *letterIntake) counted() Letters {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

func (l *letterIntake) Claim(o engine.ClaimOptions) tracker {
	return &letterClaim{
		tracker: l.intake.Claim(o), finished: o.Finished,
		topic: int32(slices.Index(l.options.Topics, o.Topic)),
	}
}

func (l *letterIntake) Push(t tracker, records []*engine.Record) {
	c := t.(*letterClaim)
	next := records[len(records)-1].Offset + 1
	kept := records[:0]
	l.mu.Lock()
	for _, r := range records {
		if back := l.putBack(c, r); back != nil {
			kept = append(kept, back)
		}
	}
	l.mu.Unlock()
	if len(kept) > 0 {
		l.intake.Push(c.tracker, kept)
	}
	c.Advance(next) // over what was left out
}

func (l *letterIntake) Revoke(ctx context.Context, t tracker) {
	c := t.(*letterClaim)
	l.intake.Revoke(ctx, c.tracker)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Unfinished += c.Abandoned()
}

// putBack makes a letter the record that died; nil is a letter to be left out.
func (l *letterIntake) putBack(c *letterClaim, r *engine.Record) *engine.Record {
	if c.finished != nil && c.finished(r.Offset) {
		return r // it reaches no node
	}
	letter, err := readLetter(r)
	if err == nil {
		err = l.known(letter)
	}
	if errors.Is(err, errOthers) {
		return nil
	}
	if err != nil {
		l.foreign(r, err)
		return nil
	}
	at := letterPlace{topic: c.topic, partition: r.Partition, offset: r.Offset}
	if !l.isFirst(letter, at) {
		l.counts.Repeated++
		return nil
	}
	l.counts.PutBack++
	back := engine.Letter{Source: letter.source, Offset: r.Offset, Attempts: letter.attempts}
	r.Topic, r.Partition, r.Offset, r.Headers = letter.topic, letter.partition, letter.offset, letter.headers
	r.PutBack(back)
	if l.options.Sources[letter.source].Batched {
		r = batchOf([]*engine.Record{r})
		r.PutBack(back)
	}
	return r
}

// errOthers is that a letter is put back by another group of this pipeline.
var errOthers = errors.New("another group puts it back")

// known says whether a letter is of a source of the pipeline. Pipelines may
// share a topic of dead letters, and their sources a name.
func (l *letterIntake) known(letter deadLetter) error {
	source, known := l.options.Sources[letter.source]
	other, elsewhere := l.options.Others[letter.source]
	if elsewhere {
		source = other
	}
	switch {
	case !known && !elsewhere:
		return fmt.Errorf("the pipeline has no source %q", letter.source)
	case source.Topics != nil && !slices.Contains(source.Topics, letter.topic):
		if elsewhere {
			return errOthers // who says so is the other group
		}
		return fmt.Errorf("source %q does not read topic %q", letter.source, letter.topic)
	case elsewhere:
		return errOthers
	}
	return nil
}

// foreign counts a letter that is not put back, and names the first ones.
func (l *letterIntake) foreign(r *engine.Record, why error) {
	l.counts.Foreign++
	switch {
	case l.counts.Foreign <= foreignShown:
		l.logger.Warn("a dead letter of another pipeline is left where it is", append(r.Attributes(), "why", why)...)
	case l.counts.Foreign == foreignShown+1:
		l.logger.Warn("further dead letters of other pipelines are left where they are, and only counted")
	}
}

// isFirst says whether a letter is the first of its origin in this run.
func (l *letterIntake) isFirst(letter deadLetter, at letterPlace) bool {
	origin := originPlace{letter.source, letter.topic, letter.partition}
	letters := l.first[origin]
	if letters == nil {
		letters = make(map[int64]letterPlace)
		// The key must not keep the letter's bytes alive.
		origin.source, origin.topic = strings.Clone(origin.source), strings.Clone(origin.topic)
		l.first[origin] = letters
	}
	before, seen := letters[letter.offset]
	if !seen {
		letters[letter.offset] = at
	}
	return !seen || before == at
}

// deadLetter is what a letter's headers say.
type deadLetter struct {
	source, topic string
	partition     int32
	offset        int64
	attempts      int
	headers       []engine.Header // the record's own
}

// readLetter reads the headers of a dead letter. Of each of ours it takes the
// last: a record that came from a topic of dead letters has brought its own.
func readLetter(r *engine.Record) (deadLetter, error) {
	values := make(map[string]string)
	ours := make(map[int]bool)
	for i := len(r.Headers) - 1; i >= 0; i-- {
		name, found := strings.CutPrefix(r.Headers[i].Key, engine.LetterPrefix)
		if _, twice := values[name]; !found || twice || !letterHeader(name) {
			continue
		}
		values[name] = string(r.Headers[i].Value)
		ours[i] = true
	}
	letter := deadLetter{source: values[engine.LetterSource], topic: values[engine.LetterTopic]}
	for i, h := range r.Headers {
		if !ours[i] {
			letter.headers = append(letter.headers, h)
		}
	}
	for _, name := range []string{engine.LetterSource, engine.LetterTopic, engine.LetterPartition, engine.LetterOffset} {
		if _, there := values[name]; !there {
			return letter, fmt.Errorf("it has no header %s%s", engine.LetterPrefix, name)
		}
	}
	partition, err := strconv.ParseInt(values[engine.LetterPartition], 10, 32)
	if err != nil {
		return letter, fmt.Errorf("header %s%s: %w", engine.LetterPrefix, engine.LetterPartition, err)
	}
	letter.partition = int32(partition)
	if letter.offset, err = strconv.ParseInt(values[engine.LetterOffset], 10, 64); err != nil {
		return letter, fmt.Errorf("header %s%s: %w", engine.LetterPrefix, engine.LetterOffset, err)
	}
	letter.attempts, _ = strconv.Atoi(values[engine.LetterAttempts]) // for people; 0 where it says nothing
	return letter, nil
}

func letterHeader(name string) bool {
	switch name {
	case engine.LetterError, engine.LetterNode, engine.LetterSource, engine.LetterTopic,
		engine.LetterPartition, engine.LetterOffset, engine.LetterAttempts, engine.LetterTime:
		return true
	}
	return false
}
