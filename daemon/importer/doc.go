// Package importer writes a file of time entries into a workspace, as a whole or not at all, and takes it back.
//
// An Importer spools a file to the node's directory for temporary files, checks it to its last row, and
// only then starts a job that writes it: people first, in the directory; then clients, projects, tags and
// tasks that the workspace lacks; then the entries, in transactions of at most 500 records and less than
// 512 KiB. The state of a job is a record of kind import in the workspace itself. A Status is that record
// as people see it.
//
// Types: Importer (Open, Run, Import, Undo, Get, List), Request, Status.
//
//	N1  Every row is checked before the first is written; a file at fault changes nothing.
//	N2  Whatever transaction a job stops at, it goes on there and ends as if it had not stopped: every
//	    transaction has the import record as condition and put, and every id derives from the import's
//	    id and the row.
//	N3  The same file again adds nothing, while equal rows inside a file are separate entries. A file is
//	    known by the hash of its text, so compressing it does not make it another.
//	N4  Undo removes what the import made: entries, then tasks, projects, clients and tags that nothing
//	    else uses, then memberships still pending whose person has nothing else here. What was changed
//	    since is kept and listed.
//	N5  People are found by e-mail address; unknown ones become NOT_REGISTERED with a PENDING membership
//	    and are sent nothing.
//	N6  A file rests below the given directory only, and is gone when its job has ended or its workspace
//	    lives elsewhere.
//	N7  No error and no log line repeats the contents of a file.
//
// A record "was changed since" if its revision is not one that the import wrote. The import record keeps
// the ranges of revisions that the import's transactions took; neighbouring ones are one range, so it is
// short unless others write at the same time.
//
// The package decides nothing about permissions, and speaks no HTTP: daemon/api does.
package importer
