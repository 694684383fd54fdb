package store_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

var (
	spaces = []record.ID{{1}, {2}, record.RegionID}
	kinds  = []record.Kind{record.Project, record.Task, record.TimeEntry, record.Tag, record.Event}
)

// commands draws commands that meet each other: few workspaces, ids and names.
type commands struct{ m *model }

func (g commands) ws(t *rapid.T) record.ID { return rapid.SampledFrom(spaces).Draw(t, "ws") }

func (g commands) key(t *rapid.T) record.Key {
	return record.Key{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), ID: record.ID{11: byte(rapid.IntRange(1, 5).Draw(t, "id"))}}
}

func (g commands) doc(t *rapid.T, kind record.Kind) []byte {
	name := rapid.SampledFrom([]string{"a", "A", "b", "c", `\u0000`}).Draw(t, "name")
	id := record.ID{11: byte(rapid.IntRange(1, 3).Draw(t, "ref"))}
	switch kind {
	case record.Project:
		return fmt.Appendf(nil, `{"name":"%s","clientId":"%s"}`, name, rapid.SampledFrom([]string{"", id.String()}).Draw(t, "client"))
	case record.Task:
		return fmt.Appendf(nil, `{"name":"%s","projectId":"%s"}`, name, id)
	case record.Tag:
		return fmt.Appendf(nil, `{"name":"%s"}`, name)
	case record.TimeEntry:
		end := rapid.SampledFrom([]string{"null", `"2026-01-02T04:00:00Z"`}).Draw(t, "end")
		tags := rapid.SampledFrom([]string{`[]`, `["` + id.String() + `"]`, `["` + id.String() + `","` + record.ID{9}.String() + `"]`}).Draw(t, "tags")
		return fmt.Appendf(nil, `{"userId":"%s","tagIds":%s,"timeInterval":{"start":"2026-01-0%dT03:00:00Z","end":%s}}`,
			id, tags, rapid.IntRange(1, 3).Draw(t, "day"), end)
	}
	return fmt.Appendf(nil, `{"at":"2026-01-02T03:00:0%dZ"}`, rapid.IntRange(0, 9).Draw(t, "second"))
}

func (g commands) epoch(t *rapid.T, ws record.ID) store.Epoch {
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		return store.Epoch(rapid.IntRange(0, 4).Draw(t, "epoch"))
	}
	return g.m.space(ws).header.Epoch
}

