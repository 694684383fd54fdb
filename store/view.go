package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"domicile/store/record"
)

// View is the store at one moment: writes made after it do not show in it and
// are not held up by it. It keeps old data on disk while it is open, so it is
// for one request or one pass. It is safe for concurrent use until it is closed.
type View struct {
	db       *DB
	snapshot *pebble.Snapshot // nil if the store had stopped
	once     sync.Once
}

// Record is a live record. Its document is the caller's.
type Record struct {
	Key      record.Key
	Revision Revision
	Doc      []byte
}

// IndexEntry is one entry of a secondary index. Key is the encoded values and
// the id; it is where a later Range can go on.
type IndexEntry struct {
	Key []byte
	ID  record.ID
}

// Range says which entries of an index are wanted: those that begin with
// Prefix, and what follows is at least From and below To.
type Range struct {
	Prefix   []byte // values that all entries share, by record.Index.Prefix
	From, To []byte // bounds of the encoded values after Prefix; empty means none
	After    []byte // the Key of an entry: only what comes after it, in the order asked for
	Reverse  bool   // from the last to the first
}

// View returns a view of all that is applied. It must be closed.
func (d *DB) View() *View {
	v := &View{db: d}
	if d.enter() == nil {
		v.snapshot = d.pebble.NewSnapshot()
	}
	return v
}

// Close frees what the view keeps. Closing it again does nothing.
func (v *View) Close() error {
	var err error
	v.once.Do(func() {
		if v.snapshot != nil {
			err = v.snapshot.Close()
			v.db.leave()
		}
	})
	return err
}

// Header returns a workspace's header. Of one that was never here, or was
// dropped, it returns ErrNotFound; in the latter case the header is the tombstone.
func (v *View) Header(ws record.ID) (Header, error) {
	h, _, err := v.header(ws)
	if err == nil && h.State == StateAbsent {
		err = fmt.Errorf("workspace %s: %w", ws, ErrNotFound)
	}
	return h, err
}

func (v *View) header(ws record.ID) (Header, bool, error) {
	if v.snapshot == nil {
		return Header{}, false, ErrStopped
	}
	return readHeader(v.snapshot, ws)
}

// Headers returns the headers of all workspaces, tombstones too, in the order
// of their ids.
func (v *View) Headers() iter.Seq2[Header, error] {
	return func(yield func(Header, error) bool) {
		it, err := v.iter([]byte{workspacePrefix}, []byte{workspacePrefix + 1})
		if err != nil {
			yield(Header{}, err)
			return
		}
		defer it.Close()
		ok := it.First()
		for ok {
			ws, _, well := splitWorkspace(it.Key())
			if !well {
				yield(Header{}, corrupt("key of a workspace"))
				return
			}
			h, _, err := v.header(ws)
			if !yield(h, err) || err != nil {
				return
			}
			_, upper := workspaceSpan(ws)
			ok = it.SeekGE(upper)
		}
		if err := it.Error(); err != nil {
			yield(Header{}, fmt.Errorf("read headers: %w", readError(err)))
		}
	}
}

// Get returns a record, or ErrNotFound.
func (v *View) Get(ws record.ID, kind record.Kind, id record.ID) (Record, error) {
	key := record.Key{Kind: kind, ID: id}
	if v.snapshot == nil {
		return Record{}, ErrStopped
	}
	value, err := get(v.snapshot, appendRecordKey(nil, ws, key))
	if err != nil {
		return Record{}, fmt.Errorf("read %s of %s: %w", key, ws, err)
	}
	if value == nil {
		return Record{}, fmt.Errorf("%s of %s: %w", key, ws, ErrNotFound)
	}
	rev, doc, err := decodeRecord(value)
	if err != nil {
		return Record{}, fmt.Errorf("read %s of %s: %w", key, ws, err)
	}
	return Record{key, rev, doc}, nil
}

// Records returns the records of a kind, in the order of their ids.
func (v *View) Records(ws record.ID, kind record.Kind) iter.Seq2[Record, error] {
	lower, upper := kindSpan(ws, sectionRecord, kind)
	return v.records(ws, lower, upper)
}

