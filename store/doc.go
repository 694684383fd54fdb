// Package store keeps one node's records in Pebble and says what changed.
//
// A [DB] holds workspaces. Each has a [Header] (state, epoch, revision, digests,
// counts) and records, with secondary indexes, a change feed and tokens beside
// them, all in one span of keys (keys.go). [DB.Apply] takes entries of the
// replicated log and does what they say; it is the only thing that writes. A
// [View] reads one moment. [DB.Subscribe] and [View.Changes] tell followers
// what moved, whether or not the log still has it.
//
// There is no write-ahead log here: raft's is the only one. What was not
// flushed is lost in a crash, up to some applied index, and applied again.
//
// What holds, always:
//
//	S1   Results and store follow from the entries and from nothing else: every
//	     node's are equal, however the entries were cut into batches.
//	S2   A transaction is applied as a whole, or refused and nothing written but
//	     its token.
//	S3   What was submitted with a token has one result, until an hour of the
//	     cell's time has passed or 100,000 later tokens of its workspace came.
//	S4   Indexes, feed, deletions, digests and counts are what the records say;
//	     View.Verify notices any difference.
//	S5   A store that crashed is as it was at its applied index, and entries
//	     that it has applied before change nothing.
//	S6   A header's state changes by the table in states.go only; a transfer that
//	     was closed is never open again, and no fence falls.
//	S7   A reader of the feed, at whatever pace, comes to have the records, or is
//	     told that its cursor is too old.
//	S8   Two records of an active workspace never have one unique value.
//	S9   A view shows one moment, and holds up nobody.
//	S10  Nonsense is refused by a result, the same on every node; it is never a
//	     panic and never an error of Apply.
//	S11  Dropping a workspace leaves nothing of it but the tombstone.
//	S12  A directory that is newer, another cell's, in use or not to be written
//	     is refused by an error of its own.
//	S13  An engine that cannot go on tells Options.Fatal; it does not end the
//	     process.
//
// Digests are sums of SHA-256 (digest.go). They find faults and bugs; they are
// no defence against somebody who writes records to collide.
//
// Refusals are results, not errors: an error of Apply means that the node must
// stop. Time comes with the entries; nothing here reads a clock to decide.
//
// The package does not judge what people may do or what a document must hold
// (daemon/workspace does), does not replicate, and knows nothing of regions.
package store
