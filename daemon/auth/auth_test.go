package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"domicile/daemon/directory"
	"domicile/daemon/trail"
	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is a directory with a region that follows it and the Auth of that region.
type town struct {
	*Auth
	d      *directory.Directory
	source *switchable
	cell   *storetest.Cell
	follow *directory.Follower
	clock  *clock
}

// switchable is a directory that can be away.
type switchable struct {
	directory.Service
	mu   sync.Mutex
	gone bool
}

func (s *switchable) CheckPassword(ctx context.Context, email, password string) (directory.Verdict, error) {
	s.mu.Lock()
	gone := s.gone
	s.mu.Unlock()
	if gone {
		return directory.Verdict{}, directory.ErrUnavailable
	}
	return s.Service.CheckPassword(ctx, email, password)
}

func (s *switchable) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

func (s *switchable) Changes(ctx context.Context, r directory.Region, at string, _ time.Duration) (directory.Page, error) {
	return s.Service.Changes(ctx, r, at, 0)
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const password = "correct horse"

// hash is made once: it takes long.
var hash = sync.OnceValue(func() string {
	h, err := directory.HashPassword(password)
	if err != nil {
		panic(err)
	}
	return h
})

func newTown(tb testing.TB, r directory.Region) *town {
	tb.Helper()
	ctx := context.Background()
	global, cell := storetest.New(tb), storetest.New(tb)
	try(tb, directory.CreateSystem(ctx, global, true))
	try(tb, directory.CreateSystem(ctx, cell, false))
	c := &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	ids := record.NewGenerator()
	d := directory.New(directory.Options{
		Cell: global, Regions: directory.DefaultRegions(""), IDs: ids, Now: c.Now,
		Subscribe: func() directory.Feed { return global.Store().Subscribe() },
	})
	s := &switchable{Service: d}
	return &town{
		Auth: New(Options{
			Region: r, Cell: cell, Directory: s, IDs: ids, Now: c.Now, Tries: 3, Trail: trail.NewBook(ids).Record,
		}),
		d: d, source: s, cell: cell, clock: c,
		follow: directory.NewFollower(directory.FollowerOptions{Region: r, Cell: cell, Source: s}),
	}
}

func try(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *town) person(tb testing.TB, email string) record.ID {
	tb.Helper()
	p, _, err := w.d.CreatePerson(context.Background(), directory.NewPerson{Email: email, PasswordHash: hash()})
	try(tb, err)
	return p.ID
}

func (w *town) workspace(tb testing.TB, owner record.ID, r directory.Region) record.ID {
	tb.Helper()
	p, _, err := w.d.CreateWorkspace(context.Background(), directory.NewWorkspace{
		ID: record.NewGenerator().Next(time.Now()), Name: "Acme", Owner: owner, Region: r, Plan: directory.Pro,
	})
	try(tb, err)
	return p.Workspace.ID
}

func (w *town) join(tb testing.TB, person, workspace record.ID) {
	tb.Helper()
	_, _, err := w.d.Invite(context.Background(), directory.Invite{Workspace: workspace, Persons: []record.ID{person}})
	try(tb, err)
	_, _, err = w.d.Answer(context.Background(), directory.Answer{Person: person, Workspace: workspace, Accept: true})
	try(tb, err)
}

// sync brings the mirror up to the directory.
func (w *town) sync(tb testing.TB) {
	tb.Helper()
	for range 3 {
		try(tb, w.follow.Step(context.Background()))
	}
}

func (w *town) member(tb testing.TB, p Principal, ws record.ID) (Member, error) {
	tb.Helper()
	v := w.cell.Store().View()
	defer v.Close()
	return w.Member(v, p, ws)
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestA1SecretsAreStoredAsTheirHash(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ann := w.person(t, "ann@example.com")
	w.workspace(t, ann, directory.EU)
	w.sync(t)
	_, secret, err := w.CreateKey(t.Context(), ann, "laptop", directory.Actor{Kind: "session", Person: ann})
	try(t, err)
	in, err := w.SignIn(t.Context(), "ann@example.com", password)
	try(t, err)
	if !strings.HasPrefix(secret, "dom_eu_") || len(secret) != len("dom_eu_")+43 || !strings.HasPrefix(in.Token, "ses_") {
		t.Errorf("secrets %q and %q", secret, in.Token)
	}
	v := w.cell.Store().View()
	defer v.Close()
	for _, definition := range record.Kinds() {
		for rec, err := range v.Records(record.RegionID, definition.Kind) {
			try(t, err)
			for _, s := range []string{secret[len("dom_eu_"):], in.Token[len("ses_"):], password} {
				if strings.Contains(string(rec.Doc), s) {
					t.Errorf("%s has a secret", rec.Key)
				}
			}
		}
	}
	if in.Person.Password != "" {
		t.Error("the answer has the password's hash")
	}
}

func TestA2KeyIsWorthSomethingInItsRegionOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	ann, bob := w.person(t, "ann@example.com"), w.person(t, "bob@example.com")
	ws, second := w.workspace(t, ann, directory.EU), w.workspace(t, ann, directory.EU)
	_, _, err := w.d.Invite(ctx, directory.Invite{Workspace: ws, Persons: []record.ID{bob}})
	try(t, err)
	w.sync(t)
	if _, _, err := w.CreateKey(ctx, bob, "", directory.Actor{}); !errors.Is(err, ErrNoAccount) {
		t.Errorf("a key for somebody who is only invited: %v, want ErrNoAccount", err)
	}
	_, _, err = w.d.Answer(ctx, directory.Answer{Person: bob, Workspace: ws, Accept: true})
	try(t, err)
	w.sync(t)
	k, secret, err := w.CreateKey(ctx, bob, "phone", directory.Actor{})
	try(t, err)
	p, err := w.Key(ctx, secret)
	try(t, err)
	if p != (Principal{Person: bob, Kind: ByKey, ID: k.ID}) {
		t.Errorf("principal %+v", p)
	}
	other := newTown(t, directory.AU)
	for name, bad := range map[string]string{
		"another region's": strings.Replace(secret, "dom_eu_", "dom_au_", 1), "cut": secret[:len(secret)-1],
		"changed": secret[:len(secret)-1] + "A", "empty": "", "long": secret + "A", "session": "ses_" + secret[7:],
	} {
		if bad == secret {
			continue
		}
		_, err := w.Key(ctx, bad)
		wants(t, name+" key", err, ErrUnknownKey)
		_, err = other.Key(ctx, bad)
		wants(t, name+" key elsewhere", err, ErrUnknownKey)
	}
	_, err = w.Key(ctx, "dom_eu_"+strings.Repeat("A", 43))
	wants(t, "a guess", err, ErrUnknownKey)

	// The account ends with the last workspace, and the key with it, for good.
	_, err = w.d.RemoveMembers(ctx, directory.Removal{Workspace: ws, Persons: []record.ID{bob}})
	try(t, err)
	w.sync(t)
	_, err = w.Key(ctx, secret)
	wants(t, "key after the last membership", err, ErrUnknownKey)
	w.join(t, bob, second)
	w.sync(t)
	_, err = w.Key(ctx, secret)
	wants(t, "key after coming back", err, ErrUnknownKey)
}

func TestA3DenialWinsOverTheMirror(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	ann := w.person(t, "ann@example.com")
	bob := w.person(t, "bob@example.com")
	ws := w.workspace(t, ann, directory.EU)
	w.join(t, bob, ws)
	w.sync(t)
	p := Principal{Person: bob}
	m, err := w.member(t, p, ws)
	try(t, err)
	if m.Role != directory.NoRole || m.Plan != directory.Pro || m.Status != directory.Active {
		t.Errorf("member %+v", m)
	}
	w.source.leave()
	try(t, w.Deny(ctx, bob, ws, directory.Actor{}))
	_, err = w.member(t, p, ws)
	wants(t, "a denied member", err, ErrNotMember)
	try(t, w.Undeny(ctx, bob, ws, directory.Actor{}))
	_, err = w.member(t, p, ws)
	try(t, err)
	_, err = w.member(t, Principal{Person: record.ID{1}}, ws)
	wants(t, "a stranger", err, ErrNotMember)
	_, err = w.member(t, p, record.ID{1})
	wants(t, "an unknown workspace", err, ErrNotMember)

	inactive := directory.Inactive
	_, _, err = w.d.SetMembership(ctx, directory.MembershipChange{Workspace: ws, Person: bob, Status: &inactive})
	try(t, err)
	w.sync(t)
	_, err = w.member(t, p, ws)
	wants(t, "an inactive member", err, ErrNotMember)
	_, err = w.d.DeleteWorkspace(ctx, ws, directory.Actor{})
	try(t, err)
	w.sync(t)
	_, err = w.member(t, Principal{Person: ann}, ws)
	wants(t, "the owner of a deleted workspace", err, ErrNotMember)
}

func TestA4WrongAndUnknownAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	ann, bob := w.person(t, "ann@example.com"), w.person(t, "bob@example.com")
	w.workspace(t, ann, directory.EU)
	w.workspace(t, bob, directory.AU)
	w.person(t, "eve@example.com")
	w.sync(t)
	for _, email := range []string{"ann@example.com", "bob@example.com", "nobody@example.com"} {
		_, err := w.SignIn(ctx, email, "wrong horse")
		if err == nil || err.Error() != ErrBadCredential.Error() {
			t.Errorf("wrong password: %v", err)
		}
	}
	var elsewhere *WrongRegion
	if _, err := w.SignIn(ctx, "bob@example.com", password); !errors.As(err, &elsewhere) || len(elsewhere.Regions) != 1 || elsewhere.Regions[0] != directory.AU {
		t.Errorf("somebody of another region: %v, want *WrongRegion", err)
	}
	if _, err := w.SignIn(ctx, "eve@example.com", password); !errors.As(err, &elsewhere) || elsewhere.Regions[0] != directory.Global {
		t.Errorf("somebody without a workspace: %v, want *WrongRegion", err)
	}
	w.source.leave()
	_, err := w.SignIn(ctx, "Ann@Example.com ", password)
	try(t, err) // the directory is away and not needed
	_, err = w.SignIn(ctx, "bob@example.com", password)
	wants(t, "somebody of another region without the directory", err, directory.ErrUnavailable)
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	w.workspace(t, w.person(t, "ann@example.com"), directory.EU)
	w.sync(t)
	for range 3 {
		_, err := w.SignIn(ctx, "ann@example.com", "wrong horse")
		wants(t, "wrong password", err, ErrBadCredential)
	}
	var limited *TooManyTries
	if _, err := w.SignIn(ctx, "ANN@example.com", password); !errors.As(err, &limited) || limited.Retry <= 0 {
		t.Fatalf("after three wrong ones: %v, want *TooManyTries", err)
	}
	w.clock.Add(limited.Retry)
	_, err := w.SignIn(ctx, "ann@example.com", password)
	try(t, err)
	// Right ones cost nothing.
	for range 5 {
		_, err := w.SignIn(ctx, "ann@example.com", password)
		try(t, err)
	}
}

