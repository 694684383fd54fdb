package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/daemon/directory"
	"domicile/daemon/importer/clockifycsv"
	"domicile/store"
	"domicile/store/record"
)

// ClockifyCSV is the format of Clockify's detailed report.
const ClockifyCSV = "clockify-csv"

// Cell commits transactions and gives linearizable views.
type Cell interface {
	Submit(ctx context.Context, c store.Command) (store.Result, error)
	View(ctx context.Context) (*store.View, error)
}

// Directory makes people known, and lets them go. All may be repeated.
type Directory interface {
	People(ctx context.Context, q directory.PeopleQuery) ([]directory.Person, error)
	ImportPeople(ctx context.Context, i directory.PeopleImport) ([]directory.ImportedPerson, store.Revision, error)
	RemoveMembers(ctx context.Context, r directory.Removal) (store.Revision, error)
}

// IDs makes ids for imports. A *record.Generator does.
type IDs interface{ Next(now time.Time) record.ID }

// Options say what an Importer works with.
type Options struct {
	Dir       string // for spooled files; required, made if missing
	Cell      Cell
	Directory Directory
	// Mirrored waits until the region's mirror shows a revision of the directory; nil does not wait.
	Mirrored  func(ctx context.Context, r store.Revision) error
	IDs       IDs                // nil makes a generator
	Now       func() time.Time   // nil for time.Now
	Log       *slog.Logger       // nil discards
	Limits    clockifycsv.Limits // zero values are the package's
	FileBytes int64              // of a file as sent; 0 means 1 GiB
	AtOnce    int                // jobs that write at the same time; 0 means 2
}

// Importer imports files into the workspaces of one cell. Its methods are safe for concurrent use.
type Importer struct {
	o       Options
	slots   chan struct{} // a job that writes holds one
	queue   chan *job
	stopped chan struct{} // closed when Run has ended
	left    []*job        // whose files an earlier run has left; owned by Run

	mu   sync.Mutex
	jobs map[record.ID]*job // by import; guarded by mu
}

// maxJobs bounds the jobs that are known at a time, waiting ones included.
const maxJobs = 64

// Open makes an Importer, and removes files that an earlier one was still receiving. Nothing is written to
// the cell before Run works on it.
func Open(o Options) (*Importer, error) {
	if o.IDs == nil {
		o.IDs = record.NewGenerator()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.FileBytes <= 0 {
		o.FileBytes = 1 << 30
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 2
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool directory: %w", err)
	}
	parts, err := filepath.Glob(filepath.Join(o.Dir, partPattern))
	if err != nil {
		return nil, fmt.Errorf("read spool directory: %w", err)
	}
	for _, p := range parts {
		if err := removeFile(p); err != nil {
			return nil, err
		}
	}
	left, err := leftJobs(o.Dir)
	if err != nil {
		return nil, err
	}
	return &Importer{
		left: left,
		o:    o, slots: make(chan struct{}, o.AtOnce), queue: make(chan *job, maxJobs),
		stopped: make(chan struct{}), jobs: map[record.ID]*job{},
	}, nil
}

// Run works on jobs until ctx ends. It first takes up what an earlier run has left.
func (i *Importer) Run(ctx context.Context) error {
	defer close(i.stopped)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return i.resume(ctx) })
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case j := <-i.queue:
				g.Go(func() error {
					i.work(ctx, j)
					return nil
				})
			}
		}
	})
	return g.Wait()
}

// Request is one call of Import.
type Request struct {
	Workspace record.ID
	Format    string
	Layout    clockifycsv.Layout
	DryRun    bool
	By        directory.Actor
}

// Import takes a file and returns when it has been written to its end, or when ctx ends: the job then goes
// on, and the status so far is returned with ErrInterrupted. A file that had been imported before returns
// the status of that import, with Repeated. Nothing is kept of a file that is at fault or of a dry run.
func (i *Importer) Import(ctx context.Context, r Request, file io.Reader) (Status, error) {
	if r.Format != ClockifyCSV {
		return Status{}, ErrFormat
	}
	s, err := i.spool(file)
	if err != nil {
		return Status{}, err
	}
	defer s.discard() // does nothing once the job has taken the file over
	found, err := s.check(r.Layout, i.o.Limits)
	if err != nil {
		return Status{}, err
	}
	found.Format, found.Bytes, found.StartedBy = r.Format, s.bytes, r.By.Person
	if r.DryRun {
		found.DryRun = true
		return found, nil
	}
	return i.start(ctx, r, s, found)
}

