// Package local holds the sources and outputs that need no broker: files,
// standard input and output, values in the pipeline file, and the stand-ins of
// a dry run. It imports engine, engine/value and configs.
//
// Where to start: specs.go says what a pipeline file may write, source.go and
// output.go make the nodes. A file's way in:
//
//	lines.go   bytes -> physical lines (UTF-8 BOM, CRLF, lines of any length)
//	rows.go    physical lines -> CSV rows, of which a broken one fails alone
//	input.go   lines or rows -> records in slices, as fast as the claim has room
//	file.go    one claim per file
//	standin.go a file in place of any source, for dry runs; payloads for seeding
//
// inline.go has `values` and `generate`. The way out:
//
//	write.go   records -> lines; which record failed and which are held back
//	append.go  `file`: a line is whole or is taken back (mend.go); Sync acknowledges
//	shared.go  `stdout`: one writer for several outputs, line by line
//	printer.go what a dry run prints instead of writing
//
// What records of these sources say of themselves: the topic is the file's path
// as found ("stdin", or the node's name where there is no input), the partition
// is 0, the offset counts records from 0 in each file, the key is null, there
// are no headers, and the timestamp is when the record was read. All of this is
// known, so it stands in expressions.
//
// Nothing is committed: each run starts at the beginning.
package local
