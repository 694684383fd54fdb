// Package storetest gives tests of other packages a cell of one node in memory.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"domicile/store"
	"domicile/store/record"
)

// Cell is a cell of one node in memory. It applies what is submitted at once,
// as an entry of its own, without a log.
type Cell struct {
	db *store.DB

	mu    sync.Mutex
	now   func() time.Time // guarded by mu
	index uint64           // of the last entry; guarded by mu
}

// New returns a cell that is closed when the test ends.
func New(tb testing.TB) *Cell {
	tb.Helper()
	db, err := store.Open(store.Options{Dir: "store", FS: vfs.NewMem(), CellID: "test-cell", MemTable: 1 << 20})
	if err != nil {
		tb.Fatalf("open a store in memory: %v", err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close the store in memory: %v", err)
		}
	})
	return &Cell{db: db, now: time.Now}
}

// SetNow sets the clock of the entries.
func (c *Cell) SetNow(now func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Submit applies a command. A refusal is in the result and is the error too.
func (c *Cell) Submit(ctx context.Context, cmd store.Command) (store.Result, error) {
	if err := context.Cause(ctx); err != nil {
		return store.Result{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index++
	entry := store.Entry{Index: c.index, Term: 1, Time: c.now(), Commands: []store.Command{cmd}}
	results, err := c.db.Apply([]store.Entry{entry})
	if err != nil {
		return store.Result{}, err
	}
	result := results[0][0]
	if result.Err != nil {
		return result, fmt.Errorf("submit command: %w", result.Err)
	}
	return result, nil
}

// View returns a view of all that was submitted.
func (c *Cell) View(ctx context.Context) (*store.View, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return c.db.View(), nil
}

// Store returns the cell's store.
func (c *Cell) Store() *store.DB { return c.db }

// Create makes an active workspace at epoch 1.
func (c *Cell) Create(tb testing.TB, ws record.ID) {
	tb.Helper()
	create := &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}
	if _, err := c.Submit(tb.Context(), store.Command{Create: create}); err != nil {
		tb.Fatalf("create workspace %s: %v", ws, err)
	}
}
