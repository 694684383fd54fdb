package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// A hash of the right form whose password nobody knows: hashing takes long.
const someHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"

func newCell(tb testing.TB, directory bool) *storetest.Cell {
	tb.Helper()
	cell := storetest.New(tb)
	if err := CreateSystem(context.Background(), cell, directory); err != nil {
		tb.Fatal(err)
	}
	return cell
}

func newDirectory(tb testing.TB) *Directory {
	tb.Helper()
	d, _ := newDirectoryCell(tb)
	return d
}

func newDirectoryCell(tb testing.TB) (*Directory, *storetest.Cell) {
	tb.Helper()
	cell := newCell(tb, true)
	return New(Options{
		Cell: cell, Regions: DefaultRegions(""), IDs: record.NewGenerator(),
		Subscribe: func() Feed { return cell.Store().Subscribe() },
		Trail: func(at time.Time, kind string, person, _ record.ID, code, reason string, subjects []record.ID) (store.Put, error) {
			id := record.NewGenerator().Next(at)
			doc := fmt.Sprintf(`{"id":%q,"code":%q,"reason":%q,"subjects":[]}`, id, code, reason)
			return store.Put{Key: record.Key{Kind: record.Trail, ID: id}, Doc: []byte(doc)}, nil
		},
	}), cell
}

func (d *Directory) person(tb testing.TB, email string) Person {
	tb.Helper()
	p, _, err := d.CreatePerson(tb.Context(), NewPerson{Email: email, PasswordHash: someHash})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func (d *Directory) workspace(tb testing.TB, owner Person, r Region, plan Plan) Placed {
	tb.Helper()
	w, _, err := d.CreateWorkspace(tb.Context(), NewWorkspace{
		ID: d.o.IDs.Next(time.Now()), Name: "Acme", Owner: owner.ID, Region: r, Plan: plan,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// state is everything that the directory holds, to see that nothing changed.
func (d *Directory) state(tb failer) store.Header {
	tb.Helper()
	v, err := d.o.Cell.View(context.Background())
	try(tb, err)
	defer v.Close()
	h, err := v.Header(record.DirectoryID)
	try(tb, err)
	return h
}

func TestD1DocumentsHaveNoFieldOutsideTheTable(t *testing.T) {
	t.Parallel()
	d, cell := newDirectoryCell(t)
	ctx := t.Context()
	ann, bob := d.person(t, "ann@example.com"), d.person(t, "bob@example.com")
	w := d.workspace(t, ann, EU, Pro)
	sub, owner := "acme", bob.ID
	_, _, err := d.Invite(ctx, Invite{Workspace: w.Workspace.ID, Persons: []record.ID{bob.ID}, Emails: []string{"new@example.com"}})
	try(t, err)
	_, _, err = d.Answer(ctx, Answer{Person: bob.ID, Workspace: w.Workspace.ID, Accept: true})
	try(t, err)
	_, _, err = d.ChangeWorkspace(ctx, WorkspaceChange{ID: w.Workspace.ID, Subdomain: &sub, Owner: &owner, Reason: "owner-left"})
	try(t, err)
	_, err = d.PublishKey(ctx, EU, make([]byte, 32))
	try(t, err)
	_, _, err = d.ImportPeople(ctx, PeopleImport{Import: w.Workspace.ID, Workspace: w.Workspace.ID, People: []NamedEmail{{"x@example.com", "X"}}})
	try(t, err)

	v := cell.Store().View()
	defer v.Close()
	kinds := 0
	for _, definition := range record.Kinds() {
		n := 0
		for rec, err := range v.Records(record.DirectoryID, definition.Kind) {
			try(t, err)
			n++
			if err := checkFields(definition.Kind, rec.Doc); err != nil {
				t.Errorf("%s: %v", rec.Key, err)
			}
		}
		if n > 0 {
			kinds++
		}
	}
	if kinds != len(fields) {
		t.Errorf("the directory holds %d kinds, its table of fields has %d", kinds, len(fields))
	}
	for kind, rows := range fields {
		if _, ok := record.Lookup(kind); !ok {
			t.Errorf("the table of fields has %s, which is no kind", kind)
		}
		for field, item := range rows {
			if item == "" {
				t.Errorf("field %s of %s names no item of R6", field, kind)
			}
		}
	}
	for _, doc := range []string{`{"id":"1","rate":5}`, `{"id":"1","name":{"description":"x"}}`, `[{"hourlyRate":1}]`} {
		if checkFields(record.Workspace, []byte(doc)) == nil {
			t.Errorf("%s may be in the directory", doc)
		}
	}
	if checkFields(record.TimeEntry, []byte(`{"id":"1"}`)) == nil {
		t.Error("a time entry may be in the directory")
	}
}

// failer is testing.TB as far as rapid's T has it.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func try(tb failer, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestD2AddressAndSubdomainBelongToOne(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	ctx := t.Context()
	ann := d.person(t, "Ann@Example.com")
	if _, _, err := d.CreatePerson(ctx, NewPerson{Email: " ann@example.COM", PasswordHash: someHash}); !errors.Is(err, ErrEmailTaken) {
		t.Errorf("a second person with the address: %v, want ErrEmailTaken", err)
	}
	acme, bolt := d.workspace(t, ann, "", Pro), d.workspace(t, ann, "", Pro)
	sub := "acme"
	_, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: acme.Workspace.ID, Subdomain: &sub})
	try(t, err)
	if _, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: bolt.Workspace.ID, Subdomain: &sub}); !errors.Is(err, ErrSubdomainTaken) {
		t.Errorf("a second workspace with the subdomain: %v, want ErrSubdomainTaken", err)
	}
	_, err = d.DeleteWorkspace(ctx, acme.Workspace.ID, Actor{})
	try(t, err)
	if _, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: bolt.Workspace.ID, Subdomain: &sub}); err != nil {
		t.Errorf("the subdomain of a deleted workspace: %v", err)
	}
	for _, bad := range []string{"a", "-a", "Acme", "euc1", "www", "a.b", strings.Repeat("x", 64)} {
		var invalid *Invalid
		if _, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: bolt.Workspace.ID, Subdomain: &bad}); !errors.As(err, &invalid) {
			t.Errorf("subdomain %q: %v, want *Invalid", bad, err)
		}
	}
}

