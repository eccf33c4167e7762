package editor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// The largest message and header that are read. A file of the largest size that is
// linted fits, escaped, many times over.
const (
	maxMessage = 64 << 20
	maxHeader  = 8 << 10
)

// stream is a channel of messages as the protocol frames them: headers, an empty
// line, and as many bytes as Content-Length says. The channel of the JSON-RPC
// library believes any length, and refuses other spellings of the content type.
type stream struct {
	in       *bufio.Reader
	closer   io.Closer // of the input; nil if it has none
	out      io.Writer
	messages chan []byte
	failed   error // set before messages is closed
	done     chan struct{}
	once     sync.Once
}

// newStream starts to read. The reading goroutine ends with the input or, when
// the stream is closed, with the message that it waits for: standard input cannot
// be interrupted, so that nobody waits for it.
func newStream(in io.Reader, out io.Writer) *stream {
	s := &stream{in: bufio.NewReader(in), out: out, messages: make(chan []byte), done: make(chan struct{})}
	s.closer, _ = in.(io.Closer)
	go s.pump()
	return s
}

func (s *stream) pump() {
	defer close(s.messages)
	for {
		message, err := s.read()
		if err != nil {
			s.failed = err
			return
		}
		select {
		case s.messages <- message:
		case <-s.done:
			s.failed = io.EOF
			return
		}
	}
}

// Recv is the next message.
func (s *stream) Recv() ([]byte, error) {
	select {
	case <-s.done:
		return nil, io.EOF
	default:
	}
	select {
	case <-s.done:
		return nil, io.EOF
	case message, ok := <-s.messages:
		if !ok {
			return nil, s.ending()
		}
		return message, nil
	}
}

// ending is why there is nothing more. That a closed input cannot be read is no
// failure of it.
func (s *stream) ending() error {
	select {
	case <-s.done:
		return io.EOF
	default:
		return s.failed
	}
}

// Send writes a message.
func (s *stream) Send(message []byte) error {
	framed := append([]byte("Content-Length: "+strconv.Itoa(len(message))+"\r\n\r\n"), message...)
	_, err := s.out.Write(framed)
	return err
}

// Close ends the stream. The output is the caller's.
func (s *stream) Close() error {
	s.once.Do(func() {
		close(s.done)
		if s.closer != nil {
			_ = s.closer.Close() // so that the reading ends, where it can be interrupted
		}
	})
	return nil
}

var errNotProtocol = errors.New("the input is not the language server protocol, which an editor speaks")

func (s *stream) read() ([]byte, error) {
	length, size := -1, 0
	for {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) || errors.Is(err, io.EOF) && length < 0 && size+len(line) > 0 {
				return nil, errNotProtocol
			}
			return nil, err
		}
		if size += len(line); size > maxHeader {
			return nil, errNotProtocol
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" && length >= 0 {
			break
		}
		name, value, found := strings.Cut(text, ":")
		if !found {
			return nil, errNotProtocol
		}
		if strings.EqualFold(strings.TrimSpace(name), "content-length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 {
				return nil, errNotProtocol
			}
		}
	}
	if length > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes is refused: the most is %d", length, maxMessage)
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(s.in, message); err != nil {
		return nil, err
	}
	return message, nil
}
