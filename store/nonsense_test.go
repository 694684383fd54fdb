package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// nonsense is a table of commands that no sound proposer makes.
func nonsense(ws record.ID) map[string]store.Command {
	put := func(kind record.Kind, id record.ID, doc string) store.Command {
		return store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, Token: store.Token{1}, Puts: []store.Put{{Key: record.Key{Kind: kind, ID: id}, Doc: []byte(doc)}}}}
	}
	cond := func(c store.Condition) store.Command {
		return store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, If: []store.Condition{c}}}
	}
	twice := tag(1, "a")
	half := `{"name":"` + strings.Repeat("x", store.MaxTxn/3) + `"}`
	return map[string]store.Command{
		"nothing":                 {},
		"two things":              {Tick: &store.Tick{}, Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}},
		"no workspace":            {Txn: &store.Txn{Epoch: 1}},
		"unknown kind":            put(99, record.ID{1}, `{}`),
		"kind 0":                  put(0, record.ID{1}, `{}`),
		"no id":                   put(record.Tag, record.ID{}, `{}`),
		"no document":             put(record.Tag, record.ID{1}, ``),
		"half a document":         put(record.Tag, record.ID{1}, `{"name":"x"`),
		"an array":                put(record.Tag, record.ID{1}, `[]`),
		"two lines":               put(record.Tag, record.ID{1}, "{\n}"),
		"no UTF-8":                put(record.Tag, record.ID{1}, "{\"name\":\"\xff\"}"),
		"text after the document": put(record.Tag, record.ID{1}, `{} {}`),
		"too large":               put(record.Tag, record.ID{1}, `{"name":"`+strings.Repeat("x", store.MaxDocument)+`"}`),
		"too large together":      {Txn: &store.Txn{Workspace: ws, Epoch: 1, Puts: []store.Put{{tag(1, "").Key, []byte(half)}, {tag(2, "").Key, []byte(half)}, {tag(3, "").Key, []byte(half)}}}},
		"put twice":               {Txn: &store.Txn{Workspace: ws, Epoch: 1, Puts: []store.Put{twice, twice}}},
		"put and deleted":         {Txn: &store.Txn{Workspace: ws, Epoch: 1, Puts: []store.Put{twice}, Deletes: []record.Key{twice.Key}}},
		"deleted twice":           {Txn: &store.Txn{Workspace: ws, Epoch: 1, Deletes: []record.Key{twice.Key, twice.Key}}},
		"delete of no kind":       {Txn: &store.Txn{Workspace: ws, Epoch: 1, Deletes: []record.Key{{}}}},
		"condition of no sort":    cond(store.Condition{Key: twice.Key}),
		"condition 77":            cond(store.Condition{Op: 77, Key: twice.Key}),
		"condition on no kind":    cond(store.Exists(record.Key{})),
		"free in no index":        cond(store.Free(record.Tag, "nothing", nil, record.ID{})),
		"free in a plain index":   cond(store.Free(record.TimeEntry, "start", nil, record.ID{})),
		"free of half a value":    cond(store.Free(record.Tag, "name", []byte("a"), record.ID{})),
		"free of too much":        cond(store.Free(record.Tag, "name", []byte("a\x00\x01b"), record.ID{})),
		"create of nothing":       {Create: &store.Create{}},
		"create at epoch 0":       {Create: &store.Create{Workspace: record.ID{9}, Incarnation: 1}},
		"create of no life":       {Create: &store.Create{Workspace: record.ID{9}, Epoch: 1}},
		"change of nothing":       {Change: &store.HeaderChange{}},
		"change 77":               {Change: &store.HeaderChange{Workspace: ws, Op: 77}},
		"create as a change":      {Change: &store.HeaderChange{Workspace: ws, Op: store.OpCreate, Epoch: 1, Incarnation: 1}},
		"open of no T":            {Change: &store.HeaderChange{Workspace: ws, Op: store.OpOpen}},
		"lock by two":             {Change: &store.HeaderChange{Workspace: ws, Op: store.OpLock, T: store.T{Transfer: record.ID{1}, Epoch: 1, Attempt: 1}, Revert: record.ID{1}}},
		"drop for no reason":      {Change: &store.HeaderChange{Workspace: ws, Op: store.OpDrop, Reason: 77}},
		"floor of nothing":        {RaiseFloor: &store.RaiseFloor{}},
		"floor in the sky":        {RaiseFloor: &store.RaiseFloor{Workspace: ws, Epoch: 1, Floor: 1 << 60}},
	}
}

