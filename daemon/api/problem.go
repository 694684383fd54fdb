package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/workspace"
)

// Problem is an error as a client sees it. The body is {"message", "code"}
// with the extra fields after them.
type Problem struct {
	Status  int
	Code    int
	Message string
	Retry   time.Duration // sent as Retry-After when above zero
	Allow   string        // sent as Allow when not empty
	Extra   map[string]any
}

// Error implements error.
func (p *Problem) Error() string { return p.Message }

// Codes of the vendor's own, and ours, which are the status and a digit.
const (
	codeInvalid     = 501
	codeForbidden   = 501
	codeNoTimer     = 404
	codeCredentials = 1000
	codeRequest     = 3000
	codeUnknownKey  = 4003
	codeBadToken    = 4017
	codePlan        = 4020
	codeConflict    = 4090
	codeTooOld      = 4100
	codeStale       = 4120
	codeTooLarge    = 4130
	codeMediaType   = 4150
	codeElsewhere   = 4210
	codeReused      = 4221
	codeLocked      = 4230
	codeTooMany     = 4290
	codeInternal    = 5000
	codeUnavailable = 5030
	codeUnknown     = 5040
	codeFull        = 5070
)

func badRequest(message string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: codeRequest, Message: message}
}

func invalid(field, reason string) error { return &workspace.Invalid{Field: field, Reason: reason} }

// sentinels map an error that carries no data to its answer. The first that
// matches wins.
func sentinels() []struct {
	err     error
	problem Problem
} {
	return []struct {
		err     error
		problem Problem
	}{
		{workspace.ErrForbidden, Problem{Status: 403, Code: codeForbidden, Message: "You are not permitted to do this"}},
		{workspace.ErrPlan, Problem{Status: 402, Code: codePlan, Message: "The workspace's plan does not include this: PRO or ENTERPRISE is needed"}},
		{workspace.ErrNoTimer, Problem{Status: 404, Code: codeNoTimer, Message: "Currently running time entry doesn't exist on workspace for this user"}},
		{directory.ErrUnavailable, Problem{Status: 503, Code: codeUnavailable, Message: "The directory does not answer; everything else goes on", Retry: 5 * time.Second}},
		{directory.ErrUnknownOutcome, Problem{Status: 504, Code: codeUnknown, Message: "The outcome is unknown; ask again"}},
		{directory.ErrEmailTaken, Problem{Status: 409, Code: codeConflict, Message: "The e-mail address belongs to another person"}},
		{directory.ErrExists, Problem{Status: 409, Code: codeConflict, Message: "It exists already"}},
		{directory.ErrConflict, Problem{Status: 409, Code: codeConflict, Message: "Others are changing the same records; try again"}},
		{directory.ErrPending, Problem{Status: 409, Code: codeConflict, Message: "The invitation is not answered yet; only the invited person can"}},
		{directory.ErrNotPending, Problem{Status: 409, Code: codeConflict, Message: "There is no pending invitation"}},
		{directory.ErrOwner, Problem{Status: 409, Code: codeConflict, Message: "The workspace's owner stays its owner and active member"}},
		{directory.ErrNotFound, Problem{Status: 403, Code: codeForbidden, Message: "You are not permitted to do this"}},
		{auth.ErrUnknownKey, Problem{Status: 401, Code: codeUnknownKey, Message: "Api key does not exist"}},
		{auth.ErrBadSession, Problem{Status: 401, Code: codeBadToken, Message: "Token is not valid"}},
		{auth.ErrBadCredential, Problem{Status: 401, Code: codeBadToken, Message: "E-mail and password do not belong together"}},
		{auth.ErrNoAccount, Problem{Status: 403, Code: codeForbidden, Message: "A key needs an account in this region: a workspace that lives here"}},
		{auth.ErrNotMember, Problem{Status: 403, Code: codeForbidden, Message: "You are not permitted to do this"}},
		{auth.ErrNoKey, Problem{Status: 400, Code: codeInvalid, Message: "There is no such key of yours"}},
		{auth.ErrTooManyKeys, Problem{Status: 409, Code: codeConflict, Message: "You have as many keys as one may have; end one first"}},
		{workspace.ErrOverloaded, Problem{Status: 503, Code: codeUnavailable, Message: "Too much is waiting to be written; try again", Retry: time.Second}},
		{workspace.ErrUnknownOutcome, Problem{Status: 504, Code: codeUnknown, Message: "The outcome is unknown; ask again with the same Idempotency-Key"}},
		{workspace.ErrNotLeader, Problem{Status: 503, Code: codeUnavailable, Message: "The cell has no leader at the moment; try again", Retry: time.Second}},
		{workspace.ErrStopped, Problem{Status: 503, Code: codeUnavailable, Message: "This node is stopping; try again", Retry: time.Second}},
		{workspace.ErrClosed, Problem{Status: 503, Code: codeUnavailable, Message: "This node is stopping; try again", Retry: time.Second}},
		{workspace.ErrNoSpace, Problem{Status: 507, Code: codeFull, Message: "Too little of the disk is free; deleting still works"}},
		{workspace.ErrBadCursor, Problem{Status: 400, Code: codeRequest, Message: "Query parameter 'since' is not a cursor of this feed"}},
		{workspace.ErrNotReady, Problem{Status: 503, Code: codeUnavailable, Message: "The workspace is being made ready", Retry: time.Second}},
		{workspace.ErrReused, Problem{Status: 422, Code: codeReused, Message: "This Idempotency-Key was used for another request"}},
		{workspace.ErrStale, Problem{Status: 412, Code: codeStale, Message: "The record has changed since; read it again"}},
		{workspace.ErrBusy, Problem{Status: 409, Code: codeConflict, Message: "Others are changing the same records; try again"}},
		{workspace.ErrCursorTooOld, Problem{Status: 410, Code: codeTooOld, Message: "The cursor is too old; read everything again", Extra: map[string]any{"resync": true}}},
		{workspace.ErrTooLarge, Problem{Status: 413, Code: codeTooLarge, Message: "The record would be larger than 256 KiB"}},
		{context.DeadlineExceeded, Problem{Status: 504, Code: codeUnknown, Message: "The outcome is unknown; ask again with the same Idempotency-Key"}},
	}
}

