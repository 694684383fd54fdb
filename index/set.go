package index

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"domicile/store"
	"domicile/store/record"
)

// Options say where a Set keeps its indexes.
type Options struct {
	Dir      string        // required
	MaxOpen  int           // indexes kept open; 0 means 64
	Every    time.Duration // longest wait before a batch is written; 0 means 200ms
	Patience time.Duration // how long Search waits for an index that is being built; 0 means 2s
	Log      *slog.Logger  // nil discards
	Metrics  prometheus.Registerer
}

// Set keeps the indexes of a store's workspaces.
type Set struct {
	db *store.DB
	o  Options
}

// Open returns the Set of a directory.
func Open(db *store.DB, o Options) (*Set, error) { return &Set{db: db, o: o}, nil }

// Run follows the store until ctx ends.
func (s *Set) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Search finds records of a workspace.
func (s *Set) Search(ctx context.Context, ws record.ID, q Query) (Answer, error) {
	return Answer{}, ErrRebuilding
}

// Wait returns when Search answers for rev or a later revision.
func (s *Set) Wait(ctx context.Context, ws record.ID, rev store.Revision) error { return ErrRebuilding }

// Drop removes a workspace's index.
func (s *Set) Drop(ws record.ID) error { return nil }

// Close closes all indexes.
func (s *Set) Close() error { return nil }
