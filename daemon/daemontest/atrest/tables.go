package atrest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"

	"domicile/store/record"
)

// table searches a table of Pebble's, which holds replaced and deleted versions of keys too.
func (s *scan) table(place string, b []byte) (err error) {
	fsys := vfs.NewMem() // a table is read from a file; this one is nobody's
	if err := writeFile(fsys, "table", b); err != nil {
		return err
	}
	f, err := fsys.Open("table")
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(context.Background(), readable, sstable.ReaderOptions{})
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for kv := it.First(); kv != nil; kv = it.Next() {
		value, _, err := kv.V.Value(nil)
		if err != nil {
			return err
		}
		s.pair(place, kv.K.UserKey, value)
	}
	return it.Error()
}

func writeFile(fsys vfs.FS, name string, b []byte) error {
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// logs searches the write-ahead logs of a directory. Where a record breaks off the log ends, as it does for
// Pebble: the file's bytes were searched besides.
func (s *scan) logs(dir, place string) error {
	logs, err := wal.Scan(wal.Dir{FS: vfs.Default, Dirname: dir})
	if err != nil {
		return fmt.Errorf("list logs of %s: %w", place, err)
	}
	for _, log := range logs {
		if err := s.log(log, place+"/"+fmt.Sprintf("%06d.log", uint64(log.Num))); err != nil {
			return fmt.Errorf("read log in %s: %w", place, err)
		}
	}
	return nil
}

func (s *scan) log(log wal.LogicalLog, place string) (err error) {
	r := log.OpenForRead()
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		next, _, err := r.NextRecord()
		if err != nil {
			return nil // the end, or where a crash has made one
		}
		b, err := io.ReadAll(next)
		if err != nil {
			return nil
		}
		s.look(place, "log record", record.ID{}, b)
		if len(b) < batchrepr.HeaderLen {
			continue
		}
		batch := batchrepr.Read(b)
		for {
			_, key, value, ok, err := batch.Next()
			if err != nil {
				return fmt.Errorf("batch: %w", err)
			}
			if !ok {
				break
			}
			s.pair(place, key, value)
		}
	}
}

// pair searches a key and its value, of the store's database or of the log's.
func (s *scan) pair(place string, key, value []byte) {
	if len(key) == 9 && key[0] == 'e' {
		s.entry(place, binary.BigEndian.Uint64(key[1:]), value)
		return
	}
	what, ws := "key", record.ID{}
	if len(key) >= 14 && key[0] == 'w' {
		copy(ws[:], key[1:13])
		what = section(key[13], key[14:])
	}
	s.look(place, what, ws, key)
	s.look(place, what, ws, value)
}

// section names the part of a workspace's span that a key is in.
func section(section byte, rest []byte) string {
	switch section {
	case 'r':
		if len(rest) != 2+len(record.ID{}) {
			return "record"
		}
		key := record.Key{Kind: record.Kind(binary.BigEndian.Uint16(rest))}
		copy(key.ID[:], rest[2:])
		return "record " + key.String()
	case 'x':
		return "index key"
	case 'c', 'd':
		return "feed"
	case 'h':
		return "header"
	}
	return "section " + string(rune(section))
}
