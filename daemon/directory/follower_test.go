package directory

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"domicile/store"
	"domicile/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running starts a follower that is stopped when the test ends.
func running(t *testing.T, o FollowerOptions) *Follower {
	t.Helper()
	f := NewFollower(o)
	ctx, cancel := context.WithCancel(context.Background())
	var g errgroup.Group
	g.Go(func() error { return f.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Errorf("follower ended with %v", err)
		}
	})
	return f
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// D9: the header is there when Wait returns, made once, and OnHome has been called.
func TestD9HeaderIsMadeWhereTheHomeIs(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	eu, other := newCell(t, false), newCell(t, false)
	var calls atomic.Int32
	onHome := func(context.Context, Home) error {
		if calls.Add(1) == 1 {
			return errors.New("not yet")
		}
		return nil
	}
	public, _, err := ed25519.GenerateKey(nil)
	try(t, err)
	f := running(t, FollowerOptions{Region: EU, Cell: eu, CellName: "eu-1", Source: d, OnHome: onHome, PublicKey: public})
	g := running(t, FollowerOptions{Region: EU, Cell: other, CellName: "eu-2", Source: d})

	ann := d.person(t, "ann@example.com")
	w, rev, err := d.CreateWorkspace(t.Context(), NewWorkspace{
		ID: d.o.IDs.Next(time.Now()), Name: "Acme", Owner: ann.ID, Region: EU, Plan: Pro,
	})
	try(t, err)
	try(t, f.Wait(soon(t), rev))
	try(t, g.Wait(soon(t), rev))
	v := eu.Store().View()
	defer v.Close()
	h, err := v.Header(w.Workspace.ID)
	try(t, err)
	if h.Epoch != 1 || h.State != store.Active || h.Incarnation == 0 {
		t.Errorf("header %+v", h)
	}
	if calls.Load() < 2 {
		t.Errorf("OnHome was called %d times", calls.Load())
	}
	ov := other.Store().View()
	defer ov.Close()
	if _, err := ov.Header(w.Workspace.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another cell made the header too: %v", err)
	}
	var m Mirror
	keys, err := m.Keys(v)
	try(t, err)
	if len(keys) != 1 || keys[0].Region != EU || string(keys[0].Keys[0].Key) != string(public) {
		t.Errorf("published keys %+v", keys)
	}
	// A home that came by a transfer has its header from there.
	_, err = d.write(t.Context(), func(v *store.View, c *change) error {
		h := Home{ID: w.Workspace.ID, Region: EU, Cell: "eu-2", Epoch: 2}
		return c.put(record.Home, h.ID, h)
	})
	try(t, err)
	try(t, g.Wait(soon(t), d.state(t).Revision))
	ov2 := other.Store().View()
	defer ov2.Close()
	if _, err := ov2.Header(w.Workspace.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a header of epoch 2 was made: %v", err)
	}
}

// failing is a source that can be away.
type failing struct {
	Source
	away atomic.Bool
}

func (f *failing) Changes(ctx context.Context, r Region, at string, wait time.Duration) (Page, error) {
	page, err := f.Source.Changes(ctx, r, at, wait)
	if f.away.Load() {
		return Page{}, ErrUnavailable
	}
	return page, err
}

func TestMirrorStaysWhileTheDirectoryIsAway(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	cell := newCell(t, false)
	source := &failing{Source: d}
	ann := d.person(t, "ann@example.com")
	w := d.workspace(t, ann, EU, Pro)
	f := running(t, FollowerOptions{Region: EU, Cell: cell, Source: source, Wait: 50 * time.Millisecond})
	try(t, f.Wait(soon(t), d.state(t).Revision))
	source.away.Store(true)
	name := "Renamed"
	_, rev, err := d.ChangeWorkspace(t.Context(), WorkspaceChange{ID: w.Workspace.ID, Name: &name})
	try(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := f.Wait(ctx, rev); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait while the directory is away: %v", err)
	}
	v := cell.Store().View()
	p, err := Mirror{}.PersonByEmail(v, "ANN@example.com")
	v.Close()
	try(t, err)
	if p.ID != ann.ID {
		t.Errorf("mirror has %+v", p)
	}
	source.away.Store(false)
	try(t, f.Wait(soon(t), rev))
}

