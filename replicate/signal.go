package replicate

import (
	"context"
	"sync"
)

// signal wakes everybody who waits for something to have changed.
type signal struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; closed at the next change
}

func (s *signal) init() { s.ch = make(chan struct{}) }

// next answers a channel that is closed at the next change. Take it, look, then wait.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch
}

func (s *signal) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ch)
	s.ch = make(chan struct{})
}

// rounds gathers reads that wait for leadership to be confirmed. Those that came before a round
// began are answered by it together.
type rounds struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []chan error // guarded by mu
	ended   error        // guarded by mu; why no round comes any more
}

func (r *rounds) init() { r.wake = make(chan struct{}, 1) }

// wait is answered by the next round that begins after it was called.
func (r *rounds) wait(ctx context.Context) error {
	answer := make(chan error, 1)
	r.mu.Lock()
	if r.ended != nil {
		defer r.mu.Unlock()
		return r.ended
	}
	r.waiting = append(r.waiting, answer)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take begins a round.
func (r *rounds) take() []chan error {
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := r.waiting
	r.waiting = nil
	return waiting
}

// end answers everybody who waits or comes later.
func (r *rounds) end(err error) {
	r.mu.Lock()
	r.ended = err
	r.mu.Unlock()
	for _, answer := range r.take() {
		answer <- err
	}
}
