package rpc

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"domicile/daemon/directory"
	"domicile/daemon/rpc/directorypb"
)

// refusals is how the directory's errors travel: the word in the detail says which it is, the code is for
// whoever looks at the wire.
var refusals = []struct {
	word string
	code connect.Code
	err  error
}{
	{"unavailable", connect.CodeUnavailable, directory.ErrUnavailable},
	{"unknown-outcome", connect.CodeAborted, directory.ErrUnknownOutcome},
	{"not-found", connect.CodeNotFound, directory.ErrNotFound},
	{"email-taken", connect.CodeAlreadyExists, directory.ErrEmailTaken},
	{"subdomain-taken", connect.CodeAlreadyExists, directory.ErrSubdomainTaken},
	{"exists", connect.CodeAlreadyExists, directory.ErrExists},
	{"conflict", connect.CodeAborted, directory.ErrConflict},
	{"not-pending", connect.CodeFailedPrecondition, directory.ErrNotPending},
	{"pending", connect.CodeFailedPrecondition, directory.ErrPending},
	{"owner", connect.CodeFailedPrecondition, directory.ErrOwner},
	{"bad-credential", connect.CodeUnauthenticated, directory.ErrBadCredential},
	{"bad-cursor", connect.CodeInvalidArgument, directory.ErrCursor},
	{"cursor-too-old", connect.CodeOutOfRange, directory.ErrCursorTooOld},
}

// The words of the errors that have fields.
const (
	planNeeded    = "plan-needed"
	unknownRegion = "unknown-region"
	invalid       = "invalid"
)

// toWire is an error as the handler sends it.
func toWire(err error) error {
	if err == nil {
		return nil
	}
	var (
		plan   *directory.PlanNeeded
		region *directory.UnknownRegion
		bad    *directory.Invalid
	)
	switch {
	case errors.As(err, &plan):
		return wired(connect.CodeFailedPrecondition, plan, &directorypb.Refusal{
			Code: planNeeded, Plan: string(plan.Plan), Region: string(plan.Region),
		})
	case errors.As(err, &region):
		return wired(connect.CodeInvalidArgument, region, &directorypb.Refusal{Code: unknownRegion, Known: region.Known})
	case errors.As(err, &bad):
		return wired(connect.CodeInvalidArgument, bad, &directorypb.Refusal{
			Code: invalid, Field: bad.Field, Reason: bad.Reason,
		})
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return wired(r.code, r.err, &directorypb.Refusal{Code: r.word})
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, context.DeadlineExceeded)
	}
	return connect.NewError(connect.CodeInternal, errors.New("internal error"))
}

func wired(code connect.Code, err error, detail *directorypb.Refusal) error {
	wire := connect.NewError(code, err)
	if d, err := connect.NewErrorDetail(detail); err == nil {
		wire.AddDetail(d)
	}
	return wire
}

// fromWire is the error that the client answers for what came back. ctx is the caller's own.
func fromWire(ctx context.Context, err error, write bool) error {
	if err == nil {
		return nil
	}
	var wire *connect.Error
	if errors.As(err, &wire) {
		for _, d := range wire.Details() {
			value, err := d.Value()
			if err != nil {
				continue
			}
			if refusal, ok := value.(*directorypb.Refusal); ok {
				return refused(refusal)
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch code := connect.CodeOf(err); {
	case code == connect.CodeUnavailable || !write:
		return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
	case code == connect.CodePermissionDenied || code == connect.CodeInvalidArgument || code == connect.CodeUnimplemented:
		return fmt.Errorf("call the directory: %w", err)
	default:
		return fmt.Errorf("%w: %w", directory.ErrUnknownOutcome, err)
	}
}

func refused(r *directorypb.Refusal) error {
	switch r.GetCode() {
	case planNeeded:
		return &directory.PlanNeeded{Plan: directory.Plan(r.GetPlan()), Region: directory.Region(r.GetRegion())}
	case unknownRegion:
		return &directory.UnknownRegion{Known: r.GetKnown()}
	case invalid:
		return &directory.Invalid{Field: r.GetField(), Reason: r.GetReason()}
	}
	for _, known := range refusals {
		if known.word == r.GetCode() {
			return known.err
		}
	}
	return fmt.Errorf("directory refused with a code that this release does not know: %w", directory.ErrUnavailable)
}
