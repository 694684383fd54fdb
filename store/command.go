package store

import (
	"time"

	"domicile/store/record"
)

// Revision counts a workspace's writes: each record written or deleted takes
// the next one.
type Revision uint64

// Epoch counts the homes that a workspace has had.
type Epoch uint64

// Attempt counts the transfers of a workspace; the directory never gives one
// out twice.
type Attempt uint64

// T names one attempt to transfer a workspace.
type T struct {
	Transfer record.ID
	Epoch    Epoch // the source's when T was made
	Attempt  Attempt
}

// Token names one submission of a transaction. The zero token names none.
type Token [16]byte

const (
	// MaxDocument is the most bytes that a document may have.
	MaxDocument = 256 << 10
	// MaxTxn is the most bytes that the documents of a transaction may have.
	MaxTxn = 512 << 10
)

// Entry is one entry of the replicated log.
type Entry struct {
	Index, Term uint64
	Time        time.Time // the leader's; moves the cell's time, never back
	Commands    []Command
}

// Command is one thing to do: exactly one of its fields is set.
type Command struct {
	Txn        *Txn
	Create     *Create
	Change     *HeaderChange
	RaiseFloor *RaiseFloor
	Tick       *Tick
}

// Txn changes records of one workspace, all of them or none.
type Txn struct {
	Workspace record.ID
	Epoch     Epoch     // must be the workspace's
	Token     Token     // a repeat with the same token gets the first result
	Revert    record.ID // names the revert that holds the lock; else zero
	If        []Condition
	Puts      []Put        // each record at most once, and not among Deletes
	Deletes   []record.Key // a record that is not there is left out
}

// Put writes a record. Doc is one line of JSON, an object; it is stored as it is.
type Put struct {
	Key record.Key
	Doc []byte
}

// ConditionOp is a kind of condition.
type ConditionOp uint8

// The kinds of condition.
const (
	IfExists ConditionOp = 1 + iota // Key is there
	IfAbsent                        // Key is not there
	IfAt                            // Key is there at Revision
	IfFree                          // nobody but Key.ID has Value in the unique Index of Key.Kind
)

// String returns "exists", "absent", "at" or "free".
func (o ConditionOp) String() string {
	switch o {
	case IfExists:
		return "exists"
	case IfAbsent:
		return "absent"
	case IfAt:
		return "at"
	case IfFree:
		return "free"
	}
	return "condition(?)"
}

// Condition is something that must hold for a transaction to be applied.
type Condition struct {
	Op       ConditionOp
	Key      record.Key
	Revision Revision // of IfAt
	Index    string   // of IfFree
	Value    []byte   // of IfFree: all values, encoded by Index.Prefix
}

// Exists holds if the record is there.
func Exists(key record.Key) Condition { return Condition{Op: IfExists, Key: key} }

// Absent holds if the record is not there.
func Absent(key record.Key) Condition { return Condition{Op: IfAbsent, Key: key} }

// At holds if the record is there and was last written at rev.
func At(key record.Key, rev Revision) Condition {
	return Condition{Op: IfAt, Key: key, Revision: rev}
}

// Free holds if no record but owner has a value in a unique index. Unique
// indexes of what a transaction puts are enforced without it.
func Free(kind record.Kind, index string, value []byte, owner record.ID) Condition {
	return Condition{Op: IfFree, Key: record.Key{Kind: kind, ID: owner}, Index: index, Value: value}
}

// Create makes a workspace's header where there is none. A repeat is no error.
type Create struct {
	Workspace   record.ID
	Epoch       Epoch  // at least 1, and above what a tombstone here remembers
	Incarnation uint64 // random, not 0: cursors of another life are refused by it
	Restored    bool   // begins restored, and serves nothing until it is confirmed
}

// RaiseFloor forgets deletions up to Floor: a feed cursor below it is too old
// from then on. It is refused while a transfer is open. Its work is the part of
// the feed between the floors, so large steps are the caller's to avoid.
type RaiseFloor struct {
	Workspace record.ID
	Epoch     Epoch
	Floor     Revision // at most the workspace's revision
}

// Tick only moves the cell's time.
type Tick struct{}

// Result is the outcome of a command. Err wraps one of the refusals of this
// package and is the same on every node.
type Result struct {
	Revision Revision // the workspace's, after the command
	Err      error
}
