package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	// formatVersion is the version of the keyspace and of all values.
	formatVersion = 1
	// pebbleVersion is Pebble's own; raising it is one-way.
	pebbleVersion = pebble.FormatNewest

	defaultCache    = 96 << 20 // memtables are taken from it
	defaultMemTable = 16 << 20

	// slowDisk is how long an operation of the disk may take before it is reported.
	slowDisk = 5 * time.Second
)

// Open opens the store in a directory, and makes it where there is none.
func Open(o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Cache == 0 {
		o.Cache = defaultCache
	}
	if o.MemTable == 0 {
		o.MemTable = defaultMemTable
	}
	d := &DB{o: o, idle: make(chan struct{}, 1), parked: make(chan struct{}), cache: pebble.NewCache(o.Cache), maxTokens: maxTokens}
	d.watch.init()
	if o.FS == nil {
		d.o.FS, d.disk = vfs.WithDiskHealthChecks(vfs.Default, slowDisk, nil, d.events.diskSlow(o.Log))
	}
	db, err := d.openPebble()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(openError(err), d.free()))
	}
	d.pebble = db
	if err := d.settle(); err != nil {
		return nil, fmt.Errorf("open store: %w", errors.Join(err, db.Close(), d.free()))
	}
	d.opened.Store(true)
	return d, nil
}

// openPebble opens the engine in a goroutine of its own, which is left behind
// if the engine cannot go on: a full disk would park the caller otherwise.
func (d *DB) openPebble() (*pebble.DB, error) {
	type outcome struct {
		db  *pebble.DB
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		db, err := pebble.Open(d.o.Dir, d.pebbleOptions())
		done <- outcome{db, err}
	}()
	select {
	case o := <-done:
		return o.db, o.err
	case <-d.parked:
		return nil, d.Failure()
	}
}

func (d *DB) pebbleOptions() *pebble.Options {
	p := &pebble.Options{
		Cache:              d.cache,
		Comparer:           comparer(),
		FS:                 d.o.FS,
		DisableWAL:         true, // raft's log is the only one
		FormatMajorVersion: pebbleVersion,
		Logger:             logger{d},
		EventListener:      d.events.listener(d.o.Log, d.fail),
		MemTableSize:       d.o.MemTable,
		ReadOnly:           d.o.ReadOnly,
		ErrorIfNotExists:   d.o.ReadOnly,

		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       1000,
	}
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		p.Levels[i].BlockSize = 32 << 10
		p.Levels[i].IndexBlockSize = 256 << 10
		p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	p.Levels[len(p.Levels)-1].Compression = func() *sstable.CompressionProfile { return sstable.ZstdCompression }
	return p
}

// comparer is Pebble's default, but for how it words keys in errors and logs:
// an index key holds names, which must not get there.
func comparer() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.FormatKey = func(key []byte) fmt.Formatter { return wordedKey(key) }
	return &c
}

type wordedKey []byte

// Format writes the workspace, the section and the length of a key.
func (k wordedKey) Format(s fmt.State, _ rune) {
	if ws, section, ok := splitWorkspace(k); ok {
		fmt.Fprintf(s, "%s/%q+%d", ws, section, len(k)-baseLength)
		return
	}
	fmt.Fprintf(s, "key of %d bytes", len(k))
}

// settle compares the directory with what it must be, and marks a new one.
func (d *DB) settle() error {
	format, err := get(d.pebble, formatKey)
	if err != nil {
		return err
	}
	switch {
	case format == nil && !d.o.ReadOnly:
		if err := d.pebble.Set(formatKey, binary.BigEndian.AppendUint32(nil, formatVersion), pebble.NoSync); err != nil {
			return openError(err)
		}
	case len(format) != 4:
		return corrupt("format version")
	case binary.BigEndian.Uint32(format) > formatVersion:
		return fmt.Errorf("%w: its format is %d, this one reads up to %d", ErrNewerVersion, binary.BigEndian.Uint32(format), formatVersion)
	}
	cell, err := get(d.pebble, cellKey)
	if err != nil {
		return err
	}
	if cell == nil && d.o.CellID != "" && !d.o.ReadOnly {
		cell = []byte(d.o.CellID)
		if err := d.pebble.Set(cellKey, cell, pebble.NoSync); err != nil {
			return openError(err)
		}
	}
	if d.o.CellID != "" && string(cell) != d.o.CellID {
		return fmt.Errorf("%w: it is of %q, not of %q", ErrForeignCell, cell, d.o.CellID)
	}
	d.cell = string(cell)
	value, err := get(d.pebble, appliedKey)
	if err != nil || value == nil {
		return err
	}
	d.applied, err = decodeApplied(value)
	return err
}

// openError makes Pebble's and the system's errors of opening ours.
func openError(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case errors.Is(err, syscall.EAGAIN), strings.Contains(err.Error(), "lock held by current process"):
		return fmt.Errorf("%w: %w", ErrInUse, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case strings.Contains(err.Error(), "unknown format major version"):
		return fmt.Errorf("%w: %w", ErrNewerVersion, err)
	}
	return readError(err)
}
