package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"

	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/daemon/importer/clockifycsv"
	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	acme   = record.DeriveID("workspace", "acme")
	now    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	layout = clockifycsv.Layout{Date: clockifycsv.YearMonthDay, Time: clockifycsv.Hours24, Zone: time.UTC}
)

const head = "Project,Client,Description,Task,User,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,Duration (h),Billable Rate (EUR)\n"

// file makes a report of n rows: 3 clients, 5 projects, 7 tasks, 4 tags, 11 people; the last row equals the
// one before it.
func file(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		if i == n-1 {
			i--
		}
		day := time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i%300)
		fmt.Fprintf(&b, "Project %d,Client %d,\"Work, <%d> & more\",Task %d,Person %d,person%d@example.com,\"tag %d, tag %d\",%s,%s,08:00:00,%s,09:%02d:00,01:%02d:00,75.00\n",
			i%5, i%5%3, i, i%35, i%11, i%11, i%4, (i+1)%4, [2]string{"Yes", "No"}[i%2], day.Format(time.DateOnly), day.Format(time.DateOnly), i%60, i%60)
	}
	return b.String()
}

// cell is a storetest.Cell that can be made to die at a chosen transaction.
type cell struct {
	*storetest.Cell

	mu     sync.Mutex
	count  int  // submits seen; guarded by mu
	dieAt  int  // 0: never; guarded by mu
	after  bool // die after the transaction was applied, before its result is told; guarded by mu
	killed chan struct{}
	flaky  func(count int) error // fails a single submit; guarded by mu
}

var errKilled = errors.New("killed")

func (c *cell) Submit(ctx context.Context, cmd store.Command) (store.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.flaky != nil {
		if err := c.flaky(c.count); err != nil {
			return store.Result{}, err
		}
	}
	if c.dieAt == 0 || c.count < c.dieAt {
		return c.Cell.Submit(ctx, cmd)
	}
	if c.count == c.dieAt {
		if c.after {
			if _, err := c.Cell.Submit(ctx, cmd); err != nil {
				return store.Result{}, err
			}
		}
		close(c.killed)
	}
	return store.Result{}, errKilled
}

// registry is a directory of one workspace that keeps the mirror in the cell up to date by itself.
type registry struct {
	tb   testing.TB
	cell *storetest.Cell

	mu     sync.Mutex
	people map[string]record.ID // guarded by mu
}

func (r *registry) put(kind record.Kind, id record.ID, doc any) {
	encoded, err := json.Marshal(doc)
	if err != nil {
		r.tb.Error(err)
	}
	_, err = r.cell.Submit(context.Background(), store.Command{Txn: &store.Txn{
		Workspace: record.RegionID, Epoch: 1, Puts: []store.Put{{Key: record.Key{Kind: kind, ID: id}, Doc: encoded}},
	}})
	if err != nil {
		r.tb.Error(err)
	}
}

func (r *registry) setStatus(person record.ID, s directory.Status) {
	id := directory.MembershipID(person, acme)
	r.put(record.Membership, id, directory.Membership{ID: id, PersonID: person, WorkspaceID: acme, Status: s})
}

func (r *registry) status(person record.ID) directory.Status {
	v := r.cell.Store().View()
	defer v.Close()
	m, err := directory.Mirror{}.Membership(v, person, acme)
	if errors.Is(err, directory.ErrNotFound) {
		return ""
	}
	if err != nil {
		r.tb.Error(err)
	}
	return m.Status
}

func (r *registry) ImportPeople(_ context.Context, i directory.PeopleImport) ([]directory.ImportedPerson, store.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []directory.ImportedPerson
	for _, p := range i.People {
		folded := directory.FoldEmail(p.Email)
		id, known := r.people[folded]
		if !known {
			id = directory.ImportedPersonID(i.Import, p.Email)
			r.people[folded] = id
		}
		joined := r.status(id) == ""
		if joined {
			r.setStatus(id, directory.Pending)
		}
		again := r.status(id) == directory.Pending && id == directory.ImportedPersonID(i.Import, p.Email)
		out = append(out, directory.ImportedPerson{ID: id, Joined: joined || again})
	}
	return out, 1, nil
}

func (r *registry) People(_ context.Context, q directory.PeopleQuery) ([]directory.Person, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []directory.Person
	for _, e := range q.Emails {
		if id, ok := r.people[directory.FoldEmail(e)]; ok {
			out = append(out, directory.Person{ID: id, Email: e})
		}
	}
	return out, nil
}

