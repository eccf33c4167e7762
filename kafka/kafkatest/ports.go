package kafkatest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// The range lies below the ports that systems hand to outgoing connections. A
// broker that was killed must find its port free again, and a client that
// dials a closed port of the outgoing range can, by chance, connect to itself.
const (
	firstPort = 10000
	lastPort  = 29999
)

// freePorts finds n loopback ports where nothing listens.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range 100 * n {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer listener.Close() // held until all are found, so that none is found twice
		ports = append(ports, port)
	}
	return nil, errors.New("no free loopback ports")
}
