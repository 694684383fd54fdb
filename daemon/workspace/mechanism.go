package workspace

import (
	"domicile/replicate"
	"domicile/store"
)

type (
	// View is a linearizable view of the cell.
	View = store.View
	// Revision counts what was written in a workspace.
	Revision = store.Revision
)

// What the cell may say to a write or a view. They are the mechanisms' own.
var (
	ErrTooLarge       = store.ErrTooLarge
	ErrNoSpace        = store.ErrNoSpace
	ErrClosed         = store.ErrStopped
	ErrCursorTooOld   = store.ErrCursorTooOld
	ErrBadCursor      = store.ErrBadCursor
	ErrOverloaded     = replicate.ErrOverloaded
	ErrUnknownOutcome = replicate.ErrUnknownOutcome
	ErrNotLeader      = replicate.ErrNotLeader
	ErrStopped        = replicate.ErrStopped
)
