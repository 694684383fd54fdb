package directory

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"domicile/store"
	"domicile/store/record"
)

// Source is the part of Service that a Follower uses.
type Source interface {
	PublishKey(ctx context.Context, r Region, key []byte) (store.Revision, error)
	Changes(ctx context.Context, r Region, cursor string, wait time.Duration) (Page, error)
}

// FollowerOptions say whose mirror a Follower keeps.
type FollowerOptions struct {
	Region    Region            // required
	Cell      Cell              // required: the region's
	CellName  string            // the cell's name; homes that name another are left alone. "" takes all of the region
	Source    Source            // required: the directory
	PublicKey ed25519.PublicKey // published when the directory is first reached; nil publishes none
	// OnHome is called when the header of a workspace that lives here is there: after it was made, and for
	// each once after a start. It must be repeatable; after an error it is called again. May be nil.
	OnHome func(ctx context.Context, h Home) error
	Wait   time.Duration    // how long one question waits for news; 0 is 10 s
	Now    func() time.Time // nil is time.Now
	Log    *slog.Logger     // nil discards
}

// Follower keeps a region's mirror in step with the directory. Its methods are safe for concurrent use; Run
// is called once.
type Follower struct {
	o      FollowerOptions
	mirror Mirror
	limits txnLimits

	mu    sync.Mutex
	at    store.Revision // guarded by mu: what the mirror has reached
	equal time.Time      // guarded by mu: when it last was all that the directory had
	moved chan struct{}  // guarded by mu: closed when at grows

	published bool               // owned by Run
	unsettled bool               // owned by Run: homes may be without their header
	applied   store.Revision     // owned by Run: what the mirror has reached, whether or not at says so yet
	homes     map[record.ID]bool // owned by Run: headers that are known to be there, and OnHome called
}