// problem is the one table from errors to answers. What it does not know is
// 500, and the error goes to the log by its type only.
func (s *Server) problem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if q, ok := s.ofPeople(err); ok {
		return q
	}
	var elsewhere *workspace.Elsewhere
	if errors.As(err, &elsewhere) {
		return s.elsewhere(elsewhere.Region)
	}
	var locked *workspace.Locked
	if errors.As(err, &locked) {
		return &Problem{
			Status: http.StatusLocked, Code: codeLocked, Message: "The workspace is locked for transfer",
			Retry: locked.Retry, Extra: map[string]any{"transferId": locked.Transfer.String()},
		}
	}
	if q, ok := rule(err); ok {
		return q
	}
	for _, row := range sentinels() {
		if errors.Is(err, row.err) {
			answer := row.problem
			return &answer
		}
	}
	return &Problem{Status: http.StatusInternalServerError, Code: codeInternal, Message: "Something went wrong here"}
}

// ofPeople answers the errors with data of directory and auth.
func (s *Server) ofPeople(err error) (*Problem, bool) {
	var bad *directory.Invalid
	var plan *directory.PlanNeeded
	var unknown *directory.UnknownRegion
	var region *auth.WrongRegion
	var tries *auth.TooManyTries
	switch {
	case errors.As(err, &bad):
		return &Problem{Status: 400, Code: codeInvalid, Message: "Field " + bad.Field + " " + bad.Reason, Extra: map[string]any{"field": bad.Field}}, true
	case errors.As(err, &plan):
		return &Problem{Status: 402, Code: codePlan, Message: plan.Error()}, true
	case errors.As(err, &unknown):
		return &Problem{Status: 400, Code: codeInvalid, Message: unknown.Error(), Extra: map[string]any{"field": "region"}}, true
	case errors.As(err, &tries):
		return &Problem{Status: 429, Code: codeTooMany, Message: "Too many wrong passwords; wait", Retry: tries.Retry}, true
	case errors.As(err, &region) && len(region.Regions) > 0:
		p := s.elsewhere(string(region.Regions[0]))
		all := make([]any, len(region.Regions))
		for i, r := range region.Regions {
			all[i] = s.addresses(r)
		}
		p.Extra["regions"] = all
		return p, true
	}
	return nil, false
}

// rule answers what the rules of a workspace say.
func rule(err error) (*Problem, bool) {
	var bad *workspace.Invalid
	var refused *workspace.Refused
	var foreign *workspace.Foreign
	var taken *workspace.Taken
	var conflict *workspace.Conflict
	switch {
	case errors.As(err, &bad):
		return &Problem{Status: 400, Code: codeInvalid, Message: "Field " + bad.Field + " " + bad.Reason, Extra: map[string]any{"field": bad.Field}}, true
	case errors.As(err, &refused):
		return &Problem{Status: 400, Code: codeInvalid, Message: refused.Message}, true
	case errors.As(err, &foreign):
		return &Problem{Status: 400, Code: codeInvalid, Message: foreign.Error()}, true
	case errors.As(err, &taken):
		return &Problem{Status: 400, Code: codeInvalid, Message: taken.Error()}, true
	case errors.As(err, &conflict):
		return &Problem{Status: 409, Code: codeConflict, Message: conflict.Message}, true
	}
	return nil, false
}

// write sends the problem. It is the only writer of errors in the package.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Del("Content-Length")
	h.Del("ETag")
	h.Del("Last-Page")
	if p.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.Retry+time.Second-1)/time.Second)))
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	body := map[string]any{}
	for k, v := range p.Extra {
		body[k] = v
	}
	body["message"], body["code"] = p.Message, p.Code
	encoded, err := json.Marshal(body)
	if err != nil {
		encoded = []byte(`{"message":"Something went wrong here","code":5000}`)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(encoded, '\n')) // the client may be gone: nobody to tell
}

// logLevel says how loud an answer is: only what is our fault is an error.
func logLevel(status int) slog.Level {
	if status >= 500 {
		return slog.LevelError
	}
	return slog.LevelDebug
}
