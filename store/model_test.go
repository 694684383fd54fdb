package store_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// model is the store as a plain map, written for clarity: it knows nothing of
// keys, batches and Pebble.
type model struct {
	applied, term uint64
	time          time.Time
	spaces        map[record.ID]*modelSpace
}

type modelSpace struct {
	header    store.Header // state and fences; figures are computed
	records   map[record.Key]store.Record
	deletions map[record.Key]store.Revision
	tokens    []modelToken // oldest first
}

type modelToken struct {
	token  store.Token
	time   time.Time
	result store.Result
}

func newModel() *model { return &model{spaces: map[record.ID]*modelSpace{}} }

func (m *model) apply(e store.Entry) []store.Result {
	m.applied, m.term = e.Index, e.Term
	if e.Time.After(m.time) {
		m.time = e.Time
	}
	var results []store.Result
	for _, c := range e.Commands {
		results = append(results, m.command(c))
	}
	return results
}

// space returns a workspace, maybe one that was never here.
func (m *model) space(ws record.ID) *modelSpace {
	if s := m.spaces[ws]; s != nil {
		return s
	}
	return &modelSpace{header: store.Header{Workspace: ws}, records: map[record.Key]store.Record{}, deletions: map[record.Key]store.Revision{}}
}

func (m *model) command(c store.Command) store.Result {
	switch {
	case c.Txn != nil:
		return m.txn(c.Txn)
	case c.RaiseFloor != nil:
		return m.raiseFloor(c.RaiseFloor)
	case c.Create != nil:
		op := store.OpCreate
		if c.Create.Restored {
			op = store.OpRestore
		}
		return m.change(store.HeaderChange{Workspace: c.Create.Workspace, Op: op, Epoch: c.Create.Epoch, Incarnation: c.Create.Incarnation})
	case c.Change != nil:
		return m.change(*c.Change)
	}
	return store.Result{}
}

// change trusts the table of states, which has tests of its own.
func (m *model) change(c store.HeaderChange) store.Result {
	s := m.space(c.Workspace)
	before := s.header
	next, err := before.Next(c)
	if err != nil {
		return store.Result{Revision: before.Revision, Err: err}
	}
	if before.State != store.StateAbsent && next.State == store.StateAbsent {
		s = &modelSpace{records: map[record.Key]store.Record{}, deletions: map[record.Key]store.Revision{}}
	}
	s.header = next
	if next.State != store.StateAbsent || next.Epoch != 0 || next.Attempt != 0 {
		m.spaces[c.Workspace] = s
	}
	return store.Result{Revision: next.Revision}
}

func (m *model) raiseFloor(r *store.RaiseFloor) store.Result {
	s := m.space(r.Workspace)
	result := store.Result{Revision: s.header.Revision}
	switch h := &s.header; {
	case h.State == store.StateAbsent:
		result.Err = store.ErrNotFound
	case h.Epoch != r.Epoch:
		result.Err = store.ErrFenced
	case h.State != store.Active || h.Open != nil:
		result.Err = store.ErrLocked
	case r.Floor > h.Revision:
		result.Err = store.ErrInvalid
	case r.Floor > h.Floor:
		h.Floor = r.Floor
		maps.DeleteFunc(s.deletions, func(_ record.Key, rev store.Revision) bool { return rev <= r.Floor })
	}
	return result
}

func (m *model) txn(t *store.Txn) store.Result {
	s := m.space(t.Workspace)
	if s.header.State == store.StateAbsent {
		return store.Result{Err: store.ErrNotFound}
	}
	if t.Token != (store.Token{}) {
		for _, old := range s.tokens {
			if old.token == t.Token {
				return old.result
			}
		}
	}
	err := s.judge(t)
	if err == nil {
		s.write(t)
	}
	result := store.Result{Revision: s.header.Revision, Err: err}
	if t.Token != (store.Token{}) {
		for range 2 {
			if len(s.tokens) > 0 && s.tokens[0].time.Before(m.time.Add(-time.Hour)) {
				s.tokens = s.tokens[1:]
			}
		}
		s.tokens = append(s.tokens, modelToken{t.Token, m.time, result})
	}
	return result
}

func (s *modelSpace) judge(t *store.Txn) error {
	h := &s.header
	mine := h.State == store.Locked && !h.Revert.IsZero() && t.Revert == h.Revert
	switch {
	case h.Epoch != t.Epoch, h.State == store.Retired, h.State == store.Active && !t.Revert.IsZero():
		return store.ErrFenced
	case h.State == store.Staged:
		return store.ErrNotFound
	case h.State != store.Active && !mine:
		return store.ErrLocked
	}
	for _, c := range t.If {
		r, live := s.records[c.Key]
		failed := false
		switch c.Op {
		case store.IfExists:
			failed = !live
		case store.IfAbsent:
			failed = live
		case store.IfAt:
			failed = !live || r.Revision != c.Revision
		case store.IfFree:
			index := record.Find(c.Key.Kind, c.Index)
			if id, taken := s.holder(index, c.Key.Kind, c.Value, func(id record.ID) bool { return id == c.Key.ID }); taken {
				return &store.Conflict{Key: record.Key{Kind: c.Key.Kind, ID: id}, Index: c.Index, Op: store.IfFree}
			}
		}
		if failed {
			return &store.Conflict{Key: c.Key, Op: c.Op}
		}
	}
	if mine {
		return nil
	}
	return s.judgeUnique(t)
}

