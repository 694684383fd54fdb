package workspace

import (
	"errors"
	"fmt"
	"time"

	"domicile/store/record"
)

// What can stop a request before anything is written.
var (
	// ErrForbidden means that the permission table says no.
	ErrForbidden = errors.New("not permitted")
	// ErrPlan means that the workspace's plan does not include what was asked.
	ErrPlan = errors.New("the plan does not include this")
	// ErrNoTimer means that no timer of the person runs in the workspace.
	ErrNoTimer = errors.New("no timer is running")
	// ErrNotReady means that the workspace's home is here but its header is not yet.
	ErrNotReady = errors.New("the workspace is being made ready")
	// ErrReused means that an Idempotency-Key was used before for another request.
	ErrReused = errors.New("the idempotency key was used for another request")
	// ErrStale means that If-Match named another revision than the record's.
	ErrStale = errors.New("the record has changed since")
	// ErrBusy means that a transaction met others again and again and gave up.
	ErrBusy = errors.New("too many conflicting writes")
)

// Invalid says which field of a request cannot be taken, and why. The reason
// never repeats what was sent.
type Invalid struct{ Field, Reason string }

// Error implements error.
func (e *Invalid) Error() string { return fmt.Sprintf("%s %s", e.Field, e.Reason) }

// Refused is a rule of the workspace that a valid request met, as one sentence.
type Refused struct{ Message string }

// Error implements error.
func (e *Refused) Error() string { return e.Message }

// Foreign says that an id names nothing in this workspace: it was never there,
// was deleted, or is elsewhere. The three are told apart by nobody.
type Foreign struct{ Noun string }

// Error implements error.
func (e *Foreign) Error() string { return e.Noun + " doesn't belong to Workspace" }

// Taken says that a unique value belongs to another record.
type Taken struct{ Noun, Field string }

// Error implements error.
func (e *Taken) Error() string {
	return fmt.Sprintf("%s with this %s already exists", e.Noun, e.Field)
}

// Conflict is a state of the thing itself that does not allow the request.
type Conflict struct{ Message string }

// Error implements error.
func (e *Conflict) Error() string { return e.Message }

// Locked says that a transfer holds the workspace.
type Locked struct {
	Transfer record.ID
	Retry    time.Duration
}

// Error implements error.
func (e *Locked) Error() string { return "the workspace is locked for transfer" }

// Elsewhere says that the workspace lives in another region.
type Elsewhere struct{ Region string }

// Error implements error.
func (e *Elsewhere) Error() string { return "the workspace lives in region " + e.Region }

// nouns are what people call a kind in errors.
func noun(k record.Kind) string {
	switch k {
	case record.TimeEntry:
		return "Time entry"
	case record.Project:
		return "Project"
	case record.Client:
		return "Client"
	case record.Tag:
		return "Tag"
	case record.Task:
		return "Task"
	case record.Member:
		return "User"
	case record.Import:
		return "Import"
	default:
		return "Record"
	}
}
