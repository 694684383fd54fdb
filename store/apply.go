package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Apply applies entries of the log in order, in one Pebble batch that has the
// applied index in it. It returns a result for each command. Entries at or below
// the applied index were applied before: they are skipped, and their results
// are empty. An error means that the node must stop; nothing was applied.
//
// What it does depends on the entries and on the store alone: no clock, no
// random number, no order of a map. So every node's results and stores are equal.
func (d *DB) Apply(entries []Entry) ([][]Result, error) {
	if err := d.enter(); err != nil {
		return nil, fmt.Errorf("apply entries: %w", err)
	}
	defer d.leave()
	if d.o.ReadOnly {
		return nil, fmt.Errorf("apply entries: %w", ErrReadOnly)
	}
	d.apply.Lock()
	defer d.apply.Unlock()
	if err := d.Failure(); err != nil {
		return nil, fmt.Errorf("apply entries: %w: %w", ErrStopped, err)
	}
	w := newWriter(d)
	results, err := w.run(entries)
	if err == nil {
		err = w.commit()
	}
	w.close()
	if err != nil {
		d.fail(err)
		return nil, fmt.Errorf("apply entries: %w", err)
	}
	d.mu.Lock()
	d.applied = w.applied
	d.mu.Unlock()
	w.notify()
	return results, nil
}

func (w *writer) run(entries []Entry) ([][]Result, error) {
	results := make([][]Result, len(entries))
	for i := range entries {
		e := &entries[i]
		results[i] = make([]Result, len(e.Commands))
		if e.Index <= w.applied.index {
			continue
		}
		w.applied.index, w.applied.term = e.Index, e.Term
		if !e.Time.IsZero() {
			w.applied.time = max(w.applied.time, e.Time.UnixMilli())
		}
		for j := range e.Commands {
			result, err := w.command(&e.Commands[j])
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", e.Index, err)
			}
			results[i][j] = result
		}
	}
	return results, nil
}

// command applies one command. Its error is the node's, a refusal is in the result.
func (w *writer) command(c *Command) (Result, error) {
	set := 0
	for _, there := range []bool{c.Txn != nil, c.Create != nil, c.Change != nil, c.RaiseFloor != nil, c.Tick != nil} {
		if there {
			set++
		}
	}
	switch {
	case set != 1:
		return Result{Err: fmt.Errorf("command of %d parts: %w", set, ErrInvalid)}, nil
	case c.Txn != nil:
		return w.txn(c.Txn)
	case c.Create != nil:
		return w.change(c.Create.change())
	case c.Change != nil && (c.Change.Op == OpCreate || c.Change.Op == OpRestore):
		return Result{Err: fmt.Errorf("%s as a change of a header: %w", c.Change.Op, ErrInvalid)}, nil
	case c.Change != nil:
		return w.change(c.Change)
	case c.RaiseFloor != nil:
		return w.raiseFloor(c.RaiseFloor)
	default:
		return Result{}, nil
	}
}

// refuse is the result of a command that is refused, which is no error of Apply.
func refuse(at Revision, why error) (Result, error) { return Result{Revision: at, Err: why}, nil }

func (c *Create) change() *HeaderChange {
	op := OpCreate
	if c.Restored {
		op = OpRestore
	}
	return &HeaderChange{Workspace: c.Workspace, Op: op, Epoch: c.Epoch, Incarnation: c.Incarnation}
}

// change applies a change of a header.
func (w *writer) change(c *HeaderChange) (Result, error) {
	s, err := w.space(c.Workspace)
	if err != nil {
		return Result{}, err
	}
	next, effects, refused := s.next(c)
	if refused != nil {
		return refuse(s.Revision, refused)
	}
	if effects&erase != 0 {
		lower, upper := workspaceSpan(c.Workspace)
		if err := w.batch.DeleteRange(lower, upper, nil); err != nil {
			return Result{}, fmt.Errorf("drop %s: %w", c.Workspace, err)
		}
		s.forget()
	}
	s.Header = next
	// A repeat that changed nothing of a workspace unknown here leaves nothing.
	s.dirty = s.dirty || s.there || next.State != StateAbsent || next.Epoch != 0 || next.Attempt != 0
	return Result{Revision: s.Revision}, nil
}

// commit writes the headers that changed, each once, and the applied index.
func (w *writer) commit() error {
	for _, s := range w.order {
		if !s.dirty {
			continue
		}
		w.value = s.append(w.value[:0])
		if err := w.batch.Set(headerKey(s.Workspace), w.value, nil); err != nil {
			return fmt.Errorf("write header of %s: %w", s.Workspace, err)
		}
	}
	if w.applied == w.before {
		return nil
	}
	w.value = w.applied.append(w.value[:0])
	if err := w.batch.Set(appliedKey, w.value, nil); err != nil {
		return fmt.Errorf("write applied index: %w", err)
	}
	if err := w.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("commit batch: %w", err)
	}
	return nil
}

// notify tells those who wait which workspaces moved.
func (w *writer) notify() {
	for _, s := range w.order {
		if s.dirty {
			w.db.watch.moved(s.Workspace, s.Revision)
		}
	}
}
