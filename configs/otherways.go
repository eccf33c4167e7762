package configs

import "strings"

// way is what is done here instead of what keys or kinds of other programs do.
type way struct {
	words string // without case, `_`, `-` and `.`; one that ends with * begins so
	way   string
}

// otherWays are for words for which no word here stands. The first fits.
//
//nolint:gochecknoglobals // a constant table
var otherWays = []way{
	// Consumers and producers of Kafka.
	{"enableautocommit", "leave it out: offsets are committed by the healing sink, when their records are finished"},
	{"autocommitintervalms commitperiod commitinterval commitintervalms", "`healing: {interval: 1s}` says how often finished offsets are committed"},
	{"securityprotocol", "`tls: {}` encrypts the connection, and `sasl: {mechanism: ..., username: ..., password: ...}` says who we are"},
	{"sasl*", "write `sasl: {mechanism: PLAIN, username: ..., password: \"${KAFKA_PASSWORD}\"}`"},
	{"ssl*", "write `tls: {ca: ..., cert: ..., key: ...}` with the paths of PEM files, or `tls: {}`"},
	{"keydeserializer keyserializer keyconverter* keydecoder keys", "leave it out: expressions see a record's key as `key`, a text"},
	{"valuedeserializer valueconverter* valuedecoder decoding codec decoder", "`decode: json` (or text, bytes, csv) stands beside the source's kind"},
	{"valueserializer encoding", "`encode: json` (or text, bytes, csv) is a field of an output"},
	{"fetchmin* fetchmax* fetchwait* maxpartitionfetch* queuedmin* receivebuffer* receivemessage* checkpointlimit maxpollrecords prefetch",
		"leave it out: `max_in_flight`, at the top of the file, bounds how much is read ahead"},
	{"maxpollinterval* maxprocessingperiod", "leave it out: slow work makes no member late; `supervise: {stall_after: 10m}` stops a run that stands still"},
	{"heartbeatinterval*", "leave it out: it follows from `session_timeout`"},
	{"batchsize buffermemory batchnummessages batching", "leave it out: an output fills its own batches (see `linger`); elements are put together by the operator `partition`, or by `kafka_batched`"},
	{"deliverytimeout* retrybackoff* retries maxretries messagesendmaxretries autoreplaynacks", "`on_error: {retry: {attempts: 5, backoff: 100ms}}` says how failed writes are repeated"},
	{"maxinflight*", "leave it out: what must stay in order is written one after the other, all else at once"},
	{"transactionalid transactional", "leave it out: records are written at least once, and `idempotent` keeps out what is sent again"},
	{"regexptopics topicpattern topicspattern topicsregex subscribepattern", "topics are named, not matched: `topics: [a, b]`"},
	{"consumerparams producerconfig producerparams librdkafkaoptions", "what is in it stands beside `topics` or `topic`"},
	// Kafka Connect.
	{"connectorclass", "a connector is two nodes here, a source and a sink: `waterhealer new` writes a file to begin with"},
	{"tasksmax", "start the same pipeline several times: processes of one group share the partitions; `workers` are the lanes of one process"},
	{"transforms*", "write a list of nodes under `operators:`"},
	{"errors*", "write `on_error: {then: dead_letter, dead_letter: {kafka: {topic: ...}}}`, or `then: skip`"},
	// Benthos and Vector.
	{"try catch fallback dropon reject rejecterrored switcherror", "`on_error:` of a node or of the pipeline says what happens to a record that fails"},
	{"branch", "to add to a record write `map: 'merge(value, {...})'`; to part a stream, `switch`"},
	{"broker fanout", "list several outputs, each its own branch: `healing: {to: [{kafka: ...}, {file: ...}]}`"},
	{"metric logtometric", "leave it out: `run --http ADDR` serves counts and times of every node"},
	{"http api metrics tracer logger", "a flag of `waterhealer run`: --http, --log-level, --log-format"},
	{"lua javascript python ruby wasm", "there are no scripts: `map` and `filter` take expressions"},
	{"cacheresources inputresources outputresources processorresources ratelimitresources resources", "what is used more than once is an anchor under a key that starts with `x-`"},
	{"datadir", "leave it out: nothing is kept on disk, offsets are in Kafka"},
	{"config", "what is in it belongs to the nodes under `sources:` and `sinks:`"},
	// streamz and water-healer.
	{"pollinterval polltimeout", "leave it out: records are taken as soon as they are there"},
	{"npartitions refreshpartitions", "leave it out: partitions are found, and shared out among the processes of the group"},
	{"checkpoint", "leave it out: offsets are committed by the healing sink alone"},
	{"loop ensureioloop start ioloop", "leave it out: a pipeline starts with `waterhealer run`"},
	{"scatter gather dask", "leave it out: `workers:` lanes run operators in parallel, and `foreach_async` elements of a batch"},
	{"sinktolist", "a sink such as `stdout` stands under `sinks:`; what comes out is checked by `tests:`"},
	{"sinktotextfile towebsocket tomqtt", "sinks stand under `sinks:`; there are kafka, file and stdout"},
	{"connect", "`from:` names the nodes that a node reads from"},
	{"emit", "`values`, `file` and `stdin` are sources to try things with"},
	{"dataframe tobatch", "records are values here: `map`, `accumulate` and windows work on them"},
}

// otherWay is what is done here instead, "" where it is not known.
func otherWay(word string) string {
	plain := plainWord(word)
	for _, w := range otherWays {
		for known := range strings.FieldsSeq(w.words) {
			begin, open := strings.CutSuffix(known, "*")
			if plain == known || open && strings.HasPrefix(plain, begin) {
				return w.way
			}
		}
	}
	return ""
}
