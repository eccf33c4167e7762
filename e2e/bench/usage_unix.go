//go:build unix

package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"
)

// usage is what the system has accounted to a process that has ended: CPU time,
// user and system, and peak memory in bytes.
func usage(state *os.ProcessState) (cpu time.Duration, resident int64, err error) {
	used, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("this system does not say what a process has used")
	}
	resident = int64(used.Maxrss) //nolint:unconvert // it has 32 bits elsewhere
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		resident <<= 10 // elsewhere it is in KiB
	}
	return state.UserTime() + state.SystemTime(), resident, nil
}
