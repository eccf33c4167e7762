package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
)

// transform makes the payload to write of one that was read; keep is false where
// a filter drops the record.
type transform func(value []byte) (out []byte, keep bool, err error)

// verbatim copies.
func verbatim(value []byte) ([]byte, bool, error) { return value, true, nil }

// copy reads, transforms, writes, and marks what was acknowledged; what is
// dropped it marks at once. That is how such programs are written, and it
// commits over gaps: what is marked later may be older.
func (w *work) copy(ctx context.Context, t transform) (ended, error) {
	client, err := w.open()
	if err != nil {
		return ended{}, err
	}
	producer, err := sarama.NewAsyncProducerFromClient(client)
	if err != nil {
		return ended{}, errors.Join(err, client.Close())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h := &copier{counter: newCounter(w, func() {}), out: w.out, transform: t, producer: producer, cancel: cancel}
	var running sync.WaitGroup
	running.Go(h.acknowledge)
	running.Go(func() {
		for refused := range producer.Errors() {
			cancel(refused)
		}
	})
	err = consume(ctx, client, w, h)
	producer.AsyncClose() // Successes and Errors close when all is answered
	running.Wait()
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, errAll) && !(w.follow && errors.Is(cause, context.Canceled)) {
		err = cause
	}
	return ended{In: h.seen.Load(), Out: h.written.Load()}, errors.Join(err, client.Close())
}

// errAll ends a baseline that has done all its work.
var errAll = errors.New("all records are finished")

// copier has done its work when all partitions are read and as much was
// acknowledged as was sent.
type copier struct {
	*counter
	out       string
	transform transform
	producer  sarama.AsyncProducer
	cancel    func(error)

	sent    atomic.Int64 // by the partitions that were read to their end
	read    atomic.Bool  // all were
	written atomic.Int64
	session atomic.Pointer[sarama.ConsumerGroupSession]
}

func (h *copier) Setup(session sarama.ConsumerGroupSession) error {
	h.session.Store(&session)
	return nil
}

func (h *copier) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	last, seen, sent := h.work.ends[claim.Partition()]-1, int64(0), int64(0)
	for message := range claim.Messages() {
		value, keep, err := h.transform(message.Value)
		switch {
		case err != nil:
			h.cancel(fmt.Errorf("partition %d, offset %d: %w", message.Partition, message.Offset, err))
			return nil
		case keep:
			sent++
			h.producer.Input() <- &sarama.ProducerMessage{
				Topic: h.out, Key: sarama.ByteEncoder(message.Key), Value: sarama.ByteEncoder(value),
				Timestamp: message.Timestamp, Metadata: message,
			}
		default:
			session.MarkMessage(message, "")
		}
		seen++
		if message.Offset == last {
			h.sent.Add(sent)
			if h.ended(seen) {
				h.read.Store(true)
				h.look()
			}
		}
	}
	return nil
}

// acknowledge marks what was written.
func (h *copier) acknowledge() {
	for written := range h.producer.Successes() {
		(*h.session.Load()).MarkMessage(written.Metadata.(*sarama.ConsumerMessage), "")
		h.written.Add(1)
		h.look()
	}
}

// look ends the work when all of it is done.
func (h *copier) look() {
	if h.read.Load() && h.sent.Load() == h.written.Load() {
		h.cancel(errAll)
	}
}

// byStruct knows the fields: the filter of 50% and the map of 3 fields.
func byStruct(shape string) transform {
	if shape == "quakes" {
		return func(value []byte) ([]byte, bool, error) {
			var in struct {
				ID         string `json:"id"`
				Properties struct {
					Mag   float64 `json:"mag"`
					Place string  `json:"place"`
				} `json:"properties"`
			}
			if err := json.Unmarshal(value, &in); err != nil || in.Properties.Mag < 1.2 {
				return nil, false, err
			}
			out, err := json.Marshal(struct {
				ID        string  `json:"id"`
				Magnitude float64 `json:"magnitude"`
				Place     string  `json:"place"`
			}{in.ID, in.Properties.Mag, in.Properties.Place})
			return out, true, err
		}
	}
	return func(value []byte) ([]byte, bool, error) {
		var in struct {
			ID       int64   `json:"id"`
			Customer string  `json:"customer"`
			Status   string  `json:"status"`
			Amount   float64 `json:"amount"`
		}
		if err := json.Unmarshal(value, &in); err != nil || in.Status != "paid" {
			return nil, false, err
		}
		out, err := json.Marshal(struct {
			ID       int64   `json:"id"`
			Customer string  `json:"customer"`
			Amount   float64 `json:"amount"`
		}{in.ID, in.Customer, in.Amount})
		return out, true, err
	}
}

// byMap does the same where the shape of a record is not known beforehand.
func byMap(shape string) transform {
	keep := func(in map[string]any) bool { return in["status"] == "paid" }
	choose := func(in map[string]any) map[string]any {
		return map[string]any{"id": in["id"], "customer": in["customer"], "amount": in["amount"]}
	}
	if shape == "quakes" {
		properties := func(in map[string]any) map[string]any { p, _ := in["properties"].(map[string]any); return p }
		keep = func(in map[string]any) bool { mag, ok := properties(in)["mag"].(float64); return ok && mag >= 1.2 }
		choose = func(in map[string]any) map[string]any {
			return map[string]any{"id": in["id"], "magnitude": properties(in)["mag"], "place": properties(in)["place"]}
		}
	}
	return func(value []byte) ([]byte, bool, error) {
		var in map[string]any
		if err := json.Unmarshal(value, &in); err != nil || !keep(in) {
			return nil, false, err
		}
		out, err := json.Marshal(choose(in))
		return out, true, err
	}
}
