package directory

import (
	"errors"
	"fmt"
	"strings"
)

// What the directory refuses. None of these names an e-mail address, a name or a password: they may be logged.
var (
	// ErrUnavailable means that the directory did not answer, or cannot decide now. Nothing is known to
	// have happened; the call can be repeated. (503/5030)
	ErrUnavailable = errors.New("the directory is not available")
	// ErrUnknownOutcome means that a write may or may not have happened. All writes can be repeated. (504/5040)
	ErrUnknownOutcome = errors.New("the outcome of the directory's write is not known")
	// ErrNotFound means that there is no such person, workspace or membership.
	ErrNotFound = errors.New("not found in the directory")
	// ErrEmailTaken means that another person has the e-mail address.
	ErrEmailTaken = errors.New("the e-mail address belongs to another person")
	// ErrSubdomainTaken means that another workspace has the subdomain.
	ErrSubdomainTaken = errors.New("the subdomain belongs to another workspace")
	// ErrExists means that an id was given that is in use for something else.
	ErrExists = errors.New("exists already")
	// ErrConflict means that others kept changing the same records. (409)
	ErrConflict = errors.New("conflicting changes in the directory")
	// ErrNotPending means that there is no invitation to answer.
	ErrNotPending = errors.New("there is no pending invitation")
	// ErrPending means that only the invited person can make a pending membership active. (409/4090)
	ErrPending = errors.New("the invitation is not answered yet")
	// ErrOwner means that the owner of a workspace cannot be removed, made inactive or given another role.
	ErrOwner = errors.New("the workspace's owner stays its owner and active member")
	// ErrBadCredential means that e-mail and password do not belong together; it does not say which is wrong.
	ErrBadCredential = errors.New("e-mail or password is wrong")
	// ErrCursor means that a cursor is not one of Changes'.
	ErrCursor = errors.New("bad directory cursor")
	// ErrCursorTooOld means that the feed no longer reaches back to the cursor: read again from "".
	ErrCursorTooOld = errors.New("directory cursor too old")
)

// PlanNeeded says that a region is not for the plan that a workspace would get. (402/4020)
type PlanNeeded struct {
	Plan   Plan   // what it would have
	Region Region // what was asked for
}

// Error implements error.
func (e *PlanNeeded) Error() string {
	return fmt.Sprintf("region %s needs plan PRO or ENTERPRISE; this is %s", e.Region, e.Plan)
}

// UnknownRegion says which regions there are.
type UnknownRegion struct{ Known []string }

// Error implements error.
func (e *UnknownRegion) Error() string {
	return "unknown region; use one of " + strings.Join(e.Known, ", ")
}

// Invalid says which input cannot be taken and why; it never repeats the value.
type Invalid struct{ Field, Reason string }

// Error implements error.
func (e *Invalid) Error() string { return e.Field + " " + e.Reason }