func TestManyTriesAtOnceAreNoMore(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	w.workspace(t, w.person(t, "ann@example.com"), directory.EU)
	w.sync(t)
	var g errgroup.Group
	var looked atomic.Int32
	for range 12 {
		g.Go(func() error {
			_, err := w.SignIn(context.Background(), "ann@example.com", "wrong horse")
			if errors.Is(err, ErrBadCredential) {
				looked.Add(1)
				return nil
			}
			if limited := (*TooManyTries)(nil); !errors.As(err, &limited) {
				return fmt.Errorf("wrong password: %w", err)
			}
			return nil
		})
	}
	try(t, g.Wait())
	if n := looked.Load(); n != 3 {
		t.Errorf("%d passwords were looked at, want 3", n)
	}
}

func TestA5SessionsEnd(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	ann := w.person(t, "ann@example.com")
	w.workspace(t, ann, directory.EU)
	w.sync(t)
	signIn := func(word string) SignedIn {
		t.Helper()
		in, err := w.SignIn(ctx, "ann@example.com", word)
		try(t, err)
		p, err := w.Session(ctx, in.Token)
		try(t, err)
		if p != (Principal{Person: ann, Kind: BySession, ID: in.Session}) {
			t.Errorf("principal %+v", p)
		}
		return in
	}
	ended := func(why string, in SignedIn) {
		t.Helper()
		_, err := w.Session(ctx, in.Token)
		wants(t, "session after "+why, err, ErrBadSession)
	}
	one, two := signIn(password), signIn(password)
	try(t, w.SignOut(ctx, one.Session))
	try(t, w.SignOut(ctx, one.Session))
	ended("sign-out", one)
	try(t, w.SignOutPerson(ctx, ann))
	ended("signing out everywhere", two)

	three := signIn(password)
	w.clock.Add(SessionLife - time.Second)
	_, err := w.Session(ctx, three.Token)
	try(t, err)
	w.clock.Add(time.Second)
	ended("30 days", three)
	try(t, w.removeExpired(ctx))
	v := w.cell.Store().View()
	h, err := v.Header(record.RegionID)
	v.Close()
	try(t, err)
	if n := h.Counts[record.Session]; n != 0 {
		t.Errorf("%d expired sessions are left", n)
	}

	four := signIn(password)
	other, err := directory.HashPassword("battery staple")
	try(t, err)
	_, _, err = w.d.UpdatePerson(ctx, directory.PersonChange{ID: ann, PasswordHash: &other})
	try(t, err)
	w.sync(t)
	ended("a new password", four)
	five := signIn("battery staple")
	yes := true
	_, _, err = w.d.UpdatePerson(ctx, directory.PersonChange{ID: ann, Disabled: &yes})
	try(t, err)
	w.sync(t)
	ended("disabling", five)
	_, err = w.SignIn(ctx, "ann@example.com", "battery staple")
	wants(t, "sign-in of somebody disabled", err, ErrBadCredential)
	for _, bad := range []string{"", "ses_", "ses_" + strings.Repeat("A", 43), "dom_eu_" + strings.Repeat("A", 43)} {
		_, err := w.Session(ctx, bad)
		wants(t, "token "+bad, err, ErrBadSession)
	}
}

