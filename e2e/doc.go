// Package e2e runs the built program as its users do, against brokers in other
// processes, and judges it from outside with clients that share no code with
// it (kafkatest). The same suite runs on the embedded broker (embedded_test.go)
// and on a real Apache Kafka (kafka_test.go, build tag kafka).
//
// It has a folder of its own because it belongs to no package: it may not look
// into any.
package e2e
