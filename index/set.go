package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	bleve "github.com/blevesearch/bleve_index_api"
	"github.com/prometheus/client_golang/prometheus"

	"domicile/store"
	"domicile/store/record"
)

// Options say where a Set keeps its indexes.
type Options struct {
	Dir      string                // required
	MaxOpen  int                   // indexes kept open; 0 means 64
	Every    time.Duration         // longest wait before a batch is written; 0 means 200ms
	Patience time.Duration         // how long Search waits for an index that is being built; 0 means 2s
	Log      *slog.Logger          // nil discards
	Metrics  prometheus.Registerer // nil means none

	batch int // changes in a batch, for tests; 0 means batchSize
}

// Set keeps the indexes of a store's workspaces, one in a subdirectory each.
// All methods may be called concurrently.
type Set struct {
	db      *store.DB
	o       Options
	analyse *bleve.AnalysisQueue
	metrics *metrics
	wake    chan struct{} // the schedule has changed
	stop    chan struct{} // closed by Close

	mu     sync.Mutex
	known  map[record.ID]*workspace // guarded by mu: those that are open or in use
	clock  uint64                   // guarded by mu: counts uses, for the least recent
	closed bool                     // guarded by mu
	due    schedule                 // guarded by mu

	inUse sync.WaitGroup // one for each acquired workspace
}

// Open returns the Set of a directory, which it makes if it is missing. The
// caller sees to it that nobody else has the directory. No index is opened yet,
// and none is followed before Run.
func Open(db *store.DB, o Options) (*Set, error) {
	if o.MaxOpen == 0 {
		o.MaxOpen = 64
	}
	if o.Every == 0 {
		o.Every = 200 * time.Millisecond
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Second
	}
	if o.batch == 0 {
		o.batch = batchSize
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("create index directory: %w", err)
	}
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	return &Set{
		db:      db,
		o:       o,
		analyse: bleve.NewAnalysisQueue(runtime.GOMAXPROCS(0)),
		metrics: m,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		known:   make(map[record.ID]*workspace),
	}, nil
}

// Close closes all indexes, after the calls under way have ended. Run must have
// returned; later calls give ErrClosed.
func (s *Set) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.stop)
	s.mu.Unlock()
	s.inUse.Wait()

	var errs []error
	for id, w := range s.known { // nobody else has it now
		if err := w.shut(); err != nil {
			errs = append(errs, fmt.Errorf("close index of %s: %w", id, err))
		}
	}
	s.analyse.Close()
	return errors.Join(errs...)
}

// acquire returns a workspace that stays known until it is released. To keep
// within MaxOpen it first closes what was not used for the longest time.
func (s *Set) acquire(ctx context.Context, id record.ID) (*workspace, error) {
	if id == record.DirectoryID || id == record.RegionID || id.IsZero() {
		return nil, ErrNoWorkspace
	}
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, ErrClosed
		}
		w := s.known[id]
		if w != nil && w.closing != nil {
			s.mu.Unlock()
			if err := w.wait(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if w == nil {
			if victim := s.victim(); victim != nil {
				s.mu.Unlock()
				s.evict(victim)
				continue
			}
			w = &workspace{set: s, id: id, dir: s.dir(id), work: make(chan struct{}, 1)}
			s.known[id] = w
		}
		w.users++
		s.clock++
		w.used = s.clock
		s.inUse.Add(1)
		s.mu.Unlock()
		return w, nil
	}
}

// release ends what acquire began.
func (s *Set) release(w *workspace) {
	s.mu.Lock()
	w.users--
	s.mu.Unlock()
	s.inUse.Done()
}

// victim picks and marks the workspace to close before another becomes known,
// if one must be. Those in use never are, so more than MaxOpen can be known
// while as many are in use. mu is held.
func (s *Set) victim() *workspace {
	if len(s.known) < s.o.MaxOpen {
		return nil
	}
	var oldest *workspace
	for _, w := range s.known {
		if w.users == 0 && w.closing == nil && (oldest == nil || w.used < oldest.used) {
			oldest = w
		}
	}
	if oldest != nil {
		oldest.closing = make(chan struct{})
		s.inUse.Add(1)
	}
	return oldest
}

// evict closes a victim.
func (s *Set) evict(w *workspace) {
	if err := w.shut(); err != nil {
		s.o.Log.Warn("index could not be closed", "workspace", w.id, "err", err)
	}
	s.mu.Lock()
	delete(s.known, w.id)
	close(w.closing)
	s.mu.Unlock()
	s.inUse.Done()
}

// dir is the directory of a workspace's index.
func (s *Set) dir(id record.ID) string { return filepath.Join(s.o.Dir, id.String()) }

// removed ends the name of a directory that is being removed. Renaming first
// makes sure that half an index is never opened.
const removed = ".removed"

func removeIndex(dir string) error {
	if err := os.RemoveAll(dir + removed); err != nil {
		return fmt.Errorf("remove index: %w", err)
	}
	if err := os.Rename(dir, dir+removed); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("remove index: %w", err)
	}
	if err := os.RemoveAll(dir + removed); err != nil {
		return fmt.Errorf("remove index: %w", err)
	}
	return nil
}
