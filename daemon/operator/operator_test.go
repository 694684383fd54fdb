package operator_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/operator"
	pb "domicile/daemon/rpc/operatorpb"
	"domicile/daemon/rpc/operatorpb/operatorpbconnect"
	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is an operator's view of global: a cell, the directory on it, its mirror, and a socket.
type node struct {
	operatorpbconnect.OperatorClient
	cell      *storetest.Cell
	directory *directory.Directory
	socket    string
	logs      *buffer
	actors    *[]string
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs the service; change, if not nil, may replace what it works with.
func start(t *testing.T, change func(*operator.Options)) *node {
	t.Helper()
	n := &node{cell: storetest.New(t), logs: &buffer{}, actors: new([]string)}
	if err := directory.CreateSystem(t.Context(), n.cell, true); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	ids := record.NewGenerator()
	n.directory = directory.New(directory.Options{
		Cell: n.cell, Regions: directory.DefaultRegions(""), IDs: ids,
		Subscribe: func() directory.Feed { return n.cell.Store().Subscribe() },
		Trail: func(at time.Time, kind string, person, credential record.ID, code, reason string, subjects []record.ID) (store.Put, error) {
			mu.Lock()
			defer mu.Unlock()
			*n.actors = append(*n.actors, kind)
			return store.Put{Key: record.Key{Kind: record.Trail, ID: ids.Next(at)}, Doc: []byte(`{"at":"` + at.UTC().Format(time.RFC3339) + `"}`)}, nil
		},
	})
	follower := directory.NewFollower(directory.FollowerOptions{
		Region: directory.Global, Cell: n.cell, Source: n.directory, Wait: 100 * time.Millisecond,
	})
	a := auth.New(auth.Options{Region: directory.Global, Cell: n.cell, Directory: n.directory, IDs: ids})
	o := operator.Options{
		Region: directory.Global, Regions: directory.DefaultRegions(""), Directory: n.directory, Cell: n.cell,
		Keys: a, IDs: ids, Mirrored: follower.Wait, Log: slog.New(slog.NewTextHandler(n.logs, nil)),
		Status: func(context.Context) (operator.Status, error) {
			return operator.Status{Cell: "global-1", Leader: "a", Term: 2, Nodes: []operator.NodeStatus{
				{ID: "a", Voter: true, Leader: true, Applied: 7, CertDays: 90, Version: "test"},
			}}, nil
		},
	}
	if change != nil {
		change(&o)
	}
	n.serve(t, operator.New(o))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = follower.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return n
}

func (n *node) serve(t *testing.T, h http.Handler) {
	t.Helper()
	n.socket = socketPath(t)
	l, err := operator.Listen(n.socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, ConnContext: operator.WithPeer}
	go func() { _ = s.Serve(l) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", n.socket)
	}}
	n.OperatorClient = operatorpbconnect.NewOperatorClient(&http.Client{Transport: transport}, "http://operator")
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = s.Close()
	})
}

// must unwraps an answer.
func must[T any](t *testing.T) func(*connect.Response[T], error) *T {
	return func(r *connect.Response[T], err error) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r.Msg
	}
}

func (n *node) person(t *testing.T, email string) *pb.CreatePersonResponse {
	t.Helper()
	return must[pb.CreatePersonResponse](t)(n.CreatePerson(t.Context(), connect.NewRequest(&pb.CreatePersonRequest{Email: email, Name: "Ann"})))
}

func (n *node) workspace(t *testing.T, name, owner, plan, region string) *pb.Workspace {
	t.Helper()
	return must[pb.CreateWorkspaceResponse](t)(n.CreateWorkspace(t.Context(), connect.NewRequest(&pb.CreateWorkspaceRequest{
		Name: name, Owner: owner, Plan: plan, Region: region,
	}))).Workspace
}

