package workspace

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"domicile/store/record"
)

// DetailedReport is a page of entries with the sums over all pages.
type DetailedReport struct {
	Totals      []ReportTotals `json:"totals"`
	TimeEntries []ReportEntry  `json:"timeentries"`
}

// ReportEntry is an entry with the names of what it refers to.
type ReportEntry struct {
	ID                string         `json:"_id"`
	Description       string         `json:"description"`
	UserID            string         `json:"userId"`
	UserName          string         `json:"userName"`
	UserEmail         string         `json:"userEmail"`
	Billable          bool           `json:"billable"`
	ProjectID         *string        `json:"projectId"`
	ProjectName       *string        `json:"projectName"`
	ProjectColor      *string        `json:"projectColor"`
	ClientID          *string        `json:"clientId"`
	ClientName        *string        `json:"clientName"`
	TaskID            *string        `json:"taskId"`
	TaskName          *string        `json:"taskName"`
	Tags              []ReportTag    `json:"tags"`
	TimeInterval      ReportInterval `json:"timeInterval"`
	Locked            bool           `json:"locked"`
	IsLocked          bool           `json:"isLocked"`
	Type              string         `json:"type"`
	ApprovalRequestID *string        `json:"approvalRequestId"`
	CustomFields      any            `json:"customFields"`
	Rate              *int64         `json:"rate"`
	Amount            *int64         `json:"amount"`
	Currency          *string        `json:"currency"`
	Amounts           []Amount       `json:"amounts"`
}

// ReportTag is a tag by id and name.
type ReportTag struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
}

// ReportInterval is when an entry was, in the report's zone.
type ReportInterval struct {
	Start    string `json:"start"`
	End      string `json:"end"`
	Duration int64  `json:"duration" doc:"Seconds."`
}

// maxReportPage is how many entries a page of the detailed report has at most.
const maxReportPage = 1000

// detailed is what the detailed filter asks for.
type detailed struct {
	page   Page
	column string
	upward bool
	totals bool
}

func (in *ReportInput) detailed() (detailed, error) {
	d := detailed{page: Page{Number: 1, Size: pageOfReport}, column: "DATE", totals: true}
	d.upward = in.SortOrder != nil && *in.SortOrder == "ASCENDING"
	f := in.DetailedFilter
	if f == nil {
		return d, nil
	}
	if f.Page != nil {
		if d.page.Number = *f.Page; d.page.Number < 1 || d.page.Number > 1_000_000 {
			return d, &Invalid{Field: "detailedFilter.page", Reason: "is not between 1 and 1000000"}
		}
	}
	if f.PageSize != nil {
		if d.page.Size = *f.PageSize; d.page.Size < 1 || d.page.Size > maxReportPage {
			return d, &Invalid{Field: "detailedFilter.pageSize", Reason: "is not between 1 and 1000"}
		}
	}
	if err := oneOf("detailedFilter.sortColumn", f.SortColumn, "ID", "DESCRIPTION", "USER", "DURATION", "DATE", "ZONED_DATE", "NATURAL", "USER_DATE"); err != nil {
		return d, err
	}
	if f.SortColumn != nil {
		d.column = *f.SortColumn
	}
	if f.Options != nil && f.Options.Totals != nil {
		if err := oneOf("detailedFilter.options.totals", f.Options.Totals, "CALCULATE", "EXCLUDE"); err != nil {
			return d, err
		}
		d.totals = *f.Options.Totals == "CALCULATE"
	}
	return d, nil
}

const pageOfReport = 50

// place is an entry's place in a sorted report.
type place struct {
	text string
	n    int64
	w    *worked
}

// Detailed is the detailed report: entries by start, or by another column.
func (s *Service) Detailed(ctx context.Context, c *Scope, in ReportInput) (DetailedReport, error) {
	d, err := in.detailed()
	if err != nil {
		return DetailedReport{}, err
	}
	r, err := s.report(c, &in)
	if err != nil {
		return DetailedReport{}, err
	}
	total, found := newSum(), []*worked(nil)
	var places []place
	from, to := d.page.bounds()
	byTime := slices.Contains([]string{"DATE", "ZONED_DATE", "NATURAL"}, d.column)
	err = r.each(ctx, d.upward && byTime, func(w *worked) error {
		if d.totals {
			hourly, cost, err := r.rates(w)
			if err != nil {
				return err
			}
			total.add(w, hourly, cost)
		} else {
			total.entries++
		}
		if !byTime {
			p, err := r.place(w, d.column)
			places = append(places, p)
			return err
		}
		if n := total.entries - 1; n >= from && n < to {
			found = append(found, w)
		}
		return nil
	})
	if err != nil {
		return DetailedReport{}, err
	}
	if !byTime {
		found = sortPlaces(places, d.upward, from, to)
	}
	answer := DetailedReport{Totals: []ReportTotals{}, TimeEntries: make([]ReportEntry, 0, len(found))}
	if d.totals {
		answer.Totals = r.totals(&total)
	}
	for _, w := range found {
		e, err := r.entry(w)
		if err != nil {
			return DetailedReport{}, err
		}
		answer.TimeEntries = append(answer.TimeEntries, e)
	}
	return answer, nil
}

