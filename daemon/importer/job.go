package importer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// job writes one import, or takes it back: whatever its record's state asks for.
type job struct {
	workspace, id record.ID
	file          string // empty: an undo needs none
	by            directory.Actor

	told sync.Once
	done chan struct{} // closed when the job has ended, or has failed for long enough to say so
	err  error         // written before done is closed
}

func (j *job) tell(err error) {
	j.told.Do(func() {
		j.err = err
		close(j.done)
	})
}

// patience is how many attempts may fail before those who wait are told. The job goes on.
const patience = 3

// work repeats attempts at a job until one succeeds, the workspace is gone, or ctx ends.
func (i *Importer) work(ctx context.Context, j *job) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 50*time.Millisecond, 30*time.Second
	defer func() {
		i.mu.Lock()
		delete(i.jobs, j.id)
		i.mu.Unlock()
		j.tell(nil)
	}()
	for failed := 1; ; failed++ {
		err := i.attempt(ctx, j)
		switch {
		case err == nil:
			return
		case ctx.Err() != nil:
			j.tell(fmt.Errorf("import %s: %w", j.id, ErrInterrupted))
			return
		case errors.Is(err, ErrGone), errors.Is(err, ErrNotFound):
			// Nothing of the workspace may stay where it does not live.
			if err := removeFile(j.file); err != nil {
				i.o.Log.Error("spool file was not removed", "workspace", j.workspace, "import", j.id, "err", err)
			}
			j.tell(fmt.Errorf("import %s: %w", j.id, err))
			return
		}
		i.o.Log.Warn("import was interrupted", "workspace", j.workspace, "import", j.id, "attempt", failed, "err", err)
		if failed >= patience || errors.Is(err, store.ErrLocked) {
			j.tell(fmt.Errorf("import %s: %w: %w", j.id, ErrInterrupted, err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause.NextBackOff()):
		}
	}
}

// attempt goes on where the import record says.
func (i *Importer) attempt(ctx context.Context, j *job) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case i.slots <- struct{}{}:
		defer func() { <-i.slots }()
	}
	w, err := i.resumeAt(ctx, j.workspace, j.id)
	if err != nil {
		return err
	}
	began := i.o.Now()
	switch w.State {
	case Running:
		if err := i.write(ctx, j, w); err != nil {
			return err
		}
		i.o.Log.Info("import was written", "workspace", j.workspace, "import", j.id, "rows", w.Rows, "took", i.o.Now().Sub(began))
	case Undoing:
		if err := i.undo(ctx, j, w); err != nil {
			return err
		}
		i.o.Log.Info("import was undone", "workspace", j.workspace, "import", j.id, "took", i.o.Now().Sub(began))
	}
	return removeFile(j.file)
}

// leftJobs finds the files of jobs that an earlier run has left. It looks before there can be new ones: a
// file is there a moment before its import's record, and would be taken for one whose workspace is gone.
func leftJobs(dir string) ([]*job, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read spool directory: %w", err)
	}
	var left []*job
	for _, e := range entries {
		if workspace, id, ok := parseKept(e.Name()); ok {
			left = append(left, &job{workspace: workspace, id: id, file: filepath.Join(dir, e.Name())})
		}
	}
	return left, nil
}

// resume takes up what an earlier run has left: files go to jobs again, and undos that were begun go on.
func (i *Importer) resume(ctx context.Context) error {
	for _, j := range i.left {
		if err := i.takeUp(ctx, j); err != nil {
			return err
		}
	}
	return i.takeUpUndos(ctx)
}

// takeUp enqueues a job that was found, waiting while too many are known.
func (i *Importer) takeUp(ctx context.Context, j *job) error {
	for {
		_, err := i.enqueue(j)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// takeUpUndos finds undos that were begun; an import without its file waits until it is sent again.
func (i *Importer) takeUpUndos(ctx context.Context) error {
	view, err := i.o.Cell.View(ctx)
	if err != nil {
		// Not a reason to stop the node: the record says what was asked, and asking again goes on with it.
		i.o.Log.Warn("unfinished undos were not looked for", "err", err)
		return nil
	}
	defer view.Close()
	for h, err := range view.Headers() {
		if err != nil {
			return fmt.Errorf("list workspaces: %w", err)
		}
		if h.State != store.Active || h.Counts[record.Import] == 0 {
			continue
		}
		for r, err := range view.Records(h.Workspace, record.Import) {
			if err != nil {
				return fmt.Errorf("list imports: %w", err)
			}
			p, err := decode(r.Doc, r.Revision)
			if err != nil {
				return err
			}
			if p.State == Undoing {
				if err := i.takeUp(ctx, &job{workspace: h.Workspace, id: p.ID, by: directory.Actor{Kind: "system"}}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