func TestO1CallsAreLoggedWithThePeerAndWithoutTheRequest(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	n.person(t, "geheim@example.com")
	_, _ = n.ShowPerson(t.Context(), connect.NewRequest(&pb.ShowPersonRequest{Person: "versteckt@example.com"}))
	logs := n.logs.String()
	for _, want := range []string{"operator called", "CreatePerson", "code=ok", "code=not_found", "uid=0"} {
		if want == "uid=0" && !isRoot() {
			continue
		}
		if !strings.Contains(logs, want) {
			t.Errorf("no %q in the log:\n%s", want, logs)
		}
	}
	for _, secret := range []string{"geheim", "versteckt", "Ann", "example.com"} {
		if strings.Contains(logs, secret) {
			t.Errorf("%q is in the log:\n%s", secret, logs)
		}
	}
}

func TestO2ChangesNameTheOperatorInTheTrail(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	p := n.person(t, "ann@example.com")
	w := n.workspace(t, "Acme", p.Person.Id, "PRO", "")
	must[pb.SetPlanResponse](t)(n.SetPlan(t.Context(), connect.NewRequest(&pb.SetPlanRequest{Workspace: w.Id, Plan: "FREE"})))
	must[pb.DisablePersonResponse](t)(n.DisablePerson(t.Context(), connect.NewRequest(&pb.DisablePersonRequest{Person: p.Person.Id})))
	if len(*n.actors) == 0 {
		t.Fatal("nothing was recorded")
	}
	for _, kind := range *n.actors {
		if kind != "operator" {
			t.Errorf("recorded actor %q", kind)
		}
	}
}

func TestO3PasswordsAndKeysAreShownOnce(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	made := n.person(t, "ann@example.com")
	if len(made.Password) < 16 {
		t.Fatalf("password %q is too short", made.Password)
	}
	if _, err := n.directory.CheckPassword(t.Context(), "ann@example.com", made.Password); err != nil {
		t.Errorf("the password does not work: %v", err)
	}
	n.workspace(t, "Acme", "ann@example.com", "", "")
	k := must[pb.CreateKeyResponse](t)(n.CreateKey(t.Context(), connect.NewRequest(&pb.CreateKeyRequest{Person: "ann@example.com", Name: "laptop"})))
	if !strings.HasPrefix(k.Secret, "dom_global_") {
		t.Errorf("secret is %q", k.Secret)
	}
	listed := must[pb.ListKeysResponse](t)(n.ListKeys(t.Context(), connect.NewRequest(&pb.ListKeysRequest{Person: made.Person.Id})))
	if len(listed.Keys) != 1 || listed.Keys[0].Id != k.Key.Id || listed.Keys[0].Name != "laptop" {
		t.Errorf("listed %v", listed.Keys)
	}
	must[pb.RevokeKeyResponse](t)(n.RevokeKey(t.Context(), connect.NewRequest(&pb.RevokeKeyRequest{Person: made.Person.Id, Key: k.Key.Id})))
	listed = must[pb.ListKeysResponse](t)(n.ListKeys(t.Context(), connect.NewRequest(&pb.ListKeysRequest{Person: made.Person.Id})))
	if len(listed.Keys) != 0 {
		t.Errorf("after revoking: %v", listed.Keys)
	}

	reset := must[pb.ResetPasswordResponse](t)(n.ResetPassword(t.Context(), connect.NewRequest(&pb.ResetPasswordRequest{Person: made.Person.Id})))
	if reset.Password == "" || reset.Password == made.Password {
		t.Errorf("reset to %q", reset.Password)
	}
	if _, err := n.directory.CheckPassword(t.Context(), "ann@example.com", made.Password); !errors.Is(err, directory.ErrBadCredential) {
		t.Errorf("the old password: %v", err)
	}
	given := must[pb.ResetPasswordResponse](t)(n.ResetPassword(t.Context(), connect.NewRequest(&pb.ResetPasswordRequest{Person: made.Person.Id, Password: "correct horse"})))
	if given.Password != "" {
		t.Errorf("a password that was given came back")
	}
}

