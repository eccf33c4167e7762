package configs_test

import c "waterhealer/configs"

// specs mirrors the real kinds closely enough to try every feature of the
// parser: this package cannot import them.
func specs() []c.Spec {
	connection := []c.Field{
		{Name: "brokers", Type: c.TypeString, List: true, Commas: true},
		{Name: "client_id", Type: c.TypeString},
		{Name: "tls", Type: c.TypeObject, Fields: []c.Field{
			{Name: "ca", Type: c.TypeString}, {Name: "cert", Type: c.TypeString}, {Name: "key", Type: c.TypeString},
			{Name: "server_name", Type: c.TypeString}, {Name: "insecure", Type: c.TypeBool, Default: "false"},
		}},
		{Name: "sasl", Type: c.TypeObject, Fields: []c.Field{
			{Name: "mechanism", Type: c.TypeString, Required: true, Values: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}},
			{Name: "username", Type: c.TypeString, Required: true},
			{Name: "password", Type: c.TypeString, Required: true, Secret: true},
		}},
	}
	reading := append([]c.Field{
		{Name: "topics", Type: c.TypeString, List: true, Required: true},
		{Name: "group", Type: c.TypeString, Required: true},
		{Name: "start", Type: c.TypeString, Default: "earliest"},
		{Name: "isolation", Type: c.TypeString, Default: "read_committed", Values: []string{"read_committed", "read_uncommitted"}},
		{Name: "session_timeout", Type: c.TypeDuration, Default: "10s", Min: "1s", Max: "30m"},
		{Name: "metadata_limit", Type: c.TypeSize, Default: "4KiB", Min: "0"},
	}, connection...)
	batched := append([]c.Field{
		{Name: "size", Type: c.TypeInt, Default: "1000", Min: "1"},
		{Name: "timeout", Type: c.TypeDuration, Default: "1s"},
	}, reading...)
	writing := append([]c.Field{
		{Name: "topic", Type: c.TypeString, Required: true, Or: &c.Field{Name: "topic", Type: c.TypeObject, Fields: []c.Field{
			{Name: "expr", Type: c.TypeExpression, Required: true}}}},
		{Name: "key", Type: c.TypeExpression},
		{Name: "headers", Type: c.TypeMap, Item: &c.Field{Type: c.TypeExpression}},
		{Name: "acks", Type: c.TypeString, Default: "all", Values: []string{"all", "1", "0"}},
		{Name: "idempotent", Type: c.TypeBool, Default: "true"},
		{Name: "linger", Type: c.TypeDuration, Default: "5ms"},
	}, connection...)
	expr := []c.Field{{Name: "expr", Type: c.TypeExpression, Required: true}}
	return []c.Spec{
		{Section: c.SectionSource, Kind: "kafka", Fields: reading},
		{Section: c.SectionSource, Kind: "kafka_batched", Fields: batched},
		{Section: c.SectionSource, Kind: "file", Short: "path", Fields: []c.Field{
			{Name: "path", Type: c.TypeString, Required: true},
			{Name: "format", Type: c.TypeString, Default: "jsonl", Values: []string{"jsonl", "csv", "text"}},
		}},
		{Section: c.SectionSource, Kind: "values", Short: "items", Fields: []c.Field{{Name: "items", Type: c.TypeData, Required: true}}},
		{Section: c.SectionSource, Kind: "generate", Short: "value", Fields: []c.Field{
			{Name: "value", Type: c.TypeExpression, Required: true}, {Name: "interval", Type: c.TypeDuration, Default: "0s"},
			{Name: "count", Type: c.TypeInt, Min: "1"}, {Name: "rate", Type: c.TypeFloat, Min: "0.5", Max: "1e6"},
		}},
		{Section: c.SectionOperator, Kind: "filter", Aliases: []string{"where"}, Short: "expr", Fields: expr},
		{Section: c.SectionOperator, Kind: "map", Short: "expr", ShortMapping: true, Fields: []c.Field{{Name: "expr", Type: c.TypeTree, Required: true}}},
		{Section: c.SectionOperator, Kind: "flatten"},
		{Section: c.SectionOperator, Kind: "pluck", Short: "fields", Fields: []c.Field{{Name: "fields", Type: c.TypeString, List: true, Required: true,
			Or: &c.Field{Name: "fields", Type: c.TypeInt, Min: "0"}}}},
		{Section: c.SectionOperator, Kind: "foreach_map", Short: "expr", Fields: expr},
		{Section: c.SectionOperator, Kind: "partition", Short: "size", Fields: []c.Field{
			{Name: "size", Type: c.TypeInt, Required: true, Min: "1", Max: "1000000"},
			{Name: "timeout", Type: c.TypeDuration, Min: "1ms"},
			{Name: "key", Type: c.TypeExpression},
		}},
		{Section: c.SectionOperator, Kind: "combine_latest", Fields: []c.Field{{Name: "emit_on", Type: c.TypeNode, List: true}}},
		{Section: c.SectionOperator, Kind: "switch", Fields: []c.Field{
			{Name: "cases", Type: c.TypeObject, List: true, Required: true, Fields: []c.Field{
				{Name: "when", Type: c.TypeExpression, Required: true},
				{Name: "name", Type: c.TypeString, Required: true, Branch: true},
			}},
			{Name: "default", Type: c.TypeString, Branch: true},
		}},
		{Section: c.SectionOperator, Kind: "collect", Fields: []c.Field{{Name: "flush_on", Type: c.TypeNode}}},
		{Section: c.SectionSink, Kind: "healing", Fields: []c.Field{
			{Name: "to", Type: c.TypeOutput, List: true},
			{Name: "interval", Type: c.TypeDuration, Default: "1s", Min: "1ms"},
			{Name: "ignore", Type: c.TypeBool, Default: "false"},
			{Name: "report", Type: c.TypeOutput},
		}},
		{Section: c.SectionOutput, Kind: "kafka", Fields: writing},
		{Section: c.SectionOutput, Kind: "file", Short: "path", Fields: []c.Field{
			{Name: "path", Type: c.TypeString, Required: true},
			{Name: "format", Type: c.TypeString, Default: "jsonl", Values: []string{"jsonl", "csv", "text"}},
		}},
		{Section: c.SectionOutput, Kind: "stdout"},
		{Section: c.SectionOutput, Kind: "drop"},
	}
}
