package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func bufferKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "buffer",
			Summary:  "Decouples what is before it from what is after it.",
			Doc:      "Records wait in it, in order, while what comes after is busy. When `size` of them wait, its sources pause. At the end of input and after a signal it is emptied.",
			Finished: "after it left, with what comes after",
			Fields: []configs.Field{
				{Name: "size", Type: configs.TypeInt, Required: true, Min: "1", Doc: "How many records wait before the sources pause."},
			},
			Short:   "size",
			Example: "buffer: 100\n",
			Given:   []string{"1", "2"}, Gives: []string{"1", "2"},
		},
		State: true, Passes: true, Each: true,
		Flow:  passesOn,
		Build: func(b *Builder) engine.Operator { return &buffer{size: int(b.Node.Values.Int("size"))} },
	}
}

type buffer struct {
	size    int
	waiting []*engine.Record
}

// Process begins the record's wait.
func (b *buffer) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	b.waiting = append(b.waiting, r)
	return nil
}

// Waits says that records wait.
func (b *buffer) Waits() bool { return len(b.waiting) > 0 }

// HoldsBack is what it is for.
func (b *buffer) HoldsBack() bool { return true }

// Pause sends on what there is room for.
func (b *buffer) Pause(_ context.Context, room int, out *engine.Out) error {
	b.send(min(room, len(b.waiting)), out)
	return nil
}

func (b *buffer) send(n int, out *engine.Out) {
	for _, r := range b.waiting[:n] {
		out.Emit(r)
		out.LetGo(r)
	}
	b.waiting = slices.Delete(b.waiting, 0, n)
}

// Room is full when so many wait as were asked for.
func (b *buffer) Room(int) engine.Room {
	if len(b.waiting) >= b.size {
		return engine.RoomFull
	}
	return engine.RoomFree
}

// Flush empties the buffer.
func (b *buffer) Flush(_ context.Context, _ bool, out *engine.Out) error {
	b.send(len(b.waiting), out)
	return nil
}

// Evict forgets the records of revoked claims.
func (b *buffer) Evict(gone func(*engine.Record) bool) {
	b.waiting = slices.DeleteFunc(b.waiting, gone)
}