func (g commands) txn(t *rapid.T) store.Command {
	ws := g.ws(t)
	h := g.m.space(ws).header
	txn := &store.Txn{Workspace: ws, Epoch: g.epoch(t, ws), Revert: h.Revert}
	if rapid.IntRange(0, 2).Draw(t, "token?") == 0 {
		txn.Token = store.Token{byte(rapid.IntRange(1, 40).Draw(t, "token"))}
	}
	if rapid.IntRange(0, 20).Draw(t, "revert?") == 0 {
		txn.Revert = record.ID{7}
	}
	used := map[record.Key]bool{}
	fresh := func() (record.Key, bool) {
		key := g.key(t)
		again := used[key]
		used[key] = true
		return key, !again
	}
	for range rapid.IntRange(0, 3).Draw(t, "puts") {
		if key, ok := fresh(); ok {
			txn.Puts = append(txn.Puts, store.Put{Key: key, Doc: g.doc(t, key.Kind)})
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "deletes") {
		if key, ok := fresh(); ok {
			txn.Deletes = append(txn.Deletes, key)
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "if") == 0 {
		txn.If = append(txn.If, g.condition(t, ws))
	}
	return store.Command{Txn: txn}
}

func (g commands) condition(t *rapid.T, ws record.ID) store.Condition {
	key := g.key(t)
	switch rapid.IntRange(0, 3).Draw(t, "condition") {
	case 0:
		return store.Exists(key)
	case 1:
		return store.Absent(key)
	case 2:
		return store.At(key, g.m.space(ws).records[key].Revision+store.Revision(rapid.IntRange(0, 1).Draw(t, "off")))
	}
	value, err := record.Find(record.Tag, "name").Prefix(record.FoldedValue(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "value")))
	if err != nil {
		t.Fatal(err)
	}
	return store.Free(record.Tag, "name", value, key.ID)
}

func (g commands) change(t *rapid.T) store.Command {
	ws := g.ws(t)
	h := g.m.space(ws).header
	c := &store.HeaderChange{
		Workspace:   ws,
		Op:          store.Op(rapid.IntRange(int(store.OpOpen), int(store.OpConfirm)).Draw(t, "op")),
		T:           store.T{Transfer: record.ID{5}, Epoch: g.epoch(t, ws), Attempt: h.Attempt + store.Attempt(rapid.IntRange(0, 2).Draw(t, "attempt"))},
		Epoch:       g.epoch(t, ws),
		Session:     h.Session,
		Incarnation: 1 + uint64(h.Attempt),
	}
	if h.Open != nil && rapid.IntRange(0, 4).Draw(t, "open") > 0 {
		c.T = *h.Open
	}
	if h.State == store.StateAbsent {
		c.T.Epoch++
	}
	if rapid.IntRange(0, 3).Draw(t, "revert?") == 0 && (c.Op == store.OpLock || c.Op == store.OpUnlock) {
		c.T, c.Revert = store.T{}, record.ID{6}
	}
	if c.Op == store.OpDrop && rapid.IntRange(0, 8).Draw(t, "reason?") == 0 {
		c.Reason = store.Reason(rapid.IntRange(1, 2).Draw(t, "reason"))
	}
	return store.Command{Change: c}
}

func (g commands) command(t *rapid.T) store.Command {
	switch n := rapid.IntRange(0, 29).Draw(t, "command"); {
	case n < 20:
		return g.txn(t)
	case n < 23:
		ws := g.ws(t)
		h := g.m.space(ws).header
		return store.Command{Create: &store.Create{Workspace: ws, Epoch: max(1, h.Epoch+store.Epoch(rapid.IntRange(0, 1).Draw(t, "on"))), Incarnation: 1 + uint64(h.Epoch), Restored: n == 22}}
	case n < 26:
		return g.change(t)
	case n < 29:
		ws := g.ws(t)
		return store.Command{RaiseFloor: &store.RaiseFloor{Workspace: ws, Epoch: g.epoch(t, ws), Floor: store.Revision(rapid.IntRange(0, 1+int(g.m.space(ws).header.Revision)).Draw(t, "floor"))}}
	}
	return store.Command{Tick: &store.Tick{}}
}

// follower keeps a copy of a workspace by the feed alone.
type follower struct {
	cursor  store.Cursor
	records map[record.Key]store.Record
}

func (f *follower) follow(t *rapid.T, v *store.View, ws record.ID, limit int) {
	for {
		changes, next, err := v.Changes(ws, f.cursor, limit)
		if errors.Is(err, store.ErrCursorTooOld) {
			*f = follower{records: map[record.Key]store.Record{}}
			continue
		}
		if err != nil {
			t.Fatalf("changes of %s: %v", ws, err)
		}
		parsed, err := store.ParseCursor(next.String())
		if err != nil || parsed != next {
			t.Fatalf("cursor %v comes back as %v, %v", next, parsed, err)
		}
		for _, c := range changes {
			delete(f.records, c.Key)
			if !c.Deleted {
				f.records[c.Key] = store.Record{Key: c.Key, Revision: c.Revision, Doc: c.Doc}
			}
		}
		f.cursor = next
		if len(changes) < limit || rapid.IntRange(0, 3).Draw(t, "pause") == 0 {
			return
		}
	}
}

// differ is cmp.Diff, which is slow, for what is not plainly equal.
func differ(want, got any, opts ...cmp.Option) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, opts...)
}

func openMem(t interface{ Fatalf(string, ...any) }, fs vfs.FS) *store.DB {
	db, err := store.Open(store.Options{Dir: "db", FS: fs, CellID: "cell", MemTable: 256 << 10})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

// S1, S2, S3, S4: whatever the commands, however they are cut into batches, and
// wherever the store is reopened, it is the model.
func TestS1StoreIsTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel()
		g := commands{m}
		fs := vfs.NewMem()
		db, single := openMem(t, fs), openMem(t, vfs.NewMem())
		defer func() { _ = db.Close() }()
		defer func() { _ = single.Close() }()
		followers := map[record.ID]*follower{}
		now := time.Unix(1_700_000_000, 0)
		first := store.Entry{Index: 1, Term: 1, Time: now}
		for _, ws := range spaces[1:] {
			first.Commands = append(first.Commands, store.Command{Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}})
		}
		want := [][]store.Result{m.apply(first)}
		compareResults(t, db, []store.Entry{first}, want)
		compareResults(t, single, []store.Entry{first}, want)
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			var batch []store.Entry
			var want [][]store.Result
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, -time.Minute, 50 * time.Minute}).Draw(t, "step"))
				e := store.Entry{Index: m.applied + uint64(rapid.IntRange(1, 2).Draw(t, "gap")), Term: 1, Time: now}
				var results []store.Result
				for range rapid.IntRange(0, 4).Draw(t, "commands") {
					c := g.command(t)
					e.Commands = append(e.Commands, c)
					results = append(results, m.apply(store.Entry{Index: e.Index, Term: 1, Time: now, Commands: []store.Command{c}})...)
				}
				m.apply(store.Entry{Index: e.Index, Term: 1, Time: now})
				batch, want = append(batch, e), append(want, results)
			}
			compareResults(t, db, batch, want)
			for i := range batch {
				compareResults(t, single, batch[i:i+1], want[i:i+1])
			}
			if rapid.IntRange(0, 5).Draw(t, "reopen") == 0 {
				if err := db.Close(); err != nil {
					t.Fatalf("close: %v", err)
				}
				db = openMem(t, fs)
			}
			checkStore(t, m, db, followers)
		}
		if diff := differ(storetest.Dump(t, single), storetest.Dump(t, db)); diff != "" {
			t.Fatalf("batches of one entry and of several give different stores:\n%s", diff)
		}
	})
}

