package index

import (
	"fmt"
	"slices"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// Sort says in which order hits come.
type Sort uint8

// The orders of hits.
const (
	Relevance Sort = iota // best first, then newest first
	Newest                // by the record's date, newest first; those without a date last
)

// Names of filters and facets.
const (
	FilterProject = "project"
	FilterClient  = "client"
	FilterTask    = "task"
	FilterTag     = "tag"
	FilterUser    = "user"
	FacetKind     = "kind" // a facet only; Query.Kinds is its filter
)

// Bounds of a query's parameters.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
	maxIDs       = 1000 // of one filter
	maxFacet     = 100  // values of one facet that are listed
)

// Query says what to look for. The zero Query finds every searchable record.
type Query struct {
	// Text is in the package's query language; empty restricts nothing.
	Text string
	// Kinds that are looked for; none means all searchable ones.
	Kinds []record.Kind
	// From (inclusive) and To (exclusive) bound the record's date, in whole
	// seconds; a record without a date is not found by a query that has one.
	From, To time.Time
	// Filters by name: a record must refer to one of the ids of each filter.
	// A record is known by its own references only: to find the time entries
	// of a client, filter by the client's projects.
	Filters map[string][]record.ID
	// User restricts to what is that person's own. Kinds without a user
	// (projects, tags) are not touched by it.
	User *record.ID
	// Facets to count, by name.
	Facets []string
	Sort   Sort
	// Limit is the greatest number of hits; 0 means DefaultLimit.
	Limit int
	// Cursor is an Answer's Next, to go on there with the same query.
	Cursor string
}

// Hit is a record that was found.
type Hit struct {
	Kind  record.Kind
	ID    record.ID
	Score float64 // 0 when sorted by date
}

// Count is how many hits have a value.
type Count struct {
	Value string // an id in hex, or a kind's name
	N     uint64
}

// Facet is how the hits of all pages spread over the values of a field.
type Facet struct {
	Counts []Count // most frequent first, then by value; at most 100
	Other  uint64  // occurrences of values that are not listed
}

// Answer is one page of what was found.
type Answer struct {
	Total  uint64 // hits of all pages
	Hits   []Hit
	Facets map[string]Facet
	Next   string // Cursor of the next page; empty at the end
	// Revision is what the answer is of. A record that has changed since may be
	// found as it was, as it is, or not at all, because the feed has each record
	// at its latest revision only.
	Revision store.Revision
}

// check says what is wrong with q, wrapping ErrBadQuery, and gives the terms of
// its text.
func (q *Query) check() ([]Term, error) {
	if q.Limit < 0 || q.Limit > MaxLimit {
		return nil, fmt.Errorf("%w: limit is not between 0 and %d", ErrBadQuery, MaxLimit)
	}
	if q.Sort > Newest {
		return nil, fmt.Errorf("%w: unknown sort", ErrBadQuery)
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return nil, fmt.Errorf("%w: to is before from", ErrBadQuery)
	}
	for _, k := range q.Kinds {
		if !Searchable(k) {
			return nil, fmt.Errorf("%w: %s is not searchable", ErrBadQuery, k)
		}
	}
	for name, ids := range q.Filters {
		if !slices.Contains(filterNames, name) {
			return nil, fmt.Errorf("%w: unknown filter", ErrBadQuery)
		}
		if len(ids) == 0 || len(ids) > maxIDs {
			return nil, fmt.Errorf("%w: filter %s does not have 1 to %d ids", ErrBadQuery, name, maxIDs)
		}
	}
	for _, name := range q.Facets {
		if name != FacetKind && !slices.Contains(filterNames, name) {
			return nil, fmt.Errorf("%w: unknown facet", ErrBadQuery)
		}
	}
	return Parse(q.Text)
}

func (q *Query) limit() int {
	if q.Limit == 0 {
		return DefaultLimit
	}
	return q.Limit
}
