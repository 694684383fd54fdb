package clockifycsv

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DateFormat is how a file writes dates.
type DateFormat string

// TimeFormat is how a file writes times of day.
type TimeFormat string

// The formats that Clockify's settings offer.
const (
	MonthDayYear DateFormat = "MM/DD/YYYY"
	DayMonthYear DateFormat = "DD/MM/YYYY"
	YearMonthDay DateFormat = "YYYY-MM-DD"
	DayDotMonth  DateFormat = "DD.MM.YYYY"

	Hours12 TimeFormat = "12h"
	Hours24 TimeFormat = "24h"
)

// dateFormats has a row for each way to write a date: separator, and which field is which.
var dateFormats = []struct {
	name             DateFormat
	separator        byte
	year, month, day int
}{
	{MonthDayYear, '/', 2, 0, 1},
	{DayMonthYear, '/', 2, 1, 0},
	{YearMonthDay, '-', 0, 1, 2},
	{DayDotMonth, '.', 2, 1, 0},
}

// Layout says how a file's dates and times are written. An empty Date or Time is to be guessed.
type Layout struct {
	Date DateFormat
	Time TimeFormat
	Zone *time.Location // nil is UTC
}

// ParseLayout checks the three texts of a request; empty ones are left to be guessed, an empty zone is UTC.
func ParseLayout(date, clock, zone string) (Layout, error) {
	l := Layout{Date: DateFormat(date), Time: TimeFormat(clock), Zone: time.UTC}
	if err := l.known(); err != nil {
		return Layout{}, err
	}
	if zone != "" && zone != "UTC" {
		if zone == "Local" {
			return Layout{}, fmt.Errorf("%w: time zone: want a name such as Europe/Berlin", ErrLayout)
		}
		loc, err := time.LoadLocation(zone)
		if err != nil {
			return Layout{}, fmt.Errorf("%w: time zone: want a name such as Europe/Berlin", ErrLayout)
		}
		l.Zone = loc
	}
	return l, nil
}

func (l Layout) known() error {
	if l.Time != "" && l.Time != Hours12 && l.Time != Hours24 {
		return fmt.Errorf("%w: time format: want 12h or 24h", ErrLayout)
	}
	if l.Date == "" {
		return nil
	}
	for _, f := range dateFormats {
		if f.name == l.Date {
			return nil
		}
	}
	return fmt.Errorf("%w: date format: want MM/DD/YYYY, DD/MM/YYYY, YYYY-MM-DD or DD.MM.YYYY", ErrLayout)
}

func (l Layout) zone() *time.Location {
	if l.Zone == nil {
		return time.UTC
	}
	return l.Zone
}

// date is a day of the calendar, without a zone.
type date struct{ year, month, day int }

// parseDate reads text in one format; days that no calendar has are refused.
func parseDate(text string, format DateFormat) (date, bool) {
	for _, f := range dateFormats {
		if f.name != format {
			continue
		}
		parts := strings.Split(text, string(f.separator))
		if len(parts) != 3 || len(parts[f.year]) != 4 || len(parts[f.month]) > 2 || len(parts[f.day]) > 2 {
			return date{}, false
		}
		var d date
		var ok [3]bool
		d.year, ok[0] = number(parts[f.year])
		d.month, ok[1] = number(parts[f.month])
		d.day, ok[2] = number(parts[f.day])
		if !ok[0] || !ok[1] || !ok[2] || d.year < 1970 || d.year > 2999 || d.month < 1 || d.month > 12 || d.day < 1 {
			return date{}, false
		}
		back := time.Date(d.year, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
		return d, back.Day() == d.day // a 31st of April would have become the 1st of May
	}
	return date{}, false
}

// parseClock reads a time of day in one format, as seconds since midnight on the clock's face.
func parseClock(text string, format TimeFormat) (int, bool) {
	hours, afternoon := 24, false
	if format == Hours12 {
		var suffix string
		text, suffix, _ = strings.Cut(text, " ")
		switch strings.ToUpper(suffix) {
		case "AM":
		case "PM":
			afternoon = true
		default:
			return 0, false
		}
		hours = 13
	}
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var at [3]int
	for i, p := range parts {
		n, ok := number(p)
		if !ok || len(p) > 2 {
			return 0, false
		}
		at[i] = n
	}
	if at[0] >= hours || at[1] > 59 || at[2] > 59 {
		return 0, false
	}
	if format == Hours12 {
		if at[0] == 0 {
			return 0, false
		}
		at[0] %= 12 // 12 AM is midnight
		if afternoon {
			at[0] += 12
		}
	}
	return at[0]*3600 + at[1]*60 + at[2], true
}

// maxDuration is what one row may last: four digits of hours.
const maxDuration = 9999 * time.Hour

// parseDuration reads HH:MM:SS or HH:MM, with hours as many as there are.
func parseDuration(text string) (time.Duration, bool) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || len(parts[0]) > 4 {
		return 0, false
	}
	seconds := 0
	for i := range 3 {
		n := 0
		if i < len(parts) {
			var ok bool
			if n, ok = number(parts[i]); !ok || (i > 0 && (len(parts[i]) != 2 || n > 59)) {
				return 0, false
			}
		}
		seconds = seconds*60 + n
	}
	d := time.Duration(seconds) * time.Second
	return d, d <= maxDuration
}

