package daemontest_test

import (
	"errors"
	"io"
	"sync"
)

var (
	errStillOpen = errors.New("a region still takes connections")
	errNotYet    = errors.New("nothing yet")
)

// slowBody is a request's body that goes on for ever after its beginning.
type slowBody struct {
	rest  []byte
	begun chan struct{} // closed when the beginning was taken
	over  chan struct{}
	once  sync.Once
	stop  sync.Once
}

func newSlowBody(beginning string) *slowBody {
	return &slowBody{rest: []byte(beginning), begun: make(chan struct{}), over: make(chan struct{})}
}

func (b *slowBody) Read(p []byte) (int, error) {
	if len(b.rest) > 0 {
		n := copy(p, b.rest)
		b.rest = b.rest[n:]
		return n, nil
	}
	b.once.Do(func() { close(b.begun) })
	<-b.over
	return 0, io.ErrUnexpectedEOF
}

func (b *slowBody) end() { b.stop.Do(func() { close(b.over) }) }
