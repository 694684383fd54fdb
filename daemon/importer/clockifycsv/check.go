package clockifycsv

import (
	"errors"
	"io"
	"strings"
	"time"
)

// Summary is what a checked file holds.
type Summary struct {
	Rows   int           `json:"rows"`
	Total  time.Duration `json:"-"`
	First  time.Time     `json:"first,omitzero"` // earliest start
	Last   time.Time     `json:"last,omitzero"`  // latest start
	Layout Layout        `json:"-"`              // as given or guessed
}

// Check reads a file to its last row. The error is *Problems if rows are at fault, a *HeaderError or
// *AmbiguousError, or one of this package's sentinels. open is called once or twice. Each row without
// fault is given to visit, if that is not nil; a *Problem that it returns is collected, another error ends
// the check.
func Check(open func() (io.ReadCloser, error), layout Layout, limits Limits, visit func(Row) error) (Summary, error) {
	if err := layout.known(); err != nil {
		return Summary{}, err
	}
	if layout.Date == "" || layout.Time == "" {
		guessed, err := guessFile(open, layout, limits)
		if err != nil {
			return Summary{}, err
		}
		layout = guessed
	}
	file, err := open()
	if err != nil {
		return Summary{}, err
	}
	defer file.Close()
	r, err := NewReader(file, layout, limits)
	if err != nil {
		return Summary{}, err
	}
	sum := Summary{Layout: layout}
	var found Problems
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && visit != nil {
			err = visit(row)
		}
		if p := (*Problem)(nil); errors.As(err, &p) {
			if len(found.List) == r.limits.Problems {
				found.More = true
				break
			}
			found.List = append(found.List, *p)
			continue
		}
		if err != nil {
			return Summary{}, err
		}
		sum.add(row)
	}
	if len(found.List) > 0 {
		return Summary{}, &found
	}
	return sum, nil
}

func (s *Summary) add(row Row) {
	s.Rows++
	s.Total += row.Duration
	if s.First.IsZero() || row.Start.Before(s.First) {
		s.First = row.Start
	}
	if row.Start.After(s.Last) {
		s.Last = row.Start
	}
}

func guessFile(open func() (io.ReadCloser, error), layout Layout, limits Limits) (Layout, error) {
	file, err := open()
	if err != nil {
		return Layout{}, err
	}
	defer file.Close()
	return Guess(file, layout, limits)
}

// Guess fills in the formats that layout leaves open. It does so only if each row of the file can be
// read in one way; if a row can be read in two, the error is an *AmbiguousError. Rows that fit no format
// are left to Check, which names them.
func Guess(file io.Reader, layout Layout, limits Limits) (Layout, error) {
	r, err := open(file, layout, limits)
	if err != nil {
		return Layout{}, err
	}
	dates := guess[DateFormat]{what: "dates", given: layout.Date}
	clocks := guess[TimeFormat]{what: "times", given: layout.Time}
	for {
		fields, _, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if p := (*Problem)(nil); errors.As(err, &p) {
			continue
		}
		if err != nil {
			return Layout{}, err
		}
		if err := dates.see(r.row, readDates(r.cell(fields, colStartDate), r.cell(fields, colEndDate))); err != nil {
			return Layout{}, err
		}
		if err := clocks.see(r.row, readClocks(r.cell(fields, colStartTime), r.cell(fields, colEndTime))); err != nil {
			return Layout{}, err
		}
	}
	layout.Date = dates.result(MonthDayYear)
	layout.Time = clocks.result(Hours24)
	return layout, nil
}

// reading is one way to understand a row: the format, and what it comes to.
type reading[F ~string] struct {
	format F
	means  [2]any
}

func readDates(start, end string) []reading[DateFormat] {
	var all []reading[DateFormat]
	for _, f := range dateFormats {
		a, okA := parseDate(start, f.name)
		b, okB := parseDate(end, f.name)
		if okA && okB {
			all = append(all, reading[DateFormat]{f.name, [2]any{a, b}})
		}
	}
	return all
}

func readClocks(start, end string) []reading[TimeFormat] {
	var all []reading[TimeFormat]
	for _, f := range []TimeFormat{Hours12, Hours24} {
		a, okA := parseClock(start, f)
		b, okB := parseClock(end, f)
		if okA && okB {
			all = append(all, reading[TimeFormat]{f, [2]any{a, b}})
		}
	}
	return all
}

// guess narrows a format down, row by row.
type guess[F ~string] struct {
	what  string
	given F
	found F
	row   int // where it was found
	open  F   // fits rows that mean the same either way
}

func (g *guess[F]) see(row int, readings []reading[F]) error {
	if g.given != "" || len(readings) == 0 {
		return nil
	}
	if len(readings) > 1 {
		if readings[0].means != readings[1].means {
			return g.ambiguous(row, 0, readings[0].format, readings[1].format)
		}
		if g.open == "" {
			g.open = readings[0].format
		}
		return nil
	}
	if g.found == "" {
		g.found, g.row = readings[0].format, row
	}
	if g.found != readings[0].format {
		return g.ambiguous(row, g.row, g.found, readings[0].format)
	}
	return nil
}

func (g *guess[F]) ambiguous(row, other int, formats ...F) error {
	e := &AmbiguousError{What: g.what, Row: row, Other: other}
	for _, f := range formats {
		e.Readings = append(e.Readings, string(f))
	}
	return e
}

func (g *guess[F]) result(fallback F) F {
	for _, f := range []F{g.given, g.found, g.open} {
		if strings.TrimSpace(string(f)) != "" {
			return f
		}
	}
	return fallback
}
