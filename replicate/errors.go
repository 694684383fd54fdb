package replicate

import (
	"errors"
	"fmt"

	"domicile/store"
)

// What a caller of Submit or View can meet. Refusals that the store decided (a fence, a conflict)
// are the store's errors.
var (
	// ErrNotLeader: another node leads, or none does; nothing was written.
	ErrNotLeader = errors.New("this node does not lead its cell")
	// ErrOverloaded: too much waits already; nothing was written. Try again later.
	ErrOverloaded = errors.New("too many writes are waiting")
	// ErrUnknownOutcome: the write may or may not have happened, or may happen yet.
	ErrUnknownOutcome = errors.New("the write's outcome is unknown")
	// ErrStopped: the node does not run any more; nothing was written.
	ErrStopped = errors.New("the node has stopped")
	// ErrTooLarge: a command is larger than an entry may be; nothing was written.
	ErrTooLarge = fmt.Errorf("a transaction is more than 512 KiB: %w", store.ErrTooLarge)
)

// Why a node does not open, or stops.
var (
	// ErrCorrupt: what was read is not what was written. The evidence is left as it is.
	ErrCorrupt = errors.New("the log is damaged")
	// ErrBehind: the state is older than the newest checkpoint, or than the log's start.
	ErrBehind = errors.New("the state is behind what this node has promised")
	// ErrForeign: the directory belongs to another cell or node.
	ErrForeign = errors.New("the directory belongs to another cell")
	// ErrReopen: a checkpoint of the leader was received; Install it and open the node again.
	ErrReopen = errors.New("a checkpoint was received and waits to be installed")
)

var (
	errNotFound = errors.New("not found") // raft compares these very words
	errGap      = errors.New("entries would be missing between them")
	errBroken   = errors.New("the log cannot be written any more")
)

var (
	errClosed     = errors.New("the node was closed")
	errNoLeader   = errors.New("the cell has no leader now")
	errUnanswered = errors.New("no answer came")
)
