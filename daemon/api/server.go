package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/daemon/workspace"
)

// Options say what the API is made of.
type Options struct {
	Region  directory.Region      // whose API this is
	Regions directory.Regions     // all of them, for addresses
	Service *workspace.Service    // what people do
	Auth    *auth.Auth            // who they are
	Imports *importer.Importer    // nil: imports are refused
	Log     *slog.Logger          // nil discards
	Metrics prometheus.Registerer // nil: none are kept
	Now     func() time.Time      // nil is time.Now
	// Deadline bounds a request that is not streamed; 0 means 30 s. Past it the outcome is unknown (504).
	Deadline time.Duration
	// Ready bounds the wait for the header of a workspace that was just made; 0 means 2 s.
	Ready time.Duration
}

// Server answers the public API of one region. It is made by New.
type Server struct {
	Options
	mux     *http.ServeMux
	routes  []Route
	metrics *metrics
	openapi []byte // the document as served
}

// New returns the handler of the whole table.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Deadline == 0 {
		o.Deadline = 30 * time.Second
	}
	if o.Ready == 0 {
		o.Ready = 2 * time.Second
	}
	s := &Server{Options: o, mux: http.NewServeMux(), routes: Routes(), metrics: newMetrics(o.Metrics)}
	s.openapi = s.describe()
	for i := range s.routes {
		r := &s.routes[i]
		s.mux.HandleFunc(r.Method+" "+r.Pattern(), func(w http.ResponseWriter, q *http.Request) { s.serve(r, w, q) })
	}
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	crossOrigin(w.Header())
	reports, problem := s.judgeHost(r)
	if problem != nil {
		problem.write(w)
		return
	}
	if reports && strings.HasPrefix(r.URL.Path, "/v1/") {
		r = r.Clone(r.Context())
		r.URL.Path = "/report" + r.URL.Path
		r.URL.RawPath = ""
	}
	if r.Method == http.MethodConnect || r.URL.Path == "" || r.URL.Path != "/" && path.Clean(r.URL.Path) != r.URL.Path {
		noPath().write(w)
		return
	}
	handler, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.unmatched(handler, w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func noPath() *Problem {
	return &Problem{Status: http.StatusNotFound, Code: codeRequest, Message: "No such path"}
}

// unmatched turns the mux's own answers into ours: 405 with Allow where other
// methods are served, 404 elsewhere.
func (s *Server) unmatched(own http.Handler, w http.ResponseWriter, r *http.Request) {
	probe := &statusOnly{header: http.Header{}}
	own.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		noPath().write(w)
		return
	}
	allow := probe.header.Get("Allow")
	if r.Method == http.MethodOptions {
		preflight(w, r, allow)
		return
	}
	(&Problem{
		Status: http.StatusMethodNotAllowed, Code: codeRequest,
		Message: "Request method '" + r.Method + "' is not supported", Allow: allow,
	}).write(w)
}

// statusOnly is a ResponseWriter that keeps no body.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header { return s.header }
func (s *statusOnly) WriteHeader(n int)   { s.status = n }
func (s *statusOnly) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return len(b), nil
}

// counted is a ResponseWriter that remembers the status.
type counted struct {
	http.ResponseWriter
	status int
}

func (c *counted) WriteHeader(n int) {
	if c.status == 0 {
		c.status = n
	}
	c.ResponseWriter.WriteHeader(n)
}

func (c *counted) Write(b []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// serve runs one request through its route: who, where, what, and the answer.
func (s *Server) serve(route *Route, w http.ResponseWriter, r *http.Request) {
	started := s.Now()
	out := &counted{ResponseWriter: w}
	if !route.Stream {
		ctx, cancel := context.WithTimeout(r.Context(), s.Deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	c := &Call{Route: route, Request: r, w: out}
	defer s.finish(c, out, started)
	if err := s.handle(c); err != nil {
		s.fail(c, err)
	}
}

// fail answers an error, or cuts the connection where an answer has begun.
func (s *Server) fail(c *Call, err error) {
	if c.started {
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil {
		err = &Problem{Status: 499, Code: codeRequest, Message: "The client went away"}
	}
	if errors.Is(err, context.DeadlineExceeded) && !c.Route.writes() {
		err = &Problem{Status: http.StatusServiceUnavailable, Code: codeUnavailable, Message: "This took too long; ask for less, or again", Retry: time.Second}
	}
	p := s.problem(err)
	if p.Status == http.StatusInternalServerError {
		s.Log.Error("a request failed for an unknown reason", "route", c.Route.Name, "type", fmt.Sprintf("%T", root(err)))
	}
	c.started = true
	p.write(c.w)
}

// root is the innermost error: its type says enough for a log, its text may
// hold what a client sent.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// finish recovers a panic, closes the view, and writes the log's line.
func (s *Server) finish(c *Call, out *counted, started time.Time) {
	cause := recover()
	if c.View != nil {
		if err := c.View.Close(); err != nil {
			s.Log.Error("a view did not close", "route", c.Route.Name)
		}
	}
	if err, _ := cause.(error); cause != nil && !errors.Is(err, http.ErrAbortHandler) {
		s.metrics.panics.Inc()
		s.Log.Error("a handler panicked", "route", c.Route.Name, "at", panicked())
		if !c.started {
			c.started = true
			(&Problem{Status: http.StatusInternalServerError, Code: codeInternal, Message: "Something went wrong here"}).write(out)
			cause = nil
		} else {
			cause = http.ErrAbortHandler
		}
	}
	took := s.Now().Sub(started)
	s.metrics.observe(c.Route.Name, out.status, took)
	s.Log.Log(context.WithoutCancel(c.Request.Context()), logLevel(out.status), "answered", "route", c.Route.Name, "status", out.status, "took", took)
	if cause != nil {
		panic(cause)
	}
}

// panicked names the function and line that panicked, which is ours to know
// and holds nothing of the request.
func panicked() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}
