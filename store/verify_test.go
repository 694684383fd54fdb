package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store/record"
)

// planted returns a store with a workspace of two projects, a time entry and a
// deletion.
func planted(t *testing.T) (*DB, record.ID) {
	t.Helper()
	db, err := Open(Options{Dir: "db", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	ws := record.ID{1}
	project := func(n byte) record.Key { return record.Key{Kind: record.Project, ID: record.ID{n}} }
	entry := record.Key{Kind: record.TimeEntry, ID: record.ID{9}}
	results, err := db.Apply([]Entry{{Index: 1, Time: time.Unix(1, 0), Commands: []Command{
		{Create: &Create{Workspace: ws, Epoch: 1, Incarnation: 1}},
		{Txn: &Txn{Workspace: ws, Epoch: 1, Token: Token{1}, Puts: []Put{
			{project(1), []byte(`{"name":"one","clientId":""}`)},
			{project(2), []byte(`{"name":"two","clientId":""}`)},
			{project(3), []byte(`{"name":"three","clientId":""}`)},
			{entry, []byte(`{"userId":"000000000000000000000001","timeInterval":{"start":"2026-01-02T03:04:05Z","end":null}}`)},
		}}},
		{Txn: &Txn{Workspace: ws, Epoch: 1, Token: Token{2}, Deletes: []record.Key{project(3)}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results[0] {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	return db, ws
}

func verify(t *testing.T, db *DB, ws record.ID) error {
	t.Helper()
	v := db.View()
	defer v.Close()
	return v.Verify(t.Context(), ws)
}

// S4: whatever is changed, removed or added behind the store's back, Verify
// notices: each key of the workspace, one after the other.
func TestS4VerifyNoticesEveryDifference(t *testing.T) {
	t.Parallel()
	db, ws := planted(t)
	if err := verify(t, db, ws); err != nil {
		t.Fatalf("before anything was planted: %v", err)
	}
	var keys []RawEntry
	v := db.View()
	for e, err := range v.Raw() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Key[0] == workspacePrefix {
			keys = append(keys, e)
		}
	}
	v.Close()
	sections := map[byte]bool{}
	expect := func(what string, e RawEntry) {
		t.Helper()
		if err := verify(t, db, ws); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s %q: %v", what, e.Key, err)
		}
	}
	set := func(key, value []byte) {
		t.Helper()
		if err := db.pebble.Set(key, value, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(key []byte) {
		t.Helper()
		if err := db.pebble.Delete(key, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range keys {
		section := e.Key[1+idLength]
		sections[section] = true
		if section != sectionHeader {
			remove(e.Key)
			expect("missing", e)
			set(e.Key, e.Value)
		}
		for i := range e.Value {
			if section == sectionHeader || section == sectionQueue || section == sectionToken {
				break // below: not each of their bits is the records'
			}
			changed := append([]byte(nil), e.Value...)
			changed[i] ^= 1
			set(e.Key, changed)
			expect(fmt.Sprint("changed at ", i), e)
		}
		set(e.Key, e.Value)
		if section == sectionHeader {
			continue
		}
		added := append([]byte(nil), e.Key...)
		added[len(added)-1] ^= 0x55
		set(added, e.Value)
		expect("added beside", e)
		remove(added)
	}
	for _, section := range "cdhqrtx" {
		if !sections[byte(section)] {
			t.Errorf("no key of section %q was tried", section)
		}
	}
	if err := verify(t, db, ws); err != nil {
		t.Errorf("after all was put back: %v", err)
	}
}

// S4: the header's own figures are compared too.
func TestS4VerifyNoticesWrongHeader(t *testing.T) {
	t.Parallel()
	db, ws := planted(t)
	good, _, err := readHeader(db.pebble, ws)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(h *Header){
		"content digest": func(h *Header) { h.ContentDigest[31]++ },
		"state digest":   func(h *Header) { h.StateDigest[0]++ },
		"counts":         func(h *Header) { h.Counts[record.Project]++ },
		"bytes":          func(h *Header) { h.KindBytes[record.Project]++ },
		"deletions":      func(h *Header) { h.Markers++ },
		"tokens":         func(h *Header) { h.tokenNext++ },
		"revision":       func(h *Header) { h.Revision = 1 },
		"floor":          func(h *Header) { h.Floor = h.Revision },
	} {
		bad, err := decodeHeader(ws, good.append(nil))
		if err != nil {
			t.Fatal(err)
		}
		spoil(&bad)
		if err := db.pebble.Set(headerKey(ws), bad.append(nil), pebble.NoSync); err != nil {
			t.Fatal(err)
		}
		if err := verify(t, db, ws); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.pebble.Delete(headerKey(ws), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, db, ws); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a header: %v", err)
	}
}

// Reading damaged values is an error, not a panic and not another record.
func TestViewNoticesDamagedValues(t *testing.T) {
	t.Parallel()
	db, ws := planted(t)
	key := record.Key{Kind: record.Project, ID: record.ID{1}}
	set := func(k, value []byte) {
		t.Helper()
		if err := db.pebble.Set(k, value, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	set(appendRecordKey(nil, ws, key), []byte("short"))
	set(appendFeedKey(nil, ws, 4), []byte("short"))
	v := db.View()
	defer v.Close()
	if _, err := v.Get(ws, key.Kind, key.ID); !errors.Is(err, ErrCorrupt) {
		t.Errorf("get: %v", err)
	}
	var last error
	for _, err := range v.Records(ws, key.Kind) {
		last = err
		break
	}
	if !errors.Is(last, ErrCorrupt) {
		t.Errorf("records: %v", last)
	}
	if _, _, err := v.Changes(ws, Cursor{}, 10); !errors.Is(err, ErrCorrupt) {
		t.Errorf("changes: %v", err)
	}
	// A node whose own data is damaged stops; it does not answer.
	set(headerKey(ws), []byte{99})
	if _, err := db.Apply([]Entry{{Index: 2, Commands: []Command{{Txn: &Txn{Workspace: ws, Epoch: 1}}}}}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("apply: %v", err)
	}
	if _, err := db.Apply([]Entry{{Index: 3}}); !errors.Is(err, ErrStopped) {
		t.Errorf("apply after a failure: %v", err)
	}
}

func FuzzDecoders(f *testing.F) {
	h := Header{State: Locked, Epoch: 3, Attempt: 2, Open: &T{record.ID{1}, 3, 3}, Session: 4, Incarnation: 5, Revision: 6, Counts: map[record.Kind]uint64{record.Tag: 1, record.Person: 2}, KindBytes: map[record.Kind]uint64{record.Tag: 7, record.Person: 8}}
	o := outcome{number: 3, revision: 4, code: outcomeConflict, conflict: Conflict{Key: record.Key{Kind: record.Tag, ID: record.ID{1}}, Index: "name", Op: IfFree}}
	f.Add(h.append(nil))
	f.Add((&Header{}).append(nil))
	f.Add(o.append(nil))
	f.Add((&outcome{code: 2}).append(nil))
	f.Add(appendRecord(nil, 7, []byte(`{"a":1}`)))
	f.Add(appendFeed(nil, record.Key{Kind: record.Tag, ID: record.ID{1}}, true))
	f.Add(appendQueue(nil, 5, Token{1}))
	f.Add(applied{1, 2, 3}.append(nil))
	f.Add([]byte(strings.Repeat("\xff", 200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeHeader(record.ID{1}, b); err == nil {
			again, err := decodeHeader(record.ID{1}, h.append(nil))
			if err != nil || fmt.Sprint(again) != fmt.Sprint(h) && h.Open == nil {
				t.Errorf("header %+v comes back as %+v, %v", h, again, err)
			}
		}
		if o, err := decodeOutcome(b); err == nil && string(o.append(nil)) != string(b) {
			t.Errorf("token %x comes back as %x", b, o.append(nil))
		}
		if rev, doc, err := decodeRecord(b); err == nil && string(appendRecord(nil, rev, doc)) != string(b) {
			t.Errorf("record %x comes back differently", b)
		}
		if key, deleted, err := decodeFeed(b); err == nil && string(appendFeed(nil, key, deleted)) != string(b) {
			t.Errorf("feed entry %x comes back differently", b)
		}
		if at, token, err := decodeQueue(b); err == nil && string(appendQueue(nil, at, token)) != string(b) {
			t.Errorf("queue entry %x comes back differently", b)
		}
		if a, err := decodeApplied(b); err == nil && string(a.append(nil)) != string(b) {
			t.Errorf("applied %x comes back differently", b)
		}
		_, _ = decodeRevision(b)
		_, _ = splitKeyed(b)
		_, _ = splitFeed(b)
		_, _, _ = splitWorkspace(b)
		_ = fmt.Sprint(comparer().FormatKey(b))
	})
}

func FuzzParseCursor(f *testing.F) {
	f.Add("1-1-0")
	f.Add("")
	f.Add("3w5e11264sgsf-3w5e11264sgsf-3w5e11264sgsf")
	f.Add("01-1-0")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCursor(s); err == nil && s != "" && c.String() != s {
			t.Errorf("cursor %q comes back as %q", s, c)
		}
	})
}

// What the engine says about keys names no text that they hold.
func TestEngineWordsNoTexts(t *testing.T) {
	t.Parallel()
	key := append(appendIndexBase(nil, record.ID{1}, record.Project, 1), "secret name"...)
	got := fmt.Sprint(comparer().FormatKey(key))
	if strings.Contains(got, "secret") || !strings.Contains(got, record.ID{1}.String()) {
		t.Errorf("a key is worded %q", got)
	}
}
