package engine

import (
	"slices"

	"waterhealer/healer"
)

// block holds an order unit behind a failed value until all its source records
// are settled.
type block struct {
	gate    *gate
	unitKey uint64
	seq     int64
	halts   bool
	leaves  []*healer.Ack
	open    int // leaves that uphold it

	// Of a claim's unit: how many of those leaves have their letter in line, all
	// at one writer, and where the block holds no letters any more for that.
	lettered int
	letters  *Node // the first of them; see apart
	apart    bool  // not all are at one writer
	covered  bool
}

// loosen is called after the reference of a failed value was dropped. In an
// output stream, what else was made of its source records may stand behind it,
// or behind another failure that waits for this one; a block that lasted until
// they are finished could last for ever. There it holds only while the policy
// itself is at work.
func (rt *Runtime) loosen(b *block) {
	if b == nil || b.halts || b.gate == nil || !b.gate.stream {
		return
	}
	rt.failMutex.Lock()
	for _, leaf := range b.leaves {
		if known := rt.failed[leaf]; known != nil && !known.decided {
			known.blocks = slices.DeleteFunc(known.blocks, func(other *block) bool { return other == b })
			b.lift(known)
		}
	}
	rt.failMutex.Unlock()
	rt.stir()
}

// lineUpLetter notes that the writer of a node has the letter of a failed record
// in line. Letters behind it have no need to wait for more: they come after it.
func (rt *Runtime) lineUpLetter(ack *healer.Ack, at *Node) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	known := rt.failed[ack]
	if known == nil || known.streamed { // such a letter is not in the line of its unit
		return
	}
	known.lettered = true
	for _, b := range known.blocks {
		b.lettered++
		b.apart = b.apart || b.letters != nil && b.letters != at
		b.letters = at
		b.cover()
	}
}

// cover ends the hold on letters once all that the block waits for are letters
// that one writer has in line. The caller holds failMutex.
func (b *block) cover() {
	if b.covered || b.apart || b.lettered < b.open || b.gate == nil || b.gate.stream {
		return
	}
	b.covered = true
	b.gate.cover(b.unitKey, b.seq, b.letters)
}

// lift takes back one leaf's share. The caller holds failMutex.
func (b *block) lift(leaf *failed) {
	b.open--
	if leaf.lettered {
		b.lettered--
	}
	if b.open > 0 {
		b.cover()
		return
	}
	if b.covered {
		b.covered = false
		b.gate.uncover(b.unitKey, b.seq, b.letters)
	}
	b.gate.unblock(b.unitKey, b.seq)
}

// unblock forgets a failed source record and takes back the blocks that only
// it upheld. The caller holds failMutex.
func (rt *Runtime) unblock(ack *healer.Ack) {
	known := rt.failed[ack]
	if known == nil {
		return
	}
	delete(rt.failed, ack)
	for _, b := range known.blocks {
		b.lift(known)
	}
}

// stopBehind ends the order units of a failed source record for the rest of the
// run: it halts the pipeline after all.
func (rt *Runtime) stopBehind(ack *healer.Ack) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	if known := rt.failed[ack]; known != nil {
		for _, b := range known.blocks {
			b.gate.stop(b.unitKey, b.seq)
		}
	}
}
