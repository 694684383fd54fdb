// Package directory knows where each workspace lives and who is in it.
//
// The directory is a system workspace (record.DirectoryID) in the global region's first cell: records of
// the kinds person, workspace, membership, home and region, written by store transactions with conditions
// and read by the change feed. Nothing else decides homes, memberships or plans.
//
// Service is what one can ask of it; Directory implements it on global's cell, and daemon/rpc on a
// connection. Every region keeps a Mirror of the part that concerns it, as records of the same kinds in its
// own system workspace (record.RegionID), copied byte for byte; where a region may know less than the
// record says, the copy is made by scope.go. Follower keeps the mirror in step: it pulls pages with
// Service.Changes and applies each with the cursor in the same transaction.
//
//	D1  The directory's documents have no field outside the table in fields.go, each of whose rows names
//	    the item of requirement R6 that allows it.
//	D2  An e-mail address and a subdomain belong to one person and one workspace of the installation.
//	D3  A workspace's name, plan, owner's membership and home come into being in one transaction, or not.
//	D4  Only the person's own answer makes a pending membership active.
//	D5  A workspace always has exactly one owner, who is an active member.
//	D6  What region r's mirror holds is a pure function M(directory, r); after any sequence of writes,
//	    stops and restarts the follower ends with exactly that.
//	D7  A write whose outcome moves somebody out of a region's sight touches the records by which the feed
//	    shows it (removal rewrites the person's and the workspace's record unchanged).
//	D8  Clear passwords are never stored, proposed or logged: callers send a hash, or the password to be
//	    checked.
//	D9  A workspace's header is made by the cell that its home names, once, when the mirror shows the home.
//
// A page up to 500 records and 512 KiB, which is every page of normal work, is applied as one transaction,
// so the mirror is then a state that the directory once had. Larger ones (the first reading of a region, a
// bulk import) are cut: what others refer to is put first and deleted last, the cursor moves with the last
// piece, and a crash repeats the page.
//
// It does not decide who may ask (daemon/auth, in the region where the question arrives), serves no HTTP,
// and keeps nothing of what happens inside a workspace.
package directory
