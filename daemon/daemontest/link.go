package daemontest

import (
	"net"
	"sync"
	"time"
)

// Link is what lies between regions: it delays what is sent, and can be cut. The zero value is a good
// connection. Its Through is for Options.
type Link struct {
	mu    sync.Mutex
	delay time.Duration         // guarded by mu
	cut   bool                  // guarded by mu
	open  map[*linked]time.Time // guarded by mu; when each was made
}

// Through puts a connection on the link.
func (l *Link) Through(c net.Conn) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	lc := &linked{Conn: c, link: l, queue: make(chan parcel, 1024), gone: make(chan struct{})}
	if l.cut {
		_ = c.Close()
		close(lc.gone)
		lc.closed = true
		return lc
	}
	if l.open == nil {
		l.open = map[*linked]time.Time{}
	}
	l.open[lc] = time.Now()
	go lc.carry()
	return lc
}

// Delay sets how long what is sent from now on takes to arrive.
func (l *Link) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// Cut ends all connections and every new one.
func (l *Link) Cut() {
	l.mu.Lock()
	l.cut = true
	all := l.open
	l.open = nil
	l.mu.Unlock()
	for c := range all {
		_ = c.Close()
	}
}

// Mend lets new connections live.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// parcel is what one Write sent.
type parcel struct {
	data []byte
	due  time.Time
}

// linked is a connection on a link. Its order is kept; its bandwidth is not bounded.
type linked struct {
	net.Conn
	link  *Link
	queue chan parcel
	gone  chan struct{}

	mu     sync.Mutex
	closed bool // guarded by mu
}

// Write takes the data; it arrives after the link's delay.
func (c *linked) Write(p []byte) (int, error) {
	c.link.mu.Lock()
	due := time.Now().Add(c.link.delay)
	c.link.mu.Unlock()
	select {
	case c.queue <- parcel{append([]byte(nil), p...), due}:
		return len(p), nil
	case <-c.gone:
		return 0, net.ErrClosed
	}
}

// carry delivers parcels when they are due, until the connection is closed.
func (c *linked) carry() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.gone:
			return
		case p := <-c.queue:
			timer.Reset(time.Until(p.due))
			select {
			case <-c.gone:
				return
			case <-timer.C:
			}
			if _, err := c.Conn.Write(p.data); err != nil {
				_ = c.Close()
				return
			}
		}
	}
}

// Close closes the connection; what is still on its way is lost.
func (c *linked) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	close(c.gone)
	c.link.mu.Lock()
	delete(c.link.open, c)
	c.link.mu.Unlock()
	return c.Conn.Close()
}
