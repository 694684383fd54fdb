package peer

import (
	"errors"
	"io"
	"net"
	"sync"
)

// kept are raft's connections, both ways: raft's transport does not close them when it ends, and what reads
// them would wait for ever.
type kept struct {
	mu    sync.Mutex
	open  map[*keptConn]struct{} // guarded by mu
	ended bool                   // guarded by mu
}

// keep returns a connection that end closes.
func (k *kept) keep(c net.Conn) net.Conn {
	conn := &keptConn{Conn: c, by: k}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		_ = c.Close()
		return conn
	}
	if k.open == nil {
		k.open = make(map[*keptConn]struct{})
	}
	k.open[conn] = struct{}{}
	return conn
}

// end closes all connections, and from now on every new one.
func (k *kept) end() {
	k.mu.Lock()
	open := k.open
	k.open, k.ended = nil, true
	k.mu.Unlock()
	for c := range open {
		_ = c.Conn.Close()
	}
}

type keptConn struct {
	net.Conn
	by *kept
}

// Read reads; our own end of the connection is an end like the other side's, not a fault.
func (c *keptConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, net.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

// Close closes the connection, which then is nobody's to keep.
func (c *keptConn) Close() error {
	c.by.mu.Lock()
	delete(c.by.open, c)
	c.by.mu.Unlock()
	return c.Conn.Close()
}
