package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// openDatabase opens the log's Pebble database. A new one is made, closed and opened again: damage
// in the very first write-ahead log of a database is the one that Pebble does not notice.
func openDatabase(o logOptions, fatal func(error)) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil { // damaged files can make Pebble panic
			db, err = nil, fmt.Errorf("%w: open log: %v", ErrCorrupt, r)
		}
	}()
	desc, err := pebble.Peek(o.dir, o.fs)
	if err != nil {
		return nil, fmt.Errorf("look at log: %w", err)
	}
	if !desc.Exists {
		if _, err := o.fs.Stat(o.fs.PathJoin(o.dir, closedName)); err == nil {
			return nil, fmt.Errorf("%w: open log: its files are gone", ErrCorrupt)
		}
		first, err := open(o, fatal)
		if err != nil {
			return nil, fmt.Errorf("make log: %w", err)
		}
		if err := first.Close(); err != nil {
			return nil, fmt.Errorf("make log: %w", err)
		}
	}
	if db, err = open(o, fatal); err != nil {
		if pebble.IsCorruptionError(err) {
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return nil, fmt.Errorf("open log: %w", err)
	}
	return db, nil
}

func open(o logOptions, fatal func(error)) (*pebble.DB, error) {
	cache := pebble.NewCache(4 << 20) // raft keeps the newest entries itself
	defer cache.Unref()
	return pebble.Open(o.dir, &pebble.Options{
		FS:                 o.fs,
		Cache:              cache,
		FormatMajorVersion: pebble.FormatNewest,
		MemTableSize:       16 << 20,
		Logger:             pebbleLogger{o.log, fatal},
		EventListener:      listener(o),
	})
}

// listener tells what Pebble meets in the background. A damaged file is an error to whoever reads it;
// met by a compaction, it stops the node as well (Pebble by itself would end the process).
func listener(o logOptions) *pebble.EventListener {
	return &pebble.EventListener{
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			o.fatal(fmt.Errorf("%w: file %s of the log's database", ErrCorrupt, o.fs.PathBase(info.Path)))
		},
		BackgroundError: func(error) { o.log.Error("log database met an error in the background") },
		DiskSlow: func(info pebble.DiskSlowInfo) {
			o.log.Warn("log disk was slow", "took", info.Duration)
		},
	}
}

// pebbleLogger passes Pebble's words on as a node's own, at debug level, without their arguments'
// contents, and turns its fatal error into the end of one goroutine and of the node, not the process.
type pebbleLogger struct {
	log   *slog.Logger
	fatal func(error)
}

func (p pebbleLogger) Infof(string, ...any) {}

func (p pebbleLogger) Errorf(format string, _ ...any) {
	p.log.Error("log database met an error", "kind", format)
}

func (p pebbleLogger) Fatalf(format string, args ...any) {
	p.fatal(fmt.Errorf(format, args...))
	runtime.Goexit()
}

// closedName is a file beside the database that says where the log ended when it was closed, so
// that a database that lost its end in between (by a damaged manifest) is noticed.
const closedName = "CLOSED"

// abandonAfter is how long a broken database is given to close.
const abandonAfter = 2 * time.Second

// Close ends the log. What it holds at that time must be there when it is next opened.
func (l *entryLog) Close() error {
	if l.failed() != nil {
		l.abandon()
		return nil //nolint:nilerr // why is known already
	}
	return errors.Join(l.db.Flush(), l.writeClosed(), l.db.Close())
}

// abandon closes the database of a broken log, which may hold its locks for ever or panic: then it is
// left behind.
func (l *entryLog) abandon() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		defer func() { _ = recover() }()
		_ = l.db.Close()
	}()
	select {
	case <-closed:
	case <-time.After(abandonAfter):
		l.o.log.Error("log database could not be closed")
	}
}

func (l *entryLog) writeClosed() error {
	l.mu.RLock()
	text := binary.BigEndian.AppendUint64(nil, l.first)
	text = binary.BigEndian.AppendUint64(text, l.last)
	l.mu.RUnlock()
	text = binary.BigEndian.AppendUint32(text, castagnoli(text))
	return writeFile(l.o.fs, l.o.dir, closedName, text)
}

// checkClosed compares the log with where it was closed, and forgets that.
func (l *entryLog) checkClosed() error {
	path := l.o.fs.PathJoin(l.o.dir, closedName)
	text, err := readFile(l.o.fs, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was not closed but ended by a crash
	}
	if err != nil {
		return fmt.Errorf("read where the log was closed: %w", err)
	}
	if len(text) != 20 || binary.BigEndian.Uint32(text[16:]) != castagnoli(text[:16]) {
		return fmt.Errorf("%w: %s does not match its checksum", ErrCorrupt, closedName)
	}
	first, last := binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])
	if l.first != first || l.last != last {
		return fmt.Errorf("%w: the log was closed with entries %d to %d and has %d to %d", ErrCorrupt, first, last, l.first, l.last)
	}
	if err := l.o.fs.Remove(path); err != nil {
		return fmt.Errorf("forget where the log was closed: %w", err)
	}
	return syncDir(l.o.fs, l.o.dir)
}

// writeFile makes a small file whole and durable, or not at all.
func writeFile(fs vfs.FS, dir, name string, text []byte) error {
	next := fs.PathJoin(dir, name+".next")
	f, err := fs.Create(next, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fs.Rename(next, fs.PathJoin(dir, name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return syncDir(fs, dir)
}

func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	return text, errors.Join(err, f.Close())
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("sync folder %s: %w", fs.PathBase(dir), err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", fs.PathBase(dir), err)
	}
	return nil
}