func (s *modelSpace) judgeUnique(t *store.Txn) error {
	written := func(kind record.Kind) func(record.ID) bool {
		return func(id record.ID) bool {
			key := record.Key{Kind: kind, ID: id}
			return slices.Contains(t.Deletes, key) || slices.ContainsFunc(t.Puts, func(p store.Put) bool { return p.Key == key })
		}
	}
	for n, p := range t.Puts {
		d, _ := record.Lookup(p.Key.Kind)
		for i := range d.Indexes {
			index := &d.Indexes[i]
			if !index.Unique {
				continue
			}
			for _, value := range index.Keys(p.Doc) {
				for _, other := range slices.Backward(t.Puts[:n]) {
					if other.Key.Kind == p.Key.Kind && slices.ContainsFunc(index.Keys(other.Doc), func(k []byte) bool { return bytes.Equal(k, value) }) {
						return &store.Conflict{Key: other.Key, Index: index.Name, Op: store.IfFree}
					}
				}
				if id, taken := s.holder(index, p.Key.Kind, value, written(p.Key.Kind)); taken {
					return &store.Conflict{Key: record.Key{Kind: p.Key.Kind, ID: id}, Index: index.Name, Op: store.IfFree}
				}
			}
		}
	}
	return nil
}

func (s *modelSpace) holder(index *record.Index, kind record.Kind, value []byte, except func(record.ID) bool) (record.ID, bool) {
	var lowest record.ID
	found := false
	for key, r := range s.records {
		if key.Kind != kind || except(key.ID) {
			continue
		}
		for _, k := range index.Keys(r.Doc) {
			if bytes.Equal(k, value) && (!found || key.ID.Compare(lowest) < 0) {
				lowest, found = key.ID, true
			}
		}
	}
	return lowest, found
}

func (s *modelSpace) write(t *store.Txn) {
	for _, p := range t.Puts {
		s.header.Revision++
		s.records[p.Key] = store.Record{Key: p.Key, Revision: s.header.Revision, Doc: p.Doc}
		delete(s.deletions, p.Key)
	}
	for _, key := range t.Deletes {
		if _, live := s.records[key]; live {
			s.header.Revision++
			delete(s.records, key)
			s.deletions[key] = s.header.Revision
		}
	}
}

// figures fills in what the header says about the records.
func (s *modelSpace) figures() store.Header {
	h := s.header
	h.ContentDigest, h.StateDigest = store.Digest{}, store.Digest{}
	h.Counts, h.KindBytes, h.Bytes = map[record.Kind]uint64{}, map[record.Kind]uint64{}, 0
	for key, r := range s.records {
		h.ContentDigest = h.ContentDigest.Add(store.ContentTerm(key, r.Doc))
		h.StateDigest = h.StateDigest.Add(store.StateTerm(key, r.Revision, r.Doc))
		h.Counts[key.Kind]++
		h.KindBytes[key.Kind] += uint64(len(r.Doc))
		h.Bytes += uint64(len(r.Doc))
	}
	h.Markers = uint64(len(s.deletions))
	return h
}

// feed returns the whole feed.
func (s *modelSpace) feed() []store.Change {
	var all []store.Change
	for key, r := range s.records {
		all = append(all, store.Change{Key: key, Revision: r.Revision, Doc: r.Doc})
	}
	for key, rev := range s.deletions {
		all = append(all, store.Change{Key: key, Revision: rev, Deleted: true})
	}
	slices.SortFunc(all, func(a, b store.Change) int { return cmp.Compare(a.Revision, b.Revision) })
	return all
}

// entries returns an index.
func (s *modelSpace) entries(kind record.Kind, index *record.Index) []store.IndexEntry {
	var all []store.IndexEntry
	for key, r := range s.records {
		if key.Kind != kind {
			continue
		}
		for _, value := range index.Keys(r.Doc) {
			all = append(all, store.IndexEntry{Key: append(slices.Clone(value), key.ID[:]...), ID: key.ID})
		}
	}
	slices.SortFunc(all, func(a, b store.IndexEntry) int { return bytes.Compare(a.Key, b.Key) })
	return all
}

// sameResult says how results differ; of errors with details it compares the sentinel.
func sameResult(a, b store.Result) string {
	if a.Revision != b.Revision {
		return fmt.Sprintf("revisions %d and %d", a.Revision, b.Revision)
	}
	var ca, cb *store.Conflict
	if errors.As(a.Err, &ca) != errors.As(b.Err, &cb) || ca != nil && *ca != *cb {
		return fmt.Sprintf("errors %v and %v", a.Err, b.Err)
	}
	for _, sentinel := range []error{store.ErrNotFound, store.ErrFenced, store.ErrLocked, store.ErrConflict, store.ErrExists, store.ErrTooLarge, store.ErrInvalid} {
		if errors.Is(a.Err, sentinel) != errors.Is(b.Err, sentinel) {
			return fmt.Sprintf("errors %v and %v", a.Err, b.Err)
		}
	}
	if (a.Err == nil) != (b.Err == nil) {
		return fmt.Sprintf("errors %v and %v", a.Err, b.Err)
	}
	return ""
}