// start makes the import record, or finds that of the same file, and hands the file to a job.
func (i *Importer) start(ctx context.Context, r Request, s *spooled, found Status) (Status, error) {
	for {
		known, exists, err := i.byHash(ctx, r.Workspace, found.FileHash)
		switch {
		case err != nil:
			return Status{}, err
		case exists && known.State == Undoing:
			return Status{}, ErrUndoing
		case exists && known.State != Running:
			known.Repeated = true
			return known.Status, nil
		case !exists:
			known = progress{document: document{Status: found, Hash: found.FileHash}}
			known.ID = i.o.IDs.Next(i.o.Now())
			known.State, known.StartedAt = Running, i.o.Now().UTC().Truncate(time.Second)
		}
		// The file comes before the record: a record without a file could not go on by itself.
		if err := s.keep(r.Workspace, known.ID); err != nil {
			return Status{}, err
		}
		if !exists {
			err := i.create(ctx, r.Workspace, &known)
			if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
				s.kept = false
				continue // somebody else has begun with the same file
			}
			if err != nil {
				s.kept = false
				return Status{}, err
			}
		}
		j, err := i.enqueue(&job{workspace: r.Workspace, id: known.ID, file: s.path, by: r.By})
		if err != nil {
			return Status{}, err
		}
		return i.await(ctx, j, exists)
	}
}

// create writes the first state of the import record. Of two requests with the same file one wins, by the
// unique index.
func (i *Importer) create(ctx context.Context, workspace record.ID, p *progress) error {
	w, err := i.open(ctx, workspace)
	if err != nil {
		return err
	}
	w.progress = p
	return w.commit(ctx, nil, store.Absent(record.Key{Kind: record.Import, ID: p.ID}))
}

// await waits for a job's end.
func (i *Importer) await(ctx context.Context, j *job, repeated bool) (Status, error) {
	var interrupted error
	select {
	case <-j.done:
		interrupted = j.err
	case <-ctx.Done():
		interrupted = fmt.Errorf("import %s: %w: %w", j.id, ErrInterrupted, context.Cause(ctx))
	case <-i.stopped:
		interrupted = fmt.Errorf("import %s: %w: %w", j.id, ErrInterrupted, ErrStopped)
	}
	if interrupted != nil {
		return Status{ID: j.id, State: Running}, interrupted
	}
	s, err := i.Get(ctx, j.workspace, j.id)
	s.Repeated = repeated && err == nil
	return s, err
}

// enqueue gives a job to Run, or returns the one that works on the same import already.
func (i *Importer) enqueue(j *job) (*job, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if known := i.jobs[j.id]; known != nil {
		return known, nil
	}
	if len(i.jobs) >= maxJobs {
		return nil, ErrBusy
	}
	j.done = make(chan struct{})
	select {
	case <-i.stopped:
		return nil, ErrStopped
	case i.queue <- j:
		i.jobs[j.id] = j
		return j, nil
	default:
		return nil, ErrBusy
	}
}

// Get returns the state of an import. ErrNotFound.
func (i *Importer) Get(ctx context.Context, workspace, id record.ID) (Status, error) {
	view, err := i.o.Cell.View(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	p, err := read(view, workspace, id)
	return p.Status, err
}

// List returns the imports of a workspace, oldest first.
func (i *Importer) List(ctx context.Context, workspace record.ID) ([]Status, error) {
	view, err := i.o.Cell.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("view for imports: %w", err)
	}
	defer view.Close()
	all := []Status{}
	for r, err := range view.Records(workspace, record.Import) {
		if err != nil {
			return nil, fmt.Errorf("list imports: %w", err)
		}
		p, err := decode(r.Doc, r.Revision)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Status)
	}
	return all, nil
}

func read(view *store.View, workspace, id record.ID) (progress, error) {
	r, err := view.Get(workspace, record.Import, id)
	if errors.Is(err, store.ErrNotFound) {
		return progress{}, ErrNotFound
	}
	if err != nil {
		return progress{}, fmt.Errorf("read import: %w", err)
	}
	return decode(r.Doc, r.Revision)
}

// byHash finds the import that a file's hash belongs to.
func (i *Importer) byHash(ctx context.Context, workspace record.ID, hash string) (progress, bool, error) {
	view, err := i.o.Cell.View(ctx)
	if err != nil {
		return progress{}, false, fmt.Errorf("view for import: %w", err)
	}
	defer view.Close()
	id, ok, err := lookup(view, workspace, record.Import, "hash", record.TextValue(hash))
	if err != nil || !ok {
		return progress{}, false, err
	}
	p, err := read(view, workspace, id)
	return p, err == nil, err
}

// lookup returns the first record of an index with the given values.
func lookup(view *store.View, workspace record.ID, kind record.Kind, index string, values ...record.Value) (record.ID, bool, error) {
	prefix, err := record.Find(kind, index).Prefix(values...)
	if err != nil {
		return record.ID{}, false, fmt.Errorf("look up %s: %w", kind, err)
	}
	for e, err := range view.Index(workspace, kind, index, store.Range{Prefix: prefix}) {
		if err != nil {
			return record.ID{}, false, fmt.Errorf("look up %s: %w", kind, err)
		}
		return e.ID, true, nil
	}
	return record.ID{}, false, nil
}
