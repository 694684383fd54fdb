package store

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"domicile/store/record"
)

// writer is one Apply at work: the Pebble batch, and what the commands so far
// did to what the database holds. Commands of one batch see each other's effects
// through it, because the batch itself is not read.
type writer struct {
	db      *DB
	batch   *pebble.Batch
	before  applied
	applied applied
	spaces  map[record.ID]*space
	order   []*space         // by when they were first touched
	values  *pebble.Iterator // over unique indexes as they were before; made when needed

	points *pebble.Iterator // over single keys as they were before; made when needed
	reads  int

	key, value []byte // scratch
	plan       plan   // scratch of a transaction
}

// space is a workspace as the batch sees it.
type space struct {
	Header
	there bool // it has a header in the database
	dirty bool // its header must be written
	// erased says that the batch removed what the database has of it.
	erased  bool
	records map[record.Key]*current
	unique  map[string]map[record.ID]bool // unique keys that the batch set, or removed

	gone, made map[Revision]record.Key // deletions that the batch removed and added

	tokens     map[Token]outcome
	queue      []queued // tokens of the batch
	queueStart uint64   // number of the first of them
	head       *queued  // the database's token of number headNumber, read before
	headNumber uint64
}

// current is a record as the batch sees it.
type current struct {
	live     bool
	rev      Revision
	doc      []byte
	deletion Revision // of its entry in the feed; 0 means none
	looked   bool     // deletion is known
}

type queued struct {
	time  int64
	token Token
}

func newWriter(d *DB) *writer {
	d.mu.Lock()
	at := d.applied
	d.mu.Unlock()
	return &writer{db: d, batch: d.pebble.NewBatch(), before: at, applied: at, spaces: map[record.ID]*space{}}
}

func (w *writer) close() {
	for _, it := range []*pebble.Iterator{w.values, w.points} {
		if it != nil {
			_ = it.Close()
		}
	}
	_ = w.batch.Close()
}

// space returns a workspace, read when it is first touched.
func (w *writer) space(ws record.ID) (*space, error) {
	if s := w.spaces[ws]; s != nil {
		return s, nil
	}
	h, ok, err := readHeader(w.db.pebble, ws)
	if err != nil {
		return nil, err
	}
	s := &space{Header: h, there: ok}
	s.forget()
	s.erased = false
	s.queueStart = h.tokenNext
	w.spaces[ws] = s
	w.order = append(w.order, s)
	return s, nil
}

// forget empties what the batch knows besides the header, and takes what the
// database has for gone.
func (s *space) forget() {
	s.erased = true
	s.records = map[record.Key]*current{}
	s.unique, s.gone, s.made, s.tokens = nil, nil, nil, nil
	s.queue, s.queueStart, s.head = nil, 0, nil
}

// load returns a record as it is now.
func (w *writer) load(s *space, key record.Key) (*current, error) {
	if c := s.records[key]; c != nil {
		return c, nil
	}
	c := &current{}
	s.records[key] = c
	if s.erased {
		c.looked = true
		return c, nil
	}
	w.key = appendRecordKey(w.key[:0], s.Workspace, key)
	value, err := w.read(w.key)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", key, s.Workspace, err)
	}
	if value == nil {
		return c, nil
	}
	c.live, c.looked = true, true
	if c.rev, c.doc, err = decodeRecord(value); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", key, s.Workspace, err)
	}
	return c, nil
}

// manyReads is from how many reads of a batch on one iterator for all of them
// is cheaper than making one for each, which is what Pebble's Get does.
const manyReads = 8

// read reads one key as the database has it; nil if it is not there.
func (w *writer) read(key []byte) ([]byte, error) {
	if w.reads++; w.reads < manyReads {
		return get(w.db.pebble, key)
	}
	if w.points == nil {
		it, err := w.db.pebble.NewIter(nil)
		if err != nil {
			return nil, readError(err)
		}
		w.points = it
	}
	// Without a Split of ours the prefix is the whole key, so that filters apply.
	if !w.points.SeekPrefixGE(key) {
		return nil, readError(w.points.Error())
	}
	value, err := w.points.ValueAndErr()
	return bytes.Clone(value), readError(err)
}

// deletion returns the revision of the record's deletion in the feed, or 0.
func (w *writer) deletion(s *space, key record.Key, c *current) (Revision, error) {
	if c.looked || s.Markers == 0 {
		return c.deletion, nil
	}
	c.looked = true
	w.key = appendDeletedKey(w.key[:0], s.Workspace, key)
	value, err := w.read(w.key)
	if err == nil && value != nil {
		c.deletion, err = decodeRevision(value)
	}
	if err != nil {
		return 0, fmt.Errorf("read deletion of %s of %s: %w", key, s.Workspace, err)
	}
	return c.deletion, nil
}

// holder returns the record that has a value of a unique index, if there is one
// that except does not name: of several the one with the lowest id.
func (w *writer) holder(s *space, prefix []byte, except func(record.ID) bool) (record.ID, bool, error) {
	var lowest record.ID
	found := false
	offer := func(id record.ID) {
		if !except(id) && (!found || id.Compare(lowest) < 0) {
			lowest, found = id, true
		}
	}
	known := s.unique[string(prefix)]
	for id, set := range known {
		if set {
			offer(id)
		}
	}
	if s.erased {
		return lowest, found, nil
	}
	if w.values == nil {
		it, err := w.db.pebble.NewIter(nil)
		if err != nil {
			return lowest, false, fmt.Errorf("read unique index of %s: %w", s.Workspace, readError(err))
		}
		w.values = it
	}
	for ok := w.values.SeekGE(prefix); ok && bytes.HasPrefix(w.values.Key(), prefix); ok = w.values.Next() {
		var id record.ID
		if len(w.values.Key()) != len(prefix)+len(id) {
			continue
		}
		copy(id[:], w.values.Key()[len(prefix):])
		if _, changed := known[id]; !changed {
			offer(id)
		}
	}
	if err := w.values.Error(); err != nil {
		return lowest, false, fmt.Errorf("read unique index of %s: %w", s.Workspace, readError(err))
	}
	return lowest, found, nil
}

// setUnique remembers a unique key that the batch set or removed.
func (s *space) setUnique(prefix []byte, id record.ID, set bool) {
	ids := s.unique[string(prefix)]
	if ids == nil {
		if s.unique == nil {
			s.unique = map[string]map[record.ID]bool{}
		}
		ids = map[record.ID]bool{}
		s.unique[string(prefix)] = ids
	}
	ids[id] = set
}
