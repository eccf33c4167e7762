package kafka

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"hash/maphash"
	"math/rand/v2"

	"github.com/IBM/sarama"
)

// hasher gives the number from which a key's partition follows.
type hasher func(key []byte) uint32

func newHasher(name string) (hasher, error) {
	switch name {
	case "", PartitionerMurmur2:
		return func(key []byte) uint32 { return murmur2(key) & 0x7fffffff }, nil
	case PartitionerCRC32:
		return crc32.ChecksumIEEE, nil
	case PartitionerFNV1a:
		return fnv1a, nil
	}
	return nil, fmt.Errorf("kafka output: partitioner %q, want %s, %s or %s", name,
		PartitionerMurmur2, PartitionerCRC32, PartitionerFNV1a)
}

// murmur2 is the hash of the Java client's default partitioner.
func murmur2(key []byte) uint32 {
	const m = 0x5bd1e995
	h := uint32(0x9747b28c) ^ uint32(len(key))
	for ; len(key) >= 4; key = key[4:] {
		k := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24
		k *= m
		k ^= k >> 24
		k *= m
		h *= m
		h ^= k
	}
	switch len(key) {
	case 3:
		h ^= uint32(key[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(key[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(key[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}

// fnv1a is sarama's default: the remainder of a signed number, made positive.
// The sign is taken off here, which the caller's unsigned remainder keeps.
func fnv1a(key []byte) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(key) // never fails
	if n := int32(h.Sum32()); n < 0 {
		return uint32(-int64(n))
	}
	return h.Sum32()
}

// topic is what is known of an output topic.
type topic struct {
	name       string
	round      int   // the Write that looked it up last
	err        error // of that lookup
	partitions []int32
	writable   []int32 // those with a leader; all when there is none
	targets    map[int32]*target

	// Where messages without a key go, see keyless.
	next   int
	filled int // bytes since next changed
	placed map[any]int32
	seed   maphash.Seed
}

// lookup finds a topic's partitions once per Write: those known to the client,
// which asks for them when it has none and refreshes them from time to time.
func (o *output) lookup(ctx context.Context, name string) (*topic, error) {
	t := o.topics[name]
	if t == nil {
		t = &topic{
			name: name, targets: map[int32]*target{},
			placed: map[any]int32{}, seed: maphash.MakeSeed(), next: rand.IntN(1 << 16),
		}
		o.topics[name] = t
	}
	if t.round == o.round && t.partitions != nil {
		return t, t.err
	}
	t.round = o.round
	var partitions, writable []int32 // not t's: a goroutine that is left behind sets them
	err := o.await(ctx, func() (err error) {
		partitions, err = o.client.Partitions(name)
		if err == nil {
			writable, err = o.client.WritablePartitions(name)
		}
		return err
	})
	switch {
	case errors.Is(err, sarama.ErrUnknownTopicOrPartition):
		t.err = fmt.Errorf("topic %q does not exist on %s: create it first, writing to it never does (%w)",
			name, o.options.names(), err)
	case err != nil:
		t.err = fmt.Errorf("topic %q on %s: %w", name, o.options.names(), err)
	default:
		t.partitions, t.writable, t.err = partitions, writable, nil
	}
	if len(t.writable) == 0 {
		t.writable = t.partitions
	}
	return t, t.err
}

// target is the place that a number of the topic's partitions stands for.
func (t *topic) target(partition int32) *target {
	g := t.targets[partition]
	if g == nil {
		g = &target{topic: t.name, partition: partition}
		t.targets[partition] = g
	}
	return g
}

const (
	// stickyBytes is how much without key and order goes to one partition before
	// the next is taken, as in the Java client with its default batch size.
	stickyBytes = 16 << 10
	// maxPlaced bounds the units whose partition is remembered.
	maxPlaced = 4096
)

// keyless chooses the partition of a message without a key. Where nothing has
// to stay in order, messages stick to one partition for a while and then go to
// another, as in the Java client. An order unit keeps its partition: were it to
// change, a message that failed could be repeated into a partition where a later
// one of its unit already is. Units take turns in choosing one; those beyond
// the many that are remembered get theirs by chance, but always the same.
func (t *topic) keyless(unit any, size int) int32 {
	if unit == nil {
		if t.filled += size; t.filled > stickyBytes {
			t.next, t.filled = t.next+1, size
		}
		return t.writable[t.next%len(t.writable)]
	}
	partition, ok := t.placed[unit]
	switch {
	case ok && int(partition) < len(t.partitions):
	case !ok && len(t.placed) >= maxPlaced:
		return t.partitions[maphash.Comparable(t.seed, unit)%uint64(len(t.partitions))]
	default:
		t.next++
		partition = t.writable[t.next%len(t.writable)]
		t.placed[unit] = partition
	}
	return partition
}