// Of many at once, one person gets the address, and nobody a half.
func TestD2ManyAtOnce(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, _, err := d.CreatePerson(context.Background(), NewPerson{Email: "ann@example.com", PasswordHash: someHash})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, ErrEmailTaken) {
				t.Errorf("create person: %v", err)
			}
		}()
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("%d persons were made with one address", made)
	}
}

func TestD3WorkspaceComesWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	ctx := t.Context()
	ann := d.person(t, "ann@example.com")
	id := d.o.IDs.Next(time.Now())
	before := d.state(t)

	var plan *PlanNeeded
	if _, _, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: ann.ID, Region: EU}); !errors.As(err, &plan) || plan.Plan != Free || plan.Region != EU {
		t.Errorf("a FREE workspace in eu: %v, want *PlanNeeded", err)
	}
	var unknown *UnknownRegion
	if _, _, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: ann.ID, Region: "mars"}); !errors.As(err, &unknown) {
		t.Errorf("a workspace on mars: %v, want *UnknownRegion", err)
	}
	if _, _, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: id}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a workspace of nobody: %v, want ErrNotFound", err)
	}
	for _, bad := range []NewWorkspace{{Name: "Acme", Owner: ann.ID}, {ID: id, Owner: ann.ID}, {ID: id, Name: "Acme", Owner: ann.ID, Plan: "GOLD"}, {ID: id, Name: "a\nb", Owner: ann.ID}} {
		var invalid *Invalid
		if _, _, err := d.CreateWorkspace(ctx, bad); !errors.As(err, &invalid) {
			t.Errorf("workspace %+v: %v, want *Invalid", bad, err)
		}
	}
	if after := d.state(t); after.Revision != before.Revision {
		t.Fatalf("a refusal wrote: revision %d, then %d", before.Revision, after.Revision)
	}

	w, first, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: ann.ID, Plan: Enterprise, Region: EU})
	try(t, err)
	if w.Home.Region != EU || w.Home.Epoch != 1 || w.Home.Cell != "eu-1" || w.Workspace.OwnerID != ann.ID {
		t.Errorf("made %+v", w)
	}
	again, second, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: ann.ID, Plan: Enterprise, Region: EU})
	try(t, err)
	if diff := cmp.Diff(w, again); diff != "" || second != first {
		t.Errorf("a repeat is another: %s, revision %d then %d", diff, first, second)
	}
	bob := d.person(t, "bob@example.com")
	if _, _, err := d.CreateWorkspace(ctx, NewWorkspace{ID: id, Name: "Acme", Owner: bob.ID}); !errors.Is(err, ErrExists) {
		t.Errorf("the id of another's workspace: %v, want ErrExists", err)
	}
	// The next one takes the highest plan that its owner has, so it may be regional too.
	next, _, err := d.CreateWorkspace(ctx, NewWorkspace{ID: d.o.IDs.Next(time.Now()), Name: "Bolt", Owner: ann.ID, Region: AU})
	try(t, err)
	if next.Workspace.Plan != Enterprise {
		t.Errorf("plan of the next workspace is %s", next.Workspace.Plan)
	}
}

