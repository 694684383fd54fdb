package store

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store/record"
)

// Options say where a store is and whom it tells.
type Options struct {
	Dir      string // required
	FS       vfs.FS // nil means the disk
	CellID   string // the cell that the data must belong to; empty means any
	Cache    int64  // bytes of block cache; 0 means 96 MiB. Memtables are part of it
	MemTable uint64 // most bytes of one memtable; 0 means 16 MiB
	ReadOnly bool
	Log      *slog.Logger // nil discards
	// Fatal is told, once, that the store cannot go on: a full disk, a failed
	// sync of its manifest. The store takes no more writes; its daemon must end.
	// It must not call the store. Nil means that only the log is told.
	Fatal func(error)
	// Free returns the free and total bytes of the disk, for SpaceState. Nil
	// means that there is always room.
	Free func() (free, total uint64)
}

// DB is one node's store. Its methods are safe for concurrent use; Apply calls
// wait for each other.
type DB struct {
	o      Options
	pebble *pebble.DB
	cache  *pebble.Cache
	disk   io.Closer // ends the checks of the disk; nil with a file system of the caller's
	events events
	watch  watchers

	maxTokens uint64 // the constant, but in a test

	apply sync.Mutex // held by Apply, and by what must not run beside it

	mu      sync.Mutex
	applied applied       // guarded by mu
	cell    string        // guarded by mu
	closed  bool          // guarded by mu
	users   int           // open views and running calls; guarded by mu
	idle    chan struct{} // has a value when closed and the last user left

	opened atomic.Bool           // Open has returned the store
	failed atomic.Pointer[error] // why it takes no more writes
	parked chan struct{}         // closed when the engine could not go on; see logger.Fatalf
	park   sync.Once             // closes parked
}

// Applied returns index and term of the last entry that was applied.
func (d *DB) Applied() (index, term uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.applied.index, d.applied.term
}

// CellTime returns the cell's time: the latest of the applied entries' times,
// to the millisecond. It is the zero time before the first.
func (d *DB) CellTime() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.applied.cellTime()
}

func (a applied) cellTime() time.Time {
	if a.time == 0 {
		return time.Time{}
	}
	return time.UnixMilli(a.time).UTC()
}

// CellID returns the id of the cell that the data belongs to; it is empty
// until the store was opened for one.
func (d *DB) CellID() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cell
}

// Flush makes all that was applied durable. What was not flushed is lost in a
// crash, up to some applied index, and comes back from the raft log.
func (d *DB) Flush() error {
	if err := d.enter(); err != nil {
		return fmt.Errorf("flush store: %w", err)
	}
	defer d.leave()
	if err := d.pebble.Flush(); err != nil {
		return fmt.Errorf("flush store: %w", err)
	}
	return nil
}

// Checkpoint writes a copy of the store to dir, by hard links where it can. It
// holds all that was applied before the call, and maybe some that was applied
// during it. The parent of dir must exist, dir must not.
func (d *DB) Checkpoint(dir string) error {
	if err := d.Flush(); err != nil {
		return err
	}
	if err := d.enter(); err != nil {
		return fmt.Errorf("write checkpoint of store: %w", err)
	}
	defer d.leave()
	if err := d.pebble.Checkpoint(dir); err != nil {
		return fmt.Errorf("write checkpoint of store: %w", err)
	}
	return nil
}

// Failure returns why the store takes no more writes, or nil while it does.
func (d *DB) Failure() error {
	if err := d.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// closeWait is how long Close waits for calls and views, which are open for as
// long as a request reads.
const closeWait = 10 * time.Second

// Close flushes and closes the store. It first waits for open views and calls;
// those made afterwards answer ErrStopped. After a failure it flushes nothing.
func (d *DB) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	open := d.users
	d.mu.Unlock()
	d.watch.stop()
	select {
	case <-d.parked:
		return nil // a goroutine of Pebble's holds its locks for good
	default:
	}
	if open > 0 {
		select {
		case <-d.idle:
		case <-time.After(closeWait):
			return errors.New("close store: views are still open")
		}
	}
	var flushed error
	if !d.o.ReadOnly && d.Failure() == nil {
		flushed = d.pebble.Flush()
	}
	if err := errors.Join(flushed, d.pebble.Close(), d.free()); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// free gives back what Open took beside the database.
func (d *DB) free() error {
	d.cache.Unref()
	if d.disk == nil {
		return nil
	}
	return d.disk.Close()
}

// enter counts a user of the database, who must leave; or it returns why the
// database must not be touched.
func (d *DB) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrStopped
	}
	if err := d.Failure(); err != nil {
		return fmt.Errorf("%w: %w", ErrStopped, err)
	}
	d.users++
	return nil
}

func (d *DB) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.users--
	if d.closed && d.users == 0 {
		d.idle <- struct{}{}
	}
}

// fail stops writes for good and tells the daemon, the first time. Whom Open
// tells by its error needs no second word.
func (d *DB) fail(err error) {
	if !d.failed.CompareAndSwap(nil, &err) {
		return
	}
	d.o.Log.Error("store failed", "err", err.Error()) // without the engine's stack
	if d.o.Fatal != nil && d.opened.Load() {
		d.o.Fatal(err)
	}
}

// get reads one key; a key that is not there gives nil.
func get(r pebble.Reader, key []byte) ([]byte, error) {
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	own := append(make([]byte, 0, len(value)), value...)
	return own, closer.Close()
}

// readError makes Pebble's finding of damage ours.
func readError(err error) error {
	if err != nil && pebble.IsCorruptionError(err) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// header reads the header of a workspace; there is none where ok is false.
func readHeader(r pebble.Reader, ws record.ID) (h Header, ok bool, err error) {
	value, err := get(r, headerKey(ws))
	if err != nil {
		return Header{}, false, fmt.Errorf("read header of %s: %w", ws, err)
	}
	if value == nil {
		return Header{Workspace: ws, Counts: map[record.Kind]uint64{}, KindBytes: map[record.Kind]uint64{}}, false, nil
	}
	if h, err = decodeHeader(ws, value); err != nil {
		return Header{}, false, fmt.Errorf("read header of %s: %w", ws, err)
	}
	return h, true, nil
}
