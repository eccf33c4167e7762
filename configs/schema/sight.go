package schema

import "waterhealer/configs"

// Seen says how much of a kind of mistake a schema sees.
type Seen string

// How much is seen.
const (
	Always    Seen = "always"
	Sometimes Seen = "sometimes"
	Never     Seen = "never"
)

// Sight says what a schema sees of the mistakes with a code, and why not all of
// them. A code that is not here has not been thought about: it is never seen.
type Sight struct {
	Code string
	Seen Seen
	Why  string // why not always
}

// Sights lists the codes that lint has.
func Sights() []Sight {
	const (
		text  = "a schema sees the value, not the YAML text that it is written in"
		names = "a schema does not connect one place of a file with another"
		env   = "a schema does not know the environment and other files"
		paths = "a schema knows no graph"
		expr  = "an expression is text to a schema"
	)
	return []Sight{
		{configs.CodeEncoding, Never, text}, {configs.CodeSyntax, Never, "editors report it themselves"},
		{configs.CodeDocuments, Sometimes, "an empty file has no value, and each document is validated alone"},
		{configs.CodeLimit, Never, text}, {configs.CodeKey, Never, text}, {configs.CodeMerge, Never, text}, {configs.CodeTag, Never, text},
		{configs.CodeDuplicateKey, Never, "editors report it themselves"},
		{configs.CodeUnknownKey, Always, ""}, {configs.CodeUnknownKind, Always, ""}, {configs.CodeMissingKind, Always, ""},
		{configs.CodeSecondKind, Always, ""}, {configs.CodeWrongSection, Always, ""},
		{configs.CodeWrongType, Sometimes, "an expression may be any single value, and numbers in unusual notation are numbers all the same"},
		{configs.CodeWrongValue, Sometimes, "bounds of durations and sizes, integers beyond 64 bits and the like are left to lint"},
		{configs.CodeMissingField, Sometimes, "some fields are needed only because of the value of another"},
		{configs.CodeConflictingField, Sometimes, "most fields that exclude each other are left to lint"},
		{configs.CodeUnsetVariable, Never, env}, {configs.CodeUnreadableFile, Never, env}, {configs.CodeBadSubstitution, Never, env},
		{configs.CodeDuplicateName, Never, names}, {configs.CodeReservedName, Always, ""}, {configs.CodeUnknownNode, Never, names},
		{configs.CodeSourceInput, Always, ""}, {configs.CodeCycle, Never, paths}, {configs.CodeUnreadNode, Never, paths},
		{configs.CodeUnhealedPath, Never, paths}, {configs.CodeExpression, Never, expr}, {configs.CodeNotBoolean, Never, expr},
		{configs.CodeSchema, Never, "the schema of the file does not look into the schema of a source"},
		{configs.CodeUnknownField, Never, expr}, {configs.CodeWrongKind, Never, expr}, {configs.CodeNeverHolds, Never, expr}, {configs.CodeAlwaysFails, Never, expr},
		{configs.CodeLoop, Never, names}, {configs.CodeBranch, Never, names}, {configs.CodeForgets, Never, names},
		{configs.CodeJoinGroups, Never, names}, {configs.CodeNoEffect, Never, "it is a warning"},
		{configs.CodeWindowSize, Never, names}, {configs.CodeJoinStall, Never, paths}, {configs.CodeUnstablePairs, Never, paths},
		{configs.CodeUselessRetry, Never, "it is a warning"}, {configs.CodeOrderKey, Never, "it is a warning"},
		{configs.CodeSharedGroup, Never, names}, {configs.CodeStart, Never, "a schema knows no clock"},
		{configs.CodeUnreachable, Never, env}, {configs.CodeMissingTopic, Never, env}, {configs.CodeNotAuthorized, Never, env},
		{configs.CodeGroupInUse, Never, env}, {configs.CodeMessageSize, Never, env},
		{configs.CodePlainPassword, Never, "it is a warning"}, {configs.CodeFieldAsKey, Never, "it is a warning"}, {configs.CodeSecret, Never, "it is a warning"},
	}
}
