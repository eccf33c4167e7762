package main

import (
	"context"
	"sort"

	"waterhealer/healer"
)

// residentLimit bounds a process's memory, generously (I9).
const residentLimit = 1 << 30

// threadLimit bounds its threads, and goroutineLimit what is left of its
// goroutines when nothing is left to do: some 100, and a few more for each
// partition and connection.
const (
	threadLimit    = 200
	goroutineLimit = 500
)

// judge holds what was seen against what was promised.
func (r *run) judge(ctx context.Context) (report, error) {
	_, ends := r.feeder.ends()
	e, err := r.collect(ctx, ends)
	if err != nil {
		return report{}, err
	}
	j := &judgement{run: r, evidence: e}
	if err := j.ground(ctx); err != nil {
		return report{}, err
	}
	rep := report{fault: r.name, cluster: r.cluster.name(), order: r.order, runs: 1, records: sum(ends),
		duplicates: int64(len(e.repeat))}
	if !r.broken { // else what is missing might still have come
		rep.lost = j.lost()
		if err := r.confirm(ctx, ends); err != nil {
			return report{}, err
		}
	}
	for p, of := range e.first {
		j.finished = append(j.finished, make([]int32, len(of)))
		for offset := range of {
			j.finished[p][offset] = -1
		}
	}
	for p := range r.poller.history {
		rep.beyond += j.beyond(int32(p))
		j.back(int32(p))
	}
	rep.again = j.again()
	j.needless()
	j.overtaken()
	for _, recovery := range r.recoveries {
		rep.resumed = max(rep.resumed, recovery.took)
	}
	var threads int64
	rep.resident, threads = r.fleet.most()
	if rep.resident > residentLimit {
		r.fail("I9: a process had %d MiB", rep.resident>>20)
	}
	if threads > threadLimit {
		r.fail("I9: a process had %d threads", threads)
	}
	r.say("%d looks (%d without an answer), %d commits seen", len(r.poller.looks), r.poller.away, j.commits)
	if j.commits < inputPartitions {
		r.fail("the poller saw %d commits: the check proves nothing", j.commits)
	}
	rep.failures = r.failures
	return rep, nil
}

// judgement is the work of one judge.
type judgement struct {
	*run
	evidence  *evidence
	clusterID string
	topicID   [16]byte
	commits   int
	// finished says, per partition and offset, which commit was the first to
	// say so, as its place in the poller's history; -1 is none.
	finished [][]int32
}

// ground learns what maps must be written on.
func (j *judgement) ground(ctx context.Context) (err error) {
	j.clusterID, j.topicID, err = j.poller.client.Identity(ctx, j.topics.in)
	return err
}

// marked are the offsets beyond the committed one that a commit says are
// finished.
func (j *judgement) marked(partition int32, c commit) (healer.Holes, bool) {
	holes, err := healer.DecodeMap(c.metadata, healer.Ground{ClusterID: j.clusterID, TopicID: j.topicID,
		Partition: partition, Base: c.offset})
	return holes, err == nil
}

// lost is I1: how many records never arrived.
func (j *judgement) lost() (lost int64) {
	for p, first := range j.evidence.first {
		for offset, at := range first {
			f := j.workload.fate(int32(p), int64(offset))
			if at.lane >= 0 || f == dropped || int64(offset) < j.gone[int32(p)] {
				continue
			}
			lost++
			j.fail("I1: record %d (%s/%d offset %d), which is %v, never arrived", int64(offset)*idStep+int64(p), j.topics.in, p, offset, f)
		}
	}
	return lost
}

// beyond is I2: how many offsets were committed or marked when their record was
// in no output yet.
func (j *judgement) beyond(partition int32) (beyond int64) {
	first := j.evidence.first[partition]
	finished := j.finished[partition]
	low := int64(0) // all below is proven
	prove := func(from, end int64, n int, c commit, how string) {
		for offset := from; offset < min(end, int64(len(first))); offset++ {
			if finished[offset] >= 0 {
				continue
			}
			finished[offset] = int32(n)
			if j.workload.fate(partition, offset) == dropped {
				continue
			}
			at := first[offset]
			if at.lane < 0 && offset < j.gone[partition] {
				continue // the log lost it before anybody had read it
			}
			if at.lane >= 0 && at.offset < j.poller.looks[c.look].ends[at.lane] {
				continue
			}
			beyond++
			j.fail("I2: %s/%d: offset %d was %s (committed %d, seen at %.1f s) and not in an output", j.topics.in, partition,
				offset, how, c.offset, c.at.Sub(j.began).Seconds())
		}
	}
	for n, c := range j.poller.history[partition] {
		j.commits++
		if c.offset > int64(len(first)) {
			beyond++
			j.fail("I2: %s/%d: committed %d, the log ends at %d", j.topics.in, partition, c.offset, len(first))
		}
		prove(low, c.offset, n, c, "below the committed one")
		low = max(low, c.offset)
		if holes, ok := j.marked(partition, c); ok {
			for run := range holes.Ranges() {
				prove(run.First, run.Last+1, n, c, "marked")
			}
		}
	}
	return beyond
}

