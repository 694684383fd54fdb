package store

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"domicile/store/record"
)

// Change is one entry of the feed: a record as it is now, or its deletion.
type Change struct {
	Key      record.Key
	Revision Revision
	Deleted  bool
	Doc      []byte // nil if deleted
}

// Cursor is a place in a workspace's feed. The zero cursor is before all of it.
type Cursor struct {
	Incarnation uint64
	Revision    Revision
	// Start is where the workspace was when a reader began from nothing, until
	// it has come past it. It reads records that were live then and has no need
	// of older deletions, so the floor of that time does not make it too old.
	Start Revision
}

// String returns the cursor as an opaque text; ParseCursor reads it.
func (c Cursor) String() string {
	return strconv.FormatUint(c.Incarnation, 36) + "-" + strconv.FormatUint(uint64(c.Revision), 36) +
		"-" + strconv.FormatUint(uint64(c.Start), 36)
}

// ParseCursor reads a cursor's text. The empty text is the zero cursor.
func ParseCursor(s string) (Cursor, error) {
	if s == "" {
		return Cursor{}, nil
	}
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return Cursor{}, ErrBadCursor
	}
	var n [3]uint64
	for i, part := range parts {
		var err error
		if n[i], err = strconv.ParseUint(part, 36, 64); err != nil {
			return Cursor{}, ErrBadCursor
		}
	}
	c := Cursor{n[0], Revision(n[1]), Revision(n[2])}
	if c.String() != s {
		return Cursor{}, ErrBadCursor // only one text for each cursor
	}
	return c, nil
}

// Changes returns up to limit entries of the feed after a cursor, in the order
// of revisions, and the cursor after them. Fewer than limit are all there are.
func (v *View) Changes(ws record.ID, c Cursor, limit int) ([]Change, Cursor, error) {
	h, err := v.Header(ws)
	if err != nil {
		return nil, c, err
	}
	if c.Revision == 0 {
		c = Cursor{Incarnation: h.Incarnation, Start: h.Revision}
	}
	if c.Incarnation != h.Incarnation || c.Revision > h.Revision || c.Revision < h.Floor && c.Start < h.Floor {
		return nil, c, fmt.Errorf("read feed of %s after %d: %w", ws, c.Revision, ErrCursorTooOld)
	}
	changes, err := v.feed(ws, c.Revision, limit)
	if err != nil {
		return nil, c, fmt.Errorf("read feed of %s: %w", ws, err)
	}
	next := c
	if n := len(changes); n > 0 && n == limit {
		next.Revision = changes[n-1].Revision
	} else if limit > 0 {
		next.Revision = h.Revision
	}
	if next.Revision >= next.Start {
		next.Start = 0
	}
	return changes, next, nil
}

func (v *View) feed(ws record.ID, after Revision, limit int) (changes []Change, err error) {
	_, upper := sectionSpan(ws, sectionFeed)
	it, err := v.iter(appendFeedKey(nil, ws, after+1), upper)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ok := it.First(); ok && len(changes) < limit; ok = it.Next() {
		rev, well := splitFeed(it.Key())
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, readError(err)
		}
		key, deleted, err := decodeFeed(value)
		if err != nil || !well {
			return nil, corrupt("feed entry")
		}
		change := Change{Key: key, Revision: rev, Deleted: deleted}
		if !deleted {
			r, err := v.Get(ws, key.Kind, key.ID)
			if err != nil || r.Revision != rev {
				return nil, fmt.Errorf("entry %d of %s is not the record's: %w", rev, key, ErrCorrupt)
			}
			change.Doc = r.Doc
		}
		changes = append(changes, change)
	}
	return changes, readError(it.Error())
}

// raiseFloor forgets deletions at or below the new floor.
func (w *writer) raiseFloor(r *RaiseFloor) (Result, error) {
	if r.Workspace.IsZero() {
		return Result{Err: fmt.Errorf("raise of a floor without a workspace: %w", ErrInvalid)}, nil
	}
	s, err := w.space(r.Workspace)
	if err != nil {
		return Result{}, err
	}
	if err := s.floorable(r); err != nil {
		return refuse(s.Revision, err)
	}
	if r.Floor <= s.Floor {
		return Result{Revision: s.Revision}, nil
	}
	forgotten, err := w.deletions(s, r.Floor)
	if err != nil {
		return Result{}, fmt.Errorf("read feed of %s: %w", r.Workspace, err)
	}
	for _, rev := range slices.Sorted(maps.Keys(forgotten)) {
		key := forgotten[rev]
		c := s.records[key]
		if c == nil {
			c = &current{}
			s.records[key] = c
		}
		c.deletion, c.looked = rev, true
		if err := w.dropDeletion(s, key, c); err != nil {
			return Result{}, fmt.Errorf("forget deletion of %s of %s: %w", key, r.Workspace, err)
		}
	}
	s.Floor = r.Floor
	s.dirty = true
	return Result{Revision: s.Revision}, nil
}

func (s *space) floorable(r *RaiseFloor) error {
	switch {
	case s.State == StateAbsent:
		return ErrNotFound
	case s.Epoch != r.Epoch:
		return ErrFenced
	case s.State != Active || s.Open != nil:
		return ErrLocked
	case r.Floor > s.Revision:
		return fmt.Errorf("floor %d above revision %d: %w", r.Floor, s.Revision, ErrInvalid)
	}
	return nil
}

// deletions returns the deletions in the feed at or below a revision.
func (w *writer) deletions(s *space, upTo Revision) (map[Revision]record.Key, error) {
	found := map[Revision]record.Key{}
	for rev, key := range s.made {
		if rev <= upTo {
			found[rev] = key
		}
	}
	if s.erased {
		return found, nil
	}
	it, err := w.db.pebble.NewIter(&pebble.IterOptions{
		LowerBound: appendFeedKey(nil, s.Workspace, s.Floor+1),
		UpperBound: appendFeedKey(nil, s.Workspace, upTo+1),
	})
	if err != nil {
		return nil, readError(err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		rev, well := splitFeed(it.Key())
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, readError(err)
		}
		key, deleted, err := decodeFeed(value)
		if err != nil || !well {
			return nil, corrupt("feed entry")
		}
		if _, gone := s.gone[rev]; deleted && !gone {
			found[rev] = key
		}
	}
	return found, readError(it.Error())
}
