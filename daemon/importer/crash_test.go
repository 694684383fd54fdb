package importer_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/sjson"

	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/store"
	"domicile/store/record"
)

func (w *world) files() []string {
	w.Helper()
	all, err := os.ReadDir(w.dir)
	if err != nil {
		w.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// whole run's transactions, and what the workspace is after it.
func uninterrupted(t *testing.T, rows int) (int, store.Header) {
	t.Helper()
	w := newWorld(t)
	w.strangers()
	w.mustImport(w.start(), file(rows))
	return w.cell.count, w.header()
}

// strangers are people of the file whom the directory knows, but not as members; one was a member before.
func (w *world) strangers() {
	for _, n := range []int{2, 3, 5} {
		w.registry.people[fmt.Sprintf("person%d@example.com", n)] = record.DeriveID("stranger", fmt.Sprint(n))
	}
	former := record.DeriveID("stranger", "5")
	w.write(store.Txn{Puts: []store.Put{{Key: record.Key{Kind: record.Member, ID: former}, Doc: fmt.Appendf(nil, `{"id":%q,"roles":[]}`, former)}}})
}

func TestN2KilledAtAnyTransactionItEndsAsIfNot(t *testing.T) {
	t.Parallel()
	const rows = 520
	transactions, want := uninterrupted(t, rows)
	if transactions < 8 {
		t.Fatalf("only %d transactions: the test kills at too few places", transactions)
	}
	for at := 1; at <= transactions; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at %d, applied %v", at, after), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.strangers()
				w.cell.dieAt, w.cell.after = at, after
				first := w.start()
				ended := make(chan error, 1)
				go func() {
					_, err := first.Import(t.Context(), request(), strings.NewReader(file(rows)))
					ended <- err
				}()
				<-w.cell.killed
				first.stop()
				if err := <-ended; err == nil {
					t.Fatal("a killed import reported success")
				}
				w.cell.mu.Lock()
				w.cell.dieAt = 0
				w.cell.mu.Unlock()

				w.ids.n = 0
				second := w.start()
				id := record.DeriveID("import", "1")
				if at == 1 {
					// Killed before the sender could know that anything was begun: they send it again.
					w.mustImport(second, file(rows))
				}
				w.await(second, id, importer.Done)
				w.until(func() bool { return len(w.files()) == 0 })
				got := w.header()
				if got.ContentDigest != want.ContentDigest {
					diff(t, "counts", want.Counts, got.Counts)
					t.Error("the content differs from that of a run without interruption")
				}
				if _, err := second.Undo(t.Context(), acme, id, directory.Actor{}); err != nil {
					t.Fatal(err)
				}
				for address, person := range w.registry.people {
					if s := w.registry.status(person); s != "" {
						t.Errorf("after undo %s is %s", address, s)
					}
				}
			})
		}
	}
}

func TestInterruptedImportGoesOnWithoutRestart(t *testing.T) {
	t.Parallel()
	_, want := uninterrupted(t, 520)
	w := newWorld(t)
	w.strangers()
	n := w.start()
	failed := 0
	w.cell.flaky = func(count int) error {
		if count%2 == 0 && failed < 6 {
			failed++
			return errors.New("no leader")
		}
		return nil
	}
	s, err := n.Import(t.Context(), request(), strings.NewReader(file(520)))
	if err != nil && !errors.Is(err, importer.ErrInterrupted) {
		t.Fatal(err)
	}
	w.await(n, s.ID, importer.Done)
	if w.header().ContentDigest != want.ContentDigest {
		t.Error("the content differs from that of a run without interruption")
	}
}

func TestN4UndoTakesEverythingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	s := w.mustImport(n, file(1200))
	u, err := n.Undo(t.Context(), acme, s.ID, directory.Actor{Kind: "key"})
	if err != nil {
		t.Fatal(err)
	}
	if u.State != importer.Undone || u.Removed == nil || *u.Removed != whole || u.Kept == nil || u.Kept.Counts != (importer.Counts{}) {
		t.Errorf("status %+v", u)
	}
	if got := w.counts(); got != (importer.Counts{}) {
		t.Errorf("left: %+v", got)
	}
	for address, id := range w.registry.people {
		if s := w.registry.status(id); s != "" {
			t.Errorf("%s is %s", address, s)
		}
	}
	before := w.header().Revision
	if again, err := n.Undo(t.Context(), acme, s.ID, directory.Actor{Kind: "key"}); err != nil || again.State != importer.Undone || w.header().Revision != before {
		t.Errorf("undo again: %+v, %v", again, err)
	}
	if _, err := n.Undo(t.Context(), acme, record.DeriveID("nothing"), directory.Actor{}); !errors.Is(err, importer.ErrNotFound) {
		t.Errorf("undo of nothing: %v", err)
	}
	if again := w.mustImport(n, file(1200)); again.Repeated || again.Made != whole {
		t.Errorf("import after undo: %+v", again)
	}
	if all, err := n.List(t.Context(), acme); err != nil || len(all) != 2 {
		t.Errorf("%d imports, %v", len(all), err)
	}
}