// What a region keeps of a person besides the mirror goes when the person goes, and a denial with its
// membership.
func TestKeysAndDenialsGoWithTheirPerson(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	cell := newCell(t, false)
	ctx := t.Context()
	ann, bob := d.person(t, "ann@example.com"), d.person(t, "bob@example.com")
	one, two := d.workspace(t, ann, EU, Pro), d.workspace(t, ann, EU, Pro)
	for _, w := range []Placed{one, two} {
		_, _, err := d.Invite(ctx, Invite{Workspace: w.Workspace.ID, Persons: []record.ID{bob.ID}})
		try(t, err)
		_, _, err = d.Answer(ctx, Answer{Person: bob.ID, Workspace: w.Workspace.ID, Accept: true})
		try(t, err)
	}
	f := follow(d, EU, cell)
	try(t, f.Step(ctx))
	denial := func(w Placed) store.Put {
		id := DenialID(bob.ID, w.Workspace.ID)
		return store.Put{Key: record.Key{Kind: record.Denial, ID: id}, Doc: []byte(`{"id":"` + id.String() + `","personId":"` + bob.ID.String() + `"}`)}
	}
	key := store.Put{Key: record.Key{Kind: record.APIKey, ID: bob.ID}, Doc: []byte(`{"personId":"` + bob.ID.String() + `","hash":"x"}`)}
	_, err := cell.Submit(ctx, store.Command{Txn: &store.Txn{Workspace: record.RegionID, Epoch: 1, Puts: []store.Put{denial(one), denial(two), key}}})
	try(t, err)

	left := func() (denials, keys uint64) {
		try(t, f.Step(ctx))
		v := cell.Store().View()
		defer v.Close()
		h, err := v.Header(record.RegionID)
		try(t, err)
		return h.Counts[record.Denial], h.Counts[record.APIKey]
	}
	_, err = d.RemoveMembers(ctx, Removal{Workspace: one.Workspace.ID, Persons: []record.ID{bob.ID}})
	try(t, err)
	if denials, keys := left(); denials != 1 || keys != 1 {
		t.Errorf("after the first removal %d denials and %d keys", denials, keys)
	}
	_, err = d.RemoveMembers(ctx, Removal{Workspace: two.Workspace.ID, Persons: []record.ID{bob.ID}})
	try(t, err)
	if denials, keys := left(); denials != 0 || keys != 0 {
		t.Errorf("after the last removal %d denials and %d keys", denials, keys)
	}
}

func TestChangesWaitsForNews(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	ctx := soon(t)
	page, err := d.Changes(ctx, EU, "", 0)
	try(t, err)
	empty, err := d.Changes(ctx, EU, page.Cursor, time.Millisecond)
	try(t, err)
	if empty.Cursor != page.Cursor || !empty.Complete || len(empty.Puts) != 0 {
		t.Errorf("nothing new gives %+v", empty)
	}
	var g errgroup.Group
	g.Go(func() error {
		next, err := d.Changes(ctx, EU, page.Cursor, maxPollWait)
		if err == nil && next.Cursor == page.Cursor {
			err = errors.New("the poll ended without news")
		}
		return err
	})
	d.person(t, "ann@example.com")
	try(t, g.Wait())

	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := d.Changes(gone, EU, page.Cursor, maxPollWait); err == nil {
		t.Error("a caller that has gone is answered")
	}
	for _, bad := range []string{"x", "feed", "feed x", "walk 1-1-0 65", "walk 1-1-0 1 000000000000000000000001"} {
		if _, err := d.Changes(ctx, EU, bad, 0); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v, want ErrCursor", bad, err)
		}
	}
	if _, err := d.Changes(ctx, EU, "feed 1-1-0", 0); !errors.Is(err, ErrCursorTooOld) {
		t.Errorf("cursor of another life: %v, want ErrCursorTooOld", err)
	}
	var unknown *UnknownRegion
	if _, err := d.Changes(ctx, "mars", "", 0); !errors.As(err, &unknown) {
		t.Errorf("mars: %v, want *UnknownRegion", err)
	}
}

// The first reading of a region with many people is cut, and ends the same.
func TestLargeImportReachesTheMirror(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	cell := newCell(t, false)
	ctx := soon(t)
	f := running(t, FollowerOptions{Region: EU, Cell: cell, Source: d})
	ann := d.person(t, "ann@example.com")
	ws := d.workspace(t, ann, EU, Pro).Workspace.ID
	i := PeopleImport{Import: ws, Workspace: ws}
	for n := range 1600 {
		i.People = append(i.People, NamedEmail{Email: record.DeriveID("e", string(rune('a'+n%26)), time.Duration(n).String()).String() + "@example.com"})
	}
	_, rev, err := d.ImportPeople(ctx, i)
	try(t, err)
	try(t, f.Wait(ctx, rev))
	v := cell.Store().View()
	defer v.Close()
	members, err := Mirror{}.MembersOf(v, ws)
	try(t, err)
	if len(members) != 1601 {
		t.Errorf("the mirror has %d members", len(members))
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("feed 1-2-0")
	f.Add("walk 1-2-0 64 000000000000000000000001")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err == nil && c.String() != text {
			again, err := parseCursor(c.String())
			if err != nil || again != c {
				t.Errorf("%q reads as %v, which reads as %v (%v)", text, c, again, err)
			}
		}
	})
}

func FuzzPasswordHash(f *testing.F) {
	f.Add(someHash)
	f.Add("$argon2id$v=19$m=1,t=0,p=0$$")
	f.Fuzz(func(t *testing.T, hash string) {
		memory, passes, lanes, salt, key, err := parseHash(hash)
		if err == nil && formatHash(memory, passes, lanes, salt, key) != hash {
			t.Errorf("%q is read as something else", hash)
		}
	})
}

func FuzzFields(f *testing.F) {
	f.Add([]byte(`{"id":"1","keys":[{"key":"x"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) { _ = checkFields(record.Region, doc) })
}
