package store

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store/record"
)

type Options struct {
	Dir      string
	FS       vfs.FS
	CellID   string
	Cache    int64
	ReadOnly bool
	Log      *slog.Logger
	Fatal    func(error)
	Free     func() (free, total uint64)
}
type DB struct{}

func Open(o Options) (*DB, error)                                                { return nil, ErrStopped }
func (d *DB) Close() error                                                       { return nil }
func (d *DB) Apply(entries []Entry) ([][]Result, error)                          { return nil, ErrStopped }
func (d *DB) Applied() (index, term uint64)                                      { return 0, 0 }
func (d *DB) CellTime() time.Time                                                { return time.Time{} }
func (d *DB) CellID() string                                                     { return "" }
func (d *DB) Flush() error                                                       { return nil }
func (d *DB) Checkpoint(dir string) error                                        { return nil }
func (d *DB) View() *View                                                        { return nil }
func (d *DB) Subscribe() *Subscription                                           { return nil }
func (d *DB) WaitRevision(ctx context.Context, ws record.ID, rev Revision) error { return nil }

type View struct{}

func (v *View) Close() error                        { return nil }
func (v *View) Header(ws record.ID) (Header, error) { return Header{}, nil }
func (v *View) Headers() iter.Seq2[Header, error]   { return nil }
func (v *View) Get(ws record.ID, kind record.Kind, id record.ID) (Record, error) {
	return Record{}, nil
}
func (v *View) Records(ws record.ID, kind record.Kind) iter.Seq2[Record, error] { return nil }
func (v *View) Index(ws record.ID, kind record.Kind, index string, q Range) iter.Seq2[IndexEntry, error] {
	return nil
}

func (v *View) Changes(ws record.ID, c Cursor, limit int) ([]Change, Cursor, error) {
	return nil, c, nil
}
func (v *View) Verify(ctx context.Context, ws record.ID) error { return nil }

type Record struct {
	Key      record.Key
	Revision Revision
	Doc      []byte
}
type IndexEntry struct {
	Key []byte
	ID  record.ID
}
type Range struct {
	Prefix, From, To, After []byte
	Reverse                 bool
}
type Change struct {
	Key      record.Key
	Revision Revision
	Deleted  bool
	Doc      []byte
}
type Cursor struct {
	Incarnation uint64
	Revision    Revision
	Start       Revision
}

func (c Cursor) String() string            { return "" }
func ParseCursor(s string) (Cursor, error) { return Cursor{}, ErrBadCursor }

type Subscription struct{}

func (s *Subscription) Next(ctx context.Context) ([]record.ID, error) { return nil, nil }
func (s *Subscription) Close()                                        {}
