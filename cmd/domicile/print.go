package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// printJSON prints one document.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printTable prints rows under a head, in columns.
func (a *app) printTable(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
	for _, row := range rows {
		for i := range row {
			row[i] = plain(row[i])
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// printFields prints one thing, a field a line.
func (a *app) printFields(fields [][2]string) error {
	w := tabwriter.NewWriter(a.out, 0, 8, 2, ' ', 0)
	for _, f := range fields {
		if f[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", f[0], plain(f[1]))
		}
	}
	return w.Flush()
}

// plain keeps a name that somebody chose from moving the terminal's cursor or the table's columns.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '·'
		}
		return r
	}, s)
}

// instant is a time as JSON has it: RFC 3339 in UTC, null if there is none.
func instant(t *timestamppb.Timestamp) *string {
	if t == nil || t.AsTime().IsZero() || t.GetSeconds() == 0 {
		return nil
	}
	text := t.AsTime().UTC().Format(time.RFC3339)
	return &text
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
