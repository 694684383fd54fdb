package replicate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// Keys of the log's database: an entry lies under 'e' and its index, big-endian; what raft
// must remember besides (term, vote) and what we must (cell id, node id) under 's' and its name.
const (
	entryPrefix  = 'e'
	stablePrefix = 's'
)

// logOptions say where a node's log is kept and what bounds it.
type logOptions struct {
	dir    string
	fs     vfs.FS
	bounds logBounds
	log    *slog.Logger
	fatal  func(error) // told once, when the log can no longer keep its promise
	noSync bool        // only for the test that shows that it matters
}

// entryLog is raft's log and stable store on a Pebble database of its own. It is durable when a
// write returns. It never answers an entry that it cannot prove to be the one that was written.
// Safe for concurrent use; raft is its one writer.
type entryLog struct {
	db      *pebble.DB
	o       logOptions
	sync    *pebble.WriteOptions
	corrupt func(error) // called before GetLog answers ErrCorrupt
	broken  atomic.Pointer[error]

	mu          sync.RWMutex
	first, last uint64 // guarded by mu; both 0 when there are no entries
	extent      extent // guarded by mu; where the bytes are
	keepFrom    uint64 // guarded by mu; entries from here on are needed by a kept checkpoint
}

var (
	_ raft.LogStore          = (*entryLog)(nil)
	_ raft.StableStore       = (*entryLog)(nil)
	_ raft.MonotonicLogStore = (*entryLog)(nil)
)

// openLog opens the log below o.dir, makes it if there is none, and reads every entry once, so
// that a damaged one is refused before raft starts rather than met later.
func openLog(o logOptions) (*entryLog, error) {
	if err := o.fs.MkdirAll(o.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the log: %w", err)
	}
	l := &entryLog{o: o, sync: pebble.Sync, extent: extent{span: o.bounds.age / 24}}
	if o.noSync {
		l.sync = pebble.NoSync
	}
	var err error
	if l.db, err = openDatabase(o, l.stop); err != nil {
		return nil, err
	}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

// load reads the whole log: its ends, its sizes, and that each entry is sound and none is missing.
func (l *entryLog) load() error {
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: []byte{entryPrefix}, UpperBound: []byte{entryPrefix + 1}})
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	var entry raft.Log
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return errors.Join(fmt.Errorf("%w: read log after entry %d: %w", ErrCorrupt, l.last, err), it.Close())
		}
		if err := decodeLog(it.Key(), value, &entry); err != nil {
			return errors.Join(err, it.Close())
		}
		if l.last != 0 && entry.Index != l.last+1 {
			return errors.Join(fmt.Errorf("%w: entries %d to %d of the log are missing", ErrCorrupt, l.last+1, entry.Index-1), it.Close())
		}
		if l.first == 0 {
			l.first = entry.Index
		}
		l.last = entry.Index
		l.extent.add(entry.Index, len(value), entry.AppendedAt)
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return fmt.Errorf("%w: read log after entry %d: %w", ErrCorrupt, l.last, err)
	}
	return l.checkClosed()
}

// FirstIndex answers the first entry's index, 0 when there is none.
func (l *entryLog) FirstIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.first, l.failed()
}

// LastIndex answers the last entry's index, 0 when there is none.
func (l *entryLog) LastIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.last, l.failed()
}

// IsMonotonic says that gaps are refused.
func (l *entryLog) IsMonotonic() bool { return true }

// GetLog reads one entry; raft.ErrLogNotFound when it is outside of the log's ends.
func (l *entryLog) GetLog(index uint64, to *raft.Log) error {
	if err := l.failed(); err != nil {
		return err
	}
	l.mu.RLock()
	inside := index >= l.first && index <= l.last && l.first != 0
	l.mu.RUnlock()
	if !inside {
		return raft.ErrLogNotFound
	}
	err := l.get(index, to)
	if errors.Is(err, pebble.ErrNotFound) && !l.holds(index) {
		return raft.ErrLogNotFound // cut off while we looked
	}
	if err != nil {
		if !errors.Is(err, ErrCorrupt) {
			err = fmt.Errorf("%w: read entry %d of the log: %w", ErrCorrupt, index, err)
		}
		if l.corrupt != nil {
			l.corrupt(err)
		}
	}
	return err
}

func (l *entryLog) holds(index uint64) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.first != 0 && index >= l.first && index <= l.last
}

func (l *entryLog) get(index uint64, to *raft.Log) error {
	key := entryKey(index)
	value, closer, err := l.db.Get(key)
	if err != nil {
		return err
	}
	return errors.Join(decodeLog(key, value, to), closer.Close())
}

