package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/workspace"
	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// world is two regions, global and eu, on cells in memory, with the real
// directory, mirrors, auth and rules between them.
type world struct {
	tb        testing.TB
	directory *directory.Directory
	regions   directory.Regions
	global    *region
	eu        *region
	away      atomic.Bool // the directory does not answer
	logs      *syncBuffer
	now       atomic.Pointer[time.Time] // nil: the real clock
}

// region is one of them.
type region struct {
	*world
	name     directory.Region
	cell     *storetest.Cell
	auth     *auth.Auth
	service  *workspace.Service
	follower *directory.Follower
	handler  http.Handler
}

// person is somebody with a key in a region.
type person struct {
	directory.Person
	key string
}

const password = "correct horse battery"

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, regions: directory.DefaultRegions(""), logs: &syncBuffer{}}
	global := storetest.New(tb)
	w.directory = directory.New(directory.Options{
		Cell: global, Regions: w.regions, IDs: record.NewGenerator(), Verifying: 2,
		Subscribe: func() directory.Feed { return global.Store().Subscribe() },
	})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	tb.Cleanup(func() { stop(); running.Wait() })
	for name, cell := range map[directory.Region]*storetest.Cell{directory.Global: global, directory.EU: storetest.New(tb)} {
		if err := directory.CreateSystem(ctx, cell, name == directory.Global); err != nil {
			tb.Fatal(err)
		}
		r := w.region(name, cell)
		if name == directory.Global {
			w.global = r
		} else {
			w.eu = r
		}
		running.Go(func() { _ = r.follower.Run(ctx) })
	}
	return w
}

func (w *world) clock() time.Time {
	if t := w.now.Load(); t != nil {
		return *t
	}
	return time.Now()
}

func (w *world) region(name directory.Region, cell *storetest.Cell) *region {
	r := &region{world: w, name: name, cell: cell}
	log := slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d := &switched{Service: w.directory, away: &w.away}
	r.auth = auth.New(auth.Options{Region: name, Cell: cell, Directory: d, IDs: record.NewGenerator(), Verifying: 2, Tries: 3})
	r.follower = directory.NewFollower(directory.FollowerOptions{
		Region: name, Cell: cell, Source: w.directory, Wait: time.Second, PublicKey: bytes.Repeat([]byte{7}, 32),
	})
	r.service = workspace.New(workspace.Options{
		Region: name, Regions: w.regions, Cell: cell, Directory: d, Auth: r.auth, Denials: r.auth, Follower: r.follower,
		Now: w.clock, Pending: 5 * time.Second,
	})
	r.handler = New(Options{Region: name, Regions: w.regions, Service: r.service, Auth: r.auth, Log: log})
	return r
}

// switched is a directory that can be away.
type switched struct {
	directory.Service
	away *atomic.Bool
}

func (d *switched) err() error {
	if d.away.Load() {
		return directory.ErrUnavailable
	}
	return nil
}

func (d *switched) Workspaces(ctx context.Context, q directory.WorkspacesQuery) ([]directory.Placed, error) {
	if err := d.err(); err != nil {
		return nil, err
	}
	return d.Service.Workspaces(ctx, q)
}

func (d *switched) CreateWorkspace(ctx context.Context, q directory.NewWorkspace) (directory.Placed, store.Revision, error) {
	if err := d.err(); err != nil {
		return directory.Placed{}, 0, err
	}
	return d.Service.CreateWorkspace(ctx, q)
}

func (d *switched) Invite(ctx context.Context, q directory.Invite) ([]directory.Invited, store.Revision, error) {
	if err := d.err(); err != nil {
		return nil, 0, err
	}
	return d.Service.Invite(ctx, q)
}

func (d *switched) SetMembership(ctx context.Context, q directory.MembershipChange) (directory.Membership, store.Revision, error) {
	if err := d.err(); err != nil {
		return directory.Membership{}, 0, err
	}
	return d.Service.SetMembership(ctx, q)
}

func (d *switched) RemoveMembers(ctx context.Context, q directory.Removal) (store.Revision, error) {
	if err := d.err(); err != nil {
		return 0, err
	}
	return d.Service.RemoveMembers(ctx, q)
}

func (d *switched) Invitations(ctx context.Context, p record.ID) ([]directory.Invitation, error) {
	if err := d.err(); err != nil {
		return nil, err
	}
	return d.Service.Invitations(ctx, p)
}

func (d *switched) CheckPassword(ctx context.Context, email, password string) (directory.Verdict, error) {
	if err := d.err(); err != nil {
		return directory.Verdict{}, err
	}
	return d.Service.CheckPassword(ctx, email, password)
}

// passwordHash is made once: it takes long on purpose.
var passwordHash = sync.OnceValues(func() (string, error) { return directory.HashPassword(password) })

// person makes somebody with a password.
func (w *world) person(name string) person {
	w.tb.Helper()
	hash, err := passwordHash()
	if err != nil {
		w.tb.Fatal(err)
	}
	p, _, err := w.directory.CreatePerson(w.tb.Context(), directory.NewPerson{Email: name + "@example.com", Name: name, PasswordHash: hash})
	if err != nil {
		w.tb.Fatal(err)
	}
	return person{Person: p}
}

// workspace makes a workspace and waits until its region serves it.
func (r *region) workspace(owner person, name string, plan directory.Plan) record.ID {
	r.tb.Helper()
	id := record.NewGenerator().Next(time.Now())
	_, revision, err := r.directory.CreateWorkspace(r.tb.Context(), directory.NewWorkspace{ID: id, Name: name, Owner: owner.ID, Region: r.name, Plan: plan})
	if err != nil {
		r.tb.Fatal(err)
	}
	r.wait(revision)
	return id
}

