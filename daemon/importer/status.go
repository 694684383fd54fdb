package importer

import (
	"encoding/json"
	"fmt"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// State says how far an import is.
type State string

// The states of an import, in order.
const (
	Running State = "RUNNING" // being written, or waiting to go on
	Done    State = "DONE"
	Undoing State = "UNDOING"
	Undone  State = "UNDONE"
)

// Counts are numbers of records by what they are.
type Counts struct {
	Entries  int `json:"entries"`
	Projects int `json:"projects"`
	Clients  int `json:"clients"`
	Tags     int `json:"tags"`
	Tasks    int `json:"tasks"`
	People   int `json:"people"`
}

// Status is an import as people see it.
type Status struct {
	ID         record.ID `json:"id,omitzero"` // zero in the answer to a dry run
	Format     string    `json:"format"`
	State      State     `json:"state,omitempty"`
	DryRun     bool      `json:"dryRun,omitempty"`
	Repeated   bool      `json:"repeated,omitempty"` // the file had been imported before; nothing was added
	FileHash   string    `json:"fileHash"`           // SHA-256 of the file's text
	Bytes      int64     `json:"bytes"`              // of the file as sent
	DateFormat string    `json:"dateFormat"`
	TimeFormat string    `json:"timeFormat"`
	TimeZone   string    `json:"timeZone"`
	StartedBy  record.ID `json:"startedBy,omitzero"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
	Rows       int       `json:"rows"`     // in the file
	RowsDone   int       `json:"rowsDone"` // written
	Seconds    int64     `json:"seconds"`  // total time of all rows
	First      time.Time `json:"first,omitzero"`
	Last       time.Time `json:"last,omitzero"`
	People     int       `json:"people"` // whom the file names
	Made       Counts    `json:"made"`
	Removed    *Counts   `json:"removed,omitempty"` // by undo
	Kept       *Kept     `json:"kept,omitempty"`    // by undo, because changed or used since
}

// maxListed bounds how many kept records of a kind are listed by id; all are counted.
const maxListed = 1000

// Kept lists what an undo left, with ids of at most 1,000 of a kind.
type Kept struct {
	Counts   Counts      `json:"counts"`
	Entries  []record.ID `json:"entries,omitempty"`
	Projects []record.ID `json:"projects,omitempty"`
	Clients  []record.ID `json:"clients,omitempty"`
	Tags     []record.ID `json:"tags,omitempty"`
	Tasks    []record.ID `json:"tasks,omitempty"`
	People   []record.ID `json:"people,omitempty"`
}

// document is the import record: the status, and what only the job needs.
type document struct {
	Status
	// Hash is the unique value that makes a repeated file known. Undo takes it away, so that the file can
	// be imported again.
	Hash string `json:"hash,omitempty"`
	// Written are the ranges of revisions that the import's earlier transactions took, and Latest how many
	// the transaction that wrote this document took, itself included as the last: its own revision cannot
	// stand in a document.
	Written [][2]store.Revision `json:"written,omitempty"`
	Latest  int                 `json:"latest,omitempty"`
}

// progress is the import record as read or written last.
type progress struct {
	document
	revision store.Revision
}

func decode(doc []byte, revision store.Revision) (progress, error) {
	p := progress{revision: revision}
	if err := json.Unmarshal(doc, &p.document); err != nil {
		return progress{}, fmt.Errorf("decode import record: %w", store.ErrCorrupt)
	}
	return p, nil
}

// next returns the document that a transaction of n other records puts as its last.
func (p *progress) next(n int) document {
	d := p.document
	d.Written = p.ranges()
	d.Latest = n + 1
	return d
}

// ranges are the revisions of everything that the import has written so far.
func (p *progress) ranges() [][2]store.Revision {
	all := append([][2]store.Revision(nil), p.Written...)
	if p.Latest == 0 || p.revision == 0 {
		return all
	}
	from := p.revision - store.Revision(p.Latest) + 1
	if n := len(all); n > 0 && all[n-1][1]+1 == from {
		all[n-1][1] = p.revision
		return all
	}
	return append(all, [2]store.Revision{from, p.revision})
}

// wrote reports whether a revision is one that the import itself gave.
func wrote(ranges [][2]store.Revision, r store.Revision) bool {
	low, high := 0, len(ranges)
	for low < high {
		middle := (low + high) / 2
		switch {
		case r < ranges[middle][0]:
			high = middle
		case r > ranges[middle][1]:
			low = middle + 1
		default:
			return true
		}
	}
	return false
}
