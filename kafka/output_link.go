package kafka

import (
	"context"

	"github.com/IBM/sarama"
)

// link is a connection that carries messages to one broker. It is not the
// client's: a request for metadata would queue behind a batch there, and
// closing it would wait for both.
type link struct {
	address string
	config  *sarama.Config
	watch   *watch
	broker  *sarama.Broker // nil while not open
	abort   context.CancelFunc
	busy    bool // a request is on its way

	loaded []*target // of the request that is being put together
	bytes  int
}

func (o *output) linkTo(address string) *link {
	l := o.links[address]
	if l == nil {
		l = &link{address: address, config: o.config, watch: o.watch}
		o.links[address] = l
	}
	return l
}

// open starts to connect; the first request waits for it.
func (l *link) open() error {
	if l.broker != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	config := *l.config
	l.watch.over(ctx, &config)
	broker := sarama.NewBroker(l.address)
	if err := broker.Open(&config); err != nil {
		cancel()
		return err
	}
	l.broker, l.abort = broker, cancel
	return nil
}

// close ends the connection; a request on its way fails at once.
func (l *link) close() {
	if l.broker == nil {
		return
	}
	l.abort()
	_ = l.broker.Close() // says that it is not connected, at worst
	l.broker = nil
}

// produce sends one request and waits for its answer.
func produce(broker *sarama.Broker, request *sarama.ProduceRequest) (*sarama.ProduceResponse, error) {
	type answer struct {
		response *sarama.ProduceResponse
		err      error
	}
	answers := make(chan answer, 1)
	// Not broker.Produce: it keeps the broker's lock until the answer is there,
	// and closing would wait for that.
	err := broker.AsyncProduce(request, func(r *sarama.ProduceResponse, err error) { answers <- answer{r, err} })
	if err != nil {
		return nil, err
	}
	a := <-answers
	return a.response, a.err
}
