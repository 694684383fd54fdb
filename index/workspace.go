package index

import (
	"context"
	"errors"
	"fmt"
	"sync"

	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store"
	"domicile/store/record"
)

const (
	batchSize = 1000 // changes; larger ones cost memory and gain nothing
	turn      = 10   // batches before others have theirs
)

// workspace is one index of a Set, open or not.
type workspace struct {
	set *Set
	id  record.ID
	dir string

	users   int           // guarded by Set.mu
	used    uint64        // guarded by Set.mu: Set.clock of the last use
	closing chan struct{} // guarded by Set.mu: set while it is being evicted

	work   chan struct{} // a mutex whose waiters can give up: see lock
	cursor store.Cursor  // guarded by work: what the engine has read

	use    sync.RWMutex // held for reading while Bleve is searched
	engine *engine      // guarded by use, and only changed with work held

	mu     sync.Mutex
	at     store.Revision // guarded by mu: what an answer would be of
	ready  bool           // guarded by mu: an answer can be given
	faulty bool           // guarded by mu: reading failed, build it again
}

// errGone says that the store has no such workspace any more.
var errGone = fmt.Errorf("%w", ErrNoWorkspace)

// lock makes the caller the one who opens, follows and rebuilds the index.
func (w *workspace) lock(ctx context.Context) error {
	select {
	case w.work <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.set.stop:
		return ErrClosed
	}
}

func (w *workspace) unlock() { <-w.work }

// wait returns when an eviction is over.
func (w *workspace) wait(ctx context.Context) error {
	select {
	case <-w.closing:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shut closes the engine for good. Nobody uses the workspace.
func (w *workspace) shut() error {
	if w.engine == nil {
		return nil
	}
	e := w.engine
	w.engine = nil
	return e.close(w.cursor)
}

// revision is what an answer would be of, and false if none can be given yet.
func (w *workspace) revision() (store.Revision, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.ready && !w.faulty
}

func (w *workspace) setRevision(c store.Cursor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at, w.ready = c.Revision, built(c)
}

// built says whether the first pass over the records is complete. Before its
// end records are missing that have not changed for long.
func built(c store.Cursor) bool { return c.Incarnation != 0 && c.Revision >= c.Start }

// follow reads the feed for one turn, and says whether there is more to read.
// The index is opened, built again or removed as needed. work is held.
func (w *workspace) follow(ctx context.Context) (more bool, err error) {
	v := w.set.db.View()
	defer func() { err = errors.Join(err, v.Close()) }()
	h, err := v.Header(w.id)
	if errors.Is(err, store.ErrNotFound) || err == nil && h.State == store.StateAbsent {
		return false, errors.Join(errGone, w.remove())
	}
	if err != nil {
		return false, fmt.Errorf("read header: %w", err)
	}
	if err := w.open(h.Incarnation); err != nil {
		return false, err
	}
	for range turn {
		if w.cursor.Incarnation != 0 && w.cursor.Revision >= h.Revision {
			return false, w.checkCount(h)
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		changes, next, err := v.Changes(w.id, w.cursor, w.set.o.batch)
		if errors.Is(err, store.ErrCursorTooOld) && w.cursor.Incarnation != 0 {
			if err := w.rebuild("cursor"); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read changes: %w", err)
		}
		if err := w.write(changes, next); err != nil {
			return false, err
		}
	}
	return true, nil
}

// write indexes changes. An engine that cannot be written to is given up, to be
// opened again by the next turn.
func (w *workspace) write(changes []store.Change, next store.Cursor) error {
	b := bleve.NewBatch()
	for _, c := range changes {
		switch {
		case !Searchable(c.Key.Kind):
		case c.Deleted:
			b.Delete(documentID(c.Key))
		default:
			b.Update(newDocument(c.Key, c.Doc))
		}
	}
	records := len(b.IndexOps)
	if err := w.engine.write(b, next); err != nil {
		return errors.Join(err, w.abandon())
	}
	w.cursor = next
	w.setRevision(next)
	w.set.metrics.records.Add(float64(records))
	w.set.metrics.batches.Inc()
	return nil
}

// open opens the engine, and builds it again if it cannot be used.
func (w *workspace) open(incarnation uint64) error {
	w.mu.Lock()
	faulty := w.faulty
	w.mu.Unlock()
	switch {
	case faulty:
		return w.rebuild("damaged")
	case w.engine == nil:
		e, err := openEngine(w.dir, w.set.analyse)
		if errors.Is(err, errDamaged) {
			return w.rebuild("damaged")
		}
		if err != nil {
			return err
		}
		if err := w.adopt(e); err != nil {
			return err
		}
	}
	if w.cursor.Incarnation != 0 && w.cursor.Incarnation != incarnation {
		return w.rebuild("incarnation")
	}
	return nil
}

// adopt makes an opened engine the workspace's. One that is neither empty nor
// says how far it has read, in this version's words, is built again.
func (w *workspace) adopt(e *engine) error {
	cursor, ok, err := e.position()
	if err == nil && !ok {
		var used bool
		if used, err = e.used(); err == nil && used {
			w.setEngine(e, store.Cursor{})
			return w.rebuild("position")
		}
	}
	if err != nil {
		w.setEngine(e, store.Cursor{})
		return w.rebuild("damaged")
	}
	w.setEngine(e, cursor)
	return nil
}

func (w *workspace) setEngine(e *engine, c store.Cursor) {
	w.use.Lock()
	w.engine = e
	w.use.Unlock()
	w.cursor = c
	w.setRevision(c)
}

// rebuild removes the index and begins an empty one.
func (w *workspace) rebuild(reason string) error {
	w.set.o.Log.Warn("index is built again", "workspace", w.id, "reason", reason)
	w.set.metrics.rebuilds.WithLabelValues(reason).Inc()
	if err := w.remove(); err != nil {
		return err
	}
	e, err := openEngine(w.dir, w.set.analyse)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.faulty = false
	w.mu.Unlock()
	w.setEngine(e, store.Cursor{})
	return nil
}

// remove closes the engine and removes its files. An engine that does not close
// is left to the end of the process; its files go all the same.
func (w *workspace) remove() error {
	if err := w.abandon(); err != nil {
		w.set.o.Log.Warn("index could not be closed", "workspace", w.id, "err", err)
	}
	return removeIndex(w.dir)
}

// abandon closes the engine without more ado, if it is open.
func (w *workspace) abandon() error {
	w.use.Lock()
	defer w.use.Unlock()
	e := w.engine
	w.engine, w.cursor = nil, store.Cursor{}
	w.setRevision(store.Cursor{})
	if e == nil {
		return nil
	}
	return e.abandon()
}

// checkCount compares the number of records with the header's, once the index
// is at the header's revision. It catches what no sum does: a root that a crash
// and a bad disk have spoilt together.
func (w *workspace) checkCount(h store.Header) error {
	if w.cursor.Revision != h.Revision {
		return nil // ahead: the store still replays its log
	}
	var want uint64
	for _, kind := range searchableKinds() {
		want += h.Counts[kind]
	}
	have, err := w.engine.count()
	if err != nil {
		return err
	}
	if have == want {
		return nil
	}
	if err := w.rebuild("count"); err != nil {
		return err
	}
	return fmt.Errorf("%w: %d records, not %d", errDamaged, have, want)
}

// fail marks the index to be built again.
func (w *workspace) fail() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faulty = true
}
