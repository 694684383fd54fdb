package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// world is a store with a Set on it, and what should be in there.
type world struct {
	t    testing.TB
	cell *storetest.Cell
	dir  string
	set  *Set
	stop func()
	docs map[record.ID]map[record.Key][]byte
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, cell: storetest.New(t), dir: t.TempDir(), docs: make(map[record.ID]map[record.Key][]byte)}
	t.Cleanup(func() { w.close() })
	return w
}

// open opens the Set and runs it.
func (w *world) open(o Options) *Set {
	w.t.Helper()
	o.Dir = w.dir
	set, err := Open(w.cell.Store(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- set.Run(ctx) }()
	w.set, w.stop = set, func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("run: %v", err)
		}
		if err := set.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
	}
	return set
}

func (w *world) close() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

func (w *world) submit(c store.Command) store.Result {
	w.t.Helper()
	r, err := w.cell.Submit(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) workspace(name string) record.ID {
	w.t.Helper()
	ws := record.DeriveID("workspace", name)
	w.cell.Create(w.t, ws)
	w.docs[ws] = make(map[record.Key][]byte)
	return ws
}

// put writes documents, none of which deletes.
func (w *world) put(ws record.ID, docs map[record.Key][]byte) store.Revision {
	w.t.Helper()
	txn := &store.Txn{Workspace: ws, Epoch: 1}
	for key, doc := range docs {
		if doc == nil {
			txn.Deletes = append(txn.Deletes, key)
			delete(w.docs[ws], key)
			continue
		}
		txn.Puts = append(txn.Puts, store.Put{Key: key, Doc: doc})
		w.docs[ws][key] = doc
	}
	return w.submit(store.Command{Txn: txn}).Revision
}

// entries writes n time entries, each with the word all and one of its own.
func (w *world) entries(ws record.ID, from, n int) store.Revision {
	w.t.Helper()
	var rev store.Revision
	for n > 0 {
		docs := make(map[record.Key][]byte)
		for range min(n, 500) {
			key := record.Key{Kind: record.TimeEntry, ID: record.DeriveID("entry", fmt.Sprint(from))}
			start := time.Date(2024, 1, 1, 0, from, 0, 0, time.UTC)
			docs[key] = entryDoc(key.ID, record.DeriveID("user"), start, fmt.Sprintf("all number%d", from))
			from, n = from+1, n-1
		}
		rev = w.put(ws, docs)
	}
	return rev
}

// check waits for a revision and compares answers with a scan.
func (w *world) check(ws record.ID, rev store.Revision, queries ...Query) {
	w.t.Helper()
	if err := w.set.Wait(context.Background(), ws, rev); err != nil {
		w.t.Fatalf("wait: %v", err)
	}
	for _, q := range queries {
		checkQuery(w.t, q, w.docs[ws], func(q Query) (Answer, error) {
			a, err := w.set.Search(context.Background(), ws, q)
			if err == nil && a.Revision < rev {
				return a, fmt.Errorf("revision %d after waiting for %d", a.Revision, rev)
			}
			return a, err
		})
	}
}

// usual are queries for the documents of entries.
func usual() []Query {
	return []Query{
		{Limit: MaxLimit},
		{Text: "all", Limit: MaxLimit, Facets: []string{FacetKind, FilterUser}},
		{Text: "all", Sort: Newest, Limit: MaxLimit},
		{Text: "number7"},
		{Text: "number1*", Limit: MaxLimit},
		{Text: "nubmer12~"},
		{Text: `"all number11"`},
		{Text: "all", From: time.Date(2024, 1, 1, 0, 10, 0, 0, time.UTC), To: time.Date(2024, 1, 1, 1, 0, 0, 0, time.UTC)},
	}
}

// TestI1SearchFindsWhatMatchFinds compares a followed index with a scan, over
// histories of puts and deletes and with other indexes opened in between.
func TestI1SearchFindsWhatMatchFinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{MaxOpen: 2, Every: time.Millisecond})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		ws := w.workspace(fmt.Sprint("ws", n))
		var rev store.Revision
		for range rapid.IntRange(1, 5).Draw(rt, "transactions") {
			docs := make(map[record.Key][]byte)
			for range rapid.IntRange(1, 10).Draw(rt, "records") {
				kind := rapid.SampledFrom([]record.Kind{record.TimeEntry, record.Activity, record.Expense}).Draw(rt, "kind")
				key := record.Key{Kind: kind, ID: record.DeriveID("doc", fmt.Sprint(rapid.IntRange(0, 20).Draw(rt, "id")))}
				docs[key] = nil
				if rapid.IntRange(0, 4).Draw(rt, "delete") > 0 {
					docs[key] = drawDoc(rt, kind, key.ID)
				}
			}
			rev = w.put(ws, docs)
		}
		if err := w.set.Wait(context.Background(), ws, rev); err != nil {
			rt.Fatalf("wait: %v", err)
		}
		for range 3 {
			checkQuery(rt, drawQuery(rt), w.docs[ws], func(q Query) (Answer, error) {
				return w.set.Search(context.Background(), ws, q)
			})
		}
	})
}

