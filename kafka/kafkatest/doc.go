// Package kafkatest runs a real Apache Kafka for tests, and holds the clients
// that witness what waterhealer did: they are not waterhealer's own client, so
// that it is never the judge of itself.
//
// [Start] starts one broker or three from jars that Maven fetches (`make kafka`,
// pom.xml), on loopback ports, without Docker. [Client] (franz-go) works with
// every broker, the embedded one too: it makes topics, reads committed offsets
// and watches them. [Kcat] is Debian's kcat, the second witness, a different
// code base again.
//
// Tests of the real suite carry the build tag kafka and have names that begin
// with TestKafka; `make test-kafka` runs them. A suite that must pass on both
// brokers takes a [Broker] and a [Witness].
//
// It imports none of ours and never sarama. Start reading at cluster.go.
package kafkatest