// StoreLog appends one entry.
func (l *entryLog) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends entries in one synced batch: all of them or none.
func (l *entryLog) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	if err := l.failed(); err != nil {
		return err
	}
	b := l.db.NewBatch()
	defer b.Close()
	l.mu.RLock()
	next := l.last
	l.mu.RUnlock()
	sizes := make([]int, len(entries))
	for i, entry := range entries {
		if next != 0 && entry.Index != next+1 {
			return fmt.Errorf("append entry %d to the log after %d: %w", entry.Index, next, errGap)
		}
		next = entry.Index
		sizes[i] = logSize(entry)
		op := b.SetDeferred(9, sizes[i])
		putEntryKey(op.Key, entry.Index)
		encodeLog(op.Value[:0], op.Key, entry)
		if err := op.Finish(); err != nil {
			return fmt.Errorf("append entry %d to the log: %w", entry.Index, err)
		}
	}
	if err := l.commit(b); err != nil {
		return fmt.Errorf("append %d entries to the log: %w", len(entries), err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == 0 {
		l.first = entries[0].Index
	}
	l.last = next
	for i, entry := range entries {
		l.extent.add(entry.Index, sizes[i], entry.AppendedAt)
	}
	return nil
}

// DeleteRange forgets entries from low to high, both included. Raft cuts the end off when a new
// leader's log differs, and the start when a snapshot covers it; of the start, what the log's
// bounds still want stays (see trim), and the whole goes when all of it is named.
func (l *entryLog) DeleteRange(low, high uint64) error {
	if err := l.failed(); err != nil {
		return err
	}
	l.mu.RLock()
	first, last := l.first, l.last
	l.mu.RUnlock()
	if first == 0 || high < first || low > last {
		return nil
	}
	if low <= first && high < last {
		return l.trim(high)
	}
	return l.cut(max(low, first), min(high, last))
}

// cut really deletes low to high, which touch an end of the log.
func (l *entryLog) cut(low, high uint64) error {
	b := l.db.NewBatch()
	defer b.Close()
	if err := b.DeleteRange(entryKey(low), entryKey(high+1), nil); err != nil {
		return fmt.Errorf("cut entries %d to %d off the log: %w", low, high, err)
	}
	if err := l.commit(b); err != nil {
		return fmt.Errorf("cut entries %d to %d off the log: %w", low, high, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case low <= l.first && high >= l.last:
		l.first, l.last, l.extent = 0, 0, extent{span: l.extent.span}
	case low <= l.first:
		l.first = high + 1
		l.extent.dropTo(high)
	default:
		l.last = low - 1
		l.extent.dropFrom(low)
	}
	return nil
}

// commit writes a batch durably, or breaks the log: after a failed sync nobody knows what is on
// the disk, so nothing may be promised on top of it.
func (l *entryLog) commit(b *pebble.Batch) (err error) {
	defer func() {
		if r := recover(); r != nil { // Pebble panics where its commit cannot go on
			err = fmt.Errorf("%w: %v", errBroken, r)
		}
		if err != nil {
			l.stop(err)
		}
	}()
	return b.Commit(l.sync)
}

// stop stops the log for good and says so once.
func (l *entryLog) stop(err error) {
	if l.broken.CompareAndSwap(nil, &err) {
		l.o.fatal(fmt.Errorf("keep log: %w", err))
	}
}

func (l *entryLog) failed() error {
	if err := l.broken.Load(); err != nil {
		return fmt.Errorf("%w: %w", errBroken, *err)
	}
	return nil
}

// guardedLog is what raft is given. Raft panics when an entry that it must apply cannot be read;
// we end that one goroutine instead, after the node was told why it stops.
type guardedLog struct{ *entryLog }

// GetLog reads one entry or, when that entry is damaged, never returns.
func (g guardedLog) GetLog(index uint64, to *raft.Log) error {
	err := g.entryLog.GetLog(index, to)
	if errors.Is(err, ErrCorrupt) {
		runtime.Goexit()
	}
	return err
}

func entryKey(index uint64) []byte {
	key := make([]byte, 9)
	putEntryKey(key, index)
	return key
}

func putEntryKey(key []byte, index uint64) {
	key[0] = entryPrefix
	binary.BigEndian.PutUint64(key[1:], index)
}

func indexOf(key []byte) (uint64, bool) {
	if len(key) != 9 || !bytes.HasPrefix(key, []byte{entryPrefix}) {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[1:]), true
}
