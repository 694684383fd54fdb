// Package workspace decides what people do in a workspace, and builds the transactions that do it.
//
// A Service serves all workspaces of one region. Its methods take a Scope: a principal in a workspace, as
// one linearizable view of the cell shows them (role, home, settings, time zone). The API opens the view,
// calls Service.Enter, and closes the view when the answer is written. Reads return Documents: the stored
// bytes and the fields that derive from elsewhere, spliced in by Document.AppendTo; lists return a List,
// read while it is written out. Writes return Written, whose Answer is the body.
//
// A resource is added like this (entry.go is the longest example):
//
//   - Inputs are a struct with JSON tags, decoded by the API. Pointers where left out differs from empty.
//     A field that cannot be taken is &Invalid{Field, Reason}; a rule, &Refused{Message}; an id that names
//     nothing here, &Foreign{Noun}; a unique value that is another's, &Taken{Noun, Field}. All are 400/501.
//     Reasons never repeat what was sent.
//   - A write is s.write(ctx, scope, func(v *store.View) (*Change, error) {…}). The function judges the view
//     and returns the Change; what it relied on it states as conditions (s.need for references that must
//     exist, store.At for a record that it read and changes; s.free looks at unique values, which the store
//     enforces again). If another transaction came first, the function is called again with a newer view,
//     so its refusals are always about the present. It must therefore have no effect of its own.
//     Put the answered record first in Puts, its bytes as answered in Answer, and set One: then ETag,
//     If-Match and Idempotency-Key work by themselves.
//   - Documents are compact JSON in the API's shape without derived fields; json.Marshal of a struct, or
//     sjson on the stored bytes where only some fields change.
//   - The route's row says which permission is needed at all; about somebody's or some project's records
//     ask scope.Check(action, auth.Target{Person: …, Project: …}).
//   - A list is a range of an index: take the page's ids from the index (take stops after the page), then
//     s.documents(scope, kind, ids, last, shape) reads the records while they are written.
//
// What always holds:
//
//	W1  Nothing is written that the caller was not permitted to write when the transaction was built, and a
//	    transaction is refused if the workspace has moved, or is locked, since.
//	W2  A person has at most one running timer in a workspace, whatever races.
//	W3  A reference is written only if the record that it names exists in the same workspace at that moment.
//	W4  A request repeated with its Idempotency-Key changes nothing and is given the first answer.
//	W5  Lists come in a total order that pages do not disturb: newest first, then by id.
//	W6  The time of an entry does not end before it starts, or not at all, and its duration is their difference.
//
// It knows no HTTP, keeps no state between calls, and decides no home, plan or membership: those are the
// directory's, and methods that change them ask it and wait for the mirror to show the answer.
package workspace
