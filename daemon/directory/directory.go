package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// Cell commits transactions on a majority and gives linearizable views. *replicate.Node is one.
type Cell interface {
	Submit(ctx context.Context, c store.Command) (store.Result, error)
	View(ctx context.Context) (*store.View, error)
}

// Feed tells when workspaces move. The subscription of *store.DB is one.
type Feed interface {
	Next(ctx context.Context) ([]record.ID, error)
	Close()
}

// Recorder makes the audit record of an act; trail's Book.Record is one.
type Recorder func(at time.Time, kind string, person, credential record.ID, code, reason string,
	subjects []record.ID) (store.Put, error)

// Options say what a Directory works with.
type Options struct {
	Cell      Cell              // required: global's first cell
	Regions   Regions           // required
	Subscribe func() Feed       // required: of the same cell's store on this node
	IDs       *record.Generator // required
	Trail     Recorder          // nil records no audit trail
	Now       func() time.Time  // nil is time.Now
	Log       *slog.Logger      // nil discards
	// Verifying bounds the passwords checked at the same time, 19 MiB and a processor each; 0 is half of
	// the processors.
	Verifying int
}

// Directory is the Service on global's own cell. It is safe for concurrent use.
type Directory struct {
	o       Options
	records Mirror        // over record.DirectoryID
	checks  chan struct{} // a slot for each password that is being checked

	retrying chan struct{} // one slot, for the writes that have met a conflict
	limits   pageLimits
}

var _ Service = (*Directory)(nil)

// New returns a Directory. CreateSystem must have made its system workspace.
func New(o Options) *Directory {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Verifying <= 0 {
		o.Verifying = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &Directory{
		o:       o,
		records: Mirror{workspace: record.DirectoryID},
		checks:  make(chan struct{}, o.Verifying),

		retrying: make(chan struct{}, 1),
		limits:   defaultPageLimits(),
	}
}

// CreateSystem makes a cell's system workspaces, both with epoch 1: the region's own, and the directory's if
// the cell is global's first. Those that are there stay.
func CreateSystem(ctx context.Context, cell Cell, directory bool) error {
	systems := []record.ID{record.RegionID}
	if directory {
		systems = append(systems, record.DirectoryID)
	}
	for _, id := range systems {
		incarnation, err := newIncarnation()
		if err != nil {
			return err
		}
		create := store.Create{Workspace: id, Epoch: 1, Incarnation: incarnation}
		if _, err := submit(ctx, cell, store.Command{Create: &create}); err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("create system workspace %s: %w", id, err)
		}
	}
	return nil
}

func newIncarnation() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("make incarnation: %w", err)
	}
	var n uint64
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	return max(n, 1), nil
}
