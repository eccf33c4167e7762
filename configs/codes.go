package configs

// The codes of diagnostics. They are stable: scripts and editors match on
// them. [Codes] explains each.
const (
	CodeSyntax           = "yaml-syntax"
	CodeEncoding         = "yaml-encoding"
	CodeDocuments        = "yaml-documents"
	CodeLimit            = "yaml-limit"
	CodeKey              = "yaml-key"
	CodeMerge            = "yaml-merge"
	CodeTag              = "yaml-tag"
	CodeDuplicateKey     = "duplicate-key"
	CodeUnknownKey       = "unknown-key"
	CodeUnknownKind      = "unknown-kind"
	CodeMissingKind      = "missing-kind"
	CodeSecondKind       = "second-kind"
	CodeWrongSection     = "wrong-section"
	CodeWrongType        = "wrong-type"
	CodeWrongValue       = "wrong-value"
	CodeMissingField     = "missing-field"
	CodeUnsetVariable    = "unset-variable"
	CodeUnreadableFile   = "unreadable-file"
	CodeBadSubstitution  = "bad-substitution"
	CodeDuplicateName    = "duplicate-name"
	CodeReservedName     = "reserved-name"
	CodeUnknownNode      = "unknown-node"
	CodeSourceInput      = "source-input"
	CodeCycle            = "cycle"
	CodeUnreadNode       = "unread-node"
	CodeUnhealedPath     = "unhealed-path"
	CodeExpression       = "expression"
	CodeNotBoolean       = "not-boolean"
	CodeSchema           = "schema"
	CodeUnknownField     = "unknown-field"
	CodeWrongKind        = "wrong-kind"
	CodeNeverHolds       = "never-holds"
	CodeAlwaysFails      = "always-fails"
	CodeConflictingField = "conflicting-field"
	CodeFieldAsKey       = "field-as-key"
	CodeLoop             = "loop"
	CodeNoEffect         = "no-effect"
	CodeBranch           = "branch"
	CodeForgets          = "forgets"
	CodeJoinGroups       = "join-groups"
	CodeWindowSize       = "window-size"
	CodeJoinStall        = "join-stall"
	CodeUnstablePairs    = "unstable-pairs"
	CodeUselessRetry     = "useless-retry"
	CodeOrderKey         = "order-key"
	CodeSharedGroup      = "shared-group"
	CodeStart            = "start"
	CodePlainPassword    = "plain-password"
	CodeSecret           = "written-secret"
	CodeUnreachable      = "unreachable"
	CodeMissingTopic     = "missing-topic"
	CodeNotAuthorized    = "not-authorized"
	CodeGroupInUse       = "group-in-use"
	CodeMessageSize      = "message-size"
)

// Explanation says what a code means.
type Explanation struct {
	Code string
	Text string // one or two sentences
}

