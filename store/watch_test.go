package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

func tag(n byte, name string) store.Put {
	return store.Put{Key: record.Key{Kind: record.Tag, ID: record.ID{n}}, Doc: []byte(`{"name":"` + name + `"}`)}
}

func write(t *testing.T, c *storetest.Cell, ws record.ID, puts ...store.Put) store.Revision {
	t.Helper()
	r, err := c.Submit(t.Context(), store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, Puts: puts}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Revision
}

func TestSubscriptionNamesWhatMoved(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	a, b := record.ID{1}, record.ID{2}
	c.Create(t, a)
	c.Create(t, b)
	s := c.Store().Subscribe()
	defer s.Close()
	write(t, c, b, tag(1, "x"))
	write(t, c, a, tag(1, "x"))
	write(t, c, a, tag(2, "y"))
	moved, err := s.Next(t.Context())
	if err != nil || !slices.Equal(moved, []record.ID{a, b}) {
		t.Errorf("moved: %v, %v", moved, err)
	}
	// A change of the header counts too.
	if _, err := c.Submit(t.Context(), store.Command{Change: &store.HeaderChange{Workspace: b, Op: store.OpLock, Revert: record.ID{9}}}); err != nil {
		t.Fatal(err)
	}
	if moved, err := s.Next(t.Context()); err != nil || !slices.Equal(moved, []record.ID{b}) {
		t.Errorf("moved: %v, %v", moved, err)
	}
	// A refusal moves nothing.
	if _, err := c.Submit(t.Context(), store.Command{Txn: &store.Txn{Workspace: b, Epoch: 1, Puts: []store.Put{tag(3, "z")}}}); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if moved, err := s.Next(ctx); !errors.Is(err, stop) {
		t.Errorf("moved: %v, %v", moved, err)
	}
}

func TestWaitRevisionReturnsWhenReached(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	ws := record.ID{1}
	c.Create(t, ws)
	write(t, c, ws, tag(1, "x"))
	if err := c.Store().WaitRevision(t.Context(), ws, 1); err != nil {
		t.Errorf("a revision that is there: %v", err)
	}
	var wg sync.WaitGroup
	for rev := range store.Revision(20) {
		wg.Go(func() {
			if err := c.Store().WaitRevision(t.Context(), ws, rev); err != nil {
				t.Errorf("revision %d: %v", rev, err)
			}
			v := c.Store().View()
			defer v.Close()
			if h, err := v.Header(ws); err != nil || h.Revision < rev {
				t.Errorf("waited for %d, is at %d, %v", rev, h.Revision, err)
			}
		})
	}
	for n := range byte(20) {
		write(t, c, ws, tag(n+2, string('a'+rune(n))+"!"))
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Store().WaitRevision(ctx, ws, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("a revision that never comes: %v", err)
	}
}

// S9
func TestS9ViewShowsOneMoment(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	ws := record.ID{1}
	c.Create(t, ws)
	write(t, c, ws, tag(1, "before"))
	v := c.Store().View()
	defer v.Close()
	write(t, c, ws, tag(1, "after"), tag(2, "more"))
	if _, err := c.Submit(t.Context(), store.Command{Change: &store.HeaderChange{Workspace: ws, Op: store.OpDrop, Reason: store.Deletion, Epoch: 1}}); err != nil {
		t.Fatal(err)
	}
	h, err := v.Header(ws)
	if err != nil || h.Revision != 1 || h.Counts[record.Tag] != 1 {
		t.Errorf("header: %+v, %v", h, err)
	}
	n := 0
	for r, err := range v.Records(ws, record.Tag) {
		n++
		if err != nil || string(r.Doc) != `{"name":"before"}` {
			t.Errorf("record: %s, %v", r.Doc, err)
		}
	}
	if changes, _, err := v.Changes(ws, store.Cursor{}, 10); n != 1 || len(changes) != 1 || err != nil {
		t.Errorf("%d records, changes %v, %v", n, changes, err)
	}
	if err := v.Verify(t.Context(), ws); err != nil {
		t.Error(err)
	}
}

// S7: a reader that begins from nothing reads on while deletions from before it
// began are forgotten, and is sent back when one is forgotten that it needed.
func TestS7FloorSendsBackWhomItMust(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	ws := record.ID{1}
	c.Create(t, ws)
	for n := range byte(6) {
		write(t, c, ws, tag(n+1, string('a'+rune(n))))
	}
	if _, err := c.Submit(t.Context(), store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, Deletes: []record.Key{tag(1, "").Key}}}); err != nil {
		t.Fatal(err)
	}
	read := func(cursor store.Cursor) ([]store.Change, store.Cursor, error) {
		v := c.Store().View()
		defer v.Close()
		return v.Changes(ws, cursor, 2)
	}
	raise := func(floor store.Revision) {
		t.Helper()
		if _, err := c.Submit(t.Context(), store.Command{RaiseFloor: &store.RaiseFloor{Workspace: ws, Epoch: 1, Floor: floor}}); err != nil {
			t.Fatal(err)
		}
	}
	_, early, err := read(store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	raise(7)
	// The deletion at 7 was made before the reader began: it never saw the record.
	if changes, _, err := read(early); err != nil || len(changes) != 2 {
		t.Errorf("a reader from nothing: %v, %v", changes, err)
	}
	if _, _, err := read(store.Cursor{Incarnation: 1, Revision: 3}); !errors.Is(err, store.ErrCursorTooOld) {
		t.Errorf("a cursor below the floor: %v", err)
	}
	if _, _, err := read(store.Cursor{Incarnation: 1, Revision: 7}); err != nil {
		t.Errorf("a cursor at the floor: %v", err)
	}
	if _, _, err := read(store.Cursor{Incarnation: 2, Revision: 7}); !errors.Is(err, store.ErrCursorTooOld) {
		t.Errorf("a cursor of another incarnation: %v", err)
	}
	if _, _, err := read(store.Cursor{Incarnation: 1, Revision: 8}); !errors.Is(err, store.ErrCursorTooOld) {
		t.Errorf("a cursor of the future: %v", err)
	}
	if _, err := c.Submit(t.Context(), store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, Deletes: []record.Key{tag(2, "").Key}}}); err != nil {
		t.Fatal(err)
	}
	raise(8)
	// It has read the record that went at 8, and would never hear of that.
	if _, _, err := read(early); !errors.Is(err, store.ErrCursorTooOld) {
		t.Errorf("a reader that missed a deletion: %v", err)
	}
}
