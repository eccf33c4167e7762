package operators

import (
	"container/list"
	"context"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

func uniqueKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "unique",
			Summary:  "Drops repeats: records whose key came before.",
			Doc:      "With `max_size` it remembers so many keys, and forgets the one that came the longest time ago; with `ttl` it forgets a key when that time is over since a record of it was let through. Without both it remembers every key, without a bound. The keys that records of a revoked partition brought are forgotten, so that those records get through when they are read again." + emptyAtStart,
			Finished: "a repeat: at once, while the record that it repeats may be unfinished; let through: with what comes after",
			Fields: []configs.Field{
				{Name: "key", Type: configs.TypeExpression, Doc: "What must not repeat. Default: the value."},
				{Name: "max_size", Type: configs.TypeInt, Min: "1", Doc: "How many keys are remembered. Default: all."},
				{Name: "ttl", Type: configs.TypeDuration, Min: "1ns", Doc: "How long a key is remembered. Default: for ever."},
			},
			Short:   "key",
			Example: "unique: {key: value.id, max_size: 10000}\n",
			Given:   []string{`{"id": 1}`, `{"id": 2}`, `{"id": 1}`}, Gives: []string{`{"id":1}`, `{"id":2}`},
		},
		State: true, Forgets: true,
		Flow: func(f *flow) stream {
			f.expression("key")
			return f.in()
		},
		Build: func(b *Builder) engine.Operator {
			return &unique{
				key: b.Expression("key"), maxSize: int(b.Node.Values.Int("max_size")), ttl: b.Node.Values.Duration("ttl"),
				known: make(map[string]*sighting), recent: list.New(), ages: list.New(),
			}
		},
	}
}

type unique struct {
	key     *Expression // nil is the value
	maxSize int         // 0: no bound
	ttl     time.Duration

	known  map[string]*sighting
	recent *list.List // of *sighting: the key that came last is in front
	ages   *list.List // of *sighting: the one that was let through first is in front
}

// sighting is a key that came.
type sighting struct {
	key         string
	expires     time.Time
	claims      []*engine.Claim // of the record that was let through
	recent, age *list.Element
}

// Process emits the record itself, unless its key is known.
func (u *unique) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	key, err := keyOrValue(u.key, r)
	if err != nil {
		return err
	}
	var now time.Time
	if u.ttl > 0 {
		now = out.Now()
		for front := u.ages.Front(); front != nil; front = u.ages.Front() {
			oldest := front.Value.(*sighting)
			if now.Before(oldest.expires) {
				break
			}
			u.forget(oldest)
		}
	}
	if known := u.known[key]; known != nil {
		u.recent.MoveToFront(known.recent)
		return nil
	}
	s := &sighting{key: key, expires: now.Add(u.ttl), claims: r.Claims()}
	s.recent, s.age = u.recent.PushFront(s), u.ages.PushBack(s)
	u.known[key] = s
	if u.maxSize > 0 && len(u.known) > u.maxSize {
		u.forget(u.recent.Back().Value.(*sighting))
	}
	out.Emit(r)
	return nil
}

func (u *unique) forget(s *sighting) {
	delete(u.known, s.key)
	u.recent.Remove(s.recent)
	u.ages.Remove(s.age)
}

// Evict forgets the keys of revoked claims: their records may come again, and
// must not be taken for repeats of themselves. No record is held.
func (u *unique) Evict(func(*engine.Record) bool) {
	for e := u.ages.Front(); e != nil; {
		s := e.Value.(*sighting)
		e = e.Next()
		if slices.ContainsFunc(s.claims, (*engine.Claim).Revoked) {
			u.forget(s)
		}
	}
}

// keyOrValue is a key that compares as its values do: that of an expression, or
// the record's value.
func keyOrValue(e *Expression, r *engine.Record) (string, error) {
	v := r.List()
	if e != nil {
		var err error
		if v, err = e.Run(r); err != nil {
			return "", err
		}
	}
	canonical, err := value.AppendCanonical(nil, v)
	return string(canonical), err
}
