package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store"
	"domicile/store/record"
)

// Search finds records of a workspace, as Match says. It answers for the
// revision that the index has reached, which is in the answer; an index that
// was closed first catches up. Errors: those of a query, ErrNoWorkspace,
// ErrRebuilding if the index is still being built after Options.Patience.
func (s *Set) Search(ctx context.Context, ws record.ID, q Query) (Answer, error) {
	began := time.Now()
	terms, err := q.check()
	if err != nil {
		return Answer{}, err
	}
	after, err := parseMark(q.Cursor, &q)
	if err != nil {
		return Answer{}, err
	}
	w, err := s.acquire(ctx, ws)
	if err != nil {
		return Answer{}, err
	}
	defer s.release(w)
	if _, ready := w.revision(); !ready {
		if err := s.awaitBuilt(ctx, w); err != nil {
			return Answer{}, err
		}
	}
	a, err := w.search(ctx, &finder{q: &q, terms: terms, after: after, few: fewHits})
	if errors.Is(err, errDamaged) || errors.Is(err, ErrRebuilding) {
		if errors.Is(err, errDamaged) {
			w.fail()
		}
		s.plan(ws, time.Now())
		return Answer{}, ErrRebuilding
	}
	if err == nil {
		s.metrics.searches.Observe(time.Since(began).Seconds())
	}
	return a, err
}

// Wait returns when Search answers for rev or a later revision. The caller's
// own goroutine reads the feed, so it waits for no batch but one that is being
// written.
func (s *Set) Wait(ctx context.Context, ws record.ID, rev store.Revision) error {
	if err := s.awaitStore(ctx, ws, rev); err != nil {
		return err
	}
	w, err := s.acquire(ctx, ws)
	if err != nil {
		return err
	}
	defer s.release(w)
	enough := func() bool {
		at, ready := w.revision()
		return ready && at >= rev
	}
	if enough() {
		return nil
	}
	return w.catchUp(ctx, enough)
}

// awaitStore returns when the store is at rev. It holds no workspace, so that
// Close need not wait for it.
func (s *Set) awaitStore(ctx context.Context, ws record.ID, rev store.Revision) error {
	select {
	case <-s.stop:
		return ErrClosed
	default:
	}
	v := s.db.View()
	_, err := v.Header(ws)
	if err := errors.Join(err, v.Close()); errors.Is(err, store.ErrNotFound) {
		return ErrNoWorkspace
	} else if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if err := s.db.WaitRevision(ctx, ws, rev); err != nil {
		return fmt.Errorf("wait for revision: %w", err)
	}
	return nil
}

// awaitBuilt lets an index that is not open, or being built, catch up for as
// long as a search has patience.
func (s *Set) awaitBuilt(ctx context.Context, w *workspace) error {
	patient, cancel := context.WithTimeout(ctx, s.o.Patience)
	defer cancel()
	err := w.catchUp(patient, nil)
	if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.plan(w.id, time.Now()) // Run goes on with it
	if _, ready := w.revision(); !ready {
		return ErrRebuilding
	}
	return nil
}

// catchUp follows until enough says so, or all that the store has is read.
func (w *workspace) catchUp(ctx context.Context, enough func() bool) error {
	for {
		if err := w.lock(ctx); err != nil {
			return err
		}
		if enough != nil && enough() {
			w.unlock()
			return nil
		}
		more, err := w.follow(ctx)
		w.unlock()
		if errors.Is(err, errDamaged) {
			return ErrRebuilding
		}
		if err != nil || !more && enough == nil {
			return err
		}
		if !more && !enough() {
			return ErrRebuilding // it was damaged, and begins again
		}
	}
}

// search answers from one state of the index.
func (w *workspace) search(ctx context.Context, f *finder) (Answer, error) {
	w.use.RLock()
	defer w.use.RUnlock()
	if w.engine == nil {
		return Answer{}, ErrRebuilding
	}
	var a Answer
	err := guard(func() (err error) {
		r, err := w.engine.idx.Reader()
		if err != nil {
			return fmt.Errorf("read index: %w", err)
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		c, ok, err := readPosition(r)
		if err != nil {
			return err
		}
		if !ok || !built(c) {
			return ErrRebuilding
		}
		f.reader = r
		a, err = f.find(ctx)
		a.Revision = c.Revision
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// finder is one search.
type finder struct {
	q      *Query
	terms  []Term
	after  *mark
	reader bleve.IndexReader
	dates  bleve.DocValueReader
	few    uint64  // hits that are sorted rather than looked for
	found  numbers // hits, once they are counted; nil for all records
}

// find runs the query.
func (f *finder) find(ctx context.Context) (Answer, error) {
	var err error
	if f.dates, err = f.reader.DocValueReader([]string{fieldSecond}); err != nil {
		return Answer{}, fmt.Errorf("read dates: %w", err)
	}
	counting, err := f.newFacets()
	if err != nil {
		return Answer{}, err
	}
	best := &top{f: f, size: f.q.limit() + 1, after: f.after}
	// Without words that give a score, relevance is the date.
	ranked := f.q.Sort == Relevance && f.scored()
	total, counted, err := f.all(counting)
	if err == nil && !counted {
		total, err = f.count(ctx, ranked, counting, best)
	}
	if err == nil && !ranked && total > f.few {
		best.heap = nil
		err = f.newest(ctx, best, total)
	}
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Total: total, Facets: counting.facets()}
	a.Hits, a.Next, err = best.page(ranked)
	return a, err
}

// fewHits is up to how many it is cheaper to sort than to look for the newest.
const fewHits = 4096

// numbers is a set of Bleve's numbers of records, which are dense: a bit each.
type numbers []uint64

func (n *numbers) add(number uint64) {
	for uint64(len(*n)) <= number/64 {
		*n = append(*n, 0)
	}
	(*n)[number/64] |= 1 << (number % 64)
}

func (n numbers) has(number uint64) bool {
	return number/64 < uint64(len(n)) && n[number/64]&(1<<(number%64)) != 0
}

// all is the number of all records, if they are what the query finds and are
// so many that counting them one by one would be felt.
func (f *finder) all(counting *facetCounter) (total uint64, ok bool, err error) {
	q := f.q
	if len(f.terms)+len(q.Kinds)+len(q.Filters) > 0 || q.User != nil || !q.From.IsZero() || !q.To.IsZero() || counting.values != nil {
		return 0, false, nil
	}
	if total, err = f.reader.DocCount(); err != nil {
		return 0, false, fmt.Errorf("count records: %w", err)
	}
	return total, total > f.few, nil
}

// count counts the hits and their facets. Of hits that are ranked, or few, best
// has the best after it; of others found has the numbers.
func (f *finder) count(ctx context.Context, ranked bool, counting *facetCounter, best *top) (total uint64, err error) {
	err = f.each(ctx, ranked, func(h hit) error {
		total++
		if !ranked {
			f.found.add(h.number.Value())
		}
		if ranked || total <= f.few {
			if err := best.offer(h); err != nil {
				return err
			}
		}
		return counting.visit(h)
	})
	return total, err
}

// scored says whether the query has words that give a score: rare ones give
// more. Beginnings and typos give none.
func (f *finder) scored() bool {
	for _, t := range f.terms {
		if t.Manner == Exact || t.Manner == Phrase {
			return true
		}
	}
	return false
}
