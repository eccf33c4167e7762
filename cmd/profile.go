package cmd

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// profiles are the files that a run writes its profiles to, "" for none.
type profiles struct {
	cpu, memory string
}

// start begins the CPU profile. The returned function ends it and writes the
// memory profile: what the run still held, and all that it had allocated.
func (f profiles) start() (stop func() error, err error) {
	var file *os.File
	if f.cpu != "" {
		if file, err = os.Create(f.cpu); err != nil {
			return nil, usageError("--cpuprofile: %w", err)
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return nil, errors.Join(fmt.Errorf("--cpuprofile: %w", err), file.Close())
		}
	}
	return func() error {
		var failed error
		if file != nil {
			pprof.StopCPUProfile()
			failed = file.Close()
		}
		return errors.Join(failed, f.writeMemory())
	}, nil
}

func (f profiles) writeMemory() error {
	if f.memory == "" {
		return nil
	}
	file, err := os.Create(f.memory)
	if err != nil {
		return fmt.Errorf("--memprofile: %w", err)
	}
	runtime.GC() // the profile shows what the last collection left
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
