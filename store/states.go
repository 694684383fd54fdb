package store

import "domicile/store/record"

// State says what a cell may do with a workspace.
type State uint8

// The states of a workspace in a cell.
const (
	StateAbsent State = iota // never here, or dropped
	Active                   // serves
	Locked                   // neither read nor written: a transfer's or a revert's
	Retired                  // has moved away; waits to be purged
	Staged                   // is being copied here
	Restored                 // came back from a backup; waits for the directory's word
)

// Op is a change of a header.
type Op uint8

// The changes of a header.
const (
	OpOpen     Op = 1 + iota // remembers T at the source
	OpLock                   // stops reads and writes, for T or a revert
	OpUnlock                 // ends the lock and closes T
	OpClose                  // remembers that T is over, whether or not it was open
	OpStage                  // makes the header of a copy
	OpActivate               // makes the copy the workspace, one epoch on
	OpRetire                 // leaves the locked source to be purged
	OpDrop                   // removes the workspace's records and leaves a tombstone
	OpConfirm                // lets a restored workspace serve
)

// Reason says on whose word a workspace is dropped.
type Reason uint8

// The reasons of a drop.
const (
	ByTransfer Reason = iota // T is over here: aborted at the destination, complete at the source
	Deletion                 // the directory decided that the workspace ends
	Elsewhere                // the directory knows another home for what was restored
)

// HeaderChange changes a header, by the table of states.
type HeaderChange struct {
	Workspace   record.ID
	Op          Op
	T           T         // all but confirm, and drop for another reason
	Revert      record.ID // lock and unlock of a revert, instead of T
	Session     uint64    // lock of a revert: the header's session counter before it
	Epoch       Epoch     // confirm, and drop for another reason than T
	Reason      Reason    // of a drop
	Incarnation uint64    // stage: the source's
}