// At global, somebody without any workspace signs in, lists and is invited, but has no keys.
func TestSignInAtGlobalIsForEverybody(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.Global)
	ctx := t.Context()
	ann := w.person(t, "ann@example.com")
	in, err := w.SignIn(ctx, "ann@example.com", password) // before the mirror has heard of her
	try(t, err)
	w.sync(t)
	_, err = w.Session(ctx, in.Token)
	try(t, err)
	_, _, err = w.CreateKey(ctx, ann, "", directory.Actor{})
	wants(t, "a key without an account", err, ErrNoAccount)
}

func TestA7RevokedKeysAreNotRemembered(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx := t.Context()
	ann, bob := w.person(t, "ann@example.com"), w.person(t, "bob@example.com")
	ws := w.workspace(t, ann, directory.EU)
	w.join(t, bob, ws)
	w.sync(t)
	k, secret, err := w.CreateKey(ctx, ann, "laptop", directory.Actor{})
	try(t, err)
	for range 3 {
		_, err := w.Key(ctx, secret)
		try(t, err)
	}
	wants(t, "revoking another's key", w.RevokeKey(ctx, bob, k.ID, directory.Actor{}), ErrNoKey)
	try(t, w.RevokeKey(ctx, ann, k.ID, directory.Actor{}))
	_, err = w.Key(ctx, secret)
	wants(t, "a revoked key", err, ErrUnknownKey)
	wants(t, "revoking again", w.RevokeKey(ctx, ann, k.ID, directory.Actor{}), ErrNoKey)
	for n := range maxKeys {
		if _, _, err := w.CreateKey(ctx, ann, "", directory.Actor{}); err != nil {
			t.Fatalf("key %d: %v", n, err)
		}
	}
	_, _, err = w.CreateKey(ctx, ann, "", directory.Actor{})
	wants(t, "one key too many", err, ErrTooManyKeys)
	var invalid *directory.Invalid
	if _, _, err := w.CreateKey(ctx, ann, "a\nb", directory.Actor{}); !errors.As(err, &invalid) {
		t.Errorf("a name of two lines: %v, want *Invalid", err)
	}
}

