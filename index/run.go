package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/store"
	"domicile/store/record"
)

const (
	workers = 2           // 1.5 times as fast as one; more gain nothing
	retry   = time.Second // after an error that is not the index's own
)

// Run follows the store until ctx ends, and returns nil then. Indexes of
// workspaces that are gone are removed first.
func (s *Set) Run(ctx context.Context) error {
	moved := s.db.Subscribe() // before the headers are read, so nothing is missed
	defer moved.Close()
	if err := s.sweep(ctx); err != nil {
		return err
	}
	jobs := make(chan record.ID)
	g, inner := errgroup.WithContext(ctx)
	g.Go(func() error { return s.listen(inner, moved) })
	g.Go(func() error { return s.dispatch(inner, jobs) })
	for range workers {
		g.Go(func() error { return s.serve(inner, jobs) })
	}
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("follow the store: %w", err)
	}
	return nil
}

// serve takes turns with what it is given.
func (s *Set) serve(ctx context.Context, jobs <-chan record.ID) error {
	for {
		select {
		case id := <-jobs:
			s.turn(ctx, id)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listen makes due what has moved.
func (s *Set) listen(ctx context.Context, moved *store.Subscription) error {
	for {
		ids, err := moved.Next(ctx)
		if err != nil {
			return err
		}
		at := time.Now().Add(s.o.Every)
		for _, id := range ids {
			s.plan(id, at)
		}
	}
}

// plan makes a workspace due.
func (s *Set) plan(id record.ID, at time.Time) {
	if id == record.DirectoryID || id == record.RegionID {
		return
	}
	s.mu.Lock()
	s.due.add(id, at)
	s.mu.Unlock()
	s.rouse()
}

func (s *Set) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// dispatch gives out what is due.
func (s *Set) dispatch(ctx context.Context, jobs chan<- record.ID) error {
	for {
		s.mu.Lock()
		id, ok, wait := s.due.next(time.Now())
		s.mu.Unlock()
		if ok {
			select {
			case jobs <- id:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := s.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep returns after a time, if it is not 0, or when the schedule has changed.
func (s *Set) sleep(ctx context.Context, wait time.Duration) error {
	var timer <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-timer:
	case <-s.wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// turn follows one workspace for a while.
func (s *Set) turn(ctx context.Context, id record.ID) {
	more, err := s.follow(ctx, id)
	s.mu.Lock()
	s.due.done(id)
	switch {
	case err == nil && more:
		s.due.add(id, time.Now())
	case err == nil, ctx.Err() != nil, errors.Is(err, errGone), errors.Is(err, ErrClosed), errors.Is(err, store.ErrStopped):
	default:
		s.o.Log.Error("index could not follow", "workspace", id, "err", err)
		s.due.add(id, time.Now().Add(retry))
	}
	s.mu.Unlock()
	s.rouse()
}

func (s *Set) follow(ctx context.Context, id record.ID) (bool, error) {
	w, err := s.acquire(ctx, id)
	if err != nil {
		return false, err
	}
	defer s.release(w)
	if err := w.lock(ctx); err != nil {
		return false, err
	}
	defer w.unlock()
	return w.follow(ctx)
}

// sweep removes what belongs to no workspace, and makes due what is behind.
func (s *Set) sweep(ctx context.Context) error {
	v := s.db.View()
	defer v.Close()
	wanted := make(map[string]bool)
	for h, err := range v.Headers() {
		if err != nil {
			return fmt.Errorf("read headers: %w", err)
		}
		if h.State == store.StateAbsent {
			continue
		}
		wanted[h.Workspace.String()] = true
		if !s.current(h) {
			s.plan(h.Workspace, time.Now())
		}
	}
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil
		}
		if wanted[e.Name()] {
			continue
		}
		if err := s.discard(ctx, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// current says, without opening an index, whether it was closed at the
// workspace's revision.
func (s *Set) current(h store.Header) bool {
	m, err := readManifest(s.dir(h.Workspace))
	if err != nil {
		return false
	}
	c, ok := decodePosition(m.Position)
	return ok && built(c) && c.Incarnation == h.Incarnation && c.Revision == h.Revision
}

// discard removes an entry of the directory that no workspace wants.
func (s *Set) discard(ctx context.Context, name string) error {
	if id, err := record.ParseID(name); err == nil && id.String() == name {
		return s.drop(ctx, id)
	}
	if strings.HasSuffix(name, removed) {
		name = strings.TrimSuffix(name, removed) + removed
	}
	if err := os.RemoveAll(filepath.Join(s.o.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove index: %w", err)
	}
	return nil
}

// Drop closes and removes the index of a workspace: when it returns no file of
// it is left, and none is open. If the store still has the workspace, its index
// is built again when it is needed.
func (s *Set) Drop(ws record.ID) error { return s.drop(context.Background(), ws) }

func (s *Set) drop(ctx context.Context, id record.ID) error {
	w, err := s.acquire(ctx, id)
	if err != nil {
		return err
	}
	defer s.release(w)
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	return w.remove()
}
