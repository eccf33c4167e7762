// Package engine runs graphs of operators between sources and outputs, and
// tells the healer what became of each record. It never sees YAML, Kafka or
// expressions.
//
// # A record's way
//
// A source pushes slices of records of one claim ([Intake.Push]); each record
// gets its [healer.Ack] and its order unit, and waits in the unit's strand until
// a lane takes it ([dispatch]). The lane decodes it and calls the operators
// without state one after another, as plain
// functions ([executor.process]). What reaches an operator with state, or an
// output, is collected and pushed into that node's queue once per slice. An
// operator with state has a goroutine of its own (a stage), which runs it and
// the stateless operators behind it. Each output has a writer, which hands one
// slice at a time to [Output.Write] and sees to the answers: acknowledged
// records drop their reference, failed ones wait in lineups and are tried
// again, and when their tries have ended [Runtime.fail] takes the policy. When
// the last reference of a source record goes, the healer's partition counts it
// as finished; the source asks [Claim.Progress] and commits.
//
// # Lineage
//
// One rule: a split adds references, a merge is a node with parents. The engine
// holds one reference while Process runs, retains one per reader before a
// record is passed on, and releases its own afterwards; where it does nothing
// afterwards, behind a source, a filter or a map ([Single]), it gives its own away.
// An operator that holds records says so with [Out.Keep] and [Out.LetGo] and never
// sees an ack. A batch is a list of records, each with its own lineage; only a value
// made of a whole batch is joined.
//
// Dropping the last reference finishes a record. So what is given up unfinished
// (its claim was revoked, or it stands behind a record that halts the pipeline)
// is forgotten with its reference.
//
// # Order
//
// An order unit is a gate and a key in it: a partition, a key of it, or the
// output stream of an operator with state. One lane at a time runs records of a
// unit, so they reach a writer in order. Elements of a batch have places of their own
// in the unit ([stream.place]), which they keep when the batch is taken apart.
// A failure blocks its unit in the gate from its place on, and every writer
// holds what is behind it. Blocking at the outputs and not in the lanes lets a
// window behind the failure fill, which may be what the failed record needs to
// be finished.
//
// No block may wait for what stands behind it. In a partition's gate places are
// offsets, and a failed value blocks behind the last offset that it was made
// of; writers keep what waits sorted by place, so that what branches made of
// one record goes together. In an output stream what was made of one record may
// stand anywhere: there a block lasts while the policy itself is at work (its
// dead letter is being written), and is lifted where the policy waits for
// something else of the record ([Runtime.loosen]). A record that halts lets
// nothing of its unit into operators with state any more.
//
// # Failures
//
// What becomes of a failed record is decided when nothing else of it is open
// ([Runtime.onFailed]): then its dead letter is written, at most one in each
// claim, or it is skipped, or it stays unfinished and the pipeline halts. A
// letter that is put back ([Record.PutBack]) is the original record to every
// node, and its ack is the letter's. Letters have the places of their source
// records, so that they come in the order of their unit, however often one is
// tried again, and none comes before a record of its unit that has failed before
// it is put aside, too. Letters that wait for nothing but letters before them go
// together with these ([block.cover]). Who fails in an output stream has a letter
// that keeps its place among such letters alone, see [letter].
// Records that an output refuses together are split in halves ([writer.deliver]). A stop rule counts records as they
// are taken, see deaths.go.
//
// # Lanes
//
// Any lane runs any strand: of a partition, or of a key of it. A strand with
// records stands in line; a lane takes it, owns it until what came of its
// records is in the next queues, and gives it back, to the end of the line if
// more has come. So order is kept within it, and no lane is without work while
// any unit has some. Where nothing is kept in order, a claim has one loose strand
// that lanes share record by record.
//
// What a lane takes at once waits for it alone, so it takes as many records as it
// gets through in a millisecond, by what they cost lately ([lane]): hundreds of
// cheap ones, for which locks and clocks are looked at once per batch, or one
// slow one. When cheap ones turn out slow, an alarm that is set once per batch
// goes off: what is done goes on to the queues, its strands are free, and what the
// lane has not begun goes back to the front of the line. So a record that takes
// seconds delays others by two milliseconds, except those behind it in its unit.
// Those before it in its unit, too, go on at once where a record costs a
// microsecond or more; below that they may wait for the end of the batch.
//
// # Goroutines and bounds
//
// Graph.Workers lanes, one stage per operator with state, one writer per output,
// the sources' own, one look-out for stalls. Queues lead only to later nodes and
// pushing never blocks, so no cycle of full queues can form: lanes and stages wait
// for room after a slice, and sources pause a claim that is [Claim.Full]. Long
// before that those of Kafka keep pace ([Claim.Pace], pace.go): what lanes or
// outputs do not get to soon costs more the longer it waits in memory. That bounds
// nothing, since what crowds may be one claim's or one unit's alone: a slice waits
// for some milliseconds at most. With [Options.InTurn] the same goroutines take
// turns, one source record at a time, so that what comes out does not depend on
// the machine. With a [VirtualClock] besides, their timers take turns, too: nobody
// waits for one, and whoever moves the clock fires them, see virtual.go.
//
// An operator that can fall behind its inputs says how much room it has
// ([Bounded]), and the sources of a full input pause as if their claims were
// full: but for those that must go on before it has room again, be it that they
// feed an input which it waits for, or that what does is paused for them by
// another operator, and unless nothing can come there any more. No operator sees
// that alone, so it is decided for all of them together (pauses.go). An operator
// that holds records back while what reads it is busy is told when that has done
// its work ([Patient]). Busy is a queue that is not empty, a reader that is not at
// rest, or a lack of room. It is not an open reference: a window below keeps one
// until it is full, and would wait for records that never come.
//
// # Start and stop
//
// Outputs open before sources run. At the end (of input, by signal, by halt)
// sources stop first; then each queue ends when its last sender has ended, in
// the graph's order: lanes, stages (which flush as the ending demands),
// writers, dead letters. Then sources commit and give up their claims, reports
// that waited for the commit are written, and outputs close.
//
// A writer may hold records that nothing in this run will let go (behind one
// that halts). It ends when nothing moves any more anywhere: see quiet.go.
// After a signal, writes that fail are tried again for a tenth of the shutdown
// timeout only, see patience.go: what waits behind them the next run writes.
// After a signal or a halt the whole stop takes no longer than the shutdown
// timeout, a fifth of which (at most 5 s) is kept for the last commits. A call
// that does not even return when its context is done is left behind with its
// goroutine ([Runtime.await]): what it had in hand stays unfinished.
//
// # Standstill
//
// Two things are told apart. A stall is certain ([StallError], stall.go): every
// claim that leads to an operator that holds records is full, nothing is on its
// way and no timer is set there, so nothing can ever free anything; it halts. An idle
// claim may still bring what a window waits for, so where one leads there it is
// no stall, nor is one that an operator pauses: it goes on first (spent.go).
//
// A part that has work and makes no progress is only likely to be stuck (watch.go):
// a call that lasts, an output that tries again, a commit without an answer, a full
// partition. Lanes, stages and writers say what they are busy with in a pulse, an
// atomic store per record and per call of an operator; the watchdog compares what
// it sees, so that nobody looks at a clock on the data path. It names what stays the
// same for a minute, or halts with [StuckError] after Graph.StallAfter, an outage
// included: nothing is put aside by it. A full partition halts only when nothing
// else moves, since others may just come first.
//
// # Being looked at
//
// Who looks at a run from outside (package observe) takes nothing from it: counters
// are added once per slice, the tracker is looked at under its own lock
// (status.go), and when a record was taken is remembered in steps of time per
// slice, not per record (age.go). Where a record is that is not finished
// (whereabouts.go) is only looked for when somebody asks: acks never change their
// parents, so that what lanes and outputs have in hand can be compared with the
// heads of claims from any goroutine; a writer, whose lists are its own, is asked,
// and answers in its loop.
//
// # What was rejected
//
// Channels between goroutines with a capacity: a full one blocks other order
// units, and with fan-out and joins a cycle of full ones can form. Lineage as
// lists of offsets in each record: a ledger that every operator has to keep
// right. A lane that stops at a failed record: what stands behind it may be
// what a window needs to let the failed record go. An Emit that returns an
// error: nobody but the engine can do anything about it. Holding a
// unit until all that was made of a failed record is settled, in output streams
// too: a window that shares a record with the failed batch stands behind it, and
// both wait for ever. Releasing what is evicted: it counts as done.
//
// A lane per claim, or per hash of the key: 20 keys fall on about 12 of 16 lanes,
// and whoever shares a lane with slow work waits while others idle. Lanes that
// steal from each other: what one has begun must be marked for thieves, also
// where a partition is cheap and run in one go, and somebody must see which lane
// is stuck. The alarm sees that, and only a batch of several strands takes a lock
// for each. A fixed number of strands that keys are hashed onto: of 20 keys two
// meet too often, and a map finds a key's own cheaply enough.
// A goroutine per key or per record.
package engine
