// Package rules has the test of examples/monitoring by Prometheus's own parser
// of rules and queries. It is a module of its own, so that nobody who builds
// waterhealer downloads Prometheus.
package rules