func TestD4OnlyThePersonsAnswerMakesAMember(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	ctx := t.Context()
	ann, bob := d.person(t, "ann@example.com"), d.person(t, "bob@example.com")
	ws := d.workspace(t, ann, "", Free).Workspace.ID
	active, admin := Active, Admin
	invited, _, err := d.Invite(ctx, Invite{Workspace: ws, Emails: []string{"bob@example.com", "NEW@example.com", "new@Example.com"}})
	try(t, err)
	if len(invited) != 2 || invited[0].Person.ID != bob.ID || invited[1].Person.Status != PersonNotRegistered {
		t.Fatalf("invited %+v", invited)
	}
	if invited[0].Person.Password != "" {
		t.Error("an answer has a password's hash")
	}
	if _, _, err := d.SetMembership(ctx, MembershipChange{Workspace: ws, Person: bob.ID, Status: &active}); !errors.Is(err, ErrPending) {
		t.Errorf("an admin makes a pending member active: %v, want ErrPending", err)
	}
	if _, _, err := d.Answer(ctx, Answer{Person: ann.ID, Workspace: ws, Accept: true}); err != nil {
		t.Errorf("an active member accepts again: %v", err)
	}
	list, err := d.Invitations(ctx, bob.ID)
	try(t, err)
	if diff := cmp.Diff([]Invitation{{Workspace: ws, Name: "Acme", Region: Global}}, list); diff != "" {
		t.Error(diff)
	}
	m, _, err := d.Answer(ctx, Answer{Person: bob.ID, Workspace: ws})
	try(t, err)
	if m.Status != Declined {
		t.Errorf("declined is %s", m.Status)
	}
	if _, _, err := d.Answer(ctx, Answer{Person: bob.ID, Workspace: ws, Accept: true}); !errors.Is(err, ErrNotPending) {
		t.Errorf("accepting what was declined: %v, want ErrNotPending", err)
	}
	_, _, err = d.Invite(ctx, Invite{Workspace: ws, Persons: []record.ID{bob.ID}})
	try(t, err)
	_, _, err = d.Answer(ctx, Answer{Person: bob.ID, Workspace: ws, Accept: true})
	try(t, err)
	_, _, err = d.SetMembership(ctx, MembershipChange{Workspace: ws, Person: bob.ID, Role: &admin})
	try(t, err)

	// The invited stranger registers: the same person.
	p, _, err := d.CreatePerson(ctx, NewPerson{Email: "new@example.com", Name: "Nora", PasswordHash: someHash})
	try(t, err)
	if p.ID != invited[1].Person.ID || p.Name != "Nora" || p.Status != PersonActive {
		t.Errorf("registered %+v, invited %+v", p, invited[1].Person)
	}
}

