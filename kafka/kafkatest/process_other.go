//go:build !linux

package kafkatest

import "os/exec"

// dieWithParent does nothing where the system has no such wish: brokers then
// end with [Cluster.Stop] only, and outlive a test process that was killed.
func dieWithParent(*exec.Cmd) {}
