package workspace

import (
	"fmt"
	"strings"
	"time"

	"domicile/store/record"
)

// ReportInput is what a report is asked for with.
type ReportInput struct {
	DateRangeStart     *string         `json:"dateRangeStart" doc:"A wall clock in timeZone."`
	DateRangeEnd       *string         `json:"dateRangeEnd" doc:"A wall clock in timeZone."`
	DateRangeType      *string         `json:"dateRangeType" enum:"ABSOLUTE,TODAY,YESTERDAY,THIS_WEEK,LAST_WEEK,PAST_TWO_WEEKS,THIS_MONTH,LAST_MONTH,THIS_YEAR,LAST_YEAR"`
	TimeZone           *string         `json:"timeZone" doc:"Left out: the caller's."`
	WeekStart          *string         `json:"weekStart"`
	SortOrder          *string         `json:"sortOrder" enum:"ASCENDING,DESCENDING"`
	Users              *IDFilter       `json:"users"`
	UserGroups         *IDFilter       `json:"userGroups"`
	Clients            *IDFilter       `json:"clients"`
	Projects           *IDFilter       `json:"projects"`
	Tasks              *IDFilter       `json:"tasks"`
	Tags               *IDFilter       `json:"tags"`
	Billable           *bool           `json:"billable"`
	Description        *string         `json:"description"`
	WithoutDescription *bool           `json:"withoutDescription"`
	InvoicingState     *string         `json:"invoicingState" enum:"INVOICED,UNINVOICED,ALL"`
	ApprovalState      *string         `json:"approvalState" enum:"APPROVED,UNAPPROVED,ALL"`
	Rounding           *bool           `json:"rounding" doc:"Only false."`
	AmountShown        *string         `json:"amountShown" enum:"EARNED,COST,PROFIT,HIDE_AMOUNT,EXPORT"`
	Amounts            []string        `json:"amounts"`
	ExportType         *string         `json:"exportType" enum:"JSON,JSON_V1"`
	DetailedFilter     *DetailedFilter `json:"detailedFilter"`
	SummaryFilter      *SummaryFilter  `json:"summaryFilter"`
}

// IDFilter selects entries by what they are filed under.
type IDFilter struct {
	IDs                  []string `json:"ids"`
	Contains             *string  `json:"contains" enum:"CONTAINS,DOES_NOT_CONTAIN,CONTAINS_ONLY"`
	ContainedInTimeentry *string  `json:"containedInTimeentry" enum:"CONTAINS,DOES_NOT_CONTAIN,CONTAINS_ONLY"`
	Status               *string  `json:"status"`
}

// DetailedFilter is what only the detailed report takes.
type DetailedFilter struct {
	Page        *int         `json:"page"`
	PageSize    *int         `json:"pageSize"`
	SortColumn  *string      `json:"sortColumn" enum:"ID,DESCRIPTION,USER,DURATION,DATE,ZONED_DATE,NATURAL,USER_DATE"`
	Options     *Totals      `json:"options"`
	AuditFilter *AuditFilter `json:"auditFilter"`
}

// Totals says whether totals are wanted.
type Totals struct {
	Totals *string `json:"totals" enum:"CALCULATE,EXCLUDE"`
}

// AuditFilter selects entries that lack something.
type AuditFilter struct {
	WithoutProject *bool `json:"withoutProject"`
	WithoutTask    *bool `json:"withoutTask"`
}

// SummaryFilter is what only the summary report takes.
type SummaryFilter struct {
	Groups     []string `json:"groups" doc:"One to three of PROJECT, CLIENT, TASK, USER, TAG, DATE, DAY, WEEK, MONTH, BILLABLE, TIMEENTRY."`
	SortColumn *string  `json:"sortColumn" enum:"GROUP,DURATION,AMOUNT,EARNED,COST,PROFIT"`
}

// window is when a report is about: [from, to) and the zone of its days.
type window struct {
	from, to  time.Time
	zone      *time.Location
	weekStart time.Weekday
}

func (in *ReportInput) window(c *Scope, now time.Time) (window, error) {
	w := window{zone: c.Zone(), weekStart: time.Monday}
	if in.TimeZone != nil && *in.TimeZone != "" {
		zone, err := time.LoadLocation(*in.TimeZone)
		if err != nil || *in.TimeZone == "Local" {
			return w, &Invalid{Field: "timeZone", Reason: "is not a zone such as Europe/Berlin"}
		}
		w.zone = zone
	}
	day := c.Setting("workspaceSettings.weekStart").String()
	if in.WeekStart != nil {
		day = *in.WeekStart
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), day) {
			w.weekStart = d
		}
	}
	if in.DateRangeType != nil && *in.DateRangeType != "ABSOLUTE" {
		return w, w.relative(*in.DateRangeType, now)
	}
	var err error
	if w.from, err = wallClock("dateRangeStart", in.DateRangeStart, w.zone); err != nil {
		return w, err
	}
	if w.to, err = wallClock("dateRangeEnd", in.DateRangeEnd, w.zone); err != nil {
		return w, err
	}
	// 23:59:59 and 23:59:59.999 mean the end of the day.
	if w.to.Second() == 59 {
		w.to = w.to.Add(time.Second)
	}
	if w.to.Before(w.from) {
		return w, &Invalid{Field: "dateRangeEnd", Reason: "is before dateRangeStart"}
	}
	return w, nil
}

