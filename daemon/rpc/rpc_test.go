package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"domicile/daemon/directory"
	"domicile/daemon/rpc/directorypb"
	"domicile/store"
	"domicile/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	one, two, three = record.ID{1}, record.ID{2}, record.ID{3}
	by              = directory.Actor{Kind: "key", Person: two}
	at              = time.Date(2026, 11, 24, 12, 0, 0, 1e6, time.UTC)
	role            = directory.Admin
	person          = directory.Person{ID: one, Email: "ann@example.com", Name: "Ann", Status: directory.PersonActive, CreatedAt: at}
	membership      = directory.Membership{ID: three, PersonID: one, WorkspaceID: two, Status: directory.Active, Role: &role}
	placed          = directory.Placed{
		Workspace: directory.Workspace{ID: two, Name: "Acme", Plan: directory.Pro, OwnerID: one, Status: directory.WorkspaceActive, CreatedAt: at},
		Home:      directory.Home{ID: two, Region: directory.EU, Cell: "eu-1", Epoch: 1, Since: at, Earlier: []directory.Earlier{{Region: directory.Global, Until: at}}},
		Role:      directory.Owner, Status: directory.Active,
	}
	page = directory.Page{
		Sweeps:  []directory.Sweep{{Kind: record.Person, After: one, Through: two}, {Kind: record.Home}},
		Puts:    []store.Put{{Key: record.Key{Kind: record.Person, ID: one}, Doc: []byte(`{"id":"x"}`)}},
		Deletes: []record.Key{{Kind: record.Membership, ID: two}},
		Cursor:  "feed 1-2-0", Revision: 7, Complete: true,
	}
)

// echo answers fixed values and remembers what it was asked, or fails with err.
type echo struct {
	asked any
	err   error
}

func (e *echo) CreatePerson(_ context.Context, p directory.NewPerson) (directory.Person, store.Revision, error) {
	e.asked = p
	return person, 7, e.err
}

func (e *echo) UpdatePerson(_ context.Context, c directory.PersonChange) (directory.Person, store.Revision, error) {
	e.asked = c
	return person, 7, e.err
}

func (e *echo) People(_ context.Context, q directory.PeopleQuery) ([]directory.Person, error) {
	e.asked = q
	return []directory.Person{person}, e.err
}

func (e *echo) CheckPassword(_ context.Context, email, password string) (directory.Verdict, error) {
	e.asked = [2]string{email, password}
	return directory.Verdict{Person: person, Credential: "c", Regions: []directory.Region{directory.EU, directory.AU}}, e.err
}

func (e *echo) ImportPeople(_ context.Context, i directory.PeopleImport) ([]directory.ImportedPerson, store.Revision, error) {
	e.asked = i
	return []directory.ImportedPerson{{ID: one, Joined: true}, {ID: two}}, 7, e.err
}

func (e *echo) CreateWorkspace(_ context.Context, w directory.NewWorkspace) (directory.Placed, store.Revision, error) {
	e.asked = w
	return placed, 7, e.err
}

func (e *echo) ChangeWorkspace(_ context.Context, c directory.WorkspaceChange) (directory.Placed, store.Revision, error) {
	e.asked = c
	return placed, 7, e.err
}

func (e *echo) DeleteWorkspace(_ context.Context, w record.ID, by directory.Actor) (store.Revision, error) {
	e.asked = [2]any{w, by}
	return 7, e.err
}

func (e *echo) Workspaces(_ context.Context, q directory.WorkspacesQuery) ([]directory.Placed, error) {
	e.asked = q
	return []directory.Placed{placed}, e.err
}

func (e *echo) Invite(_ context.Context, i directory.Invite) ([]directory.Invited, store.Revision, error) {
	e.asked = i
	return []directory.Invited{{Person: person, Membership: membership}}, 7, e.err
}

func (e *echo) SetMembership(_ context.Context, c directory.MembershipChange) (directory.Membership, store.Revision, error) {
	e.asked = c
	return membership, 7, e.err
}

func (e *echo) RemoveMembers(_ context.Context, r directory.Removal) (store.Revision, error) {
	e.asked = r
	return 7, e.err
}

func (e *echo) Invitations(_ context.Context, p record.ID) ([]directory.Invitation, error) {
	e.asked = p
	return []directory.Invitation{{Workspace: one, Name: "Acme", Region: directory.EU}}, e.err
}

func (e *echo) Answer(_ context.Context, a directory.Answer) (directory.Membership, store.Revision, error) {
	e.asked = a
	return membership, 7, e.err
}

func (e *echo) PublishKey(_ context.Context, r directory.Region, key []byte) (store.Revision, error) {
	e.asked = [2]any{r, string(key)}
	return 7, e.err
}

