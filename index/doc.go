// Package index keeps a Bleve index per workspace in step with the change feed.
//
// A Set owns a directory with one subdirectory for each workspace of a store.
// Run follows store.Subscribe: what moved is read from the change feed in
// batches of about a thousand records and written to Bleve together with the
// cursor, the incarnation and the mapping's version, so that what an index
// holds and how far it has read can never differ. An index is a cache: it
// keeps ids, dates and words, no documents; whoever shows a hit reads the
// record from the store. Anything wrong with an index (missing, damaged, of
// another incarnation or mapping, behind the feed's floor) is mended by
// building it again, and nobody is answered from it meanwhile.
//
// Types: Set (Open, Run, Search, Wait, Drop, Close), Query and Answer, Term
// (Parse), Span (Highlight). Match says in plain code what a query finds; it
// is the specification, and tests compare the index with it.
//
// Query language: words are found by Unicode segmentation, NFC and lower case,
// without stemming or stop words. Several words must all occur, anywhere in a
// record's own text; "a phrase" must occur in this order inside one field;
// word* is a prefix; word~ allows one typo (a letter too many, too few,
// another one, or two neighbours exchanged). A word stands for itself only:
// there are no field names, no OR and no NOT.
//
// Invariants, each with a test of the same name:
//
//	I1  Search finds what Match finds: of the records that have not changed
//	    since Answer.Revision, the hits of a query, over all its pages, are
//	    those that Match accepts.
//	I2  Documents and cursor move together: after any crash an opened index
//	    answers for the revision that it names, and catches up.
//	I3  Damage is never served: whatever bit of a closed index is flipped, the
//	    answers after the next opening are right, by a rebuild where needed.
//	I4  An index of another incarnation or mapping, or behind the feed's floor,
//	    is built again before it answers.
//	I5  Nobody is answered from an index that is being built: ErrRebuilding.
//	I6  At most MaxOpen indexes that nobody uses are open, one is never closed
//	    while in use, and one that was closed has no goroutine and no file open.
//	I7  A workspace that is gone from the store leaves no file and no open
//	    descriptor here.
//	I8  After Wait for a revision, Search answers for that revision or a later.
//	I9  Nothing of a document or of a query is logged.
//
// How damage is noticed: a Bleve segment carries a CRC-32 of itself that Bleve
// does not look at, and its root file none at all. Closing an index writes a
// manifest with length and CRC-32C of each file; opening removes the manifest
// after every file has been compared with it. An index that was not closed (a
// crash) has none: then its segments' own CRCs are checked, and the root is
// trusted as a crash, unlike a bad disk, leaves it whole. Besides that, each
// time an index has caught up its number of records is compared with the
// header's. Bleve reads files by mmap, so a bit that decays while an index is
// open is noticed at the next opening only.
//
// What it does not do: it does not know users' permissions, names of other
// records, or time zones; a query comes with ids and instants. It does not
// confirm leadership: it reads the local store, and a caller that needs a
// linearizable answer waits for the revision that a linearizable view showed.
// System workspaces are not indexed.
package index
