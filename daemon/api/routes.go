package api

import (
	"net/http"
	"slices"

	"domicile/daemon/auth"
)

// Base is the prefix under which a route is served.
type Base uint8

// The bases of api.md's table.
const (
	Core    Base = iota // /api/v1
	Reports             // /report/v1, and /v1 on a reports host
	Root                // the host's root
)

// Access says who may call a route at all; Action then says what the caller
// must be permitted in the workspace of the path.
type Access uint8

// The kinds of access.
const (
	ByMember  Access = iota // a member of {workspace}, permitted to do Action
	ByPerson                // anybody signed in
	BySession               // a person's own session, not a key
	ByAnyone                // no credential needed, none looked at
)

// Route is one row of the API: the mux, the OpenAPI document and the tests
// are made from it.
type Route struct {
	Method string
	Path   string // in the mux's form, below the base: /workspaces/{workspace}/tags/{id}
	Base   Base
	Name   string // the OpenAPI operation's id, unique
	Tag    string // the group in the documentation
	Doc    string // one sentence
	Access Access
	Action auth.Action
	// Own: the caller may be permitted the action on a part only (their own,
	// what they manage); the handler asks about that part.
	Own    bool
	Query  []Param
	Body   any   // zero value of the request's type; nil: no body is read
	Stream bool  // the handler reads the request's body itself
	Answer any   // zero value of the answer's type; nil: empty or a plain document
	Status int   // of success
	Also   []int // other statuses that are no errors
	// Anywhere is for routes about the directory's records: they are answered
	// in every region and in every state of the workspace.
	Anywhere bool
	// Writes new time, which a regional workspace of a lapsed plan may not.
	Tracks bool
	Serve  func(*Server, *Call) error
}

// Routes returns the whole table.
func Routes() []Route {
	return slices.Concat(
		userRoutes(),
		workspaceRoutes(),
		memberRoutes(),
		entryRoutes(),
		projectRoutes(),
		taskRoutes(),
		clientRoutes(),
		tagRoutes(),
		importRoutes(),
		reportRoutes(),
		searchRoutes(),
		sessionRoutes(),
		regionRoutes(),
		changeRoutes(),
		rootRoutes(),
	)
}

// Pattern is the route's pattern for the mux, without the method.
func (r *Route) Pattern() string {
	switch r.Base {
	case Core:
		return "/api/v1" + r.Path
	case Reports:
		return "/report/v1" + r.Path
	}
	return r.Path
}

// writes says whether the method changes something, so that Idempotency-Key
// means something.
func (r *Route) writes() bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }
