package clockifycsv

import (
	"strings"
)

// column is a column that the parser understands.
type column int

const (
	colProject column = iota
	colClient
	colDescription
	colTask
	colUser
	colEmail
	colTags
	colBillable
	colStartDate
	colStartTime
	colEndDate
	colEndTime
	colDuration
	colRate
	columnCount
)

// columns has a row for each column: its name, whether a file may lack it, how long a cell may be (in
// characters; the limits of the routes that make such records by hand).
var columns = [columnCount]struct {
	name     string
	required bool
	longest  int
}{
	colProject:     {"Project", true, 250},
	colClient:      {"Client", false, 100},
	colDescription: {"Description", true, 3000},
	colTask:        {"Task", false, 1000},
	colUser:        {"User", true, 100},
	colEmail:       {"Email", true, 254},
	colTags:        {"Tags", false, 5000},
	colBillable:    {"Billable", false, 10},
	colStartDate:   {"Start Date", true, 20},
	colStartTime:   {"Start Time", true, 20},
	colEndDate:     {"End Date", true, 20},
	colEndTime:     {"End Time", true, 20},
	colDuration:    {"Duration (h)", true, 20},
	colRate:        {"Billable Rate", false, 20},
}

// header says where in a row each column stands.
type header struct {
	at       [columnCount]int // -1: the file has none
	width    int
	currency string // of the rates, from the column's name: "Billable Rate (USD)"
}

func parseHeader(fields []string) (header, error) {
	h := header{width: len(fields)}
	for c := range h.at {
		h.at[c] = -1
	}
	var wrong HeaderError
	for i, f := range fields {
		name := strings.TrimSpace(f)
		currency := ""
		if base, rest, ok := strings.Cut(name, " ("); ok && strings.EqualFold(base, columns[colRate].name) {
			currency, name = strings.TrimSuffix(rest, ")"), base
		}
		for c := range columns {
			if !strings.EqualFold(name, columns[c].name) {
				continue
			}
			if h.at[c] >= 0 {
				wrong.Twice = append(wrong.Twice, columns[c].name)
				continue
			}
			h.at[c] = i
			if column(c) == colRate {
				h.currency = isoCode(currency)
			}
		}
	}
	for c := range columns {
		if columns[c].required && h.at[c] < 0 {
			wrong.Missing = append(wrong.Missing, columns[c].name)
		}
	}
	if len(wrong.Missing)+len(wrong.Twice) > 0 {
		return header{}, &wrong
	}
	return h, nil
}

// isoCode keeps three capital letters and nothing else.
func isoCode(text string) string {
	if len(text) != 3 {
		return ""
	}
	for i := range len(text) {
		if text[i] < 'A' || text[i] > 'Z' {
			return ""
		}
	}
	return text
}