// wait returns when the region has seen what the directory wrote.
func (r *region) wait(revision store.Revision) {
	r.tb.Helper()
	ctx, cancel := context.WithTimeout(r.tb.Context(), 20*time.Second)
	defer cancel()
	if err := r.follower.Wait(ctx, revision); err != nil {
		r.tb.Fatalf("region %s never reached revision %d: %v", r.name, revision, err)
	}
}

// join makes somebody an active member, in a role.
func (r *region) join(p person, ws record.ID, role directory.Role) {
	r.tb.Helper()
	ctx := r.tb.Context()
	if _, _, err := r.directory.Invite(ctx, directory.Invite{Workspace: ws, Persons: []record.ID{p.ID}}); err != nil {
		r.tb.Fatal(err)
	}
	if _, _, err := r.directory.Answer(ctx, directory.Answer{Person: p.ID, Workspace: ws, Accept: true}); err != nil {
		r.tb.Fatal(err)
	}
	_, revision, err := r.directory.SetMembership(ctx, directory.MembershipChange{Workspace: ws, Person: p.ID, Role: &role})
	if err != nil {
		r.tb.Fatal(err)
	}
	r.wait(revision)
}

// keyOf gives a person a key of the region.
func (r *region) keyOf(p person) person {
	r.tb.Helper()
	_, secret, err := r.auth.CreateKey(r.tb.Context(), p.ID, "test", directory.Actor{Kind: "system"})
	if err != nil {
		r.tb.Fatal(err)
	}
	p.key = secret
	return p
}

// owned is a person with a key who owns a new workspace on plan PRO.
func (r *region) owned(name string) (person, record.ID) {
	r.tb.Helper()
	p := r.person(name)
	ws := r.workspace(p, name+"'s", directory.Pro)
	return r.keyOf(p), ws
}

// put writes records of a workspace directly.
func (r *region) put(ws record.ID, kind record.Kind, id record.ID, doc string) {
	r.tb.Helper()
	txn := &store.Txn{Workspace: ws, Epoch: 1, Puts: []store.Put{{Key: record.Key{Kind: kind, ID: id}, Doc: []byte(doc)}}}
	if _, err := r.cell.Submit(r.tb.Context(), store.Command{Txn: txn}); err != nil {
		r.tb.Fatal(err)
	}
}

func encoded(tb testing.TB, v any) string {
	tb.Helper()
	doc, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(doc)
}

// answer is what came back.
type answer struct {
	tb     testing.TB
	status int
	header http.Header
	body   []byte
	row    string // of a table, for messages
}

// of names the row of a table that the answer is about.
func (a answer) of(row string) answer {
	a.row = row
	return a
}

// call sends a request; headers are pairs after the body.
func (r *region) call(p person, method, path, body string, headers ...string) answer {
	r.tb.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	q := httptest.NewRequestWithContext(r.tb.Context(), method, "http://127.0.0.1"+path, reader)
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if p.key != "" {
		q.Header.Set("X-Api-Key", p.key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			q.Host = headers[i+1]
			continue
		}
		q.Header.Add(headers[i], headers[i+1])
	}
	return r.do(q)
}

func (r *region) serve(q *http.Request) answer {
	out := httptest.NewRecorder()
	r.handler.ServeHTTP(out, q)
	return answer{tb: r.tb, status: out.Code, header: out.Header(), body: out.Body.Bytes()}
}

// do sends a request and checks what holds for every answer: it is JSON, and
// the OpenAPI document says the same of it.
func (r *region) do(q *http.Request) answer {
	r.tb.Helper()
	a := r.serve(q)
	if len(a.body) > 0 && strings.HasPrefix(a.header.Get("Content-Type"), "application/json") && !json.Valid(a.body) {
		r.tb.Fatalf("%s %s: answer is not JSON: %q", q.Method, q.URL.Path, a.body)
	}
	if len(a.body) > 0 && q.URL.Path != "/api/docs" && a.header.Get("Content-Type") != "application/json" {
		r.tb.Fatalf("%s %s: answer is %q", q.Method, q.URL.Path, a.header.Get("Content-Type"))
	}
	conforms(r.tb, r.handler, q, a)
	return a
}

// is checks the status, and the code of an error.
func (a answer) is(status, code int) answer {
	a.tb.Helper()
	if a.status != status {
		a.tb.Fatalf("%s: status %d, want %d: %s", a.row, a.status, status, a.body)
	}
	if code != 0 {
		var problem struct {
			Message string `json:"message"`
			Code    int    `json:"code"`
		}
		if err := json.Unmarshal(a.body, &problem); err != nil || problem.Code != code || problem.Message == "" {
			a.tb.Fatalf("%s: code %d, want %d: %s", a.row, problem.Code, code, a.body)
		}
	}
	return a
}

// says checks that the error's message has the words.
func (a answer) says(words string) answer {
	a.tb.Helper()
	if !strings.Contains(string(a.body), words) {
		a.tb.Fatalf("%s: %q is not in %s", a.row, words, a.body)
	}
	return a
}

// into decodes the body.
func (a answer) into(v any) answer {
	a.tb.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.tb.Fatalf("decode %s: %v", a.body, err)
	}
	return a
}

// object decodes the body as an object.
func (a answer) object() map[string]any {
	a.tb.Helper()
	var m map[string]any
	a.into(&m)
	return m
}

// list decodes the body as an array of objects.
func (a answer) list() []map[string]any {
	a.tb.Helper()
	var l []map[string]any
	a.into(&l)
	return l
}

// syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
