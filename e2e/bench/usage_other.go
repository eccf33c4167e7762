//go:build !unix

package main

import (
	"errors"
	"os"
	"time"
)

func usage(*os.ProcessState) (cpu time.Duration, resident int64, err error) {
	return 0, 0, errors.New("peak memory cannot be had on this system")
}
