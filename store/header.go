package store

import (
	"domicile/store/record"
)

// Header is what a workspace's state comes to. Of a workspace that was dropped
// it is the tombstone: state absent, and what the fences must remember.
type Header struct {
	Workspace record.ID
	State     State

	Epoch   Epoch
	Attempt Attempt   // the highest attempt that was closed here
	Open    *T        // the transfer that is open here
	Revert  record.ID // the revert that holds the lock; else zero
	Session uint64    // raised by every lock: sessions stamped with an older one are void

	Incarnation uint64 // names this life of the feed
	Revision    Revision
	Floor       Revision // deletions at or below it are forgotten

	ContentDigest, StateDigest Digest

	Counts    map[record.Kind]uint64 // live records
	KindBytes map[record.Kind]uint64 // bytes of their documents
	Bytes     uint64                 // of all of them
	Markers   uint64                 // deletions in the feed

	// Tokens are numbered: those from tokenHead to before tokenNext are kept.
	tokenHead, tokenNext uint64
}