func TestI8AfterWaitTheAnswerIsOfThatRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{Every: time.Hour}) // only who waits moves it
	ws := w.workspace("a")
	for i := range 20 {
		rev := w.entries(ws, i, 1)
		w.check(ws, rev, Query{Text: fmt.Sprint("number", i)})
	}
	w.check(ws, 1, usual()...)
}

func TestRunFollowsWithoutAnybodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.open(Options{Every: time.Millisecond})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 2500)
	h := w.set
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		h.mu.Lock()
		known := h.known[ws]
		h.mu.Unlock()
		if known != nil {
			if at, ok := known.revision(); ok && at >= rev {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the index did not follow")
		}
	}
	a, err := set.Search(t.Context(), ws, Query{Text: "all"})
	if err != nil || a.Total != 2500 {
		t.Fatal(a.Total, err)
	}
}

func TestReopenedIndexNeedsNoRebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 1500)
	w.check(ws, rev, usual()...)
	w.close()
	w.open(Options{})
	w.check(ws, rev, usual()...)
	if n := testutil.ToFloat64(w.set.metrics.records); n != 0 {
		t.Fatalf("%v records were indexed again", n)
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	w.check(ws, w.entries(ws, 0, 10), Query{})
	page, err := w.set.Search(t.Context(), ws, Query{Text: "all", Limit: 5})
	if err != nil || page.Next == "" {
		t.Fatal(page, err)
	}
	for name, c := range map[string]struct {
		ws   record.ID
		q    Query
		want error
	}{
		"open quote":         {ws, Query{Text: `"a`}, ErrBadQuery},
		"limit":              {ws, Query{Limit: MaxLimit + 1}, ErrBadQuery},
		"negative limit":     {ws, Query{Limit: -1}, ErrBadQuery},
		"sort":               {ws, Query{Sort: 9}, ErrBadQuery},
		"dates":              {ws, Query{From: time.Unix(2, 0), To: time.Unix(1, 0)}, ErrBadQuery},
		"kind":               {ws, Query{Kinds: []record.Kind{record.Trail}}, ErrBadQuery},
		"filter":             {ws, Query{Filters: map[string][]record.ID{"name": {{1}}}}, ErrBadQuery},
		"empty filter":       {ws, Query{Filters: map[string][]record.ID{FilterTag: nil}}, ErrBadQuery},
		"facet":              {ws, Query{Facets: []string{"name"}}, ErrBadQuery},
		"cursor":             {ws, Query{Cursor: "!"}, ErrBadCursor},
		"another's cursor":   {ws, Query{Text: "number1", Cursor: page.Next}, ErrBadCursor},
		"no workspace":       {record.DeriveID("none"), Query{}, ErrNoWorkspace},
		"a system workspace": {record.DirectoryID, Query{}, ErrNoWorkspace},
		"the zero workspace": {record.ID{}, Query{}, ErrNoWorkspace},
	} {
		if _, err := w.set.Search(t.Context(), c.ws, c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, record.DeriveID("none").String())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a search made an index of a workspace that is not there: %v", err)
	}
	if err := w.set.Wait(t.Context(), record.DeriveID("none"), 1); !errors.Is(err, ErrNoWorkspace) {
		t.Errorf("wait: %v", err)
	}
}

func TestClosedSetRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.open(Options{})
	ws := w.workspace("a")
	w.close()
	if _, err := set.Search(t.Context(), ws, Query{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := set.Wait(t.Context(), ws, 1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := set.Close(); err != nil {
		t.Error(err)
	}
}
