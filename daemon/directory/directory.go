package directory

import (
	"context"
	"crypto/rand"
	"encoding/json"
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
}

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

// submit proposes a command and gives its outcome as one error.
func submit(ctx context.Context, cell Cell, c store.Command) (store.Result, error) {
	result, err := cell.Submit(ctx, c)
	if err == nil {
		err = result.Err
	}
	return result, err
}

// change is what one attempt of a write wants to do.
type change struct {
	conditions []store.Condition
	puts       []store.Put
	deletes    []record.Key
}

func (c *change) put(kind record.Kind, id record.ID, doc any) error {
	encoded, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", kind, id, err)
	}
	if err := checkFields(kind, encoded); err != nil {
		return err
	}
	c.puts = append(c.puts, store.Put{Key: record.Key{Kind: kind, ID: id}, Doc: encoded})
	return nil
}

func (c *change) require(conditions ...store.Condition) {
	c.conditions = append(c.conditions, conditions...)
}

// attempts bounds how often a write is built anew because others changed what it had read.
const attempts = 10

// write runs build against fresh views until its transaction commits. build may be called again; a change
// without puts and deletes writes nothing and answers the view's revision.
func (d *Directory) write(ctx context.Context, build func(v *store.View, c *change) error) (store.Revision, error) {
	for range attempts {
		revision, err := d.attempt(ctx, build)
		var conflict *store.Conflict
		if errors.As(err, &conflict) {
			continue
		}
		return revision, err
	}
	return 0, ErrConflict
}

func (d *Directory) attempt(ctx context.Context, build func(v *store.View, c *change) error) (store.Revision, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return 0, away(ctx, err)
	}
	defer v.Close()
	var c change
	if err := build(v, &c); err != nil {
		return 0, err
	}
	h, err := v.Header(record.DirectoryID)
	if err != nil {
		return 0, fmt.Errorf("read the directory's header: %w", err)
	}
	if len(c.puts)+len(c.deletes) == 0 {
		return h.Revision, nil
	}
	txn := store.Txn{Workspace: record.DirectoryID, Epoch: h.Epoch, If: c.conditions, Puts: c.puts, Deletes: c.deletes}
	if _, err := rand.Read(txn.Token[:]); err != nil {
		return 0, fmt.Errorf("make token: %w", err)
	}
	result, err := submit(ctx, d.o.Cell, store.Command{Txn: &txn})
	if err != nil {
		var conflict *store.Conflict
		if errors.As(err, &conflict) {
			return 0, err
		}
		return 0, away(ctx, err)
	}
	return result.Revision, nil
}
