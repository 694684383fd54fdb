package operator

import (
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
)

var (
	// ErrAmbiguous means that a name belongs to several workspaces.
	ErrAmbiguous = errors.New("several have this name: use the id")
	// ErrInvalid is a request that lacks something or has what cannot be.
	ErrInvalid = errors.New("invalid")
	// ErrInUse is a socket that another process answers on.
	ErrInUse = errors.New("in use by another process")
)

// codes is the one table from errors to Connect's codes. The command line turns those
// into exit codes.
var codes = []struct {
	err  error
	code connect.Code
}{
	{ErrInvalid, connect.CodeInvalidArgument},
	{ErrAmbiguous, connect.CodeInvalidArgument},
	{directory.ErrNotFound, connect.CodeNotFound},
	{store.ErrNotFound, connect.CodeNotFound},
	{auth.ErrNoKey, connect.CodeNotFound},
	{auth.ErrNoAccount, connect.CodeFailedPrecondition},
	{auth.ErrTooManyKeys, connect.CodeFailedPrecondition},
	{directory.ErrEmailTaken, connect.CodeAlreadyExists},
	{directory.ErrSubdomainTaken, connect.CodeAlreadyExists},
	{directory.ErrExists, connect.CodeAlreadyExists},
	{directory.ErrOwner, connect.CodeFailedPrecondition},
	{directory.ErrPending, connect.CodeFailedPrecondition},
	{directory.ErrNotPending, connect.CodeFailedPrecondition},
	{store.ErrLocked, connect.CodeFailedPrecondition},
	{directory.ErrConflict, connect.CodeAborted},
	{directory.ErrUnknownOutcome, connect.CodeUnknown},
	{directory.ErrUnavailable, connect.CodeUnavailable},
}

// coded gives an error its code. What is in no table is internal.
func coded(err error) error {
	if err == nil {
		return nil
	}
	var already *connect.Error
	if errors.As(err, &already) {
		return err
	}
	for _, row := range codes {
		if errors.Is(err, row.err) {
			return connect.NewError(row.code, err)
		}
	}
	var invalid *directory.Invalid
	var region *directory.UnknownRegion
	var plan *directory.PlanNeeded
	switch {
	case errors.As(err, &invalid), errors.As(err, &region):
		return connect.NewError(connect.CodeInvalidArgument, err)
	case errors.As(err, &plan):
		return connect.NewError(connect.CodeFailedPrecondition, err)
	}
	return connect.NewError(connect.CodeInternal, err)
}

func codeOf(err error) string {
	if err == nil {
		return "ok"
	}
	return connect.CodeOf(err).String()
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
