// Package kafka reads and writes Kafka topics. It is the only package that
// imports sarama; it knows of the engine and the healer, and of pipeline files
// no more than the specs and values of its own nodes.
//
// # Where to start
//
//	connection.go, client.go  how to reach a cluster: TLS, SASL, waiting for brokers
//	sourcespec.go, sources.go the source nodes, and how they become groups
//	group.go                  one member of a consumer group: an engine.Source
//	start.go, ranges.go       what is checked and committed before it joins
//	session.go                the membership: sessions, errors, what is lost
//	claim.go                  a claim's begin and end; rounds.go: of many at once
//	taking.go, batch.go       what it does between; pacing.go: how fast
//	reader.go, fetch.go       partitions read: their leaders, and the fetches from each
//	fetchanswer.go            what an answer says, errors among it; fetched.go: its records
//	records.go                what the engine's records keep in memory
//	unanswered.go             commits that nobody takes, for the engine's watchdog
//	commit.go, change.go      what is committed, and what is done about refusals
//	ground.go                 metadata, and what it holds on
//	ends.go                   until-end
//	cluster.go                questions to brokers that sarama's group does not ask
//	silence.go                connections that wait in vain; silence_judge.go: which do
//	presence.go               whether any broker answers
//	status.go, followends.go  what a group tells of itself
//	patience.go               a coordinator that is away
//	offsets.go                `waterhealer offsets`
//	heal.go, letters.go       dead letters that are put back: a group whose records change on their way
//	output.go                 the output
//
// # A claim's life
//
// Before the group is joined ([group.prepare]) every topic is known to exist,
// every partition of a new topic has its start offset committed, and every
// committed offset is known to be in its log and on the topic id that it was
// committed on, and its map to mark nothing that the log does not have: where
// the end of a log was cut off, new records will come. Sarama would find such things only inside of its claims, and
// answer by restarting all of them without end.
//
// Then the member joins, and sarama calls ConsumeClaim for each partition.
// [group.begin] fetches the committed offset and its metadata once more, since
// only now is it certain that the former owner commits no more, and begins the
// engine's claim with the finished offsets that the metadata names, and the
// reading of the partition from there. [claim.take] pushes what was read, a slice
// at a time and without a timer, a channel or a lock per record, and at the pace
// of the engine (pacing.go). A full claim leaves its partition out of fetches, and
// what was read before waits in it. What claims ask when they begin and end is
// asked once for all that do so at the time (rounds.go).
//
// A claim ends when its channel closes (this partition is revoked) or its
// session does (an eager rebalance, Close, a lost assignment). [group.end] lets
// the engine evict what waits and awaits, for half the rebalance timeout at
// most, what outputs are writing; then it commits, and returns. If the group
// has given the partition away already it neither waits nor commits: the
// commit would be refused, and whoever has the partition now would wait for it.
//
// Run returns when the engine stops it, when the ends are reached, or with an
// error; the membership and its commits go on until Close, so that what is in
// flight can be finished and committed.
//
// # The commit path
//
// Every interval ([group.commitAtIntervals]), at each end of a claim, and in
// Close, [group.commit] asks the claims for their watermarks and holes and sends
// what has changed, one request at a time and at most 512 KiB in each, over
// connections of its own, to the group's coordinator. Generation and member id
// are read when the request is made up. Right before, the topics' ids are
// compared with those that the records came from.
//
// The answers: a rebalance or an old generation means to send again what is
// still ours, with the generation of then; an unknown member has lost its
// assignment and joins anew; a coordinator that moved or is loading, and
// timeouts, are tried again; a map that is too large is left out, at once, and
// tried again at half its size; a fenced instance always halts; the rest halts
// unless the sinks ignore it.
//
// A commit without an answer, on a connection that broke, may still be carried
// out, and behind a newer one: two connections keep no order. Nothing that a
// member can send tells the broker to forget it, so what is committed is sent
// again at each interval until it can no longer come ([doubt]).
//
// Metadata is a map of the finished offsets beyond the committed one
// (healer.EncodeMap). Where there are none it still names the topic id, because
// a topic that was deleted and made again may well have the committed offset,
// and going on there would be a silent jump.
//
// # Reading
//
// Sarama's group is there for the membership alone: its own consumer, which sends
// every record through a channel, is paused as soon as a claim has begun
// ([handler.ConsumeClaim]). A [reader] reads all claims of a member over the same
// connections. A [stream] is one partition, at its position; a [fetchLoop] belongs
// to one broker and asks it, one fetch at a time, for all streams that it leads
// and that have room. An answer goes to each claim as one message ([fetched]), and
// the claim says when it has taken it. So in memory are, of each partition, one
// answer that is being taken and what the engine has.
//
// Answers are kept small, about 1 MiB of all partitions with a backlog, which take
// turns: what is taken apart while it is in the processor's caches costs less, and
// many partitions need no more memory for it than few. A broker that takes long to
// answer is far away, and is asked for more.
//
// A fetch waits at the broker for records to come, which must not hold up a claim
// that is not in it. So it is sent when all have taken what they were given, or
// after 5 ms without them; and where a claim has just been full, it waits 10 ms
// instead of 250.
//
// The position passes what is never delivered: transaction markers, aborted
// records, what compaction took. The claim counts it as finished with the record
// before it, so that lag reaches 0 and until-end ends. An empty answer before the
// end of the log is no proof, since it may have been full with others', and
// since sarama leaves out batches that compaction has emptied: only when nothing
// else was asked for, and 48 MiB of it, is it believed; and only of a topic that is
// compacted, since a broker that is late with records it keeps in another store
// answers in the same way. A batch that never comes whole is an error.
//
// Whoever is told that the leader is elsewhere, or finds no way to it, looks for it
// again, after 100 ms and then ever later up to 2 s, at the same position
// ([reader.findLeaders]). An answer that cannot be read does not say which
// partition's fault that is: each is asked for alone then, so that the error names
// the right one.
//
// # Errors of the consumer
//
// Behind an error there may be a gap. So only errors about the way to the brokers
// and their passing states are tried again ([passing]); everything else ends the
// source, and the partition is not read any more ([group.consider]). The same
// holds for the errors of the membership.
//
// # Rebalancing
//
// The default is cooperative-sticky. What spoke against it is that later claims
// start without a call of Setup, so that nothing can be decided between the
// assignment and the first fetch. Nothing needs to be: start offsets are
// committed before joining (or as a member, followed by a second join, when the
// group is active), ranges are checked before joining, and a partition that
// turns up out of range later is an error that halts, never a reset. Committed
// metadata is fetched in each ConsumeClaim in any case. A commit in the middle
// of a rejoin is refused with the old generation and sent again with the new
// one. A member that cannot rejoin has its claims cancelled without a cause; it
// is told from a regular end by Close not having been called, and counts as
// lost. The tests run with all three strategies. A group of eager members is
// moved over in two steps: first all with `rebalance: [cooperative-sticky,
// range]`, which is eager, then all with cooperative-sticky alone.
//
// # Silent brokers
//
// A broker that is frozen, or behind a way that swallows everything, breaks no
// connection. A JoinGroup may take as long as a rebalance, sarama has one read
// timeout for all requests, and it holds the lock of a broker while it waits
// for one, which every look for a broker to ask takes as well: so one silent
// broker would stop the whole member for longer than its session. Therefore a
// [watch] stands between sarama and its connections, and knows since when each
// waits. Sarama reads only while an answer is due, so an idle topic or a paused
// claim never waits long. After 3 s (an output: 4 s) the watch asks the broker
// itself, over a fresh connection and for 3 s at most:
//
//   - It does not answer, but others do: it is shut, that is, its connections
//     are ended and it is not dialed until it answers such a question. A
//     coordinator is only shut when the others name another one, or after a
//     session timeout: earlier, the membership would be lost for nothing, later
//     [steered] takes the heartbeats to the new one before they are given up.
//   - It answers: connections that have been silent for longer than answers
//     take (8 s; an output's 11 s, since a leader may wait 10 s for replicas) are
//     ended, unless it is the coordinator and says that the group rebalances.
//     Two questions must say so of the same wait. If a connection that was
//     opened since waits as long again, it gets twice the time, up to 30 s:
//     what answers slowly must come through at last.
//   - Nobody answers: nothing is done, as it would gain nothing.
//
// So a leader that freezes is left after 7 s, a coordinator as soon as the
// cluster has another, and a connection that swallows everything after 9 to
// 13 s. What an output had sent there is sent again in the same sequence.
//
// A coordinator that is not there at all is waited for as long as a session
// lasts ([patient]): with three brokers one that is killed was replaced after
// 9.1 s, without a claim that began anew. More tries (Metadata.Retry.Max) would
// not do it, since they take no time where a connection is refused.
//
// # What was rejected
//
// For silent brokers: shorter read timeouts (a slow rebalance would be taken for
// silence, and every member would join again and again); reading the kind of
// request off the connection (TLS hides it); ending whatever is silent for some
// seconds (as the first); asking the cluster who leads before a leader is left
// (it must be left in any case, as it blocks the rest, and its successor is
// found by the metadata that the next try asks for); asking over the clients
// that we have (their locks are what waits); looking for the coordinator beside
// the heartbeats (they dial the old one without a pause and keep its lock);
// connecting to another broker in its place, which would answer that it is not
// the coordinator (certificates name hosts).
//
// Sarama's offset manager: MarkOffset commits over gaps, its Commit returns no
// error, it sends on the connection where fetches are parked, and it cannot
// tell which commit a broker has acknowledged. Auto-commit, for the same.
//
// Sarama's consumer of partitions: a channel, an allocation and two changes of
// goroutine per record were a sixth of the work of a fast pipeline; it hides its
// position, so that tails that are never delivered had to be asked for apart; and
// it keeps in memory what it has read of every partition.
//
// A fetch under way for each broker while another is taken: the engine has a
// thousand records for each lane to work on meanwhile, so it would only cost
// memory. Fetch sessions, which spare naming idle partitions in each fetch:
// sarama has no access to them.
package kafka
