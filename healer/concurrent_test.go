package healer

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestConcurrentReleases has workers finish, fail and join what one goroutine
// delivers while another looks and a third closes at last.
func TestConcurrentReleases(t *testing.T) {
	const batches, size, workers = 300, 50, 4
	var inFlight, handed sync.Map
	p := NewPartition(Options{
		OnFailed: func(a *Ack) {
			if _, twice := handed.LoadOrStore(a.Offset, true); twice {
				t.Errorf("offset %d was handed over twice", a.Offset)
			}
			if a.Source != a.Offset {
				t.Errorf("offset %d has source %v", a.Offset, a.Source)
			}
			a.Settle()
		},
		OnMisuse: func(err error) { t.Error(err) },
	})
	work := make(chan *Ack, 1000)
	var running sync.WaitGroup
	for worker := range workers {
		running.Go(func() {
			var held *Ack
			for a := range work {
				if a.Source != a.Offset {
					t.Errorf("offset %d has source %v", a.Offset, a.Source)
				}
				inFlight.Delete(a.Offset)
				switch a.Offset % 7 {
				case 1:
					a.Fail(fmt.Errorf("worker %d", worker))
				case 2:
					a.Retain(2)
					running.Go(a.Release)
					running.Go(a.Release)
				case 3:
					if held != nil {
						joined := Join(held, a)
						held.Release()
						joined.Retain(1)
						running.Go(func() { joined.Fail(errors.New("joined")); joined.Release() })
						running.Go(joined.Release)
						held = nil
						break
					}
					held = a
					continue
				}
				a.Release()
			}
			if held != nil {
				held.Release()
			}
		})
	}
	stop, looked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(looked)
		last := int64(0)
		for {
			w, h := p.Progress()
			if w < last {
				t.Errorf("watermark went back from %d to %d", last, w)
			}
			last = w
			inFlight.Range(func(offset, _ any) bool {
				if o := offset.(int64); o < w || h.Contains(o) {
					// It may have been handed to a worker since.
					if _, still := inFlight.Load(o); still {
						t.Errorf("offset %d counts as finished before any worker had it (watermark %d)", o, w)
					}
				}
				return true
			})
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	next := int64(0)
	for range batches {
		batch := make([]Entry, size)
		for i := range batch {
			next += 1 + next%3
			batch[i] = Entry{Offset: next, Size: 1, Source: next}
			inFlight.Store(next, true)
		}
		acks, err := p.Begin(batch)
		if err != nil {
			t.Fatal(err)
		}
		for i := range acks {
			work <- &acks[i]
		}
	}
	close(work)
	running.Wait()
	close(stop)
	<-looked
	wantProgress(t, p, next+1)
	if records, bytes := p.InFlight(); records != 0 || bytes != 0 {
		t.Errorf("in flight %d records, %d bytes", records, bytes)
	}
}

// TestCloseAmongReleases closes while workers release: what OnFinish was told
// adds up, and progress stays as Close left it.
func TestCloseAmongReleases(t *testing.T) {
	for round := range 50 {
		var told counter
		p := NewPartition(Options{
			OnFinish: told.add,
			OnFailed: func(a *Ack) { a.Settle() },
			OnMisuse: func(err error) { t.Error(err) },
		})
		batch := make([]Entry, 400)
		for i := range batch {
			batch[i] = Entry{Offset: int64(i), Size: 3}
		}
		acks, err := p.Begin(batch)
		if err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		for half := range 2 {
			running.Go(func() {
				for i := half; i < len(acks); i += 2 {
					if i%5 == 0 {
						acks[i].Fail(errors.New("failed"))
					}
					acks[i].Release()
					if i == round*8 {
						running.Go(p.Close)
					}
				}
			})
		}
		running.Wait()
		watermark, holes := p.Progress()
		finished := 0
		for i := range acks {
			done := acks[i].Finished()
			if done {
				finished++
			}
			if o := acks[i].Offset; done != (o < watermark || holes.Contains(o)) {
				t.Errorf("offset %d: finished %v, watermark %d", o, done, watermark)
			}
		}
		if records, bytes := p.InFlight(); records != 0 || bytes != 0 || told.records != 400 || told.bytes != 1200 {
			t.Errorf("in flight %d, %d; told of %d, %d; %d finished", records, bytes, told.records, told.bytes, finished)
		}
	}
}

type counter struct {
	mu      sync.Mutex
	records int
	bytes   int64
}

func (c *counter) add(records int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records += records
	c.bytes += bytes
}
