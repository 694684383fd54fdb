package index

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"domicile/store"
	"domicile/store/record"
)

// crashDir names the directory of the index to a process that is to be killed.
const crashDir = "DOMICILE_TEST_INDEX_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashMain(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// history is the same sequence of transactions in every process: it makes,
// changes and deletes entries.
type history struct {
	rng  *rand.Rand
	n    int
	docs map[record.Key][]byte
}

func newHistory() *history {
	return &history{rng: rand.New(rand.NewPCG(1, 2)), docs: make(map[record.Key][]byte)}
}

const historyLength = 150 // transactions of up to 100 records

func (h *history) next(ws record.ID) *store.Txn {
	txn := &store.Txn{Workspace: ws, Epoch: 1}
	seen := make(map[int]bool)
	for range 1 + h.rng.IntN(100) {
		h.n++
		i := h.rng.IntN(h.n/2 + 1)
		if seen[i] {
			continue
		}
		seen[i] = true
		key := record.Key{Kind: record.TimeEntry, ID: record.DeriveID("entry", fmt.Sprint(i))}
		if h.rng.IntN(5) == 0 {
			txn.Deletes = append(txn.Deletes, key)
			delete(h.docs, key)
			continue
		}
		start := time.Date(2024, 1, 1, 0, h.rng.IntN(100_000), 0, 0, time.UTC)
		h.docs[key] = entryDoc(key.ID, record.DeriveID("user"), start, fmt.Sprintf("all number%d at%d", i, h.n))
		txn.Puts = append(txn.Puts, store.Put{Key: key, Doc: h.docs[key]})
	}
	return txn
}

// crashMain indexes the history, and says how far it has come, until it is
// killed. Its store is in memory: it begins with nothing, as one does that has
// lost what it had not flushed, and comes to the same records again.
func crashMain(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
	}
	db, err := store.Open(store.Options{Dir: dir + ".store", CellID: "crash"})
	fail(err)
	ws := record.DeriveID("workspace", "crash")
	index := uint64(0)
	apply := func(c store.Command) {
		index++
		results, err := db.Apply([]store.Entry{{Index: index, Term: 1, Time: time.Unix(1, 0), Commands: []store.Command{c}}})
		fail(err)
		fail(results[0][0].Err)
	}
	apply(store.Command{Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}})
	set, err := Open(db, Options{Dir: dir, Every: time.Millisecond})
	fail(err)
	ctx := context.Background()
	go func() { fail(set.Run(ctx)) }()
	h := newHistory()
	for i := range historyLength {
		apply(store.Command{Txn: h.next(ws)})
		if i%4 == 0 {
			_, err := set.Search(ctx, ws, Query{Text: "all"})
			fail(err)
		}
		fmt.Println("at", i)
	}
	select {} // to be killed here, if not before
}

// TestI2ACrashedIndexAnswersForItsRevision kills a process that indexes, again
// and again on the same directory, and compares the answers after each.
func TestI2ACrashedIndexAnswersForItsRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ws := w.workspace("crash")
	h := newHistory()
	var rev store.Revision
	for range historyLength {
		rev = w.submit(store.Command{Txn: h.next(ws)}).Revision
	}
	w.docs[ws] = h.docs
	const rounds = 4
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range rounds {
		killAfter(t, w.dir, 1+rng.IntN(historyLength*(round+1)/rounds))
		w.open(Options{Every: time.Hour})
		w.check(ws, rev, Query{Text: "all", Limit: MaxLimit}, Query{Text: "number1*", Sort: Newest}, Query{Text: "number7~"}, Query{})
		// The next round goes on with what a crash left, not with a clean close.
		if round%2 == 0 {
			w.abandon(ws)
		}
		w.close()
	}
}

// abandon lets go of a workspace's index without closing it properly.
func (w *world) abandon(ws record.ID) {
	w.t.Helper()
	known, err := w.set.acquire(context.Background(), ws)
	if err != nil {
		w.t.Fatal(err)
	}
	defer w.set.release(known)
	if err := known.lock(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	defer known.unlock()
	if err := known.abandon(); err != nil {
		w.t.Fatal(err)
	}
}

// killAfter starts a process on the directory and kills it when it has said
// that it is somewhere n times.
func killAfter(t *testing.T, dir string, n int) {
	t.Helper()
	if err := os.RemoveAll(dir + ".store"); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; i < n && lines.Scan(); i++ {
		if len(lines.Text()) < 3 || lines.Text()[:3] != "at " {
			t.Errorf("process: %s", lines.Text())
			break
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("the process ended before it was killed")
	}
}

func FuzzPosition(f *testing.F) {
	f.Add(encodePosition(store.Cursor{Incarnation: 1, Revision: 2, Start: 3}))
	f.Add([]byte{})
	f.Add(binary.BigEndian.AppendUint32(nil, mappingVersion+1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := decodePosition(b); ok && string(encodePosition(c)) != string(b) {
			// The empty text is the zero cursor, too.
			if c != (store.Cursor{}) {
				t.Fatalf("%q reads as %v", b, c)
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add("")
	f.Add("00000000 {}\n")
	f.Add("00000000 \n")
	f.Fuzz(func(t *testing.T, line string) {
		if m, err := parseManifest(line); err == nil && m.Position == nil && m.Files == nil && line == "" {
			t.Fatal("nothing reads as a manifest")
		}
	})
}

func FuzzCursor(f *testing.F) {
	q := Query{Text: "all", Sort: Newest}
	f.Add(mark{1.5, 7, string(make([]byte, 14))}.encode(&q))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		m, err := parseMark(cursor, &q)
		if err == nil && m != nil && m.encode(&q) != cursor {
			t.Fatalf("%q reads as %v", cursor, *m)
		}
	})
}

// FuzzExtract gives any document to what reads it for Match and for Bleve.
func FuzzExtract(f *testing.F) {
	f.Add(uint16(1), []byte(`{"description":"Fix","projectId":null,"timeInterval":{"start":"2024-01-01T00:00:00Z"}}`))
	f.Add(uint16(10), []byte(`{"items":[{"description":"a"},{"description":[["b"]]}]}`))
	f.Add(uint16(1), []byte(`{"description":`))
	f.Add(uint16(99), []byte(nil))
	f.Fuzz(func(t *testing.T, kind uint16, doc []byte) {
		key := record.Key{Kind: record.Kind(kind), ID: record.DeriveID("x")}
		e := extract(key.Kind, doc)
		if e.dated && (e.date < minDate || e.date > maxDate) {
			t.Fatalf("date %d", e.date)
		}
		d := newDocument(key, doc)
		if back, ok := parseDocumentID(d.ID()); !ok || back != key {
			t.Fatalf("%v reads as %v", key, back)
		}
		Match(Query{Text: "fix"}, key.Kind, doc)
	})
}
