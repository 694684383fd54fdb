package workspace

import (
	"domicile/replicate"
	"domicile/store"
)

// The names under which the API, which knows no mechanism, sees the store's
// and the log's.
type (
	View     = store.View
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