func TestD5OneOwnerAlways(t *testing.T) {
	t.Parallel()
	d, cell := newDirectoryCell(t)
	ctx := t.Context()
	ann, bob := d.person(t, "ann@example.com"), d.person(t, "bob@example.com")
	ws := d.workspace(t, ann, "", Free).Workspace.ID
	inactive, none := Inactive, NoRole
	for name, err := range map[string]error{
		"remove":     second(d.RemoveMembers(ctx, Removal{Workspace: ws, Persons: []record.ID{ann.ID}})),
		"deactivate": third(d.SetMembership(ctx, MembershipChange{Workspace: ws, Person: ann.ID, Status: &inactive})),
		"unrole":     third(d.SetMembership(ctx, MembershipChange{Workspace: ws, Person: ann.ID, Role: &none})),
	} {
		if !errors.Is(err, ErrOwner) {
			t.Errorf("%s the owner: %v, want ErrOwner", name, err)
		}
	}
	_, _, err := d.Invite(ctx, Invite{Workspace: ws, Persons: []record.ID{bob.ID}})
	try(t, err)
	var invalid *Invalid
	if _, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: ws, Owner: &bob.ID}); !errors.As(err, &invalid) {
		t.Errorf("a pending member as owner: %v, want *Invalid", err)
	}
	_, _, err = d.Answer(ctx, Answer{Person: bob.ID, Workspace: ws, Accept: true})
	try(t, err)
	_, _, err = d.ChangeWorkspace(ctx, WorkspaceChange{ID: ws, Owner: &bob.ID, Reason: "owner-lost"})
	try(t, err)

	v := cell.Store().View()
	defer v.Close()
	members, err := d.records.MembersOf(v, ws)
	try(t, err)
	for _, m := range members {
		if m.Is(Owner) != (m.PersonID == bob.ID) || m.Is(Admin) != (m.PersonID == ann.ID) || m.Status != Active {
			t.Errorf("member %+v", m)
		}
	}
	if _, _, err := d.ChangeWorkspace(ctx, WorkspaceChange{ID: ws, Owner: &ann.ID, Reason: "He left!"}); !errors.As(err, &invalid) {
		t.Errorf("free text as a reason: %v, want *Invalid", err)
	}
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

func TestImportOfPeopleCanBeRepeatedAndUndone(t *testing.T) {
	t.Parallel()
	d, cell := newDirectoryCell(t)
	ctx := t.Context()
	ann := d.person(t, "ann@example.com")
	known := d.person(t, "p0003@example.com")
	ws := d.workspace(t, ann, "", Free).Workspace.ID
	i := PeopleImport{Import: d.o.IDs.Next(time.Now()), Workspace: ws}
	for n := range 1595 {
		i.People = append(i.People, NamedEmail{Email: fmt.Sprintf("p%04d@example.com", n), Name: fmt.Sprintf("Person %d", n)})
	}
	i.People = append(i.People, NamedEmail{Email: "P0000@example.com"}, NamedEmail{Email: "ann@example.com"})
	first, _, err := d.ImportPeople(ctx, i)
	try(t, err)
	again, _, err := d.ImportPeople(ctx, i)
	try(t, err)
	if len(first) != 1597 || first[3].ID != known.ID || first[0] != first[1595] || first[1596] != (ImportedPerson{ID: ann.ID}) {
		t.Fatalf("import answered %v … %v", first[:5], first[1594:])
	}
	for n := range first {
		if first[n].ID != again[n].ID {
			t.Fatalf("person %d has another id the second time", n)
		}
		if first[n].ID != known.ID && first[n] != again[n] {
			t.Errorf("person %d: %+v, then %+v", n, first[n], again[n])
		}
	}
	v := cell.Store().View()
	defer v.Close()
	h, err := v.Header(record.DirectoryID)
	try(t, err)
	if h.Counts[record.Person] != 1596 || h.Counts[record.Membership] != 1596 {
		t.Errorf("%d persons and %d memberships", h.Counts[record.Person], h.Counts[record.Membership])
	}
	p, err := d.records.Person(v, first[0].ID)
	try(t, err)
	if p.Status != PersonNotRegistered || p.Name != "Person 0" || p.Password != "" {
		t.Errorf("imported %+v", p)
	}

	remove := Removal{Workspace: ws, OnlyPending: true}
	for _, p := range first {
		if p.Joined {
			remove.Persons = append(remove.Persons, p.ID)
		}
	}
	_, err = d.RemoveMembers(ctx, remove)
	try(t, err)
	if left := d.state(t).Counts[record.Membership]; left != 1 {
		t.Errorf("%d memberships are left", left)
	}
}