// away is a directory that does not answer.
type away struct{ directory.Service }

func (away) People(context.Context, directory.PeopleQuery) ([]directory.Person, error) {
	return nil, directory.ErrUnavailable
}

func (away) Workspaces(context.Context, directory.WorkspacesQuery) ([]directory.Placed, error) {
	return nil, directory.ErrUnavailable
}

func TestO5TheRegionsOwnIsAnsweredWithoutTheDirectory(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	p := n.person(t, "ann@example.com")
	w := n.workspace(t, "Acme", "ann@example.com", "", "")
	alone := start(t, func(o *operator.Options) {
		o.Cell, o.Directory = n.cell, away{}
		o.Keys = auth.New(auth.Options{Region: directory.Global, Cell: n.cell, Directory: away{}, IDs: record.NewGenerator()})
	})
	must[pb.CreateKeyResponse](t)(alone.CreateKey(t.Context(), connect.NewRequest(&pb.CreateKeyRequest{Person: p.Person.Id, Name: "x"})))
	must[pb.ListKeysResponse](t)(alone.ListKeys(t.Context(), connect.NewRequest(&pb.ListKeysRequest{Person: "ann@example.com"})))
	must[pb.CellStatusResponse](t)(alone.CellStatus(t.Context(), connect.NewRequest(&pb.CellStatusRequest{})))
	must[pb.ListRegionsResponse](t)(alone.ListRegions(t.Context(), connect.NewRequest(&pb.ListRegionsRequest{})))
	shown := must[pb.ShowWorkspaceResponse](t)(alone.ShowWorkspace(t.Context(), connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: w.Id}))).Workspace
	if shown.Contents == nil || shown.Contents.State != "active" || len(shown.Contents.ContentDigest) != 64 {
		t.Errorf("contents are %v", shown.Contents)
	}
	_, err := alone.ListPeople(t.Context(), connect.NewRequest(&pb.ListPeopleRequest{}))
	if connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("what the directory knows: %v", err)
	}
}

func TestO6NamesMustMeanOne(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	n.person(t, "ann@example.com")
	w := n.workspace(t, "Acme", "ann@example.com", "", "")
	n.workspace(t, "Bolt", "ann@example.com", "", "")
	n.workspace(t, "bolt", "ANN@example.com", "", "")
	shown := must[pb.ShowWorkspaceResponse](t)(n.ShowWorkspace(t.Context(), connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: "acme"})))
	if shown.Workspace.Id != w.Id {
		t.Errorf("acme is %v", shown.Workspace)
	}
	for named, want := range map[string]connect.Code{
		"Bolt":                     connect.CodeInvalidArgument,
		"Citrus":                   connect.CodeNotFound,
		"":                         connect.CodeInvalidArgument,
		"00000000000000000000beef": connect.CodeNotFound,
	} {
		_, err := n.ShowWorkspace(t.Context(), connect.NewRequest(&pb.ShowWorkspaceRequest{Workspace: named}))
		if connect.CodeOf(err) != want {
			t.Errorf("%q: got %v, want %v", named, err, want)
		}
	}
	_, err := n.ShowPerson(t.Context(), connect.NewRequest(&pb.ShowPersonRequest{Person: "Ann"}))
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a person by name: %v", err)
	}
}

