package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/sync/errgroup"
)

// Protocols of the internal port, by ALPN.
const (
	protoRaft = "domicile-raft/1"
	protoRPC  = "h2"
)

const (
	handshakeTimeout = 5 * time.Second
	maxHandshakes    = 256 // at once; beyond it a connection waits to be accepted
)

// Dial opens a TCP connection; the daemon gives the one outgoing dialer here.
type Dial func(ctx context.Context, address string) (net.Conn, error)

// PortOptions say how a Port works.
type PortOptions struct {
	Credentials *Credentials // required
	Raft        Dial         // for connections to nodes of the own cell; required to use Raft().Dial
	Log         *slog.Logger // nil discards
}

// Port is a node's internal port: raft and internal calls on one TCP listener.
type Port struct {
	o        PortOptions
	listener net.Listener
	raft     *queue
	rpc      *queue
	kept     kept
	refused  atomic.Uint64
}

// Listen opens the port. Run serves it.
func Listen(address string, o PortOptions) (*Port, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open internal port: %w", err)
	}
	return &Port{o: o, listener: l, raft: newQueue(l.Addr()), rpc: newQueue(l.Addr())}, nil
}

// Address is where the port listens.
func (p *Port) Address() string { return p.listener.Addr().String() }

// Refused counts the connections that did not get past the handshake.
func (p *Port) Refused() uint64 { return p.refused.Load() }

// Run accepts connections and serves internal calls with h until ctx ends.
func (p *Port) Run(ctx context.Context, h http.Handler) error {
	g, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: handshakeTimeout,
		ErrorLog:          slog.NewLogLogger(p.o.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP2(true)
	g.Go(func() error {
		<-ctx.Done()
		_ = p.Close()
		_ = server.Close()
		return nil
	})
	g.Go(func() error { return ignoreClosed(server.Serve(p.rpc)) })
	g.Go(func() error { return ignoreClosed(p.accept(ctx)) })
	return g.Wait()
}

// Close stops listening and ends raft's connections; those of calls end with their server. Raft's transport
// closes its side of the port itself: it would take an end that it did not ask for as a fault.
func (p *Port) Close() error {
	err := p.listener.Close()
	p.rpc.end()
	p.kept.end()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Port) accept(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(maxHandshakes)
	defer func() { _ = g.Wait() }()
	config := p.o.Credentials.server()
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return err
		}
		g.Go(func() error {
			p.greet(ctx, tls.Server(conn, config))
			return nil
		})
	}
}

// greet finishes a handshake and hands the connection to its protocol.
func (p *Port) greet(ctx context.Context, conn *tls.Conn) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	err := conn.HandshakeContext(ctx)
	if err == nil {
		switch conn.ConnectionState().NegotiatedProtocol {
		case protoRaft:
			if err = p.sameCell(conn); err == nil {
				k := p.kept.keep(conn)
				if err = p.raft.give(ctx, k); err != nil {
					_ = k.Close()
				}
			}
		case protoRPC:
			err = p.rpc.give(ctx, conn)
		default:
			err = errors.New("no protocol of ours was asked for")
		}
	}
	if err != nil {
		_ = conn.Close()
		p.refused.Add(1)
		p.o.Log.Warn("refused internal connection", "from", conn.RemoteAddr().String(), "err", err.Error())
	}
}

func (p *Port) sameCell(conn *tls.Conn) error {
	id, err := identify(chainOf(conn.ConnectionState(), p.o.Credentials))
	if err != nil {
		return err
	}
	return allowCell(p.o.Credentials.Self())(id)
}

func allowCell(self Identity) func(Identity) error {
	return func(id Identity) error {
		if !id.SameCell(self) {
			return fmt.Errorf("%s: %w", id, ErrForeign)
		}
		return nil
	}
}

// chainOf verifies again what the handshake verified: with VerifyPeerCertificate the standard library keeps
// no verified chain in the connection's state.
func chainOf(s tls.ConnectionState, c *Credentials) []*x509.Certificate {
	raw := make([][]byte, len(s.PeerCertificates))
	for i, cert := range s.PeerCertificates {
		raw[i] = cert.Raw
	}
	chain, _ := c.verify(raw, x509.ExtKeyUsageClientAuth)
	return chain
}

// Caller names the node that makes an internal call.
func (p *Port) Caller(r *http.Request) (Identity, error) {
	if r.TLS == nil {
		return Identity{}, ErrIdentity
	}
	return identify(chainOf(*r.TLS, p.o.Credentials))
}

// Raft is the port's raft side.
func (p *Port) Raft() raft.StreamLayer { return &stream{p} }

type stream struct{ p *Port }

func (s *stream) Accept() (net.Conn, error) { return s.p.raft.Accept() }
func (s *stream) Close() error              { s.p.raft.end(); return nil }
func (s *stream) Addr() net.Addr            { return s.p.listener.Addr() }

// Dial reaches a node of the own cell.
func (s *stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := dialTLS(ctx, s.p.o.Raft, string(address), s.p.o.Credentials.client(protoRaft, allowCell(s.p.o.Credentials.Self())))
	if err != nil {
		return nil, err
	}
	return s.p.kept.keep(conn), nil
}

// Transport carries internal calls to nodes of one region, by dial.
func Transport(c *Credentials, region string, dial Dial) *http.Transport {
	allowed := func(id Identity) error {
		if id.Region != region {
			return fmt.Errorf("%s is not of region %s: %w", id, region, ErrForeign)
		}
		return nil
	}
	t := &http.Transport{
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return dialTLS(ctx, dial, address, c.client(protoRPC, allowed))
		},
		IdleConnTimeout: 90 * time.Second,
		HTTP2: &http.HTTP2Config{
			// A peer that vanished without a word is noticed within 15 s.
			SendPingTimeout: 10 * time.Second,
			PingTimeout:     5 * time.Second,
		},
	}
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP2(true)
	return t
}

func dialTLS(ctx context.Context, dial Dial, address string, config *tls.Config) (net.Conn, error) {
	raw, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("greet %s: %w", address, err)
	}
	return conn, nil
}

// queue is a net.Listener that is fed with connections.
type queue struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue(addr net.Addr) *queue {
	return &queue{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (q *queue) give(ctx context.Context, c net.Conn) error {
	select {
	case q.conns <- c:
		return nil
	case <-q.done:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept waits for a connection of this protocol.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) end()           { q.once.Do(func() { close(q.done) }) }
func (q *queue) Close() error   { q.end(); return nil }
func (q *queue) Addr() net.Addr { return q.addr }

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