func TestPersonCanBeDisabledAndGetANewPassword(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	ctx := t.Context()
	hash, err := HashPassword("correct horse")
	try(t, err)
	p, _, err := d.CreatePerson(ctx, NewPerson{Email: "ann@example.com", PasswordHash: hash})
	try(t, err)
	v, err := d.CheckPassword(ctx, "ANN@example.com", "correct horse")
	try(t, err)
	if v.Person.ID != p.ID || v.Person.Password != "" || !cmp.Equal(v.Regions, []Region{Global}) {
		t.Errorf("verdict %+v", v)
	}
	yes, no := true, false
	_, _, err = d.UpdatePerson(ctx, PersonChange{ID: p.ID, Disabled: &yes})
	try(t, err)
	check := func(email, password string) {
		t.Helper()
		if _, err := d.CheckPassword(ctx, email, password); !errors.Is(err, ErrBadCredential) {
			t.Errorf("check: %v, want ErrBadCredential", err)
		}
	}
	check("ann@example.com", "correct horse")
	_, _, err = d.UpdatePerson(ctx, PersonChange{ID: p.ID, Disabled: &no})
	try(t, err)
	check("ann@example.com", "wrong horse")
	check("nobody@example.com", "correct horse")
	other, err := HashPassword("battery staple")
	try(t, err)
	_, _, err = d.UpdatePerson(ctx, PersonChange{ID: p.ID, PasswordHash: &other})
	try(t, err)
	check("ann@example.com", "correct horse")
	_, err = d.CheckPassword(ctx, "ann@example.com", "battery staple")
	try(t, err)
}

// D8: what is no hash is refused, so a clear password cannot be stored by mistake.
func TestD8ClearPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDirectory(t)
	for _, bad := range []string{"secret", "$argon2id$v=19$m=19456,t=2,p=1$x$y", "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"} {
		var invalid *Invalid
		if _, _, err := d.CreatePerson(t.Context(), NewPerson{Email: "a@example.com", PasswordHash: bad}); !errors.As(err, &invalid) {
			t.Errorf("%q as a hash: %v, want *Invalid", bad, err)
		}
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 1025)} {
		if _, err := HashPassword(bad); err == nil {
			t.Errorf("a password of %d bytes is taken", len(bad))
		}
	}
}

func TestDirectoryThatCannotBeReachedIsUnavailable(t *testing.T) {
	t.Parallel()
	d := New(Options{Cell: brokenCell{}, Regions: DefaultRegions(""), IDs: record.NewGenerator()})
	if _, _, err := d.CreatePerson(t.Context(), NewPerson{Email: "a@example.com"}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("write: %v, want ErrUnavailable", err)
	}
	if _, err := d.People(t.Context(), PeopleQuery{}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("read: %v, want ErrUnavailable", err)
	}
}

type brokenCell struct{}

func (brokenCell) Submit(context.Context, store.Command) (store.Result, error) {
	return store.Result{}, errors.New("no leader")
}
func (brokenCell) View(context.Context) (*store.View, error) { return nil, errors.New("no leader") }
