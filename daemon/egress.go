package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"domicile/daemon/peer"
)

// ErrEgress means that a connection was to be made for which there is no declared purpose and peer.
var ErrEgress = errors.New("outgoing connection is not allowed")

// purpose is why a node connects to another machine. Each has its own list of peers.
type purpose string

const (
	toCell      purpose = "cell"      // raft, between the nodes of one cell
	toDirectory purpose = "directory" // calls to the directory in global
)

// egress is the one place where connections leave a node. What is not declared is refused and counted: a
// node that dials somewhere else is a leak, or a bug that could become one.
type egress struct {
	allowed map[purpose][]string
	dialer  net.Dialer
	// through, if not nil, wraps each connection: `dev` and tests put distance between regions here.
	through func(net.Conn) net.Conn

	made    *prometheus.CounterVec
	refused *prometheus.CounterVec
}

func newEgress(c Config, reg prometheus.Registerer) *egress {
	e := &egress{
		allowed: map[purpose][]string{
			toCell:      {c.Internal.Advertise},
			toDirectory: c.Directory.Peers,
		},
		made: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domicile_egress_connections_total", Help: "Outgoing connections made, by purpose.",
		}, []string{"purpose"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domicile_egress_refused_total", Help: "Outgoing connections refused, by purpose.",
		}, []string{"purpose"}),
	}
	reg.MustRegister(e.made, e.refused)
	return e
}

// to returns the dialer for one purpose.
func (e *egress) to(p purpose) peer.Dial {
	return func(ctx context.Context, address string) (net.Conn, error) {
		if !slices.Contains(e.allowed[p], address) {
			e.refused.WithLabelValues(string(p)).Inc()
			return nil, fmt.Errorf("dial %s for %s: %w", address, p, ErrEgress)
		}
		conn, err := e.dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		e.made.WithLabelValues(string(p)).Inc()
		if e.through != nil {
			conn = e.through(conn)
		}
		return conn, nil
	}
}