func (e *echo) Changes(_ context.Context, r directory.Region, cursor string, wait time.Duration) (directory.Page, error) {
	e.asked = [3]any{r, cursor, wait}
	return page, e.err
}

// calls is every method with all its fields; ask makes the call and gives the answer with its error last.
var calls = []struct {
	name string
	ask  func(ctx context.Context, s directory.Service) []any
}{
	{"CreatePerson", func(ctx context.Context, s directory.Service) []any {
		return all3(s.CreatePerson(ctx, directory.NewPerson{ID: one, Email: "e", Name: "n", PasswordHash: "h", By: by}))
	}},
	{"UpdatePerson", func(ctx context.Context, s directory.Service) []any {
		return all3(s.UpdatePerson(ctx, directory.PersonChange{ID: one, Name: p("n"), ProfilePicture: p(""), PasswordHash: p("h"), Disabled: p(false), By: by}))
	}},
	{"UpdatePerson nothing", func(ctx context.Context, s directory.Service) []any {
		return all3(s.UpdatePerson(ctx, directory.PersonChange{ID: one}))
	}},
	{"People", func(ctx context.Context, s directory.Service) []any {
		return all2(s.People(ctx, directory.PeopleQuery{IDs: []record.ID{one, two}, Emails: []string{"e"}, After: three, Limit: 9}))
	}},
	{"CheckPassword", func(ctx context.Context, s directory.Service) []any {
		return all2(s.CheckPassword(ctx, "e", "p"))
	}},
	{"ImportPeople", func(ctx context.Context, s directory.Service) []any {
		return all3(s.ImportPeople(ctx, directory.PeopleImport{Import: one, Workspace: two, People: []directory.NamedEmail{{Email: "e", Name: "n"}}, By: by}))
	}},
	{"CreateWorkspace", func(ctx context.Context, s directory.Service) []any {
		return all3(s.CreateWorkspace(ctx, directory.NewWorkspace{ID: one, Name: "n", Owner: two, Region: directory.EU, Plan: directory.Pro, By: by}))
	}},
	{"ChangeWorkspace", func(ctx context.Context, s directory.Service) []any {
		return all3(s.ChangeWorkspace(ctx, directory.WorkspaceChange{ID: one, Name: p("n"), Plan: p(directory.Free), Owner: p(two), Reason: "r", Subdomain: p(""), By: by}))
	}},
	{"ChangeWorkspace nothing", func(ctx context.Context, s directory.Service) []any {
		return all3(s.ChangeWorkspace(ctx, directory.WorkspaceChange{ID: one}))
	}},
	{"DeleteWorkspace", func(ctx context.Context, s directory.Service) []any {
		return all2(s.DeleteWorkspace(ctx, one, by))
	}},
	{"Workspaces", func(ctx context.Context, s directory.Service) []any {
		return all2(s.Workspaces(ctx, directory.WorkspacesQuery{IDs: []record.ID{one}, Person: two, After: three, Limit: 9}))
	}},
	{"Invite", func(ctx context.Context, s directory.Service) []any {
		return all3(s.Invite(ctx, directory.Invite{Workspace: one, Persons: []record.ID{two}, Emails: []string{"e"}, By: by}))
	}},
	{"SetMembership", func(ctx context.Context, s directory.Service) []any {
		return all3(s.SetMembership(ctx, directory.MembershipChange{Workspace: one, Person: two, Status: p(directory.Inactive), Role: p(directory.NoRole), By: by}))
	}},
	{"RemoveMembers", func(ctx context.Context, s directory.Service) []any {
		return all2(s.RemoveMembers(ctx, directory.Removal{Workspace: one, Persons: []record.ID{two, three}, OnlyPending: true, By: by}))
	}},
	{"Invitations", func(ctx context.Context, s directory.Service) []any { return all2(s.Invitations(ctx, one)) }},
	{"Answer", func(ctx context.Context, s directory.Service) []any {
		return all3(s.Answer(ctx, directory.Answer{Person: one, Workspace: two, Accept: true}))
	}},
	{"PublishKey", func(ctx context.Context, s directory.Service) []any {
		return all2(s.PublishKey(ctx, directory.EU, []byte("key")))
	}},
	{"Changes", func(ctx context.Context, s directory.Service) []any {
		return all2(s.Changes(ctx, directory.EU, "c", 3*time.Second))
	}},
}

func p[T any](v T) *T { return &v }

func all2[A any](a A, err error) []any         { return []any{a, err} }
func all3[A, B any](a A, b B, err error) []any { return []any{a, b, err} }

func asEU(*http.Request) (directory.Region, error) { return directory.EU, nil }