func (r *registry) RemoveMembers(_ context.Context, rm directory.Removal) (store.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range rm.Persons {
		if rm.OnlyPending && r.status(p) != directory.Pending {
			continue
		}
		_, err := r.cell.Submit(context.Background(), store.Command{Txn: &store.Txn{
			Workspace: record.RegionID, Epoch: 1,
			Deletes: []record.Key{{Kind: record.Membership, ID: directory.MembershipID(p, acme)}},
		}})
		if err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// fixedIDs gives the same ids in every run, so that two runs can be compared to the byte.
type fixedIDs struct {
	mu sync.Mutex
	n  int // guarded by mu
}

func (f *fixedIDs) Next(time.Time) record.ID {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	return record.DeriveID("import", fmt.Sprint(f.n))
}

// world is a workspace that files are imported into.
type world struct {
	testing.TB
	cell     *cell
	registry *registry
	dir      string
	ids      *fixedIDs
	log      *slog.Logger
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	base := storetest.New(tb)
	base.SetNow(func() time.Time { return now })
	base.Create(tb, acme)
	base.Create(tb, record.RegionID)
	return &world{
		TB: tb, dir: tb.TempDir(), ids: &fixedIDs{},
		cell:     &cell{Cell: base, killed: make(chan struct{})},
		registry: &registry{tb: tb, cell: base, people: map[string]record.ID{}},
	}
}

// node is a running importer.
type node struct {
	*importer.Importer
	stop func()
}

// start runs an importer until the test ends or stop is called.
func (w *world) start() node {
	w.Helper()
	i, err := importer.Open(importer.Options{
		Dir: w.dir, Cell: w.cell, Directory: w.registry, IDs: w.ids, Log: w.log, Now: func() time.Time { return now },
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Errorf("Run: %v", err)
		}
	})
	w.Cleanup(stop)
	return node{Importer: i, stop: stop}
}

func request() importer.Request {
	return importer.Request{Workspace: acme, Format: importer.ClockifyCSV, Layout: layout, By: directory.Actor{Kind: "key"}}
}

func (w *world) mustImport(n node, text string) importer.Status {
	w.Helper()
	s, err := n.Import(w.Context(), request(), strings.NewReader(text))
	if err != nil {
		w.Fatalf("import: %v", err)
	}
	return s
}

func (w *world) header() store.Header {
	w.Helper()
	v := w.cell.Store().View()
	defer v.Close()
	h, err := v.Header(acme)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

func (w *world) counts() importer.Counts {
	c := w.header().Counts
	return importer.Counts{
		Entries: int(c[record.TimeEntry]), Projects: int(c[record.Project]), Clients: int(c[record.Client]),
		Tags: int(c[record.Tag]), Tasks: int(c[record.Task]), People: int(c[record.Member]),
	}
}

// docs are all documents of a kind, by id.
func (w *world) docs(kind record.Kind) map[record.ID]string {
	w.Helper()
	v := w.cell.Store().View()
	defer v.Close()
	all := map[record.ID]string{}
	for r, err := range v.Records(acme, kind) {
		if err != nil {
			w.Fatal(err)
		}
		all[r.Key.ID] = string(r.Doc)
	}
	return all
}

// write changes the workspace as somebody else would.
func (w *world) write(t store.Txn) {
	w.Helper()
	t.Workspace, t.Epoch = acme, 1
	if _, err := w.cell.Cell.Submit(w.Context(), store.Command{Txn: &t}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) await(n node, id record.ID, state importer.State) importer.Status {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	for {
		s, err := n.Get(ctx, acme, id)
		if err == nil && s.State == state {
			return s
		}
		select {
		case <-ctx.Done():
			w.Fatalf("import is %s (%v), want %s", s.State, err, state)
		case <-time.After(time.Millisecond):
		}
	}
}

// until waits for a condition.
func (w *world) until(holds func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			w.Fatal("waited in vain")
		case <-time.After(time.Millisecond):
		}
	}
}

var whole = importer.Counts{Entries: 1200, Projects: 5, Clients: 3, Tags: 4, Tasks: 35, People: 11}

func TestImportWritesEverythingOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	s := w.mustImport(n, file(1200))
	if s.State != importer.Done || s.Rows != 1200 || s.RowsDone != 1200 || s.Made != whole || s.People != 11 {
		t.Errorf("status %+v", s)
	}
	if got := w.counts(); got != whole {
		t.Errorf("workspace has %+v", got)
	}
	var total time.Duration
	for _, doc := range w.docs(record.TimeEntry) {
		var e struct {
			Description  string
			TimeInterval struct{ Start, End, Duration string }
			HourlyRate   *struct{ Amount int }
			Billable     bool
		}
		if err := json.Unmarshal([]byte(doc), &e); err != nil {
			t.Fatal(err)
		}
		from, _ := time.Parse(time.RFC3339, e.TimeInterval.Start)
		to, _ := time.Parse(time.RFC3339, e.TimeInterval.End)
		total += to.Sub(from)
		if !strings.Contains(e.Description, "> & more") || e.Billable != (e.HourlyRate != nil) {
			t.Fatalf("entry %s", doc)
		}
	}
	if int64(total.Seconds()) != s.Seconds {
		t.Errorf("entries have %v, the file %d s", total, s.Seconds)
	}
	v := w.cell.Store().View()
	defer v.Close()
	if err := v.Verify(t.Context(), acme); err != nil {
		t.Error(err)
	}
}