// S10, S2
func TestS10NonsenseIsRefusedAndWritesNothing(t *testing.T) {
	t.Parallel()
	ws := record.ID{1}
	c := storetest.New(t)
	c.Create(t, ws)
	write(t, c, ws, tag(1, "kept"))
	for name, command := range nonsense(ws) {
		before := dumpWithoutIndex(t, c.Store())
		r, err := c.Submit(t.Context(), command)
		if r.Err == nil || err == nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if diff := cmp.Diff(before, dumpWithoutIndex(t, c.Store())); diff != "" {
			t.Errorf("%s wrote:\n%s", name, diff)
		}
	}
	if err := c.Store().Failure(); err != nil {
		t.Errorf("the store failed: %v", err)
	}
	// Times at the ends of what can be written don't matter either.
	for _, at := range []time.Time{{}, time.Unix(-1<<40, 0), time.Unix(1<<40, 0), time.Unix(0, 0)} {
		c.SetNow(func() time.Time { return at })
		write(t, c, ws, tag(2, "at some time"))
	}
}

// dumpWithoutIndex is the store but for its applied index and time.
func dumpWithoutIndex(t *testing.T, db *store.DB) string {
	t.Helper()
	var lines []string
	for _, line := range strings.Split(storetest.Dump(t, db), "\n") {
		if !strings.HasPrefix(line, "applied") && !strings.HasPrefix(line, `"mapplied"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// S11
func TestS11DropLeavesOnlyTheTombstone(t *testing.T) {
	t.Parallel()
	c := storetest.New(t)
	ws, other := record.ID{1}, record.ID{2}
	c.Create(t, ws)
	c.Create(t, other)
	write(t, c, other, tag(1, "stays"))
	drop := store.Command{Change: &store.HeaderChange{Workspace: ws, Op: store.OpDrop, Reason: store.Deletion, Epoch: 1}}
	// Before and after it in one batch, too.
	results, err := c.Store().Apply([]store.Entry{{Index: 1000, Term: 1, Commands: []store.Command{
		{Txn: &store.Txn{Workspace: ws, Epoch: 1, Token: store.Token{1}, Puts: []store.Put{tag(1, "a"), tag(2, "b")}}},
		{Txn: &store.Txn{Workspace: ws, Epoch: 1, Token: store.Token{2}, Deletes: []record.Key{tag(2, "").Key}}},
		drop, drop,
		{Txn: &store.Txn{Workspace: ws, Epoch: 1, Token: store.Token{1}, Puts: []store.Put{tag(1, "late")}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results[0] {
		if (r.Err == nil) != (i < 4) {
			t.Errorf("command %d: %+v", i, r)
		}
	}
	v := c.Store().View()
	defer v.Close()
	for e, err := range v.Raw() {
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Key) > 13 && record.ID(e.Key[1:13]) == ws && e.Key[13] != 'h' {
			t.Errorf("left: %q", e.Key)
		}
	}
	if err := v.Verify(t.Context(), ws); err != nil {
		t.Errorf("verify of a tombstone: %v", err)
	}
	if r, err := v.Get(other, record.Tag, record.ID{1}); err != nil || r.Revision != 1 {
		t.Errorf("another workspace: %+v, %v", r, err)
	}
	// Its epoch is over for ever.
	if _, err := c.Store().Apply([]store.Entry{{Index: 1001, Commands: []store.Command{{Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}}}}}); err != nil {
		t.Fatal(err)
	}
	after := c.Store().View()
	defer after.Close()
	if h, err := after.Header(ws); err == nil || h.State != store.StateAbsent || h.Epoch != 1 {
		t.Errorf("created again: %+v, %v", h, err)
	}
}