// connected serves a directory and returns a client of it.
func connected(t *testing.T, s directory.Service, caller Caller) (directory.Service, *httptest.Server) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(DirectoryHandler(s, caller))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return NewDirectory(server.Client(), server.URL), server
}

func TestC1SameAnswersOverAConnection(t *testing.T) {
	t.Parallel()
	near, far := &echo{}, &echo{}
	remote, _ := connected(t, far, asEU)
	for _, c := range calls {
		want, have := c.ask(t.Context(), near), c.ask(t.Context(), remote)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s answers (-direct +remote):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(near.asked, far.asked); diff != "" {
			t.Errorf("%s asks (-direct +remote):\n%s", c.name, diff)
		}
	}
}

func TestC2ErrorsAreTheSameOnBothEnds(t *testing.T) {
	t.Parallel()
	far := &echo{}
	remote, _ := connected(t, far, asEU)
	for _, r := range refusals {
		far.err = fmt.Errorf("with a word around it: %w", r.err)
		for _, c := range calls {
			answer := c.ask(t.Context(), remote)
			if err, _ := answer[len(answer)-1].(error); !errors.Is(err, r.err) {
				t.Errorf("%s: %v comes as %v", c.name, r.err, err)
			}
		}
	}
	for _, want := range []error{
		&directory.PlanNeeded{Plan: directory.Free, Region: directory.EU},
		&directory.UnknownRegion{Known: []string{"global", "eu"}},
		&directory.Invalid{Field: "email", Reason: "is missing"},
	} {
		far.err = fmt.Errorf("with a word around it: %w", want)
		_, _, err := remote.CreateWorkspace(t.Context(), directory.NewWorkspace{})
		if diff := cmp.Diff(want, err); diff != "" {
			t.Errorf("%T: %s", want, diff)
		}
	}
	// What is not the directory's own is not shown.
	far.err = errors.New("secret of the disk")
	_, err := remote.People(t.Context(), directory.PeopleQuery{})
	if !errors.Is(err, directory.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a broken read comes as %v", err)
	}
	_, _, err = remote.CreatePerson(t.Context(), directory.NewPerson{})
	if !errors.Is(err, directory.ErrUnknownOutcome) {
		t.Errorf("a broken write comes as %v", err)
	}
}

func TestC2NobodyThere(t *testing.T) {
	t.Parallel()
	remote, server := connected(t, &echo{}, asEU)
	server.Close()
	for _, c := range calls {
		answer := c.ask(t.Context(), remote)
		if err, _ := answer[len(answer)-1].(error); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", c.name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := remote.People(ctx, directory.PeopleQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gave up gets %v", err)
	}
}

func TestC3ARegionAsksForItselfOnly(t *testing.T) {
	t.Parallel()
	far := &echo{}
	remote, _ := connected(t, far, asEU)
	if _, err := remote.Changes(t.Context(), directory.AU, "", 0); err == nil || far.asked != nil {
		t.Errorf("eu reads au's mirror: %v, asked %v", err, far.asked)
	}
	if _, err := remote.PublishKey(t.Context(), directory.AU, nil); err == nil || far.asked != nil {
		t.Errorf("eu publishes au's key: %v, asked %v", err, far.asked)
	}
	stranger, _ := connected(t, far, func(*http.Request) (directory.Region, error) { return "", errors.New("no certificate") })
	if _, err := stranger.People(t.Context(), directory.PeopleQuery{}); err == nil || far.asked != nil {
		t.Errorf("a stranger is answered: %v", err)
	}
}

// C4: whatever is sent, the handler answers and goes on.
func TestC4BadInput(t *testing.T) {
	t.Parallel()
	_, server := connected(t, &echo{}, asEU)
	for _, c := range []struct{ kind, body string }{
		{"application/json", `{"ids":"x"}`},
		{"application/json", `{"ids":["AA=="],"limit":-5}`},
		{"application/json", `[`},
		{"application/proto", "\xff\xff\xff"},
		{"text/plain", "hello"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			server.URL+"/domicile.directory.Directory/People", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", c.kind)
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Errorf("%s %q: %v", c.kind, c.body, err)
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	if toID([]byte("short")) != (record.ID{}) {
		t.Error("five bytes are an id")
	}
}

func FuzzErrorFromTheWire(f *testing.F) {
	f.Add("plan-needed", "f", "r", uint32(5))
	f.Add("nonsense", "", "", uint32(99))
	f.Fuzz(func(t *testing.T, word, field, reason string, code uint32) {
		wire := connect.NewError(connect.Code(code), errors.New("x"))
		if d, err := connect.NewErrorDetail(&directorypb.Refusal{Code: word, Field: field, Reason: reason}); err == nil {
			wire.AddDetail(d)
		}
		if fromWire(t.Context(), wire, true) == nil {
			t.Error("an error came as none")
		}
	})
}
