package index

import (
	"errors"
	"testing"
	"time"

	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store"
	"domicile/store/record"
)

func TestI4AnotherIncarnationIsBuiltAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 50)
	w.check(ws, rev, usual()...)
	w.close()

	other := &world{t: t, dir: w.dir, cell: w.cell, docs: map[record.ID]map[record.Key][]byte{ws: {}}}
	other.drop(ws)
	other.submit(store.Command{Create: &store.Create{Workspace: ws, Epoch: 2, Incarnation: 2}})
	other.open(Options{})
	defer other.close()
	if err := other.set.Wait(t.Context(), ws, 0); err != nil {
		t.Fatal(err)
	}
	a, err := other.set.Search(t.Context(), ws, Query{})
	if err != nil || a.Total != 0 {
		t.Fatalf("%d hits of another life: %v", a.Total, err)
	}
}

// drop ends a workspace as the directory does.
func (w *world) drop(ws record.ID) {
	w.t.Helper()
	w.submit(store.Command{Change: &store.HeaderChange{Workspace: ws, Op: store.OpDrop, Reason: store.Deletion, Epoch: 1}})
}

func TestI4AnotherMappingIsBuiltAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 50)
	w.check(ws, rev)
	w.close()

	queue := bleve.NewAnalysisQueue(1)
	e, err := openEngine(w.set.dir(ws), queue)
	if err != nil {
		t.Fatal(err)
	}
	cursor, ok, err := e.position()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	position := encodePosition(cursor)
	position[3]++ // the version
	if err := e.idx.SetInternal(positionKey, position); err != nil {
		t.Fatal(err)
	}
	b := bleve.NewBatch()
	for _, q := range []string{"entry"} { // what another mapping might have left
		b.Delete(documentID(record.Key{Kind: record.TimeEntry, ID: record.DeriveID(q, "3")}))
	}
	b.SetInternal(positionKey, position)
	done := make(chan error, 1)
	b.SetPersistedCallback(func(err error) { done <- err })
	if err := e.idx.Batch(b); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := e.close(cursor); err != nil {
		t.Fatal(err)
	}
	queue.Close()

	w.open(Options{})
	w.check(ws, rev, usual()...)
}

func TestI4ACursorBehindTheFloorIsBuiltAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	w.check(ws, w.entries(ws, 0, 50))
	w.close()

	deleted := make(map[record.Key][]byte)
	for key := range w.docs[ws] {
		if len(deleted) < 20 {
			deleted[key] = nil
		}
	}
	rev := w.put(ws, deleted)
	w.submit(store.Command{RaiseFloor: &store.RaiseFloor{Workspace: ws, Epoch: 1, Floor: rev}})
	rev = w.entries(ws, 100, 5)
	w.open(Options{})
	w.check(ws, rev, usual()...)
}

func TestI4AMissingIndexIsBuilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 2345)
	w.open(Options{})
	w.check(ws, rev, usual()...)
	if err := w.set.Drop(ws); err != nil {
		t.Fatal(err)
	}
	w.check(ws, rev, usual()...)
}

// TestI5NobodyIsAnsweredFromAHalfBuiltIndex searches all the time while an
// index of several turns is built.
func TestI5NobodyIsAnsweredFromAHalfBuiltIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ws := w.workspace("a")
	const n, batch = 400, 7 // five turns and a half
	w.entries(ws, 0, n)
	w.open(Options{Patience: time.Nanosecond, batch: batch})
	refused := 0
	for deadline := time.Now().Add(time.Minute); ; {
		a, err := w.set.Search(t.Context(), ws, Query{Text: "all", Limit: 1})
		if err == nil {
			if a.Total != n {
				t.Fatalf("%d of %d records found", a.Total, n)
			}
			break
		}
		if !errors.Is(err, ErrRebuilding) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		refused++
		time.Sleep(time.Millisecond)
	}
	if refused == 0 {
		t.Fatal("the index was built before anybody could ask")
	}
}

// TestACountThatIsWrongIsBuiltAgain takes a record out behind the Set's back:
// no sum can notice, the count does.
func TestACountThatIsWrongIsBuiltAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	w.check(ws, w.entries(ws, 0, 50))
	known, err := w.set.acquire(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	if err := known.lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := bleve.NewBatch()
	b.Delete(documentID(record.Key{Kind: record.TimeEntry, ID: record.DeriveID("entry", "7")}))
	if err := known.engine.write(b, known.cursor); err != nil {
		t.Fatal(err)
	}
	known.unlock()
	w.set.release(known)

	rev := w.entries(ws, 60, 1)
	if err := w.set.Wait(t.Context(), ws, rev); err != nil && !errors.Is(err, ErrRebuilding) {
		t.Fatal(err)
	}
	w.check(ws, rev, usual()...)
}
