package daemon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// edge is `dev`'s front door: it routes requests by host name to the local regions, so that clients with
// built-in host names can be tried against one port, as a base address or as their HTTP(S) proxy. It goes
// nowhere else: it is no open proxy.
type edge struct {
	// route finds the local address (host:port) that answers for a host name.
	route func(host string) (address string, ok bool)
	cert  *tls.Certificate // for hosts reached by CONNECT, from dev's CA
	log   *slog.Logger

	proxy *httputil.ReverseProxy
	inner *queueListener
}

func newEdge(route func(string) (string, bool), cert *tls.Certificate, log *slog.Logger) *edge {
	e := &edge{route: route, cert: cert, log: log, inner: newQueueListener()}
	e.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			address, _ := route(hostOnly(r.In.Host))
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = hostOnly(r.In.Host) // the region judges by the name that the client meant
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			edgeProblem(w, http.StatusBadGateway, "The region does not answer; is `domicile dev` still starting?")
		},
		FlushInterval: -1, // event streams
	}
	return e
}

// Run serves listener until ctx ends.
func (e *edge) Run(ctx context.Context, listener net.Listener) error {
	logger := slog.NewLogLogger(e.log.Handler(), slog.LevelDebug)
	outer := &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second, ErrorLog: logger}
	inner := &http.Server{
		Handler: http.HandlerFunc(e.forward), ReadHeaderTimeout: 10 * time.Second, ErrorLog: logger,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{*e.cert}, MinVersion: tls.VersionTLS12},
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serverEnd(outer.Serve(listener)) })
	g.Go(func() error { return serverEnd(inner.ServeTLS(e.inner, "", "")) })
	g.Go(func() error {
		<-ctx.Done()
		return errors.Join(outer.Close(), inner.Close())
	})
	return g.Wait()
}

// ServeHTTP answers on the edge's own port.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		e.connect(w, r)
		return
	}
	e.forward(w, r)
}

func (e *edge) forward(w http.ResponseWriter, r *http.Request) {
	if _, ok := e.route(hostOnly(r.Host)); !ok {
		e.refuse(w)
		return
	}
	e.proxy.ServeHTTP(w, r)
}

// connect lets a client that uses the edge as its HTTPS proxy talk TLS to one of the regions' hosts.
func (e *edge) connect(w http.ResponseWriter, r *http.Request) {
	if _, ok := e.route(hostOnly(r.Host)); !ok {
		e.refuse(w)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		edgeProblem(w, http.StatusInternalServerError, "The connection can't be taken over.")
		return
	}
	_, err = buffered.WriteString("HTTP/1.1 200 Connection established\r\n\r\n")
	if err = errors.Join(err, buffered.Flush()); err == nil {
		err = e.inner.give(conn)
	}
	if err != nil {
		_ = conn.Close()
	}
}

func (e *edge) refuse(w http.ResponseWriter) {
	edgeProblem(w, http.StatusForbidden, "This is the edge of `domicile dev`: it answers for the hosts of its regions only. For plain addresses use the regions' own ports (dev.json).")
}

func edgeProblem(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"message": text, "code": status * 10})
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.Trim(hostport, "[]"))
}

func serverEnd(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// queueListener hands taken-over connections to a server.
type queueListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueueListener() *queueListener {
	return &queueListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (q *queueListener) give(c net.Conn) error {
	select {
	case q.conns <- c:
		return nil
	case <-q.done:
		return net.ErrClosed
	}
}

func (q *queueListener) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queueListener) Close() error   { q.once.Do(func() { close(q.done) }); return nil }
func (q *queueListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
