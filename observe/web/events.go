package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"waterhealer/observe"
)

const (
	// eventInterval is how often an open page hears of the status.
	eventInterval = time.Second
	// sendTime is how long a client may leave its stream unread before it is cut.
	sendTime = 10 * time.Second
)

// latest is the last status that was made for streams, written once for all of
// them.
type latest struct {
	make func() *observe.Status

	mu   sync.Mutex
	at   time.Time
	text []byte
}

// json is the status, made at most a good half interval ago.
func (l *latest) json() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < eventInterval*6/10 {
		return l.text, nil
	}
	text, err := json.Marshal(l.make())
	if err != nil {
		return nil, err
	}
	l.text, l.at = text, time.Now()
	return text, nil
}

// stream is an open answer of server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// begin opens a stream. ok is false when it was refused; done gives its place back.
func (s *Server) begin(w http.ResponseWriter) (out *stream, done func(), ok bool) {
	select {
	case s.streams <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "too many streams are open")
		return nil, nil, false
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not hold it back
	w.WriteHeader(http.StatusOK)
	return &stream{w: w, control: http.NewResponseController(w)}, func() { <-s.streams }, true
}

// send writes one event; data has no line breaks.
func (e *stream) send(event string, data []byte) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	text := make([]byte, 0, len(event)+len(data)+16)
	text = append(append(text, "event: "...), event...)
	text = append(append(text, "\ndata: "...), data...)
	if _, err := e.w.Write(append(text, "\n\n"...)); err != nil {
		return err
	}
	return e.control.Flush()
}

// events sends the status at once and then each second.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	out, done, ok := s.begin(w)
	if !ok {
		return
	}
	defer done()
	ticker := time.NewTicker(eventInterval)
	defer ticker.Stop()
	for {
		text, err := s.latest.json()
		if err != nil {
			s.options.Logger.Error("status cannot be written as JSON", "error", err)
			return
		}
		if out.send("status", text) != nil {
			return // the page is gone
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		case <-s.ending:
			return
		}
	}
}

// tap sends records that pass through a node.
func (s *Server) tap(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit := 0
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			refuse(w, http.StatusBadRequest, "limit must be a whole number from 0")
			return
		}
		limit = n
	}
	samples, err := s.options.Pipeline.Tap(r.Context(), q.Get("node"), q.Get("filter"), limit)
	if err != nil {
		s.refuseTap(w, r, err)
		return
	}
	out, done, ok := s.begin(w)
	if !ok {
		return
	}
	defer done()
	if out.send("open", []byte("{}")) != nil {
		return
	}
	s.pass(r, out, samples)
}

// refuseTap says why there is no stream. A browser that asks for one shows its
// page nothing of an answer that is none: it hears an event.
func (s *Server) refuseTap(w http.ResponseWriter, r *http.Request, why error) {
	if r.Header.Get("Accept") != "text/event-stream" {
		refuse(w, http.StatusBadRequest, why.Error())
		return
	}
	text, err := json.Marshal(map[string]string{"error": why.Error()})
	if err != nil {
		return // a string always can be written
	}
	if out, done, ok := s.begin(w); ok {
		defer done()
		_ = out.send("refused", text) // the last word, heard or not
	}
}

// pass sends samples until there are no more; in between it says now and then
// that it is there, so that proxies do not take the stream for dead.
func (s *Server) pass(r *http.Request, out *stream, samples <-chan observe.Sample) {
	alive := time.NewTicker(sendTime)
	defer alive.Stop()
	for {
		event, data := "alive", []byte("{}")
		select {
		case sample, more := <-samples:
			if !more {
				_ = out.send("end", data) // the last word, heard or not
				return
			}
			text, err := json.Marshal(sample)
			if err != nil {
				continue // a value that is no JSON is not worth the stream
			}
			event, data = "sample", text
		case <-alive.C:
		case <-r.Context().Done():
			return
		case <-s.ending:
			return
		}
		if out.send(event, data) != nil {
			return
		}
	}
}
