package workspace

import (
	"context"
	"errors"
	"fmt"

	"domicile/store"
	"domicile/store/record"
)

// attempts bound how often a write is built again after others came first.
const attempts = 10

// Change is what one request does to a workspace, as the view it was built
// from showed it.
type Change struct {
	If      []store.Condition
	Puts    []store.Put // the answered record first, if it is one
	Deletes []record.Key
	Answer  []byte // the body to answer; nil for none
	One     bool   // Answer is Puts[0], so it has an ETag
}

// Written is what a write answers.
type Written struct {
	Answer   []byte
	Revision store.Revision // of the answered record; of the last one written where there are several
	One      bool
	Repeated bool // the first answer to an earlier request with the same key
}

// write builds a change from a view and commits it. build judges the view and
// states as conditions what it relied on; if others came first it is called
// again with a newer view, so that its refusals are always about the present.
func (s *Service) write(ctx context.Context, c *Scope, build func(v *store.View) (*Change, error)) (Written, error) {
	view, own := c.View, false
	defer func() {
		if own {
			_ = view.Close() // reading ended; nothing depends on it
		}
	}()
	for range attempts {
		if first, err := c.Repeat.answer(view, c.Workspace, s.Now()); err != nil || first != nil {
			return deref(first), err
		}
		change, err := build(view)
		if err != nil {
			return Written{}, err
		}
		written, err := s.commit(ctx, c, view, change)
		var conflict *store.Conflict
		if err == nil || !errors.As(err, &conflict) && !errors.Is(err, store.ErrFenced) && !errors.Is(err, store.ErrLocked) && !errors.Is(err, store.ErrNotFound) {
			return written, err
		}
		if own {
			_ = view.Close()
		}
		if view, err = s.View(ctx); err != nil {
			own = false
			return Written{}, err
		}
		own = true
		if err := s.Judge(view, c.Workspace); err != nil {
			return Written{}, err
		}
		if err := s.writable(view, c.Workspace, c.Home.Epoch); err != nil {
			return Written{}, err
		}
	}
	return Written{}, ErrBusy
}

func deref(w *Written) Written {
	if w == nil {
		return Written{}
	}
	return *w
}

func (s *Service) commit(ctx context.Context, c *Scope, v *store.View, change *Change) (Written, error) {
	if c.Match != nil && len(change.Puts)+len(change.Deletes) > 0 {
		if err := c.matched(v, change); err != nil {
			return Written{}, err
		}
	}
	txn := store.Txn{Workspace: c.Workspace, Epoch: c.Home.Epoch, If: change.If, Puts: change.Puts, Deletes: change.Deletes}
	if err := c.Repeat.remember(v, &txn, c.Workspace, change, s.Now()); err != nil {
		return Written{}, err
	}
	if len(txn.Puts)+len(txn.Deletes) == 0 {
		return Written{Answer: change.Answer}, nil
	}
	result, err := s.Cell.Submit(ctx, store.Command{Txn: &txn})
	if err == nil {
		err = result.Err
	}
	if err != nil {
		return Written{}, fmt.Errorf("write to %s: %w", c.Workspace, err)
	}
	w := Written{Answer: change.Answer, Revision: result.Revision, One: change.One}
	if change.One {
		// Records get their revisions in the order of puts, then deletes.
		w.Revision = result.Revision - store.Revision(len(txn.Puts)+len(txn.Deletes)-1)
	}
	return w, nil
}

// matched judges If-Match on the one record that the request is about, and
// makes it a condition.
func (c *Scope) matched(v *store.View, change *Change) error {
	var key record.Key
	if len(change.Puts) > 0 {
		key = change.Puts[0].Key
	} else {
		key = change.Deletes[0]
	}
	r, err := v.Get(c.Workspace, key.Kind, key.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Revision != *c.Match {
		return ErrStale
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	change.If = append(change.If, store.At(key, r.Revision))
	return nil
}

// need adds the condition that records exist, after looking: *Foreign if one
// does not.
func (s *Service) need(v *store.View, c *Scope, change *Change, keys ...record.Key) error {
	for _, k := range keys {
		if _, err := s.fetch(v, c, k); err != nil {
			return err
		}
		change.If = append(change.If, store.Exists(k))
	}
	return nil
}

// fetch reads a record of the workspace: *Foreign if there is none.
func (s *Service) fetch(v *store.View, c *Scope, k record.Key) (store.Record, error) {
	r, err := v.Get(c.Workspace, k.Kind, k.ID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Record{}, &Foreign{Noun: noun(k.Kind)}
	}
	if err != nil {
		return store.Record{}, fmt.Errorf("read %s: %w", k, err)
	}
	return r, nil
}

// free looks whether a unique value is free or owner's own: *Taken if not. The
// store enforces it again when the transaction is applied.
func (s *Service) free(v *store.View, c *Scope, kind record.Kind, index, field string, owner record.ID, values ...record.Value) error {
	prefix, err := record.Find(kind, index).Prefix(values...)
	if err != nil {
		return fmt.Errorf("index %s of %s: %w", index, kind, err)
	}
	for e, err := range v.Index(c.Workspace, kind, index, store.Range{Prefix: prefix}) {
		if err != nil {
			return fmt.Errorf("read index %s of %s: %w", index, kind, err)
		}
		if e.ID != owner {
			return &Taken{Noun: noun(kind), Field: field}
		}
	}
	return nil
}
