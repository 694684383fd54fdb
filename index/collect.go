package index

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2/search"
	bleve "github.com/blevesearch/bleve_index_api"
)

// hit is what Bleve has found. Its number is valid until yield returns.
type hit struct {
	number bleve.IndexInternalID
	score  float64
}

// each calls yield for every hit, in the order of Bleve's numbers.
func (f *finder) each(ctx context.Context, score bool, yield func(hit) error) error {
	ranked, filter, err := f.open(ctx, score)
	if err != nil {
		return err
	}
	if ranked == nil {
		return f.collect(ctx, filter, nil, false, yield)
	}
	return f.collect(ctx, ranked, filter, true, yield)
}

// eachDated calls yield for every record with a date in the ranges, whether the
// query finds it or not.
func (f *finder) eachDated(ctx context.Context, ranges []termRange, yield func(hit) error) error {
	dated, err := f.within(ctx, ranges)
	if err != nil {
		return err
	}
	return f.collect(ctx, dated, nil, false, yield)
}

// collect calls yield for what lead finds and filter, if there is one, finds
// too, and closes both.
func (f *finder) collect(ctx context.Context, lead, filter search.Searcher, score bool, yield func(hit) error) (err error) {
	defer func() { err = errors.Join(err, lead.Close()) }()
	size := lead.DocumentMatchPoolSize()
	if filter != nil {
		defer func() { err = errors.Join(err, filter.Close()) }()
		size += filter.DocumentMatchPoolSize()
	}
	c := &search.SearchContext{
		DocumentMatchPool: search.NewDocumentMatchPool(size+2, 0),
		IndexReader:       f.reader,
	}
	next := follower{c: c, lead: lead, filter: filter}.next()
	for n := 1; ; n++ {
		m, err := next()
		if err != nil || m == nil {
			return err
		}
		h := hit{number: m.IndexInternalID}
		if score {
			h.score = m.Score
		}
		if err := yield(h); err != nil {
			return err
		}
		c.DocumentMatchPool.Put(m)
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// follower gives the matches of lead that filter finds too.
type follower struct {
	c            *search.SearchContext
	lead, filter search.Searcher
}

func (w follower) next() func() (*search.DocumentMatch, error) {
	if w.filter == nil {
		return func() (*search.DocumentMatch, error) { return w.lead.Next(w.c) }
	}
	var allowed *search.DocumentMatch // of filter; the latest
	ended := false
	return func() (*search.DocumentMatch, error) {
		m, err := w.lead.Next(w.c)
		for err == nil && m != nil && !ended {
			if allowed == nil || allowed.IndexInternalID.Compare(m.IndexInternalID) < 0 {
				if allowed != nil {
					w.c.DocumentMatchPool.Put(allowed)
				}
				if allowed, err = w.filter.Advance(w.c, m.IndexInternalID); err != nil || allowed == nil {
					ended = true
					break
				}
			}
			if allowed.IndexInternalID.Equals(m.IndexInternalID) {
				return m, nil
			}
			w.c.DocumentMatchPool.Put(m)
			m, err = w.lead.Advance(w.c, allowed.IndexInternalID)
		}
		return nil, err
	}
}

// entry is a hit with what orders it.
type entry struct {
	score  float64
	date   int64 // minDate-1 if there is none
	number bleve.IndexInternalID
	id     string // Bleve's; read when it is needed
}

const undated = minDate - 1

// top keeps the best hits that come after a mark. It is a heap whose first
// entry is the worst.
type top struct {
	f     *finder
	size  int
	after *mark
	heap  []entry
	err   error // of comparing: reading an id can fail
}

// offer considers a hit. Its date and id are only read if the score leaves it
// open whether it is among the best.
func (t *top) offer(h hit) error {
	full := len(t.heap) == t.size
	if full && h.score < t.heap[0].score || t.after != nil && h.score > t.after.score {
		return nil
	}
	date, err := t.f.date(h.number)
	if err != nil {
		return err
	}
	e := entry{score: h.score, date: date, number: h.number}
	if t.after != nil && !t.before(&entry{score: t.after.score, date: t.after.date, id: t.after.id}, &e) {
		return t.err
	}
	if full {
		if !t.before(&e, &t.heap[0]) {
			return t.err
		}
		heap.Pop(t)
	}
	e.number = slices.Clone(e.number)
	heap.Push(t, e)
	return t.err
}

// before says whether a comes before b in an answer: the better, the newer, and
// then the lower key.
func (t *top) before(a, b *entry) bool {
	switch {
	case a.score != b.score:
		return a.score > b.score
	case a.date != b.date:
		return a.date > b.date
	}
	return t.id(a) < t.id(b)
}

func (t *top) id(e *entry) string {
	if e.id == "" {
		id, err := t.f.reader.ExternalID(e.number)
		if err != nil {
			t.err = errors.Join(t.err, fmt.Errorf("read id: %w", err))
		}
		e.id = id
	}
	return e.id
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (t *top) Len() int           { return len(t.heap) }
func (t *top) Less(i, j int) bool { return t.before(&t.heap[j], &t.heap[i]) }
func (t *top) Swap(i, j int)      { t.heap[i], t.heap[j] = t.heap[j], t.heap[i] }
func (t *top) Push(x any)         { t.heap = append(t.heap, x.(entry)) }
func (t *top) Pop() any {
	last := t.heap[len(t.heap)-1]
	t.heap = t.heap[:len(t.heap)-1]
	return last
}

// page gives the hits in order, and where the next page begins. One more than
// the page holds was kept, to know whether there is one.
func (t *top) page(ranked bool) ([]Hit, string, error) {
	entries := make([]entry, len(t.heap))
	for i := len(entries) - 1; i >= 0; i-- {
		entries[i] = heap.Pop(t).(entry)
	}
	next := ""
	if len(entries) == t.size {
		entries = entries[:t.size-1]
		last := &entries[len(entries)-1]
		next = mark{last.score, last.date, t.id(last)}.encode(t.f.q)
	}
	hits := make([]Hit, len(entries))
	for i := range entries {
		key, ok := parseDocumentID(t.id(&entries[i]))
		if !ok && t.err == nil {
			t.err = fmt.Errorf("%w: a key", errDamaged)
		}
		hits[i] = Hit{Kind: key.Kind, ID: key.ID, Score: entries[i].score}
	}
	return hits, next, t.err
}

// date reads a hit's date from the doc values.
func (f *finder) date(number bleve.IndexInternalID) (int64, error) {
	date := int64(undated)
	err := f.dates.VisitDocValues(number, func(_ string, term []byte) { date = parseSecond(term) })
	if err != nil {
		return 0, fmt.Errorf("read date: %w", err)
	}
	return date, nil
}
