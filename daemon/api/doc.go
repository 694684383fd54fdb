// Package api serves the public HTTP API of one region.
//
// Routes is one table: method, path, who may call it, query parameters, body, answer, status, one sentence.
// The mux, the OpenAPI document at /api/openapi.json, the page at /api/docs and the tests are made from it.
//
// A resource is added like this:
//
//   - Write a function xRoutes() []Route in x.go and name it in Routes (routes.go). Path is in the mux's form
//     below /api/v1 (Base: Reports puts it below /report/v1); the workspace is always {workspace}. Give every
//     row Name, Tag, Doc, Action, Status, and zero values of the types of Body and Answer, from which the
//     document's schemas are made by reflection (json tags; pointers are nullable; `doc:"…"` describes).
//   - Query parameters are rows too (textParam, boolParam, enumParam, idsParam, paged, sorted …): each is
//     checked before the handler runs; a value that does not fit is 400 with code 3000.
//   - The handler is a method func (s *Server) name(c *Call) error. Before it runs, serve has judged host,
//     home, credential, membership, permission (the row's Action on the workspace as a whole), the state of
//     the workspace, the plan (Tracks), Idempotency-Key and If-Match, and has read the body (c.Body). It
//     reads ids by c.ID("id", "Project"), the body by c.Decode(&v), parameters by c.Query; calls a method of
//     workspace.Service with c.Scope; and answers by exactly one of c.JSON, c.Document, c.Written, c.List,
//     c.Empty. An Action of which the caller may have only their own or managed part needs Own: true; the
//     handler or the service then asks about the target.
//   - Errors are returned, never written: problem.go is the one table from errors to answers.
//
// What always holds:
//
//	P1  Every answer but the documentation page is JSON; an error is {"message", "code"}.
//	P2  Judged in this order: host, path and method, home of the workspace (421), credential (401),
//	    membership and permission (403), state (423), plan (402), query, body. Nothing of a later step is
//	    told to who fails an earlier one.
//	P3  A route's row is the truth: path, parameters, answer and status are what is served.
//	P4  A body above 1 MiB is refused; a list is streamed; an answer that cannot be finished is cut, not
//	    ended, so that no client takes a part for the whole.
//	P5  A panic in a handler is one 500, and is counted.
//	P6  Logs have the route's name, the status and the time taken; never a path, query, body, key or name.
//
// It holds no rule of a workspace (daemon/workspace) and no permission (daemon/auth).
package api
