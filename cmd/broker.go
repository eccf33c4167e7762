package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/kafka/embedded"
)

func (p *program) brokerCommand() *cobra.Command {
	var listen, dataDir string
	var topics []string
	c := &cobra.Command{
		Use:   "broker",
		Short: "Runs the embedded Kafka-compatible broker alone",
		Long: `Runs the embedded broker until a signal: one Kafka-compatible broker for trying
things out and for tests. It creates no topic unasked.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := p.logger(cmd)
			if err != nil {
				return err
			}
			partitions, err := parseTopics(topics)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stderr, embedded.Notice)
			broker, err := embedded.Start(embedded.Options{Listen: listen, DataDir: dataDir, Topics: partitions, Logger: logger})
			if err != nil {
				return &exitError{code: exitHalted, err: err}
			}
			fmt.Fprintln(p.stdout, strings.Join(broker.Addresses(), ","))
			<-cmd.Context().Done()
			if err := broker.Close(); err != nil {
				return &exitError{code: exitHalted, err: err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:9092", "address to listen on; port 0 is a free one, which is printed")
	c.Flags().StringVar(&dataDir, "data-dir", "", "folder that keeps the data across restarts (default: in memory)")
	c.Flags().StringArrayVar(&topics, "topic", nil, "NAME:PARTITIONS of a topic to create where it does not exist")
	return c
}

func parseTopics(texts []string) (map[string]int32, error) {
	topics := make(map[string]int32)
	for _, text := range texts {
		name, count, ok := strings.Cut(text, ":")
		n, err := strconv.ParseInt(count, 10, 32)
		if !ok || name == "" || err != nil || n < 1 {
			return nil, usageError("--topic is %q, must be NAME:PARTITIONS", text)
		}
		topics[name] = int32(n)
	}
	return topics, nil
}
