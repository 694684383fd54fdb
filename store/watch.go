package store

import (
	"context"
	"slices"
	"sync"

	"domicile/store/record"
)

// watchers are those who wait for workspaces to move.
type watchers struct {
	mu            sync.Mutex
	subscriptions map[*Subscription]struct{}      // guarded by mu
	waiters       map[record.ID][]*revisionWaiter // guarded by mu
	stopped       chan struct{}                   // closed by Close
	once          sync.Once
}

type revisionWaiter struct {
	revision Revision
	reached  chan struct{}
}

func (w *watchers) init() {
	w.subscriptions = map[*Subscription]struct{}{}
	w.waiters = map[record.ID][]*revisionWaiter{}
	w.stopped = make(chan struct{})
}

func (w *watchers) stop() { w.once.Do(func() { close(w.stopped) }) }

// moved tells that a workspace is at a revision, or has changed its state.
func (w *watchers) moved(ws record.ID, rev Revision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.subscriptions {
		s.moved[ws] = struct{}{}
		select {
		case s.signal <- struct{}{}:
		default:
		}
	}
	waiting := w.waiters[ws]
	if len(waiting) == 0 {
		return
	}
	waiting = slices.DeleteFunc(waiting, func(r *revisionWaiter) bool {
		if r.revision > rev {
			return false
		}
		close(r.reached)
		return true
	})
	if len(waiting) == 0 {
		delete(w.waiters, ws)
		return
	}
	w.waiters[ws] = waiting
}

// Subscription says which workspaces moved. One goroutine at a time may call Next.
type Subscription struct {
	w      *watchers
	moved  map[record.ID]struct{} // guarded by w.mu
	signal chan struct{}          // has a value if moved may have one
}

// Subscribe returns a subscription to all workspaces: those that are written,
// or whose header changes, from now on.
func (d *DB) Subscribe() *Subscription {
	s := &Subscription{w: &d.watch, moved: map[record.ID]struct{}{}, signal: make(chan struct{}, 1)}
	d.watch.mu.Lock()
	d.watch.subscriptions[s] = struct{}{}
	d.watch.mu.Unlock()
	return s
}

// Next waits until a workspace has moved and returns all that have since the
// last call, each once, in the order of their ids. When the store closes it
// returns ErrStopped.
func (s *Subscription) Next(ctx context.Context) ([]record.ID, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-s.w.stopped:
			return nil, ErrStopped
		case <-s.signal:
		}
		s.w.mu.Lock()
		ids := make([]record.ID, 0, len(s.moved))
		for ws := range s.moved {
			ids = append(ids, ws)
		}
		clear(s.moved)
		s.w.mu.Unlock()
		if len(ids) > 0 {
			slices.SortFunc(ids, record.ID.Compare)
			return ids, nil
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	delete(s.w.subscriptions, s)
}

// WaitRevision waits until a workspace is at a revision or past it, on this node.
func (d *DB) WaitRevision(ctx context.Context, ws record.ID, rev Revision) error {
	r := &revisionWaiter{revision: rev, reached: make(chan struct{})}
	d.watch.mu.Lock()
	d.watch.waiters[ws] = append(d.watch.waiters[ws], r)
	d.watch.mu.Unlock()
	defer d.forget(ws, r)

	// It may have been reached before anybody could tell.
	v := d.View()
	h, _, err := v.header(ws)
	v.Close()
	if err != nil || h.Revision >= rev {
		return err
	}
	select {
	case <-r.reached:
		return nil
	case <-d.watch.stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *DB) forget(ws record.ID, r *revisionWaiter) {
	d.watch.mu.Lock()
	defer d.watch.mu.Unlock()
	waiting := slices.DeleteFunc(d.watch.waiters[ws], func(other *revisionWaiter) bool { return other == r })
	if len(waiting) == 0 {
		delete(d.watch.waiters, ws)
		return
	}
	d.watch.waiters[ws] = waiting
}
