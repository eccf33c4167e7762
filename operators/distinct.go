package operators

import (
	"container/list"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

// keepField says which record of a key stands for the others.
func keepField() configs.Field {
	return configs.Field{
		Name: "keep", Type: configs.TypeString, Default: "first", Values: []string{"first", "last"},
		Doc: "Which record of a key goes into the batch: the first, or the last, which then stands where it came.",
	}
}

// distinct is a batch to be, with one record per key. Repeats are held, too:
// they are finished with the one that stands for them.
type distinct struct {
	last  bool // the last of a key stands for the others
	byKey map[string]*list.Element
	order *list.List // of *sameKey
}

// sameKey are the records of one key, in the order in which they came.
type sameKey struct {
	key     string
	records []*engine.Record
}

func newDistinct(last bool) *distinct {
	return &distinct{last: last, byKey: make(map[string]*list.Element), order: list.New()}
}

func (d *distinct) len() int { return d.order.Len() }

func (d *distinct) add(key string, r *engine.Record) {
	at := d.byKey[key]
	if at == nil {
		d.byKey[key] = d.order.PushBack(&sameKey{key: key, records: []*engine.Record{r}})
		return
	}
	same := at.Value.(*sameKey)
	same.records = append(same.records, r)
	if d.last {
		d.order.MoveToBack(at)
	}
}

// send emits the batch and begins a new one.
func (d *distinct) send(out *engine.Out) {
	batch := make([]*engine.Record, 0, d.order.Len())
	var held []*engine.Record
	for e := d.order.Front(); e != nil; e = e.Next() {
		records := e.Value.(*sameKey).records
		held = append(held, records...)
		if d.last {
			n := len(records) - 1
			batch = append(batch, records[n].For(records[:n]))
		} else {
			batch = append(batch, records[0].For(records[1:]))
		}
	}
	d.order.Init()
	clear(d.byKey)
	out.Emit(engine.NewBatch(batch))
	for _, r := range held {
		out.LetGo(r)
	}
}

// evict forgets the records of revoked claims; where the one that stood for
// others is gone, the next of its key does.
func (d *distinct) evict(gone func(*engine.Record) bool) {
	for e := d.order.Front(); e != nil; {
		same := e.Value.(*sameKey)
		next := e.Next()
		if same.records = slices.DeleteFunc(same.records, gone); len(same.records) == 0 {
			delete(d.byKey, same.key)
			d.order.Remove(e)
		}
		e = next
	}
}
