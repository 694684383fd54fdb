package index

import "errors"

// Errors of a query: the caller's to mend.
var (
	// ErrBadQuery wraps what is wrong with a query's text or parameters. It
	// never repeats the text.
	ErrBadQuery = errors.New("bad query")

	// ErrBadCursor says that a cursor was not made by this package for this query.
	ErrBadCursor = errors.New("bad cursor")
)

// Errors of the moment: the same call may succeed later.
var (
	// ErrRebuilding says that the workspace's index is being built and cannot
	// answer yet.
	ErrRebuilding = errors.New("index is being built")

	// ErrClosed says that the Set was closed.
	ErrClosed = errors.New("index set is closed")
)

// ErrNoWorkspace says that the store has no such workspace, or one that is
// never indexed.
var ErrNoWorkspace = errors.New("no such workspace")