func TestRefusalsHaveTheirCodes(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	n.person(t, "ann@example.com")
	n.person(t, "bob@example.com")
	w := n.workspace(t, "Acme", "ann@example.com", "PRO", "")
	n.workspace(t, "Bolt", "ann@example.com", "PRO", "")
	must[pb.SetSubdomainResponse](t)(n.SetSubdomain(t.Context(), connect.NewRequest(&pb.SetSubdomainRequest{Workspace: w.Id, Subdomain: "acme"})))
	ctx := t.Context()
	tests := map[string]struct {
		call func() error
		want connect.Code
	}{
		"taken address": {func() error {
			_, err := n.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: "Ann@Example.com"}))
			return err
		}, connect.CodeAlreadyExists},
		"no address": {func() error {
			_, err := n.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: "ann"}))
			return err
		}, connect.CodeInvalidArgument},
		"short password": {func() error {
			_, err := n.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: "c@example.com", Password: "short"}))
			return err
		}, connect.CodeInvalidArgument},
		"a region without the plan": {func() error {
			_, err := n.CreateWorkspace(ctx, connect.NewRequest(&pb.CreateWorkspaceRequest{Name: "X", Owner: "bob@example.com", Plan: "FREE", Region: "eu"}))
			return err
		}, connect.CodeFailedPrecondition},
		"an unknown region": {func() error {
			_, err := n.CreateWorkspace(ctx, connect.NewRequest(&pb.CreateWorkspaceRequest{Name: "X", Owner: "bob@example.com", Plan: "PRO", Region: "moon"}))
			return err
		}, connect.CodeInvalidArgument},
		"an unknown plan": {func() error {
			_, err := n.SetPlan(ctx, connect.NewRequest(&pb.SetPlanRequest{Workspace: w.Id, Plan: "GOLD"}))
			return err
		}, connect.CodeInvalidArgument},
		"an owner without a reason": {func() error {
			_, err := n.SetOwner(ctx, connect.NewRequest(&pb.SetOwnerRequest{Workspace: w.Id, Owner: "bob@example.com"}))
			return err
		}, connect.CodeInvalidArgument},
		"an owner who is no member": {func() error {
			_, err := n.SetOwner(ctx, connect.NewRequest(&pb.SetOwnerRequest{Workspace: w.Id, Owner: "bob@example.com", Reason: "owner-left"}))
			return err
		}, connect.CodeNotFound},
		"a taken subdomain": {func() error {
			_, err := n.SetSubdomain(ctx, connect.NewRequest(&pb.SetSubdomainRequest{Workspace: "Bolt", Subdomain: "acme"}))
			return err
		}, connect.CodeAlreadyExists},
		"a key of nobody": {func() error {
			_, err := n.RevokeKey(ctx, connect.NewRequest(&pb.RevokeKeyRequest{Person: "ann@example.com", Key: "00000000000000000000beef"}))
			return err
		}, connect.CodeNotFound},
		"a key without an account": {func() error {
			_, err := n.CreateKey(ctx, connect.NewRequest(&pb.CreateKeyRequest{Person: "bob@example.com", Name: "x"}))
			return err
		}, connect.CodeFailedPrecondition},
		"a huge request": {func() error {
			_, err := n.CreatePerson(ctx, connect.NewRequest(&pb.CreatePersonRequest{Email: "d@example.com", Name: strings.Repeat("x", 1<<20)}))
			return err
		}, connect.CodeResourceExhausted},
	}
	for name, test := range tests {
		if err := test.call(); connect.CodeOf(err) != test.want {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestDeletedWorkspacesAreGone(t *testing.T) {
	t.Parallel()
	n := start(t, nil)
	n.person(t, "ann@example.com")
	w := n.workspace(t, "Acme", "ann@example.com", "", "")
	must[pb.DeleteWorkspaceResponse](t)(n.DeleteWorkspace(t.Context(), connect.NewRequest(&pb.DeleteWorkspaceRequest{Workspace: w.Id})))
	all := must[pb.ListWorkspacesResponse](t)(n.ListWorkspaces(t.Context(), connect.NewRequest(&pb.ListWorkspacesRequest{})))
	if len(all.Workspaces) != 0 {
		t.Errorf("listed after deletion: %v", all.Workspaces)
	}
	shown := must[pb.ShowPersonResponse](t)(n.ShowPerson(t.Context(), connect.NewRequest(&pb.ShowPersonRequest{Person: "ann@example.com"})))
	if len(shown.Person.Memberships) != 0 {
		t.Errorf("memberships after deletion: %v", shown.Person.Memberships)
	}
}