func compareResults(t *rapid.T, db *store.DB, batch []store.Entry, want [][]store.Result) {
	got, err := db.Apply(batch)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d results for %d entries", len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("entry %d: %d results for %d commands", i, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			if diff := sameResult(got[i][j], want[i][j]); diff != "" {
				t.Fatalf("entry %d, command %d %+v: store and model have %s", i, j, batch[i].Commands[j], diff)
			}
		}
	}
}

func checkStore(t *rapid.T, m *model, db *store.DB, followers map[record.ID]*follower) {
	v := db.View()
	defer v.Close()
	if index, _ := db.Applied(); index != m.applied {
		t.Fatalf("applied %d, want %d", index, m.applied)
	}
	if !m.time.IsZero() && !db.CellTime().Equal(m.time) {
		t.Fatalf("cell time %s, want %s", db.CellTime(), m.time)
	}
	var there []record.ID
	for h, err := range v.Headers() {
		if err != nil {
			t.Fatalf("headers: %v", err)
		}
		there = append(there, h.Workspace)
		s := m.spaces[h.Workspace]
		if s == nil {
			t.Fatalf("workspace %s is not in the model", h.Workspace)
		}
		if diff := cmp.Diff(s.figures(), h, cmpopts.IgnoreUnexported(store.Header{})); diff != "" {
			t.Fatalf("header of %s (-model +store):\n%s", h.Workspace, diff)
		}
		if err := v.Verify(t.Context(), h.Workspace); err != nil {
			t.Fatalf("verify: %v", err)
		}
		if h.State == store.StateAbsent {
			if _, err := v.Header(h.Workspace); !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("header of a tombstone: %v", err)
			}
			delete(followers, h.Workspace)
			continue
		}
		checkSpace(t, s, v, h)
		f := followers[h.Workspace]
		if f == nil {
			f = &follower{records: map[record.Key]store.Record{}}
			followers[h.Workspace] = f
		}
		f.follow(t, v, h.Workspace, 1+rapid.IntRange(0, 4).Draw(t, "limit"))
		if f.cursor.Revision == h.Revision {
			if diff := differ(s.records, f.records, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("a follower of %s has (-model +follower):\n%s", h.Workspace, diff)
			}
		}
	}
	if want := slices.SortedFunc(maps.Keys(m.spaces), record.ID.Compare); !slices.Equal(there, want) {
		t.Fatalf("workspaces %v, want %v", there, want)
	}
}

func checkSpace(t *rapid.T, s *modelSpace, v *store.View, h store.Header) {
	ws := h.Workspace
	records := map[record.Key]store.Record{}
	for _, kind := range kinds {
		for r, err := range v.Records(ws, kind) {
			if err != nil {
				t.Fatalf("records: %v", err)
			}
			records[r.Key] = r
			one, err := v.Get(ws, r.Key.Kind, r.Key.ID)
			if diff := differ(r, one); err != nil || diff != "" {
				t.Fatalf("get %s: %v\n%s", r.Key, err, diff)
			}
		}
		d, _ := record.Lookup(kind)
		for i := range d.Indexes {
			var entries []store.IndexEntry
			for e, err := range v.Index(ws, kind, d.Indexes[i].Name, store.Range{}) {
				if err != nil {
					t.Fatalf("index: %v", err)
				}
				entries = append(entries, e)
			}
			if diff := differ(s.entries(kind, &d.Indexes[i]), entries); diff != "" {
				t.Fatalf("index %s of %s (-model +store):\n%s", d.Indexes[i].Name, kind, diff)
			}
		}
	}
	if diff := differ(s.records, records); diff != "" {
		t.Fatalf("records of %s (-model +store):\n%s", ws, diff)
	}
	changes, next, err := v.Changes(ws, store.Cursor{}, 1000)
	if err != nil || next.Revision != h.Revision {
		t.Fatalf("changes end at %v, %v", next, err)
	}
	if diff := differ(s.feed(), changes); diff != "" {
		t.Fatalf("feed of %s (-model +store):\n%s", ws, diff)
	}
}
