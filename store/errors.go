package store

import (
	"errors"

	"domicile/store/record"
)

// Refusals of a command. A Result's error wraps one of them, the same on every
// node.
var (
	// ErrNotFound says that there is no such workspace or record here.
	ErrNotFound = errors.New("not found")
	// ErrFenced says that a command names another epoch, attempt or holder than
	// the workspace's, or that its state does not allow the command.
	ErrFenced = errors.New("fenced off")
	// ErrLocked says that the workspace is locked; it may be written again later.
	ErrLocked = errors.New("workspace is locked")
	// ErrConflict says that a condition does not hold; see [Conflict].
	ErrConflict = errors.New("conflict")
	// ErrExists says that the workspace to be created is there already.
	ErrExists = errors.New("workspace exists")
	// ErrTooLarge says that a document, or all of a transaction's, is too large.
	ErrTooLarge = errors.New("too large")
	// ErrInvalid says that a command makes no sense, whatever the store holds.
	ErrInvalid = errors.New("invalid command")
)

// Errors of reading.
var (
	// ErrCursorTooOld says that the feed cannot go on from a cursor: what was
	// deleted since is no longer known. Its reader starts again from nothing.
	ErrCursorTooOld = errors.New("cursor is too old")
	// ErrBadCursor says that a text is not a cursor.
	ErrBadCursor = errors.New("not a cursor")
	// ErrCorrupt says that stored bytes are not what was written.
	ErrCorrupt = errors.New("store is corrupt")
)

// Errors of opening and of the node's disk.
var (
	// ErrNewerVersion says that a later release wrote the data directory.
	ErrNewerVersion = errors.New("data directory was written by a newer version")
	// ErrForeignCell says that the data directory belongs to another cell.
	ErrForeignCell = errors.New("data directory belongs to another cell")
	// ErrInUse says that another process, or this one, has the directory open.
	ErrInUse = errors.New("data directory is in use")
	// ErrReadOnly says that the data directory cannot be written.
	ErrReadOnly = errors.New("data directory is read-only")
	// ErrNoSpace says that too little of the disk is free.
	ErrNoSpace = errors.New("no space left on the disk")
	// ErrStopped says that the store is closed, or has failed for good.
	ErrStopped = errors.New("store has stopped")
)

// Conflict is the error of a condition that does not hold. It wraps
// ErrConflict.
type Conflict struct {
	// Key is the condition's record; for a unique value the record that has it.
	Key record.Key
	// Index is the name of the unique index; empty for the other conditions.
	Index string
	// Op is the condition that failed; IfFree for unique values.
	Op ConditionOp
}

// Error names the record by kind and id, and nothing of what it holds.
func (c *Conflict) Error() string {
	if c.Index != "" {
		return "conflict: " + c.Key.String() + " has the unique value of index " + c.Index
	}
	return "conflict: condition " + c.Op.String() + " of " + c.Key.String() + " does not hold"
}

// Unwrap returns ErrConflict.
func (c *Conflict) Unwrap() error { return ErrConflict }
