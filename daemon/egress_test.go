package daemon

import (
	"errors"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestD3OnlyDeclaredConnectionsLeave(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address := l.Addr().String()
	e := newEgress(Config{Directory: DirectoryConfig{Peers: []string{address}}}, prometheus.NewRegistry())
	conn, err := e.to(toDirectory)(t.Context(), address)
	if err != nil {
		t.Fatalf("a declared peer was refused: %v", err)
	}
	_ = conn.Close()
	for _, tc := range []struct {
		p       purpose
		address string
	}{{toCell, address}, {toDirectory, "127.0.0.1:1"}, {purpose("other"), address}} {
		if _, err := e.to(tc.p)(t.Context(), tc.address); !errors.Is(err, ErrEgress) {
			t.Errorf("%s to %s: %v, want ErrEgress", tc.p, tc.address, err)
		}
		if n := testutil.ToFloat64(e.refused.WithLabelValues(string(tc.p))); n != 1 {
			t.Errorf("%s: %v refusals counted, want 1", tc.p, n)
		}
	}
}
