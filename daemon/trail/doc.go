// Package trail builds the audit record that belongs into a transaction.
//
// An audit record says who (an id and the kind of credential), did what (a code), to what (ids), when. It is
// a record of kind trail in the workspace that it is about, so it rests where the workspace rests, travels
// with it, and is committed together with what it tells of, or not at all.
//
//	L1  An audit record holds ids and codes only: no name, no e-mail address, no text that somebody typed.
//	L2  Every act has an actor and a code; an operator's act may carry a reason, which is a code too.
//
// Tampering shows by what the store does for every record: a change or deletion changes the workspace's
// state digest, takes a new revision and leaves a mark in the change feed, which replicas, snapshots and
// signed statements hold independently. There is no chain of hashes from record to record: transactions are
// built concurrently, so each would have to wait for the one before.
//
// It stores nothing itself and does not read the trail.
package trail