// NewFollower returns a Follower; Run does its work.
func NewFollower(o FollowerOptions) *Follower {
	if o.Wait <= 0 {
		o.Wait = 10 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Follower{o: o, limits: defaultTxnLimits(), moved: make(chan struct{}), homes: map[record.ID]bool{}, unsettled: true}
}

// retryCeiling is the longest pause between two questions to a directory that is away.
const retryCeiling = 5 * time.Second

// Run follows the directory until ctx ends, and then returns nil. While the directory is away it keeps
// asking, with growing pauses, and the mirror stays as it is.
func (f *Follower) Run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = 50 * time.Millisecond
	pause.MaxInterval = retryCeiling
	lost := false
	for {
		err := f.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end of ctx is the ordinary end
		case err == nil:
			if lost {
				f.o.Log.Info("directory was reached again", slog.String("region", string(f.o.Region)))
			}
			lost = false
			pause.Reset()
			continue
		case !lost:
			f.o.Log.Warn("directory could not be followed", slog.String("region", string(f.o.Region)), slog.Any("err", err))
			lost = true
		}
		timer := time.NewTimer(pause.NextBackOff())
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Step is one round of Run, for tests that want to say when. It makes what the mirror asks for, publishes the
// region's key if that has not been done, asks for a page, waits for one if there is nothing new, and
// applies it.
func (f *Follower) Step(ctx context.Context) error {
	if err := f.settled(ctx); err != nil {
		f.o.Log.Error("workspace could not be made ready", slog.String("region", string(f.o.Region)), slog.Any("err", err))
	}
	if !f.published && f.o.PublicKey != nil {
		if _, err := f.o.Source.PublishKey(ctx, f.o.Region, f.o.PublicKey); err != nil {
			return fmt.Errorf("publish the region's key: %w", err)
		}
		f.published = true
	}
	at, err := f.cursor(ctx)
	if err != nil {
		return err
	}
	wait := f.o.Wait
	if f.unsettled || f.equalSince().IsZero() {
		wait = 0 // there is something to do, or to find out, before waiting
	}
	asked := f.o.Now()
	page, err := f.o.Source.Changes(ctx, f.o.Region, at, wait)
	if errors.Is(err, ErrCursorTooOld) || errors.Is(err, ErrCursor) {
		f.o.Log.Warn("mirror is read anew", slog.String("region", string(f.o.Region)), slog.Any("err", err))
		return f.forget(ctx)
	}
	if err != nil {
		return fmt.Errorf("ask the directory for changes: %w", err)
	}
	if page.Cursor != at {
		if err := f.apply(ctx, page); err != nil {
			return err
		}
		f.unsettled = f.unsettled || concernsHomes(page)
	}
	f.reached(page, page.Cursor == at, asked)
	return f.settled(ctx)
}

func concernsHomes(page Page) bool {
	return slices.ContainsFunc(page.Puts, func(p store.Put) bool {
		return p.Key.Kind == record.Home || p.Key.Kind == record.Workspace
	})
}

// settled makes what the mirror asks for and then wakes those who wait. While it fails, pages are applied
// all the same: nobody stays in because a workspace cannot be made.
func (f *Follower) settled(ctx context.Context) error {
	if f.unsettled {
		if err := f.settle(ctx); err != nil {
			return err
		}
		f.unsettled = false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.applied > f.at {
		f.at = f.applied
		close(f.moved)
		f.moved = make(chan struct{})
	}
	return nil
}

func (f *Follower) equalSince() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.equal
}

// reached notes what the mirror has reached. An empty page was answered at the end of its wait, any other
// when it was asked for.
func (f *Follower) reached(page Page, empty bool, asked time.Time) {
	f.applied = max(f.applied, page.Revision)
	if !page.Complete {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.equal = asked; empty {
		f.equal = f.o.Now()
	}
}

// Wait returns when the mirror has reached the directory's revision rev and the headers of the workspaces
// that it brought here are made. It ends with ctx's error otherwise.
func (f *Follower) Wait(ctx context.Context, rev store.Revision) error {
	for {
		f.mu.Lock()
		at, moved := f.at, f.moved
		f.mu.Unlock()
		if at >= rev {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Age is for how long the mirror may have been behind: the time since it last was all that the directory
// had. It is negative if that has not been so since the start.
func (f *Follower) Age() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.equal.IsZero() {
		return -1
	}
	return max(0, f.o.Now().Sub(f.equal))
}

// Revision is the directory's revision that the mirror has reached since the start of this process, zero
// before the first page.
func (f *Follower) Revision() store.Revision {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// settle makes the headers of the workspaces that live in this cell and have none, and calls OnHome. It
// looks at all homes of the region, because a crash may have come between a page and this.
func (f *Follower) settle(ctx context.Context) error {
	v, err := f.o.Cell.View(ctx)
	if err != nil {
		return fmt.Errorf("read the mirror: %w", err)
	}
	defer v.Close()
	homes, err := f.mirror.HomesIn(v, f.o.Region)
	if err != nil {
		return err
	}
	for _, h := range homes {
		if f.homes[h.ID] || f.o.CellName != "" && h.Cell != f.o.CellName {
			continue
		}
		w, err := f.mirror.Workspace(v, h.ID)
		if errors.Is(err, ErrNotFound) || err == nil && w.Deleted() {
			continue // a walk has not come to it yet, or it is gone
		}
		if err != nil {
			return err
		}
		if err := f.settleOne(ctx, v, h); err != nil {
			return err
		}
	}
	return nil
}

// settleOne makes one header. Only a first home is made so: what comes by a transfer brings its own.
func (f *Follower) settleOne(ctx context.Context, v *store.View, h Home) error {
	header, err := v.Header(h.ID)
	absent := errors.Is(err, store.ErrNotFound) || err == nil && header.State == store.StateAbsent
	if err != nil && !absent {
		return fmt.Errorf("read header of %s: %w", h.ID, err)
	}
	if absent {
		if h.Epoch != firstEpoch {
			return nil
		}
		incarnation, err := newIncarnation()
		if err != nil {
			return err
		}
		create := store.Create{Workspace: h.ID, Epoch: h.Epoch, Incarnation: incarnation}
		_, err = submit(ctx, f.o.Cell, store.Command{Create: &create})
		if err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("create workspace %s: %w", h.ID, err)
		}
		f.o.Log.Info("workspace was created", slog.String("region", string(f.o.Region)), slog.String("workspace", h.ID.String()))
	}
	if f.o.OnHome != nil {
		if err := f.o.OnHome(ctx, h); err != nil {
			return fmt.Errorf("prepare workspace %s: %w", h.ID, err)
		}
	}
	f.homes[h.ID] = true
	return nil
}