func TestN1FileAtFaultChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	good := file(600)
	for name, text := range map[string]string{
		"last row":  good + "Project 1,Client 1\n",
		"header":    "Project\n",
		"empty":     "",
		"cut gzip":  compress(t, good)[:500],
		"bad mail":  good + strings.Replace(strings.Split(good, "\n")[1], "person0@example.com", "per;son@example.com", 1) + "\n",
		"ambiguous": strings.ReplaceAll(good, "2025-01-02", "01/02/2025"),
	} {
		before := w.header()
		r := request()
		if name == "ambiguous" {
			r.Layout = clockifycsv.Layout{}
		}
		if _, err := n.Import(t.Context(), r, strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if after := w.header(); after.Revision != before.Revision {
			t.Errorf("%s: the workspace has changed", name)
		}
	}
	if len(w.registry.people) != 0 {
		t.Error("people were made")
	}
	w.noFiles()
}

func compress(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestN3SameFileAgainAddsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	first := w.mustImport(n, file(600))
	before := w.header()
	for name, text := range map[string]string{"same": file(600), "compressed": compress(t, file(600))} {
		again := w.mustImport(n, text)
		if !again.Repeated || again.ID != first.ID {
			t.Errorf("%s: %+v", name, again)
		}
	}
	if after := w.header(); after.Revision != before.Revision {
		t.Error("the workspace has changed")
	}
	if got := w.counts().Entries; got != 600 {
		t.Errorf("%d entries, want 600: the last two rows are equal and both count", got)
	}
	if other := w.mustImport(n, file(601)); other.Repeated || other.Made.Projects != 0 || w.counts().Entries != 1201 {
		t.Errorf("another file: %+v", other)
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.start()
	before := w.header()
	r := request()
	r.DryRun = true
	s, err := n.Import(t.Context(), r, strings.NewReader(file(100)))
	if err != nil || !s.DryRun || s.Rows != 100 || !s.ID.IsZero() {
		t.Errorf("got %+v, %v", s, err)
	}
	if after := w.header(); after.Revision != before.Revision || len(w.registry.people) != 0 {
		t.Error("something was written")
	}
	w.noFiles()
}

func TestN5ExistingPeopleAndNamesAreUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person, client, tag := record.DeriveID("p"), record.DeriveID("c"), record.DeriveID("t")
	w.registry.people["person3@example.com"] = person
	w.registry.setStatus(person, directory.Active)
	w.write(store.Txn{Puts: []store.Put{
		{Key: record.Key{Kind: record.Client, ID: client}, Doc: fmt.Appendf(nil, `{"id":%q,"name":"CLIENT 1"}`, client)},
		{Key: record.Key{Kind: record.Tag, ID: tag}, Doc: fmt.Appendf(nil, `{"id":%q,"name":"Tag 2"}`, tag)},
	}})
	s := w.mustImport(w.start(), strings.ReplaceAll(file(600), "person3@", "Person3@"))
	want := importer.Counts{Entries: 600, Projects: 5, Clients: 2, Tags: 3, Tasks: 35, People: 10}
	if s.Made != want {
		t.Errorf("made %+v, want %+v", s.Made, want)
	}
	if got := w.registry.status(person); got != directory.Active {
		t.Errorf("existing member is %s", got)
	}
	if len(w.registry.people) != 11 {
		t.Errorf("%d people", len(w.registry.people))
	}
	if w.registry.status(w.registry.people["person4@example.com"]) != directory.Pending {
		t.Error("new person is not pending")
	}
}

func (w *world) noFiles() {
	w.Helper()
	left := w.files()
	if len(left) > 0 {
		w.Errorf("files are left: %v", left)
	}
}

func TestBoundsOfFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, err := importer.Open(importer.Options{Dir: w.dir, Cell: w.cell, Directory: w.registry, FileBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Import(t.Context(), request(), strings.NewReader(file(10))); !errors.Is(err, importer.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := i.Import(t.Context(), importer.Request{Format: "toggl-csv"}, strings.NewReader("")); !errors.Is(err, importer.ErrFormat) {
		t.Errorf("got %v", err)
	}
	w.noFiles()
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got)\n%s", what, d)
	}
}

func TestN7NothingRepeatsContents(t *testing.T) {
	t.Parallel()
	const secret = "kumquat"
	w := newWorld(t)
	var log bytes.Buffer
	w.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := w.start()
	text := strings.NewReplacer("Project", "Project "+secret, "Work", secret, "person", secret).Replace(file(50))
	text = strings.Replace(text, "Project "+secret, "Project", 1) // not the header
	w.mustImport(n, text)
	for _, broken := range []string{text + secret + "\n", strings.ReplaceAll(text, "08:00:00", secret), secret} {
		_, err := n.Import(t.Context(), request(), strings.NewReader(broken))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error: %v", err)
		}
	}
	n.stop()
	if log.Len() == 0 || strings.Contains(log.String(), secret) {
		t.Errorf("log: %s", log.String())
	}
}
