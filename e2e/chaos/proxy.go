package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// proxy stands before a broker. It is one of our own because it has to know
// which connection it treats: a fault is meant for one process (known by the
// client id in its requests), or for the outputs alone (their connections are
// those that carry produce requests). Toxiproxy knows connections only, and all
// of a process's go to the same address.
type proxy struct {
	listener net.Listener
	target   string

	mu       sync.Mutex
	troubles map[*trouble]bool
	changed  chan struct{} // closed when there is more trouble or less
	links    map[*link]bool
	closed   bool
	work     sync.WaitGroup
}

// trouble is what a proxy does to connections. The zero value is none.
type trouble struct {
	client string        // whose connections, by the start of the client id; "" is everybody's
	cut    bool          // connections are closed, new ones too
	silent bool          // nothing comes through, either way; nobody is told
	delay  time.Duration // before each produce request
	topic  string        // a connection is closed when it carries a produce request that names it
}

// link is one connection, from a client to the broker.
type link struct {
	proxy    *proxy
	near     net.Conn
	far      net.Conn
	mu       sync.Mutex
	clientID string // known with the first request
}

func startProxy(listen, target string) (*proxy, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("proxy before %s: %w", target, err)
	}
	p := &proxy{listener: listener, target: target, changed: make(chan struct{}),
		links: make(map[*link]bool), troubles: make(map[*trouble]bool)}
	p.work.Go(p.accept)
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// suffer begins a trouble; heal ends it.
func (p *proxy) suffer(t trouble) (heal func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles[&t] = true
	p.turn()
	for l := range p.links {
		if t.cut && t.meets(l.client()) {
			l.close()
		}
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.troubles, &t)
		p.turn()
	}
}

// turn wakes all who wait for trouble to end. The caller holds mu.
func (p *proxy) turn() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// state is all trouble of a client in one, and when to look again.
func (p *proxy) state(client string) (all trouble, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all.cut = p.closed
	for t := range p.troubles {
		if t.meets(client) {
			all.cut = all.cut || t.cut
			all.silent = all.silent || t.silent
			all.delay = max(all.delay, t.delay)
			all.topic += t.topic
		}
	}
	return all, p.changed
}

// name says what it does.
func (t trouble) name() string {
	switch {
	case t.cut:
		return "cut"
	case t.silent:
		return "silence"
	case t.topic != "":
		return t.topic + " away"
	}
	return "delay"
}

func (t trouble) meets(client string) bool {
	return t.client == "" || strings.HasPrefix(client, t.client)
}

func (p *proxy) close() {
	p.mu.Lock()
	p.closed = true
	_ = p.listener.Close()
	for l := range p.links {
		l.close()
	}
	p.turn()
	p.mu.Unlock()
	p.work.Wait()
}

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.serve(near) })
	}
}

// serve carries one connection. The broker is dialled when the first request
// has come, as only then it is known whose connection this is.
func (p *proxy) serve(near net.Conn) {
	l := &link{proxy: p, near: near}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		_ = near.Close()
		return
	}
	p.links[l] = true
	p.mu.Unlock()
	defer func() {
		l.close()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	l.requests()
}

func (l *link) client() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clientID
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.near.Close()
	if l.far != nil {
		_ = l.far.Close()
	}
}

// A request is its length, 4 bytes; the API's key and version, 2 each; the
// correlation id, 4; the client id's length, 2, and the client id.
const (
	requestHead = 14
	produceKey  = 0
)

// requests carries requests to the broker, one at a time.
func (l *link) requests() {
	head := make([]byte, requestHead)
	for {
		if _, err := io.ReadFull(l.near, head); err != nil {
			return
		}
		rest := int64(int32(binary.BigEndian.Uint32(head))) - (requestHead - 4)
		name := make([]byte, max(0, int(int16(binary.BigEndian.Uint16(head[12:])))))
		if rest < int64(len(name)) {
			return // not Kafka's protocol
		}
		if _, err := io.ReadFull(l.near, name); err != nil {
			return
		}
		l.mu.Lock()
		l.clientID = string(name)
		l.mu.Unlock()
		produce := binary.BigEndian.Uint16(head[4:]) == produceKey
		if !l.pass(produce) || !l.dial() {
			return
		}
		rest -= int64(len(name))
		if t, _ := l.proxy.state(l.client()); produce && t.topic != "" {
			body := make([]byte, rest)
			if _, err := io.ReadFull(l.near, body); err != nil || bytes.Contains(body, []byte(t.topic)) {
				return
			}
			head, rest = append(append(head[:requestHead:requestHead], name...), body...), 0
		} else {
			head = append(head[:requestHead:requestHead], name...)
		}
		if _, err := l.far.Write(head); err != nil {
			return
		}
		head = head[:requestHead]
		if _, err := io.CopyN(l.far, l.near, rest); err != nil {
			return
		}
	}
}

// dial connects to the broker, once, and starts to carry its answers.
func (l *link) dial() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.far != nil {
		return true
	}
	far, err := net.DialTimeout("tcp", l.proxy.target, 10*time.Second)
	if err != nil {
		return false
	}
	l.far = far
	l.proxy.work.Go(func() {
		defer l.close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := far.Read(buffer)
			if n > 0 && !l.pass(false) {
				return
			}
			if _, broken := l.near.Write(buffer[:n]); err != nil || broken != nil {
				return
			}
		}
	})
	return true
}

// pass waits as long as the proxy's trouble says; it is false when the
// connection is to end.
func (l *link) pass(produce bool) bool {
	delayed := false
	for {
		t, changed := l.proxy.state(l.client())
		switch {
		case t.cut:
			return false
		case t.silent:
			<-changed
		case produce && t.delay > 0 && !delayed:
			timer := time.NewTimer(t.delay)
			select {
			case <-timer.C:
				delayed = true
			case <-changed:
			}
			timer.Stop()
		default:
			return true
		}
	}
}
