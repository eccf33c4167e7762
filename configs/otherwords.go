package configs

import (
	"fmt"
	"slices"
	"strings"
)

// otherWords are what other programs call things, without case, `_`, `-` and
// `.`, and what stands for them here: the first that is known at the place, or
// of several that are joined by | all.
//
//nolint:gochecknoglobals // a constant table
var otherWords = map[string][]string{
	// The top level, and what a node reads from.
	"input": {"sources", "from"}, "inputs": {"sources", "from"}, "source": {"sources", "expr"}, "upstream": {"from"},
	"output": {"sinks", "to"}, "outputs": {"sinks", "to"},
	"pipeline": {"operators"}, "processors": {"operators"}, "transforms": {"operators"}, "steps": {"operators"}, "stages": {"operators"},
	"dlq": {"dead_letter", "on_error"}, "deadletterqueue": {"dead_letter", "on_error"}, "deadlettertopic": {"dead_letter", "on_error"},
	"errorhandling": {"on_error"}, "onfailure": {"on_error"}, "catch": {"on_error"},
	"threads": {"workers"}, "parallelism": {"workers"}, "concurrency": {"workers"},
	"maxpollrecords": {"max_in_flight"}, "prefetch": {"max_in_flight"},
	"constants": {"vars"}, "parameters": {"vars"}, "params": {"vars"}, "variables": {"vars"},
	"id": {"name"}, "label": {"name"}, "streamname": {"name"},
	// Connections, sources and outputs.
	"addresses": {"brokers"}, "bootstrapservers": {"brokers"}, "bootstrap": {"brokers"}, "seedbrokers": {"brokers"}, "servers": {"brokers"},
	"hosts": {"brokers"}, "brokerlist": {"brokers"}, "metadatabrokerlist": {"brokers"},
	"consumergroup": {"group"}, "groupid": {"group"}, "groupinstanceid": {"instance_id"}, "partitionassignmentstrategy": {"rebalance"},
	"autooffsetreset": {"start"}, "startfromoldest": {"start"}, "offset": {"start"}, "initialoffset": {"start"}, "startingoffsets": {"start"},
	"isolationlevel": {"isolation"}, "requiredacks": {"acks"}, "compressiontype": {"compression"}, "lingerms": {"linger"},
	"sessiontimeoutms": {"session_timeout"}, "enableidempotence": {"idempotent"}, "idempotentwrite": {"idempotent"},
	"codec": {"decode", "encode", "format"}, "encoding": {"decode", "encode", "format"}, "valuedeserializer": {"decode"}, "valueserializer": {"encode"},
	"user": {"username"}, "login": {"username"}, "pass": {"password"}, "ssl": {"tls"}, "cafile": {"ca"}, "cacert": {"ca"}, "rootcasfile": {"ca"},
	"certfile": {"cert"}, "keyfile": {"key"}, "skipcertverify": {"insecure"}, "insecureskipverify": {"insecure"}, "partitionkey": {"key"},
	"staticheaders": {"headers"}, "metadata": {"headers"}, "keyfield": {"key"}, "ackreplicas": {"acks"}, "flush": {"linger"},
	"maxbatchsize": {"size"}, "topicname": {"topic", "topics"}, "topics": {"topic"}, "topic": {"topics"}, "partitions": {"partitioner"},
	"string": {"text"}, "utf8": {"text"}, "plain": {"text", "PLAIN"}, "raw": {"bytes"}, "binary": {"bytes"}, "1": {"leader"}, "-1": {"all"},
	"threshold": {"per_second"}, "duration": {"by", "interval", "timeout"}, "windowsecs": {"interval"}, "timeoutsecs": {"timeout"}, "timeoutms": {"timeout"}, "nworkers": {"workers"}, "upstreams": {"from"},
	// What is done about errors.
	"stop": {"halt"}, "fail": {"halt"}, "abort": {"halt"}, "raise": {"halt"}, "ignore": {"skip"}, "continue": {"skip"}, "drop": {"skip"},
	"retries": {"attempts", "retry"}, "maxretries": {"attempts", "retry"}, "maxattempts": {"attempts"},
	"initialinterval": {"backoff"}, "initialbackoff": {"backoff"}, "maxinterval": {"max_backoff"},
	// Operators and their fields.
	"n": {"size"}, "count": {"size", "frequencies|accumulate"}, "batchsize": {"size"}, "period": {"interval", "timeout"},
	"condition": {"expr", "filter"}, "predicate": {"expr", "filter"}, "func": {"expr"}, "function": {"expr"}, "query": {"expr"}, "expression": {"expr"},
	"mapping": {"map"}, "bloblang": {"map"}, "transform": {"map"}, "remap": {"map"}, "apply": {"map"}, "eval": {"map"}, "mutate": {"map"}, "project": {"map"},
	"select": {"map"}, "mapeach": {"foreach_map"}, "foreach": {"foreach_map"}, "groupbyvalue": {"partition"}, "unarchive": {"flatten"}, "archive": {"partition|collect"},
	"jq": {"map"}, "where": {"filter"}, "batch": {"partition"}, "chunk": {"partition"}, "groupby": {"partition"},
	"window": {"partition|timed_window|sliding_window"}, "tumblingwindow": {"timed_window"}, "dedupe": {"unique"}, "deduplicate": {"unique"},
	"distinct": {"unique"}, "dropduplicates": {"unique"}, "reduce": {"accumulate"}, "aggregate": {"accumulate"}, "fold": {"accumulate"},
	"explode": {"flatten"}, "unnest": {"flatten"}, "flatmap": {"flatten"}, "unwind": {"flatten"}, "split": {"flatten|switch"}, "merge": {"union"},
	"join": {"zip|combine_latest"}, "throttle": {"rate_limit"}, "limit": {"slice|rate_limit"}, "take": {"slice"}, "head": {"slice"}, "skip": {"slice"},
	"sleep": {"delay"}, "route": {"switch"}, "case": {"switch"}, "pick": {"pluck"}, "extract": {"pluck"},
	// Sources and outputs.
	"fromkafka": {"kafka"}, "tokafka": {"kafka"}, "kafkafranz": {"kafka"}, "redpanda": {"kafka"}, "fromkafkabatched": {"kafka_batched"},
	"fromtextfile": {"file"}, "textfile": {"file"}, "csv": {"file"}, "jsonl": {"file"}, "fromiterable": {"values"}, "inline": {"values"},
	"fromperiodic": {"generate"}, "counter": {"generate"}, "console": {"stdin", "stdout"}, "print": {"stdout"}, "log": {"stdout"},
	"sinktolist": {"stdout"}, "sinktotextfile": {"file"}, "totextfile": {"file"}, "sink": {"sinks", "to", "stdout"}, "null": {"drop"}, "discard": {"drop"}, "blackhole": {"drop"}, "commit": {"healing"},
}

