package web

import (
	"net/http"

	"waterhealer/observe"
)

// verdict is the answer of /livez and /readyz.
type verdict struct {
	OK       bool              `json:"ok"`
	Pipeline string            `json:"pipeline,omitempty"`
	State    string            `json:"state"`
	Problems []observe.Problem `json:"problems"`
}

// livez says whether a restart would help.
func (s *Server) livez(w http.ResponseWriter, r *http.Request) {
	status := s.options.Pipeline.Status()
	s.judge(w, r, status, status.Health.Live)
}

// readyz says whether records are processed and committed. Rivals answer 200
// with their brokers down.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	status := s.options.Pipeline.Status()
	s.judge(w, r, status, status.Health.Ready)
}

// judge answers 200 or 503. Who does not know the token learns what kind of
// problem there is and no names.
func (s *Server) judge(w http.ResponseWriter, r *http.Request, status *observe.Status, ok bool) {
	v := verdict{OK: ok, Pipeline: status.Pipeline, State: status.State, Problems: make([]observe.Problem, 0, len(status.Health.Problems))}
	v.Problems = append(v.Problems, status.Health.Problems...)
	if !s.guard.knows(r) {
		v.Pipeline = ""
		for i := range v.Problems {
			v.Problems[i].Text, v.Problems[i].Node = "", ""
		}
	}
	code := http.StatusOK
	if !ok {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, v)
}
