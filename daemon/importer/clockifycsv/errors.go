package clockifycsv

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that concern a file as a whole.
var (
	ErrEmpty    = errors.New("the file is empty")
	ErrBinary   = errors.New("the file is not text in UTF-8: export the detailed report as CSV")
	ErrTooLarge = errors.New("the file is too large")
	ErrGzip     = errors.New("the file's gzip data is damaged or cut off")
)

// ErrLayout is wrapped by refusals of a date or time format, or a zone, that nobody knows.
var ErrLayout = errors.New("unknown format")

// HeaderError says which columns a header lacks or has twice.
type HeaderError struct {
	Missing []string
	Twice   []string
}

// Error names the columns; they are names that this package knows, never the file's own text.
func (e *HeaderError) Error() string {
	var parts []string
	if len(e.Missing) > 0 {
		parts = append(parts, "missing: "+quoteAll(e.Missing))
	}
	if len(e.Twice) > 0 {
		parts = append(parts, "present twice: "+quoteAll(e.Twice))
	}
	return "row 1 is not the header of Clockify's detailed report; columns " + strings.Join(parts, "; ")
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = `"` + n + `"`
	}
	return strings.Join(quoted, ", ")
}

// AmbiguousError says that a file can be read in more than one way.
type AmbiguousError struct {
	What     string   // "dates" or "times"
	Row      int      // the first row that leaves the choice
	Other    int      // 0, or an earlier row that fits the first reading only, while Row fits the second only
	Readings []string // the formats that fit
}

// Error names both readings and what to do.
func (e *AmbiguousError) Error() string {
	if e.Other > 0 {
		return fmt.Sprintf("the %s are ambiguous: row %d can only be read as %s, row %d only as %s; say which", e.What, e.Other, e.Readings[0], e.Row, e.Readings[1])
	}
	return fmt.Sprintf("the %s are ambiguous: row %d can be read as %s; say which", e.What, e.Row, strings.Join(e.Readings, " or as "))
}

// Problem is what is wrong with one row.
type Problem struct {
	Row     int    `json:"row"`              // as a spreadsheet counts: the header is 1
	Line    int    `json:"line"`             // of the file; differs where cells contain line breaks
	Column  string `json:"column,omitempty"` // empty: the row as a whole
	Message string `json:"message"`
}

// Error says row, column and what was expected.
func (p *Problem) Error() string {
	where := fmt.Sprintf("row %d", p.Row)
	if p.Line != p.Row {
		where += fmt.Sprintf(" (line %d)", p.Line)
	}
	if p.Column != "" {
		where += fmt.Sprintf(", column %q", p.Column)
	}
	return where + ": " + p.Message
}

// Problems are all that a Check found, up to its bound.
type Problems struct {
	List []Problem
	More bool // the bound was met: there may be others
}

// Error lists the first few.
func (p *Problems) Error() string {
	const shown = 3
	var parts []string
	for i := range p.List {
		if i == shown {
			break
		}
		parts = append(parts, p.List[i].Error())
	}
	text := strings.Join(parts, "; ")
	switch {
	case p.More:
		text += fmt.Sprintf("; and at least %d more", len(p.List)-len(parts))
	case len(p.List) > len(parts):
		text += fmt.Sprintf("; and %d more", len(p.List)-len(parts))
	}
	return text
}