// back is I3: the committed offset never goes back. An answer that a coordinator
// gives too early does not count.
func (j *judgement) back(partition int32) {
	before := int64(-1)
	for _, c := range j.poller.history[partition] {
		if c.offset < before && j.cluster.stale(c.at) {
			continue
		}
		if c.offset < before {
			j.fail("I3: %s/%d: the committed offset went back from %d to %d at %.1f s", j.topics.in, partition, before, c.offset,
				c.at.Sub(j.began).Seconds())
		}
		before = c.offset
	}
}

// overtaken is the other half of I5: while a record has failed and its letter
// is not there, nothing behind it in its unit reaches the output. The ends of
// the output are asked for before those of the dead letters, so what is missing
// there is missing. Refused records are left out: an output may have sent what
// is behind one, to other partitions, in the same slice.
func (j *judgement) overtaken() {
	looks := j.poller.looks
	for p, first := range j.evidence.first {
		behind := make(map[string]int64) // unit -> the next good record
		for offset := int64(len(first)) - 1; offset >= 0; offset-- {
			unit, f := j.workload.unit(int32(p), offset), j.workload.fate(int32(p), offset)
			if f == good {
				behind[unit] = offset
			}
			next, there := behind[unit]
			if f != poison || !there || first[offset].lane < 0 || first[next].lane < 0 {
				continue
			}
			letter, record := first[offset], first[next]
			k := j.written(record)
			if k < len(looks) && looks[k].ends[letter.lane] <= letter.offset {
				j.fail("I5: %s/%d: offset %d was in the output before the letter of offset %d (%v), of the same unit %s, was there (seen at %.1f s)",
					j.topics.in, p, next, offset, f, unit, looks[k].at.Sub(j.began).Seconds())
			}
		}
	}
}

// again is I4: how many messages were written after a commit had been seen that
// said that their record was finished. Left out is what processes wrote that
// were dead to the group while they lived: nobody can call that back.
func (j *judgement) again() (again int64) {
	for _, d := range j.evidence.repeat {
		n := j.finished[d.partition][d.offset]
		if n < 0 {
			continue
		}
		c := j.poller.history[d.partition][n]
		written := j.written(d.at)
		if c.look >= written || d.offset >= c.offset && j.cut(d.partition, int(n), written) {
			continue
		}
		if writer := j.fleet.find(d.writer); writer != nil && writer.lostClaims() {
			continue
		}
		how := "committed"
		if d.offset >= c.offset {
			how = "marked"
		}
		again++
		j.fail("I4: %s/%d: offset %d was written again by %q, to %s at %d, after it had been seen %s (committed %d, at %.1f s)",
			j.topics.in, d.partition, d.offset, d.writer, j.lanes.name(int(d.at.lane)), d.at.offset, how, c.offset, c.at.Sub(j.began).Seconds())
	}
	return again
}

// needless is I7, and bounds the duplicates: what a process had written and then
// gave up in good order, no other writes again. A process may write its own
// again: when a leader changes it is not always told that it was heard.
func (j *judgement) needless() {
	excused := make(map[string]bool)
	for _, p := range j.fleet.all {
		excused[p.writer] = p.untidy()
	}
	for _, d := range j.evidence.repeat {
		if d.before == d.writer || excused[d.before] || excused[d.writer] || j.mapless(d) {
			continue
		}
		j.fail("I7: %s/%d: offset %d was written by %q, which was not disturbed, and again by %q, to %s at %d", j.topics.in, d.partition,
			d.offset, d.before, d.writer, j.lanes.name(int(d.at.lane)), d.at.offset)
	}
}

// mapless says that what was written had, for want of room in the map, not to be
// known to whoever came next.
func (j *judgement) mapless(d again) bool {
	history := j.poller.history[d.partition]
	since := j.written(j.evidence.first[d.partition][d.offset])
	n := sort.Search(len(history), func(i int) bool { return history[i].look > since })
	return j.cut(d.partition, max(0, n-1), j.written(d.at))
}

// written is the first look that saw a message.
func (j *judgement) written(at place) int {
	looks := j.poller.looks
	return sort.Search(len(looks), func(i int) bool { return looks[i].ends[at.lane] > at.offset })
}

// cut says that between a commit and a look a mark may have been left out of the
// map for want of room: a map was near its limit, or commits could carry none.
func (j *judgement) cut(partition int32, from, written int) bool {
	looks := j.poller.looks
	if !j.lowered.IsZero() && (written == len(looks) || looks[written].at.After(j.lowered)) {
		return true
	}
	for _, c := range j.poller.history[partition][from:] {
		if c.look > written {
			break
		}
		if len(c.metadata) > metadataLimit*3/4 {
			return true
		}
	}
	return false
}