func (v *View) records(ws record.ID, lower, upper []byte) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		it, err := v.iter(lower, upper)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer it.Close()
		for ok := it.First(); ok; ok = it.Next() {
			r, err := recordAt(it)
			if err != nil {
				err = fmt.Errorf("read records of %s: %w", ws, err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(Record{}, fmt.Errorf("read records of %s: %w", ws, readError(err)))
		}
	}
}

// recordAt reads the record at which an iterator is.
func recordAt(it *pebble.Iterator) (Record, error) {
	key, ok := splitKeyed(it.Key())
	if !ok {
		return Record{}, corrupt("key of a record")
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return Record{}, readError(err)
	}
	rev, doc, err := decodeRecord(value)
	return Record{key, rev, slices.Clone(doc)}, err
}

// Index returns entries of a secondary index, in the order of their values and,
// where these are equal, of their ids.
func (v *View) Index(ws record.ID, kind record.Kind, index string, q Range) iter.Seq2[IndexEntry, error] {
	return func(yield func(IndexEntry, error) bool) {
		if err := v.walk(ws, kind, index, q, yield); err != nil {
			yield(IndexEntry{}, fmt.Errorf("read index %s of %s of %s: %w", index, kind, ws, err))
		}
	}
}

func (v *View) walk(ws record.ID, kind record.Kind, name string, q Range, yield func(IndexEntry, error) bool) error {
	index := record.Find(kind, name)
	if index == nil {
		return fmt.Errorf("there is none: %w", ErrInvalid)
	}
	base := appendIndexBase(nil, ws, kind, index.Number)
	lower, upper := q.bounds(base)
	it, err := v.iter(lower, upper)
	if err != nil {
		return err
	}
	defer it.Close()
	start, step := it.First, it.Next
	if q.Reverse {
		start, step = it.Last, it.Prev
	}
	for ok := start(); ok; ok = step() {
		key := slices.Clone(it.Key()[len(base):])
		var id record.ID
		if len(key) < len(id) {
			return corrupt("key of an index")
		}
		copy(id[:], key[len(key)-len(id):])
		if !yield(IndexEntry{key, id}, nil) {
			return nil
		}
	}
	return readError(it.Error())
}

// bounds returns the keys k with lower <= k < upper that a range asks for.
func (q *Range) bounds(base []byte) (lower, upper []byte) {
	start := slices.Concat(base, q.Prefix)
	lower, upper = slices.Concat(start, q.From), successor(start)
	if len(q.To) > 0 {
		upper = slices.Concat(start, q.To)
	}
	if len(q.After) > 0 {
		after := slices.Concat(base, q.After)
		if q.Reverse {
			upper = lesser(upper, after)
		} else {
			lower = greater(lower, append(after, 0))
		}
	}
	return lower, greater(lower, upper)
}

func lesser(a, b []byte) []byte {
	if bytes.Compare(a, b) < 0 {
		return a
	}
	return b
}

func greater(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

// RawEntry is a key of the database and its value, as they are stored.
type RawEntry struct{ Key, Value []byte }

// Raw returns everything that the database holds, in the order of keys: for
// comparing stores, and for audits of what is at rest.
func (v *View) Raw() iter.Seq2[RawEntry, error] {
	return func(yield func(RawEntry, error) bool) {
		it, err := v.iter(nil, nil)
		if err != nil {
			yield(RawEntry{}, err)
			return
		}
		defer it.Close()
		for ok := it.First(); ok; ok = it.Next() {
			value, err := it.ValueAndErr()
			if err != nil {
				yield(RawEntry{}, readError(err))
				return
			}
			if !yield(RawEntry{slices.Clone(it.Key()), slices.Clone(value)}, nil) {
				return
			}
		}
		if err := it.Error(); err != nil {
			yield(RawEntry{}, fmt.Errorf("read store: %w", readError(err)))
		}
	}
}

func (v *View) iter(lower, upper []byte) (*pebble.Iterator, error) {
	if v.snapshot == nil {
		return nil, ErrStopped
	}
	it, err := v.snapshot.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	return it, readError(err)
}