// wallClock reads a time and takes what its clock would show in UTC as the
// clock of the zone, as the vendor does: a Z or an offset chooses no instant.
func wallClock(field string, text *string, zone *time.Location) (time.Time, error) {
	if text == nil || *text == "" {
		return time.Time{}, &Invalid{Field: field, Reason: "is required"}
	}
	t, ok := ParseInstant(*text, time.UTC)
	if !ok {
		return time.Time{}, &Invalid{Field: field, Reason: "is not a time such as 2026-01-31T00:00:00"}
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone), nil
}

// relative sets the window to a stretch that is named by today.
func (w *window) relative(name string, now time.Time) error {
	now = now.In(w.zone)
	day := func(d int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+d, 0, 0, 0, 0, w.zone)
	}
	sinceWeek := (int(now.Weekday()) - int(w.weekStart) + 7) % 7
	month := func(m int) time.Time { return time.Date(now.Year(), now.Month()+time.Month(m), 1, 0, 0, 0, 0, w.zone) }
	year := func(y int) time.Time { return time.Date(now.Year()+y, 1, 1, 0, 0, 0, 0, w.zone) }
	for _, r := range []struct {
		name     string
		from, to time.Time
	}{
		{"TODAY", day(0), day(1)},
		{"YESTERDAY", day(-1), day(0)},
		{"THIS_WEEK", day(-sinceWeek), day(7 - sinceWeek)},
		{"LAST_WEEK", day(-sinceWeek - 7), day(-sinceWeek)},
		{"PAST_TWO_WEEKS", day(-sinceWeek - 14), day(-sinceWeek)},
		{"THIS_MONTH", month(0), month(1)},
		{"LAST_MONTH", month(-1), month(0)},
		{"THIS_YEAR", year(0), year(1)},
		{"LAST_YEAR", year(-1), year(0)},
	} {
		if r.name == name {
			w.from, w.to = r.from, r.to
			return nil
		}
	}
	return &Invalid{Field: "dateRangeType", Reason: "is not a known type of range"}
}

// check refuses what a report cannot take.
func (in *ReportInput) check() error {
	for _, one := range []struct {
		field   string
		text    *string
		allowed []string
	}{
		{"sortOrder", in.SortOrder, []string{"ASCENDING", "DESCENDING"}},
		{"invoicingState", in.InvoicingState, []string{"INVOICED", "UNINVOICED", "ALL"}},
		{"approvalState", in.ApprovalState, []string{"APPROVED", "UNAPPROVED", "ALL"}},
		{"amountShown", in.AmountShown, amountKinds},
		{"exportType", in.ExportType, []string{"JSON", "JSON_V1"}},
	} {
		if err := oneOf(one.field, one.text, one.allowed...); err != nil {
			return err
		}
	}
	for i := range in.Amounts {
		if err := oneOf("amounts", &in.Amounts[i], amountKinds...); err != nil {
			return err
		}
	}
	if in.Rounding != nil && *in.Rounding {
		return &Invalid{Field: "rounding", Reason: "is not offered: reports are to the second"}
	}
	for field, f := range map[string]*IDFilter{
		"users": in.Users, "userGroups": in.UserGroups, "clients": in.Clients, "projects": in.Projects, "tasks": in.Tasks, "tags": in.Tags,
	} {
		if err := f.check(field); err != nil {
			return err
		}
	}
	return nil
}

var amountKinds = []string{"EARNED", "COST", "PROFIT", "HIDE_AMOUNT", "EXPORT"}

func (f *IDFilter) check(field string) error {
	if f == nil {
		return nil
	}
	const most = 10_000
	if len(f.IDs) > most {
		return &Invalid{Field: field + ".ids", Reason: fmt.Sprintf("has more than %d ids", most)}
	}
	for _, id := range f.IDs {
		if _, err := record.ParseID(id); err != nil {
			return &Invalid{Field: field + ".ids", Reason: "has what is not an id"}
		}
	}
	for _, mode := range []*string{f.Contains, f.ContainedInTimeentry} {
		if err := oneOf(field+".contains", mode, "CONTAINS", "DOES_NOT_CONTAIN", "CONTAINS_ONLY"); err != nil {
			return err
		}
	}
	return nil
}
