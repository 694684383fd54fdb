package store

import (
	"fmt"

	"domicile/store/record"
)

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

// String returns the state's name.
func (s State) String() string {
	return name(s, "absent", "active", "locked", "retired", "staged", "restored")
}

// Op is a change of a header.
type Op uint8

// The changes of a header.
const (
	OpCreate   Op = 1 + iota // makes the header of a new workspace: the command Create
	OpRestore                // makes the header of one that comes from a backup: Create, too
	OpOpen                   // remembers T at the source
	OpLock                   // stops reads and writes, for T or a revert
	OpUnlock                 // ends the lock and closes T
	OpClose                  // remembers that T is over, whether or not it was open
	OpStage                  // makes the header of a copy
	OpActivate               // makes the copy the workspace, one epoch on
	OpRetire                 // leaves the locked source to be purged
	OpDrop                   // removes the workspace's records and leaves a tombstone
	OpConfirm                // lets a restored workspace serve
)

// String returns the change's name.
func (o Op) String() string {
	return name(o, "none", "create", "restore", "open", "lock", "unlock", "close", "stage", "activate", "retire", "drop", "confirm")
}

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
	Incarnation uint64    // stage: the source's; not 0
}

// claim says how what a command names compares with what the header remembers.
type claim uint8

const (
	// What a T, or the making of a header, may claim.
	fresh  claim = iota // nothing is open, T was never closed, epochs fit
	held                // T is the one that is open; the header was made at this epoch
	busy                // something else is open, or a revert holds the lock
	closed              // T was closed here, or a later one was
	landed              // closed, and the epoch is the one that T led to
	stale               // the epoch does not fit
	// notOpen stands in the table for fresh, busy, closed, landed and stale.
	notOpen
	// What a revert may claim.
	vacant  // nothing is open, and the session counter is the one that it names
	holding // it holds the lock
	over    // neither
	// What the directory may have decided, at this epoch: that the workspace
	// ends, has its home elsewhere, has its home here; or it spoke of another epoch.
	ended
	elsewhere
	here
	unfit
)

func (c claim) String() string {
	return name(c, "fresh", "held", "busy", "closed", "landed", "stale", "not open",
		"vacant", "holding", "over", "ended", "elsewhere", "here", "unfit")
}

// effect is what a transition does to a header besides its state.
type effect uint16

const (
	begin      effect = 1 << iota // epoch and incarnation are the command's
	remember                      // T is open, or the revert holds the lock
	release                       // nothing is open any more, and what was is closed
	note                          // T is closed; what is open stays open
	noteEpoch                     // the tombstone's epoch is at least the command's
	endSession                    // the session counter rises
	epochOn                       // the epoch rises by one
	epochBack                     // the epoch is what it was before the copy
	erase                         // the records go, and a tombstone stays
)

// transition is a row: a command with a claim leads from a state to another.
type transition struct {
	op      Op
	claim   claim
	from    State
	to      State
	effects effect
}

// transitions is the table of states. What it does not list is refused. A row
// without effects that stays in its state answers a repeated command.
var transitions = []transition{
	{OpCreate, fresh, StateAbsent, Active, begin},
	{OpCreate, held, Active, Active, 0},
	{OpCreate, held, Locked, Locked, 0},

	{OpRestore, fresh, StateAbsent, Restored, begin},
	{OpRestore, held, Restored, Restored, 0},
	{OpRestore, held, Active, Active, 0},
	{OpRestore, held, Locked, Locked, 0},

	{OpConfirm, here, Restored, Active, 0},
	{OpConfirm, here, Active, Active, 0},
	{OpConfirm, here, Locked, Locked, 0},

	{OpOpen, fresh, Active, Active, remember},
	{OpOpen, held, Active, Active, 0},
	{OpOpen, held, Locked, Locked, 0},

	{OpLock, held, Active, Locked, endSession},
	{OpLock, held, Locked, Locked, 0},
	{OpLock, vacant, Active, Locked, remember | endSession},
	{OpLock, holding, Locked, Locked, 0},

	{OpUnlock, held, Active, Active, release},
	{OpUnlock, held, Locked, Active, release},
	{OpUnlock, closed, Active, Active, 0},
	{OpUnlock, closed, Locked, Locked, 0},
	{OpUnlock, holding, Locked, Active, release},
	{OpUnlock, over, Active, Active, 0},
	{OpUnlock, over, Locked, Locked, 0},

	{OpClose, held, Active, Active, release},
	{OpClose, notOpen, StateAbsent, StateAbsent, note},
	{OpClose, notOpen, Active, Active, note},
	{OpClose, notOpen, Locked, Locked, note},
	{OpClose, notOpen, Retired, Retired, note},
	{OpClose, notOpen, Staged, Staged, note},
	{OpClose, notOpen, Restored, Restored, note},

	{OpStage, fresh, StateAbsent, Staged, begin | remember},
	{OpStage, held, Staged, Staged, 0},

	{OpActivate, held, Staged, Active, release | epochOn},
	{OpActivate, landed, Active, Active, 0},
	{OpActivate, landed, Locked, Locked, 0},

	{OpRetire, held, Locked, Retired, 0},
	{OpRetire, held, Retired, Retired, 0},
	{OpRetire, landed, StateAbsent, StateAbsent, 0},

	{OpDrop, held, Staged, StateAbsent, release | epochBack | erase},
	{OpDrop, held, Retired, StateAbsent, release | erase},
	{OpDrop, notOpen, StateAbsent, StateAbsent, note},
	{OpDrop, notOpen, Active, Active, note},
	{OpDrop, notOpen, Locked, Locked, note},
	{OpDrop, notOpen, Retired, Retired, note},
	{OpDrop, notOpen, Staged, Staged, note},
	{OpDrop, notOpen, Restored, Restored, note},
	{OpDrop, ended, StateAbsent, StateAbsent, noteEpoch},
	{OpDrop, ended, Active, StateAbsent, release | erase},
	{OpDrop, ended, Locked, StateAbsent, release | erase},
	{OpDrop, ended, Restored, StateAbsent, release | erase},
	{OpDrop, elsewhere, StateAbsent, StateAbsent, 0},
	{OpDrop, elsewhere, Restored, StateAbsent, release | erase},
}

// find returns the row for a command, or nil where it is refused.
func find(op Op, c claim, from State) *transition {
	for i := range transitions {
		t := &transitions[i]
		if t.op == op && t.from == from && (t.claim == c || t.claim == notOpen && c < notOpen && c != held) {
			return t
		}
	}
	return nil
}

// name returns the n-th of names.
func name[N ~uint8](n N, names ...string) string {
	if int(n) < len(names) {
		return names[n]
	}
	return fmt.Sprintf("unknown(%d)", n)
}