// Codes lists every code with its explanation, in the order in which a file is
// checked.
func Codes() []Explanation {
	return []Explanation{
		{CodeEncoding, "The file is not UTF-8 text, or holds a control character that YAML does not allow."},
		{CodeSyntax, "The file is not YAML. Most often a value needs quotes: `${X}` and `value[0]` inside [...] or {...}, text with `: ` or ` #` in it, text that starts with one of @ ` % & * !."},
		{CodeDocuments, "A pipeline file holds exactly one YAML document. It is empty, or a line `---` starts a second one."},
		{CodeLimit, "The file is too large, nested too deeply, or its aliases expand to too much. Such a file is refused instead of filling the memory."},
		{CodeKey, "A key of a mapping must be plain text, not a list or another mapping."},
		{CodeMerge, "`<<` merges a mapping, an alias of a mapping, or a list of those into the mapping it stands in."},
		{CodeTag, "A YAML tag such as `!name` means nothing in a pipeline file. An expression that starts with `!` must be quoted."},
		{CodeDuplicateKey, "A mapping has the same key twice. The first one counts until one of them is removed."},
		{CodeUnknownKey, "The key is not one that is known here. Keys that start with `x-` are ignored and may be used for anchors."},
		{CodeUnknownKind, "A node names a kind of source, operator, sink or output that does not exist."},
		{CodeMissingKind, "A node is a mapping with exactly one key that names its kind, such as `filter`, beside the common keys."},
		{CodeSecondKind, "A node has two keys that name a kind. Write two nodes."},
		{CodeWrongSection, "The kind exists, but not in this section of the file: sources, operators and sinks each have their own kinds."},
		{CodeWrongType, "The value has another type than the field, for example text where a number is expected."},
		{CodeWrongValue, "The value has the right type but is not allowed: out of range, not one of the listed values, or badly formed."},
		{CodeMissingField, "A field that is required is missing, either always or because of the value of another field."},
		{CodeConflictingField, "Two fields are set that exclude each other."},
		{CodeFieldAsKey, "A mapping under `map` or `foreach_map` names the fields of the new value. A key `expr` in it makes a field of that name, and is not the expression; `checkpoint` and `depth` beside it become fields, too."},
		{CodeUnsetVariable, "`${NAME}` names an environment variable that is not set. Set it, or give a default: `${NAME:-default}`."},
		{CodeUnreadableFile, "`${file:PATH}` names a file that cannot be read. It is a warning for the certificates and keys of `tls`, which may be there only where the pipeline runs."},
		{CodeBadSubstitution, "A substitution is `${NAME}`, `${NAME:-default}` or `${file:PATH}`. A literal `${` is written `$${`."},
		{CodeDuplicateName, "Two nodes have the same name, given or by default. A default name is the kind, `-`, and the node's place among those of its kind."},
		{CodeReservedName, "A source cannot be called key, headers, timestamp, wait or end: the words have a meaning in `tests:`."},
		{CodeUnknownNode, "A node is named that does not exist, or that nothing can read from: sinks have no output."},
		{CodeSourceInput, "A source has no `from`: it is where records come from."},
		{CodeCycle, "Nodes read from each other in a circle, so that no record could ever leave it."},
		{CodeUnreadNode, "Nothing reads from the node, so its records would go nowhere. Add a sink for it, or name it in a `from`."},
		{CodeUnhealedPath, "Records of a Kafka source reach a place from which no path leads to `healing` or `drop`, so their offsets would never be committed."},
		{CodeExpression, "The expression does not compile. All that is wrong in it is told, up to ten mistakes, but not what only follows from another; a mistake in its syntax stands alone."},
		{CodeNotBoolean, "The expression gives something else than true or false where a yes or no is needed."},
		{CodeSchema, "A source's `schema:` is no JSON Schema, or says something that no record can be. It is read by lint, which checks expressions against it; records are not held against it when the pipeline runs. With `--sample`, records of the sample are not as the schema says."},
		{CodeUnknownField, "An expression reads a field that the value never has, as far as the schema, the sample or the operator that made the value says. It is a warning where other fields may be there, too, but one that is almost the same is known."},
		{CodeWrongKind, "An expression or an operator is given what it does not work on, whatever record comes: it would fail for each. It is a warning in a part that is not computed for every record."},
		{CodeNeverHolds, "A comparison has the same result for every record: what is compared can never be equal, or has no order."},
		{CodeAlwaysFails, "A part of an expression fails for every record, although what it is given is of the right kind. It is a warning in a part that is not computed for every record."},
		{CodeLoop, "An output writes to a topic that the pipeline reads, so that every record would come back. Where that is meant, add `allow_loop: true`."},
		{CodeBranch, "A switch is read by its branches: `from: NAME.BRANCH`. The branch is missing or is none of its own."},
		{CodeForgets, "The operator remembers more than the records that it holds, and starts empty after a restart: counts begin again, and repeats of what came before are not known."},
		{CodeJoinGroups, "Sources that meet in a join are committed together, so they must be of one consumer group."},
		{CodeWindowSize, "A window waits for more records than `max_in_flight` or `max_ahead` lets of one partition wait. It never fills, and where no timer empties it, the pipeline stalls."},
		{CodeJoinStall, "The inputs of a zip come from one source, but not in the same number: what the faster one has too many waits for ever, until `max_in_flight` of it wait and nothing more can be read. It is a warning for combine_latest and zip_latest, which hold the newest record of an input until the next: its offset stays unfinished meanwhile, and `max_ahead` bounds how far its source goes on."},
		{CodeUnstablePairs, "A zip pairs records in the order in which they come. Partitions have no order among each other, so that another run, or a restart, pairs other records."},
		{CodeUselessRetry, "`retry` repeats writes. An error of an expression or a payload that cannot be decoded comes again each time, so that sources and operators never try again."},
		{CodeOrderKey, "`order: key` without `key` keeps the order of the records' own keys. Records without a key keep the order of their partition, as with `order: partition`."},
		{CodeSharedGroup, "Two members of one consumer group should read the same topics for the same purpose. Here each would get a share of the partitions only, or, where topics differ, be rebalanced whenever the other starts or stops. Files that are linted together are held against each other."},
		{CodeStart, "`start` says where a group begins that has committed nothing; afterwards it goes on from what it committed. A time that is still to come is the end of the topic."},
		{CodePlainPassword, "SASL PLAIN sends the password as it is. Without `tls`, and with `tls: {insecure: true}`, those between here and the brokers can read it."},
		{CodeSecret, "A password or a private key stands in the pipeline file. Files are copied, shared and kept in repositories: take secrets from the environment or from a file."},
		{CodeUnreachable, "With `--connect`: the brokers do not answer, or refuse the connection."},
		{CodeMissingTopic, "With `--connect`: a topic does not exist, or has a partition that no broker leads."},
		{CodeNotAuthorized, "With `--connect`: the user may not read a source's topic, write to an output's, or join and commit to the group."},
		{CodeGroupInUse, "With `--connect`: the consumer group has members. They are this pipeline, running elsewhere, or another one that would share its partitions."},
		{CodeMessageSize, "With `--connect`: a topic may hold records that are larger than the topic that they go to takes, or than `max_in_flight` has room for."},
		{CodeNoEffect, "Nothing comes of the key: this version reads it without doing anything about it, or another setting keeps it from being used."},
	}
}

// NeedsBrokers are the codes of what only brokers know: `lint --connect`.
func NeedsBrokers() []string {
	return []string{CodeUnreachable, CodeMissingTopic, CodeNotAuthorized, CodeGroupInUse, CodeMessageSize}
}

// Explain returns the explanation of a code and whether the code exists.
func Explain(code string) (string, bool) {
	for _, e := range Codes() {
		if e.Code == code {
			return e.Text, true
		}
	}
	return "", false
}
