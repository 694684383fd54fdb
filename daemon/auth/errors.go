package auth

import (
	"errors"
	"fmt"
	"time"

	"domicile/daemon/directory"
)

// Why somebody is not recognised or not let in.
var (
	// ErrUnknownKey means that an API key opens nothing here. (401/4003)
	ErrUnknownKey = errors.New("unknown API key")
	// ErrBadSession means that a session's token is wrong, or the session is over. (401/4017)
	ErrBadSession = errors.New("bad session")
	// ErrBadCredential means that e-mail and password do not belong together. (401/4017)
	ErrBadCredential = directory.ErrBadCredential
	// ErrNoAccount means that the person has no workspace in this region. (403/501)
	ErrNoAccount = errors.New("no account in this region")
	// ErrNoKey means that the person has no such key.
	ErrNoKey = errors.New("no such key")
	// ErrNotMember means that the person is no active member of the workspace, or there is none.
	ErrNotMember = errors.New("not a member of the workspace")
	// ErrTooManyKeys means that a person has as many keys as one may have.
	ErrTooManyKeys = errors.New("too many keys")
)

// WrongRegion says in which regions somebody with a right password has workspaces. (421/4210)
type WrongRegion struct{ Regions []directory.Region }

// Error implements error.
func (e *WrongRegion) Error() string {
	return fmt.Sprintf("the person's workspaces are in %v", e.Regions)
}

// TooManyTries says when a password can be tried again. (429)
type TooManyTries struct{ Retry time.Duration }

// Error implements error.
func (e *TooManyTries) Error() string { return "too many wrong passwords" }