func (r *report) place(w *worked, column string) (place, error) {
	p := place{w: w}
	switch column {
	case "DESCRIPTION":
		p.text = record.Fold(gjson.GetBytes(w.doc, "description").String())
	case "DURATION":
		p.n = w.seconds
	case "USER", "USER_DATE":
		person, err := r.person(w.user)
		if err != nil {
			return p, err
		}
		p.text = record.Fold(person.Name)
		if column == "USER_DATE" {
			p.n = w.start.Unix()
		}
	}
	return p, nil
}

func sortPlaces(all []place, upward bool, from, to int) []*worked {
	slices.SortFunc(all, func(a, b place) int {
		order := cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.n, b.n), a.w.id.Compare(b.w.id))
		if !upward {
			return -order
		}
		return order
	})
	from, to = min(from, len(all)), min(to, len(all))
	found := make([]*worked, 0, to-from)
	for _, p := range all[from:to] {
		found = append(found, p.w)
	}
	return found
}

// entry spells an entry out.
func (r *report) entry(w *worked) (ReportEntry, error) {
	v := gjson.GetManyBytes(w.doc, "description", "isLocked", "type", "customFieldValues")
	e := ReportEntry{
		ID: w.id.String(), Description: v[0].String(), UserID: w.user, Billable: w.billable, Locked: v[1].Bool(), IsLocked: v[1].Bool(),
		Type: v[2].String(), CustomFields: json.RawMessage("[]"), Tags: []ReportTag{}, Amounts: []Amount{},
		TimeInterval: ReportInterval{
			Start: w.start.In(r.window.zone).Format(time.RFC3339), Duration: w.seconds,
			End: w.start.Add(time.Duration(w.seconds) * time.Second).In(r.window.zone).Format(time.RFC3339),
		},
	}
	if v[3].IsArray() {
		e.CustomFields = json.RawMessage(v[3].Raw)
	}
	person, err := r.person(w.user)
	if err != nil {
		return e, err
	}
	e.UserName, e.UserEmail = person.Name, person.Email
	client, err := r.client(w)
	if err != nil {
		return e, err
	}
	for _, one := range []struct {
		kind     record.Kind
		id       string
		to, name **string
		color    **string
	}{
		{record.Project, w.project, &e.ProjectID, &e.ProjectName, &e.ProjectColor},
		{record.Client, client, &e.ClientID, &e.ClientName, nil},
		{record.Task, w.task, &e.TaskID, &e.TaskName, nil},
	} {
		if one.id == "" {
			continue
		}
		doc, err := r.names.look(one.kind, one.id)
		if err != nil {
			return e, err
		}
		id, name := one.id, gjson.GetBytes(doc, "name").String()
		*one.to, *one.name = &id, &name
		if one.color != nil {
			color := gjson.GetBytes(doc, "color").String()
			*one.color = &color
		}
	}
	for _, id := range w.tags {
		name, err := r.field(record.Tag, id, "name")
		if err != nil {
			return e, err
		}
		e.Tags = append(e.Tags, ReportTag{ID: id, Name: name})
	}
	return e, r.price(&e, w)
}

// price sets what an entry earned and cost.
func (r *report) price(e *ReportEntry, w *worked) error {
	kinds := r.shown()
	if len(kinds) == 0 {
		return nil
	}
	hourly, cost, err := r.rates(w)
	if err != nil {
		return err
	}
	s := newSum()
	s.add(w, hourly, cost)
	currency := r.c.Currency()
	if hourly != nil {
		currency = hourly.Currency
		rate := hourly.Amount
		e.Rate = &rate
	}
	e.Currency = &currency
	e.Amounts = s.amounts(kinds, currency)
	e.Amount = &e.Amounts[0].Value
	return nil
}
