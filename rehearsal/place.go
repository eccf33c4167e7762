package rehearsal

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators"
)

// place is where the inputs of one source enter: its partition 0.
type place struct {
	node  *configs.Node
	topic string
	codec string // of the payloads, "" for values
	claim *engine.Claim
	next  int64 // the offset of the next record
	ended bool  // a step has ended the source
	done  bool  // and all that waited has come in

	// Of a source of batches: how they are made, and the one under way.
	size    int
	timeout time.Duration
	pending []*engine.Record
	due     time.Time
}

// sources makes one source that stands for all.
func (p *player) sources(nodes []*configs.Node, settings map[string]operators.SourceSettings) ([]engine.Source, error) {
	for _, n := range nodes {
		at := &place{node: n, topic: n.Name, codec: settings[n.Name].Codec}
		if topics := n.Values.Strings("topics"); len(topics) > 0 {
			at.topic = topics[0]
		}
		if n.Kind == "kafka_batched" {
			at.size, at.timeout = int(n.Values.Int("size")), n.Values.Duration("timeout")
		}
		p.places = append(p.places, at)
	}
	return []engine.Source{p}, nil
}

func (p *player) place(n *configs.Node) *place {
	for _, at := range p.places {
		if at.node == n {
			return at
		}
	}
	return nil
}

// record makes the record of a step.
func (at *place) record(step configs.Step, now time.Time) (*engine.Record, error) {
	v, err := value.Decode(step.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", step.Pos, err)
	}
	if text, ok := v.(string); ok && at.codec == "bytes" {
		v = []byte(text)
	}
	r := &engine.Record{
		Raw: at.payload(v, step.Value), Intact: at.codec != "",
		Topic: at.topic, Offset: at.next, Known: engine.KnownAll, Timestamp: step.Timestamp,
	}
	if r.Timestamp.IsZero() {
		r.Timestamp = now
	}
	if step.Key != nil {
		r.Key = []byte(*step.Key)
	}
	for _, h := range step.Headers {
		r.Headers = append(r.Headers, engine.Header{Key: h.Name, Value: []byte(h.Value)})
	}
	r.SetValue(v)
	at.next++
	return r, nil
}

// payload is what the source would have read to decode a value.
func (at *place) payload(v any, text []byte) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if at.codec == "text" {
			return []byte(v)
		}
	case []byte:
		return v
	case []any:
		if at.codec == "csv" {
			return row(v)
		}
	}
	return text
}

// row is a list as a row of CSV.
func row(fields []any) []byte {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = fmt.Sprint(f)
	}
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	_ = w.Write(texts) // a buffer takes everything
	w.Flush()
	return bytes.TrimSuffix(line.Bytes(), []byte("\n"))
}

// take pushes a record, or puts it into the batch under way.
func (at *place) take(in engine.Intake, r *engine.Record, now time.Time) {
	if at.size == 0 {
		in.Push(at.claim, []*engine.Record{r})
		return
	}
	if len(at.pending) == 0 {
		at.due = now.Add(at.timeout)
	}
	if at.pending = append(at.pending, r); len(at.pending) >= at.size {
		at.flush(in)
	}
}

// flush pushes the batch under way, if there is one.
func (at *place) flush(in engine.Intake) {
	if len(at.pending) == 0 {
		return
	}
	batch := engine.NewBatch(at.pending)
	at.pending = nil
	in.Push(at.claim, []*engine.Record{batch})
}

// output acknowledges whatever it gets, once the record could be rendered.
func (p *player) output(request operators.OutputRequest) (engine.Output, error) {
	o := &output{render: request.Render}
	if request.DeadLetter {
		o.seen = &p.seen
	}
	if request.Report || request.Node.Kind == "drop" {
		o.render = nil
	}
	return o, nil
}

type output struct {
	render engine.Render // nil where nothing is rendered
	seen   *seen         // of dead letters
}

// Open has nothing to open.
func (o *output) Open(context.Context) error { return nil }

// Write acknowledges all records that can be rendered.
func (o *output) Write(_ context.Context, records []*engine.Record) []error {
	var results []error
	failed := make(map[any]bool) // order units
	for i, r := range records {
		err := o.write(r)
		if unit := r.Unit(); unit != nil && failed[unit] {
			err = engine.ErrHeldBack
		} else if err != nil {
			failed[unit] = true
		}
		if err == nil {
			if o.seen != nil {
				o.seen.letter(r)
			}
			continue
		}
		if results == nil {
			results = make([]error, len(records))
		}
		results[i] = err
	}
	return results
}

func (o *output) write(r *engine.Record) error {
	if o.render == nil {
		return nil
	}
	if _, err := o.render(r); err != nil {
		return engine.Deterministic(err)
	}
	return nil
}

// Close has nothing to close.
func (o *output) Close(context.Context) error { return nil }
