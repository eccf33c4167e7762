// Package healer keeps lineage and watermarks: which source offsets are
// finished, and up to where a partition may be committed.
//
// Start with [Ack], the reference count of one source record, then
// [Partition], the tracker of one claim of one partition. The package imports
// nothing of ours.
package healer
