//go:build race

package e2e

// raceDetector says that the tests run slowed down; the program itself does not.
const raceDetector = true
