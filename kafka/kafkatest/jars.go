package kafkatest

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed pom.xml
var pom []byte

// Version is the release of Apache Kafka that pom.xml names.
func Version() (string, error) {
	var project struct {
		Version string `xml:"properties>kafka.version"`
	}
	if err := xml.Unmarshal(pom, &project); err != nil {
		return "", fmt.Errorf("pom.xml: %w", err)
	}
	if project.Version == "" {
		return "", errors.New("pom.xml: no property kafka.version")
	}
	return project.Version, nil
}

// classpath is the folder of Kafka's jars, which `make kafka` fills, as java
// takes it.
func classpath() (string, error) {
	version, err := Version()
	if err != nil {
		return "", err
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	jars := filepath.Join(root, ".build", "kafka-"+version)
	if _, err := os.Stat(filepath.Join(jars, "complete")); err != nil {
		return "", fmt.Errorf("no Apache Kafka %s here, `make kafka` fetches it: %w", version, err)
	}
	return filepath.Join(jars, "*"), nil
}

// moduleRoot is the nearest folder at or above the current one that holds
// go.mod. Tests run in their package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return "", fmt.Errorf("looking for go.mod: %w", err)
		}
		dir = parent
	}
}