func TestUseOfAKeyIsRecordedOnceAnHour(t *testing.T) {
	t.Parallel()
	w := newTown(t, directory.EU)
	ctx, cancel := context.WithCancel(t.Context())
	ann := w.person(t, "ann@example.com")
	w.workspace(t, ann, directory.EU)
	w.sync(t)
	k, secret, err := w.CreateKey(ctx, ann, "laptop", directory.Actor{})
	try(t, err)
	var g errgroup.Group
	g.Go(func() error { return w.Run(ctx) })
	used := func(revision store.Revision) store.Revision {
		t.Helper()
		_, err := w.Key(ctx, secret)
		try(t, err)
		bound, stop := context.WithTimeout(ctx, 2*time.Minute)
		defer stop()
		try(t, w.cell.Store().WaitRevision(bound, record.RegionID, revision+1))
		keys, err := w.Keys(ctx, ann)
		try(t, err)
		if len(keys) != 1 || keys[0].ID != k.ID || !keys[0].LastUsed.Equal(w.clock.Now()) {
			t.Errorf("keys %+v", keys)
		}
		return revision + 1
	}
	v := w.cell.Store().View()
	at, err := regionRevision(v)
	v.Close()
	try(t, err)
	at = used(at)
	w.clock.Add(usedEvery - time.Second)
	_, err = w.Key(ctx, secret)
	try(t, err)
	if len(w.touched) != 0 {
		t.Error("a second use in the hour is to be recorded")
	}
	w.clock.Add(time.Second)
	used(at)
	cancel()
	try(t, g.Wait())
}

func BenchmarkKeyAndMember(b *testing.B) {
	for name, remember := range map[string]bool{"remembered": true, "looked up": false} {
		b.Run(name, func(b *testing.B) {
			w := newTown(b, directory.EU)
			ann := w.person(b, "ann@example.com")
			ws := w.workspace(b, ann, directory.EU)
			w.sync(b)
			_, secret, err := w.CreateKey(b.Context(), ann, "", directory.Actor{})
			try(b, err)
			v := w.cell.Store().View()
			defer v.Close()
			b.ReportAllocs()
			for b.Loop() {
				if !remember {
					w.recognised.InvalidateAll()
					w.members.InvalidateAll()
				}
				p, err := w.KeyIn(v, secret)
				try(b, err)
				_, err = w.Member(v, p, ws)
				try(b, err)
			}
		})
	}
}

func (w *town) put(tb testing.TB, ws record.ID, kind record.Kind, id record.ID, doc string) {
	tb.Helper()
	_, err := w.cell.Submit(context.Background(), store.Command{Txn: &store.Txn{
		Workspace: ws, Epoch: 1, Puts: []store.Put{{Key: record.Key{Kind: kind, ID: id}, Doc: []byte(doc)}},
	}})
	try(tb, err)
}
