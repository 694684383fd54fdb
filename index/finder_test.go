package index

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	bleve "github.com/blevesearch/bleve_index_api"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"domicile/store"
	"domicile/store/record"
)

// TestFinderFindsWhatMatchFinds is I1 without a store: one index of batches
// that overwrite and delete each other, and random queries.
func TestFinderFindsWhatMatchFinds(t *testing.T) {
	t.Parallel()
	parent, checks := t.TempDir(), 0
	queue := bleve.NewAnalysisQueue(1)
	defer queue.Close()
	rapid.Check(t, func(t *rapid.T) {
		checks++
		dir := filepath.Join(parent, strconv.Itoa(checks))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		e, err := openEngine(dir, queue)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := e.abandon(); err != nil {
				t.Fatal(err)
			}
		}()
		docs := make(map[record.Key][]byte)
		for n := range rapid.IntRange(1, 4).Draw(t, "batches") {
			b := bleve.NewBatch()
			for range rapid.IntRange(0, 25).Draw(t, "changes") {
				key := record.Key{Kind: drawKind(t), ID: record.DeriveID("doc", string(rune('a'+rapid.IntRange(0, 20).Draw(t, "id"))))}
				if rapid.IntRange(0, 4).Draw(t, "delete") == 0 {
					b.Delete(documentID(key))
					delete(docs, key)
					continue
				}
				docs[key] = drawDoc(t, key.Kind, key.ID)
				b.Update(newDocument(key, docs[key]))
			}
			if err := e.write(b, store.Cursor{Incarnation: 1, Revision: store.Revision(n)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			few := rapid.SampledFrom([]uint64{0, 4, fewHits}).Draw(t, "few")
			checkQuery(t, drawQuery(t), docs, func(q Query) (Answer, error) { return searchEngine(t, e, q, few) })
		}
	})
}

func searchEngine(t *rapid.T, e *engine, q Query, few uint64) (Answer, error) {
	terms, err := q.check()
	if err != nil {
		return Answer{}, err
	}
	after, err := parseMark(q.Cursor, &q)
	if err != nil {
		return Answer{}, err
	}
	r, err := e.idx.Reader()
	if err != nil {
		return Answer{}, err
	}
	defer r.Close()
	f := &finder{q: &q, terms: terms, after: after, reader: r, few: few}
	return f.find(t.Context())
}

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkQuery compares the answers to a query, over all its pages, with a scan.
func checkQuery(t failer, q Query, docs map[record.Key][]byte, search func(Query) (Answer, error)) {
	t.Helper()
	want := scan(q, docs)
	if _, err := q.check(); err != nil {
		if _, serr := search(q); serr == nil {
			t.Fatalf("query %+v: no error, want %v", q, err)
		}
		return
	}
	var got []record.Key
	var last *Hit
	for page := q; ; {
		a, err := search(page)
		if err != nil {
			t.Fatalf("query %+v: %v", q, err)
		}
		if a.Total != uint64(len(want)) || len(a.Hits) > q.limit() {
			t.Fatalf("query %+v: total %d and %d hits, want %d", q, a.Total, len(a.Hits), len(want))
		}
		if d := gocmp.Diff(scanFacets(q, want, docs), a.Facets); d != "" {
			t.Fatalf("query %+v: facets: %s", q, d)
		}
		for _, h := range a.Hits {
			key := record.Key{Kind: h.Kind, ID: h.ID}
			if last != nil && !ordered(q, docs, *last, h) {
				t.Fatalf("query %+v: %v %v is out of order", q, *last, h)
			}
			got, last = append(got, key), &h
		}
		if page.Cursor = a.Next; page.Cursor == "" {
			break
		}
		if len(got) > len(want) {
			t.Fatalf("query %+v: more hits than there are", q)
		}
	}
	slices.SortFunc(got, compareKeys)
	if d := gocmp.Diff(want, got); d != "" {
		t.Fatalf("query %+v: %s", q, d)
	}
}

func compareKeys(a, b record.Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.ID.Compare(b.ID))
}

func scan(q Query, docs map[record.Key][]byte) []record.Key {
	var keys []record.Key
	for key, doc := range docs {
		if Match(q, key.Kind, doc) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

func ordered(q Query, docs map[record.Key][]byte, a, b Hit) bool {
	x, y := record.Key{Kind: a.Kind, ID: a.ID}, record.Key{Kind: b.Kind, ID: b.ID}
	dx, dy := dateOf(x, docs), dateOf(y, docs)
	if q.Sort == Relevance && a.Score != b.Score {
		return a.Score > b.Score
	}
	return dx > dy || dx == dy && compareKeys(x, y) < 0
}

func dateOf(key record.Key, docs map[record.Key][]byte) int64 {
	if e := extract(key.Kind, docs[key]); e.dated {
		return e.date
	}
	return undated
}

func scanFacets(q Query, found []record.Key, docs map[record.Key][]byte) map[string]Facet {
	if len(q.Facets) == 0 {
		return nil
	}
	facets := make(map[string]Facet)
	for _, name := range q.Facets {
		counts := make(map[string]uint64)
		for _, key := range found {
			values := map[string]bool{} // a record counts once, however often it has the value
			if name == FacetKind {
				values[key.Kind.String()] = true
			}
			for _, id := range extract(key.Kind, docs[key]).ids[name] {
				values[id.String()] = true
			}
			for v := range values {
				counts[v]++
			}
		}
		all := []Count{}
		for _, v := range slices.Sorted(maps.Keys(counts)) {
			all = append(all, Count{v, counts[v]})
		}
		facets[name] = newFacet(all)
	}
	return facets
}
