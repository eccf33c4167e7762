//go:build race

package main

// raceDetector says that this test binary is slowed down, and allocates more.
const raceDetector = true