// here is what a word of another program is called at a place, of several all;
// none where it is not known.
func here(word string, known []string) []string {
	others := otherWords[word]
	if others == nil {
		others = otherWords[plainWord(word)]
	}
	for _, called := range others {
		all := strings.Split(called, "|")
		if !slices.ContainsFunc(all, func(c string) bool { return !slices.Contains(known, c) }) {
			return all
		}
	}
	return nil
}

// meant is the known word that a word most likely means, or "".
func meant(word string, known []string) string {
	if called := here(word, known); len(called) > 0 {
		return called[0]
	}
	return nearest(word, known)
}

// called is the hint that names what a word is called here, or "".
func called(word string, known []string) string {
	words := here(word, known)
	if len(words) == 0 {
		return ""
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return "did you mean " + strings.Join(quoted, " or ") + "?"
}

// maxListed bounds a list of what is known beside a better hint.
const maxListed = 12

// nearly reports a word that is one of those known, but for a letter.
func nearly(word string, known []string) bool {
	plain := plainWord(word)
	return slices.ContainsFunc(known, func(k string) bool { return distance(plain, plainWord(k), 2) < 2 })
}

// knownHint says what may have been meant, and what is known where that is
// short or nothing is near.
func knownHint(word string, candidates, known []string, shown string) string {
	near := didYouMean(word, candidates, shown)
	way := otherWay(word)
	switch {
	case way != "" && (len(here(word, candidates)) == 0 || near == "") && !nearly(word, candidates):
		return way
	case len(known) == 0:
		return hints(near, "no keys are allowed here")
	case near != "" && len(known) > maxListed:
		return near
	}
	return hints(near, "known here: "+strings.Join(known, ", "))
}
