package local

import "waterhealer/configs"

// The kinds of this package.
const (
	kindFile     = "file"
	kindStdin    = "stdin"
	kindGenerate = "generate"
	kindValues   = "values"
	kindStdout   = "stdout"
	kindDrop     = "drop"

	kindBatched = "kafka_batched" // which a file may stand in for
)

// The words of `format`.
const (
	formatJSONL = "jsonl"
	formatCSV   = "csv"
	formatText  = "text"
)

const (
	formatDoc = "`jsonl`: a JSON value per line. `csv`: the first line names the fields, each row is an object of " +
		"strings. `text`: each line is a string. Blank lines are skipped, but counted where messages name a line."
	finishedDoc = "Here offsets begin: a record's number from 0. Nothing is committed, each run starts at the beginning."
)

// SourceSpecs describe the source nodes of this package.
func SourceSpecs() []configs.Spec {
	return []configs.Spec{
		{
			Section: configs.SectionSource,
			Kind:    kindFile,
			Summary: "reads files from beginning to end",
			Doc: "Reads one file, or all that a pattern matches, one after another in the order of their names. A CSV row " +
				"that cannot be read fails alone, and `on_error` decides; lines may be of any length.",
			Finished: finishedDoc,
			Fields: append([]configs.Field{
				{Name: "path", Type: configs.TypeString, Required: true,
					Doc: "A file, or a pattern with `*`, `?` or `[a-z]`, seen from the working directory."},
			}, inputFields()...),
			Short:   "path",
			Example: "name: strikes\nfile:\n  path: strikes.csv\n  format: csv",
		},
		{
			Section:  configs.SectionSource,
			Kind:     kindStdin,
			Summary:  "reads standard input",
			Doc:      "Records flow as soon as their line is there. The source ends with the input.",
			Finished: finishedDoc,
			Fields:   inputFields(),
			Short:    "format",
			Example:  "name: lines\nstdin: text",
		},
		{
			Section: configs.SectionSource,
			Kind:    kindGenerate,
			Summary: "computes records",
			Doc: "The first record comes at once, the others an `interval` apart. Where the pipeline cannot keep up, " +
				"the interval starts again when it can: nothing is made up for.",
			Finished: finishedDoc,
			Fields: []configs.Field{
				{Name: "value", Type: configs.TypeExpression, Required: true, Variables: []string{"index"},
					Doc: "The record's value; `index` is its number from 0."},
				{Name: "interval", Type: configs.TypeDuration, Default: "0s", Min: "0s",
					Doc: "The time between records; `0s` is as fast as the pipeline takes them."},
				{Name: "count", Type: configs.TypeInt, Default: "0", Min: "0",
					Doc: "How many records; 0 is without end."},
			},
			Short:   "value",
			Example: "name: ticks\ngenerate:\n  value: '{\"tick\": index}'\n  interval: 1s\n  count: 10",
		},
		{
			Section:  configs.SectionSource,
			Kind:     kindValues,
			Summary:  "emits values that stand in the pipeline file",
			Doc:      "Each item of the list is one record.",
			Finished: finishedDoc,
			Fields: []configs.Field{
				{Name: "items", Type: configs.TypeData, List: true, Required: true, Empty: true,
					Doc: "The values, in order. None is for a pipeline that its tests feed."},
			},
			Short:   "items",
			Example: "name: numbers\nvalues: [1, 2, 3]",
		},
	}
}

func inputFields() []configs.Field {
	return []configs.Field{
		{Name: "format", Type: configs.TypeString, Default: formatJSONL,
			Values: []string{formatJSONL, formatCSV, formatText}, Doc: formatDoc},
		{Name: "header", Type: configs.TypeBool, Default: "true",
			Doc: "Of `csv`: whether the first line names the fields. With `false` each row is a list, of any length."},
	}
}

// OutputSpecs describe the outputs of this package.
func OutputSpecs() []configs.Spec {
	format := configs.Field{Name: "format", Type: configs.TypeString,
		Values: []string{formatJSONL, formatCSV, formatText},
		Doc: "Default: what the source's `decode` is, so that text stays text. `jsonl`: a JSON value per line, a null payload is `null`. `csv`: a list or an object per row, without a " +
			"header. `text`: the value as it is; one that holds a line end is refused. In `csv` and `text` a null payload " +
			"is an empty line."}
	return []configs.Spec{
		{
			Section: configs.SectionOutput,
			Kind:    kindFile,
			Summary: "appends to a file",
			Doc: "Creates the file if it is not there; its folder must be. A line that was not written in full, by a full " +
				"disk or a killed process, is taken back or ended, so that it spoils no other.",
			Finished: "The record is finished when its line is on the disk: the file is synchronised once per `interval`, and " +
				"earlier when sources wait for room.",
			Fields: []configs.Field{
				{Name: "path", Type: configs.TypeString, Required: true, Doc: "The file, seen from the working directory."},
				format,
			},
			Short:   "path",
			Example: "name: alerts\nfile:\n  path: alerts.jsonl",
		},
		{
			Section:  configs.SectionOutput,
			Kind:     kindStdout,
			Summary:  "writes to standard output",
			Doc:      "Several of these share standard output line by line.",
			Finished: "The record is finished when its line was handed to the operating system.",
			Fields:   []configs.Field{format},
			Short:    "format",
			Example:  "name: shown\nstdout: {}",
		},
		{
			Section:  configs.SectionOutput,
			Kind:     kindDrop,
			Summary:  "takes records and writes them nowhere",
			Doc:      "The end of a branch whose records are not needed.",
			Finished: "The record is finished at once.",
			Example:  "name: ignored\ndrop: {}",
		},
	}
}
