package importer

import "errors"

// Errors of Import, before anything is written. Those of clockifycsv come as they are.
var (
	ErrFormat   = errors.New("unknown format: want clockify-csv")
	ErrTooLarge = errors.New("the file is larger than this server takes")
	ErrTooMany  = errors.New("the file names too many people, projects or tasks")
	ErrBusy     = errors.New("too many imports at a time")
	ErrUndoing  = errors.New("an import of this file is just being undone")
)

// ErrNotFound says that a workspace has no such import.
var ErrNotFound = errors.New("no such import")

// ErrInterrupted says that a job has stopped before its end and goes on by itself.
var ErrInterrupted = errors.New("interrupted; it goes on by itself, or when the same file is sent again")

// ErrStopped says that the importer does not run (any more).
var ErrStopped = errors.New("the importer has stopped")

// ErrGone ends a job for good: the workspace is not written here (any more).
var ErrGone = errors.New("the workspace is not here")