// touch writes a record of a kind again, changed.
func (w *world) touch(kind record.Kind, id record.ID) {
	w.Helper()
	doc, err := sjson.Set(w.docs(kind)[id], "touched", true)
	if err != nil {
		w.Fatal(err)
	}
	w.write(store.Txn{Puts: []store.Put{{Key: record.Key{Kind: kind, ID: id}, Doc: []byte(doc)}}})
}

// find is the id of a record of a kind whose document contains a text.
func (w *world) find(kind record.Kind, text string) record.ID {
	w.Helper()
	for id, doc := range w.docs(kind) {
		if strings.Contains(doc, text) {
			return id
		}
	}
	w.Fatalf("no %s has %s", kind, text)
	return record.ID{}
}

func TestN4UndoKeepsWhatWasChangedOrIsUsedSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	s := w.mustImport(n, file(600))
	entry := w.find(record.TimeEntry, "Work, <7> & more") // project 2, client 2, task 7, person 7, tags 3 and 0
	w.touch(record.TimeEntry, entry)
	project := w.find(record.Project, `"Project 4"`) // of client 1
	w.touch(record.Project, project)
	accepted := w.registry.people["person1@example.com"]
	w.registry.setStatus(accepted, directory.Active)
	tag := w.find(record.Tag, `"tag 1"`)
	own := record.DeriveID("own entry")
	person := w.registry.people["person2@example.com"]
	w.write(store.Txn{Puts: []store.Put{{Key: record.Key{Kind: record.TimeEntry, ID: own}, Doc: fmt.Appendf(nil,
		`{"id":%q,"userId":%q,"tagIds":[%q],"timeInterval":{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T01:00:00Z"}}`, own, person, tag)}}})
	client := w.find(record.Client, `"Client 0"`)
	invoice := record.DeriveID("invoice")
	w.write(store.Txn{Puts: []store.Put{{Key: record.Key{Kind: record.Invoice, ID: invoice}, Doc: fmt.Appendf(nil, `{"id":%q,"number":"1","clientId":%q}`, invoice, client)}}})

	u, err := n.Undo(t.Context(), acme, s.ID, directory.Actor{Kind: "key"})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "kept", importer.Counts{Entries: 1, Projects: 2, Clients: 3, Tags: 3, Tasks: 1, People: 3}, u.Kept.Counts)
	diff(t, "left", importer.Counts{Entries: 2, Projects: 2, Clients: 3, Tags: 3, Tasks: 1, People: 3}, w.counts())
	diff(t, "kept entries", []record.ID{entry}, u.Kept.Entries)
	if w.registry.status(accepted) != directory.Active {
		t.Error("a member who has accepted was removed")
	}
	if w.registry.status(w.registry.people["person5@example.com"]) != "" {
		t.Error("a pending member with nothing else was kept")
	}
}

func TestN4UndoKilledAtAnyTransactionIsFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	s := w.mustImport(n, file(520))
	before := w.cell.count
	if _, err := n.Undo(t.Context(), acme, s.ID, directory.Actor{}); err != nil {
		t.Fatal(err)
	}
	transactions := w.cell.count - before
	for at := 1; at <= transactions; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at %d, applied %v", at, after), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				first := w.start()
				s := w.mustImport(first, file(520))
				w.cell.mu.Lock()
				w.cell.dieAt, w.cell.after = w.cell.count+at, after
				w.cell.mu.Unlock()
				ended := make(chan error, 1)
				go func() {
					_, err := first.Undo(t.Context(), acme, s.ID, directory.Actor{})
					ended <- err
				}()
				<-w.cell.killed
				first.stop()
				if err := <-ended; err == nil {
					t.Fatal("a killed undo reported success")
				}
				w.cell.mu.Lock()
				w.cell.dieAt = 0
				w.cell.mu.Unlock()
				second := w.start()
				if at == 1 && !after { // nobody knows of it
					if _, err := second.Undo(t.Context(), acme, s.ID, directory.Actor{}); err != nil {
						t.Fatal(err)
					}
				}
				w.await(second, s.ID, importer.Undone)
				if got := w.counts(); got != (importer.Counts{}) {
					t.Errorf("left: %+v", got)
				}
			})
		}
	}
}

func TestN6FilesOfWorkspacesThatAreGoneAreRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere, id := record.DeriveID("elsewhere"), record.DeriveID("import of it")
	path := filepath.Join(w.dir, "import-"+elsewhere.String()+"-"+id.String()+".csv")
	for _, p := range []string{path, filepath.Join(w.dir, "import-123.part")} {
		if err := os.WriteFile(p, []byte(file(3)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(w.dir, "other")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := w.start()
	w.mustImport(n, file(3)) // after what was found
	w.until(func() bool { return len(w.files()) == 1 })
	if _, err := os.Stat(other); err != nil {
		t.Errorf("a file of others: %v", err)
	}
}