// parseMoney reads a decimal number as minor units of two digits; more digits are rounded half up.
func parseMoney(text string) (int64, bool) {
	whole, fraction, cut := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if len(whole) == 0 || len(whole) > 12 || (cut && len(fraction) == 0) || len(fraction) > 6 {
		return 0, false
	}
	units, ok := number(whole)
	if !ok {
		return 0, false
	}
	if !cut {
		return int64(units) * 100, true
	}
	if _, ok = number(fraction); !ok {
		return 0, false
	}
	thousandths, _ := number((fraction + "00")[:3])
	return int64(units)*100 + int64(thousandths+5)/10, true
}

// number reads digits only: no sign, no spaces.
func number(text string) (int, bool) {
	if text == "" || len(text) > 12 {
		return 0, false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// place finds the instant of a wall clock in the zone and its end. A clock that shows the hour twice is
// taken at the turn that makes the written end right; the end may differ by a daylight-saving step
// where one is near, because the report's author may have reckoned with either side of it.
func place(zone *time.Location, day date, seconds int, length time.Duration, endDay date, endSeconds int) (time.Time, bool) {
	wall := func(d date, s int) time.Time {
		return time.Date(d.year, time.Month(d.month), d.day, 0, 0, s, 0, zone)
	}
	const near = 3 * time.Hour // the largest steps in use are of two hours
	start := wall(day, seconds)
	want := time.Date(endDay.year, time.Month(endDay.month), endDay.day, 0, 0, endSeconds, 0, time.UTC)
	off := func(at time.Time) time.Duration {
		end := at.Add(length)
		_, east := end.Zone()
		return want.Sub(end.UTC().Add(time.Duration(east) * time.Second))
	}
	if off(start) == 0 {
		return start, true
	}
	for _, step := range steps(start.Add(-near), start.Add(near)) {
		for _, other := range []time.Time{start.Add(step), start.Add(-step)} {
			if sameClock(start, other) && off(other) == 0 {
				return other, true
			}
		}
	}
	for _, step := range steps(start.Add(-near), start.Add(length).Add(near)) {
		if off(start) == step || off(start) == -step {
			return start, true
		}
	}
	return start, false
}

func sameClock(a, b time.Time) bool {
	return a.Hour() == b.Hour() && a.Minute() == b.Minute() && a.Second() == b.Second() && a.YearDay() == b.YearDay()
}

// steps lists by how much the zone's clocks are put forward or back between two instants.
func steps(from, to time.Time) []time.Duration {
	var found []time.Duration
	for at := from; ; {
		_, next := at.ZoneBounds()
		if next.IsZero() || next.After(to) {
			return found
		}
		_, before := next.Add(-time.Second).Zone()
		_, after := next.Zone()
		if after != before {
			found = append(found, time.Duration(after-before)*time.Second)
		}
		at = next
	}
}
