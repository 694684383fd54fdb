package workspace

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"domicile/store/record"
)

// SummaryReport is sums by groups, up to three deep.
type SummaryReport struct {
	Totals   []ReportTotals `json:"totals"`
	GroupOne []ReportGroup  `json:"groupOne"`
	Chart    []ReportDay    `json:"chart"`
}

// ReportGroup is the sums of a group and of the groups in it.
type ReportGroup struct {
	ID            string        `json:"_id"`
	Name          string        `json:"name"`
	NameLowerCase string        `json:"nameLowerCase"`
	Duration      int64         `json:"duration" doc:"Seconds."`
	Amount        *int64        `json:"amount"`
	Amounts       []Amount      `json:"amounts"`
	Color         *string       `json:"color,omitempty"`
	ClientName    *string       `json:"clientName,omitempty"`
	Children      []ReportGroup `json:"children,omitempty"`
}

// ReportDay is the sums of a day of the report's zone; of a month where the
// report is about more than a year.
type ReportDay struct {
	ID                string `json:"_id"`
	TotalTime         int64  `json:"totalTime"`
	TotalBillableTime int64  `json:"totalBillableTime"`
	Earned            *int64 `json:"earned"`
	TotalAmount       *int64 `json:"totalAmount"`
}

// groupings has a row for each way to group.
var groupings = []struct {
	name string
	of   func(*report, *worked) ([]group, error)
}{
	{"PROJECT", (*report).byProject},
	{"CLIENT", (*report).byClient},
	{"TASK", (*report).byTask},
	{"USER", (*report).byUser},
	{"TAG", (*report).byTag},
	{"DATE", (*report).byDay},
	{"DAY", (*report).byDay},
	{"WEEK", (*report).byWeek},
	{"MONTH", (*report).byMonth},
	{"BILLABLE", (*report).byBillable},
	{"TIMEENTRY", (*report).byDescription},
}

// group is what an entry belongs to in one way of grouping.
type group struct{ id, name string }

// named is the group of a record, with a name for entries that have none.
func (r *report) named(kind record.Kind, id, none string) ([]group, error) {
	if id == "" {
		return []group{{"", none}}, nil
	}
	name, err := r.field(kind, id, "name")
	return []group{{id, name}}, err
}

func (r *report) byProject(w *worked) ([]group, error) {
	return r.named(record.Project, w.project, "Without project")
}

func (r *report) byClient(w *worked) ([]group, error) {
	id, err := r.client(w)
	if err != nil {
		return nil, err
	}
	return r.named(record.Client, id, "Without client")
}

func (r *report) byTask(w *worked) ([]group, error) {
	return r.named(record.Task, w.task, "Without task")
}

func (r *report) byUser(w *worked) ([]group, error) {
	p, err := r.person(w.user)
	return []group{{w.user, p.Name}}, err
}

// byTag puts an entry into the group of each of its tags: these groups add up
// to more than the total.
func (r *report) byTag(w *worked) ([]group, error) {
	if len(w.tags) == 0 {
		return []group{{"", "Without tag"}}, nil
	}
	var all []group
	for _, id := range w.tags {
		one, err := r.named(record.Tag, id, "")
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

func (r *report) byDay(w *worked) ([]group, error) {
	day := w.start.In(r.window.zone).Format(time.DateOnly)
	return []group{{day, day}}, nil
}

func (r *report) byWeek(w *worked) ([]group, error) {
	at := w.start.In(r.window.zone)
	back := (int(at.Weekday()) - int(r.window.weekStart) + 7) % 7
	first := time.Date(at.Year(), at.Month(), at.Day()-back, 0, 0, 0, 0, r.window.zone).Format(time.DateOnly)
	return []group{{first, first}}, nil
}

func (r *report) byMonth(w *worked) ([]group, error) {
	month := w.start.In(r.window.zone).Format("2006-01")
	return []group{{month, month}}, nil
}

func (r *report) byBillable(w *worked) ([]group, error) {
	if w.billable {
		return []group{{"true", "Billable"}}, nil
	}
	return []group{{"false", "Non-billable"}}, nil
}

func (r *report) byDescription(w *worked) ([]group, error) {
	text := gjson.GetBytes(w.doc, "description").String()
	return []group{{text, text}}, nil
}

// node adds up a group.
type node struct {
	group
	sum
	children map[string]*node
}

func (n *node) child(g group) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	c := n.children[g.id]
	if c == nil {
		c = &node{group: g, sum: newSum()}
		n.children[g.id] = c
	}
	return c
}

// maxGroups bounds the groups of a summary, all levels together.
const maxGroups = 200_000

// summary adds entries up.
type summary struct {
	r     *report
	by    []func(*report, *worked) ([]group, error)
	kinds []string // of the groups, as asked
	root  node
	days  map[string]*node
	count int
}

func (m *summary) add(n *node, level int, w *worked, hourly, cost *Rate) error {
	n.add(w, hourly, cost)
	if level == len(m.by) {
		return nil
	}
	groups, err := m.by[level](m.r, w)
	if err != nil {
		return err
	}
	for _, g := range groups {
		before := len(n.children)
		c := n.child(g)
		if m.count += len(n.children) - before; m.count > maxGroups {
			return &Refused{Message: "The report has too many groups; narrow its dates or its filters"}
		}
		if err := m.add(c, level+1, w, hourly, cost); err != nil {
			return err
		}
	}
	return nil
}

func (m *summary) addDay(w *worked, layout string, hourly, cost *Rate) {
	day := w.start.In(m.r.window.zone).Format(layout)
	n := m.days[day]
	if n == nil {
		n = &node{group: group{day, day}, sum: newSum()}
		m.days[day] = n
	}
	n.add(w, hourly, cost)
}

// Summary is the summary report.
func (s *Service) Summary(ctx context.Context, c *Scope, in ReportInput) (SummaryReport, error) {
	f := in.SummaryFilter
	if f == nil || len(f.Groups) == 0 {
		return SummaryReport{}, &Invalid{Field: "summaryFilter.groups", Reason: "is required"}
	}
	if len(f.Groups) > 3 {
		return SummaryReport{}, &Invalid{Field: "summaryFilter.groups", Reason: "has more than three groups"}
	}
	if err := oneOf("summaryFilter.sortColumn", f.SortColumn, "GROUP", "DURATION", "AMOUNT", "EARNED", "COST", "PROFIT"); err != nil {
		return SummaryReport{}, err
	}
	m := &summary{root: node{sum: newSum()}, days: map[string]*node{}, kinds: f.Groups}
	for _, name := range f.Groups {
		at := slices.IndexFunc(groupings, func(g struct {
			name string
			of   func(*report, *worked) ([]group, error)
		},
		) bool {
			return g.name == name
		})
		if at < 0 {
			return SummaryReport{}, &Invalid{Field: "summaryFilter.groups", Reason: "has what is not a known group"}
		}
		m.by = append(m.by, groupings[at].of)
	}
	var err error
	if m.r, err = s.report(c, &in); err != nil {
		return SummaryReport{}, err
	}
	layout := time.DateOnly
	if m.r.window.to.Sub(m.r.window.from) > 400*24*time.Hour {
		layout = "2006-01"
	}
	err = m.r.each(ctx, false, func(w *worked) error {
		hourly, cost, err := m.r.rates(w)
		if err != nil {
			return err
		}
		m.addDay(w, layout, hourly, cost)
		return m.add(&m.root, 0, w, hourly, cost)
	})
	if err != nil {
		return SummaryReport{}, err
	}
	return m.answer()
}

func (m *summary) answer() (SummaryReport, error) {
	groups, err := m.groups(&m.root, 0)
	if err != nil {
		return SummaryReport{}, err
	}
	answer := SummaryReport{Totals: m.r.totals(&m.root.sum), GroupOne: groups, Chart: make([]ReportDay, 0, len(m.days))}
	currency, money := m.r.c.Currency(), len(m.r.shown()) > 0
	for day, n := range m.days {
		d := ReportDay{ID: day, TotalTime: n.seconds, TotalBillableTime: n.billable}
		if money {
			earned := n.earned.minor(currency)
			d.Earned, d.TotalAmount = &earned, &earned
		}
		answer.Chart = append(answer.Chart, d)
	}
	slices.SortFunc(answer.Chart, func(a, b ReportDay) int { return strings.Compare(a.ID, b.ID) })
	return answer, nil
}

// groups spells out a node's children, sorted.
func (m *summary) groups(n *node, level int) ([]ReportGroup, error) {
	kinds, currency := m.r.shown(), m.r.c.Currency()
	all := make([]ReportGroup, 0, len(n.children))
	for _, c := range n.children {
		g := ReportGroup{
			ID: c.id, Name: c.name, NameLowerCase: strings.ToLower(c.name), Duration: c.seconds, Amounts: c.amounts(kinds, currency),
		}
		if len(g.Amounts) > 0 {
			g.Amount = &g.Amounts[0].Value
		}
		if m.kinds[level] == "PROJECT" && c.id != "" {
			if err := m.project(&g); err != nil {
				return nil, err
			}
		}
		if level+1 < len(m.by) {
			var err error
			if g.Children, err = m.groups(c, level+1); err != nil {
				return nil, err
			}
		}
		all = append(all, g)
	}
	column, downward := m.order()
	slices.SortFunc(all, func(a, b ReportGroup) int {
		order := cmp.Or(compareGroups(&a, &b, column), strings.Compare(a.NameLowerCase, b.NameLowerCase), strings.Compare(a.ID, b.ID))
		if downward {
			return -order
		}
		return order
	})
	return all, nil
}

func (m *summary) project(g *ReportGroup) error {
	color, err := m.r.field(record.Project, g.ID, "color")
	if err != nil {
		return err
	}
	client, err := m.r.client(&worked{project: g.ID})
	if err != nil {
		return err
	}
	name, err := m.r.field(record.Client, client, "name")
	g.Color, g.ClientName = &color, &name
	return err
}

// order is the column to sort by and which way: names upward, numbers downward
// unless the request says otherwise.
func (m *summary) order() (column string, downward bool) {
	column = "GROUP"
	if c := m.r.in.SummaryFilter.SortColumn; c != nil {
		column = *c
	}
	downward = column != "GROUP"
	if o := m.r.in.SortOrder; o != nil {
		downward = *o == "DESCENDING"
	}
	return column, downward
}

func compareGroups(a, b *ReportGroup, column string) int {
	amount := func(g *ReportGroup) int64 {
		for _, one := range g.Amounts {
			if one.Type == column {
				return one.Value
			}
		}
		if g.Amount != nil {
			return *g.Amount
		}
		return 0
	}
	switch column {
	case "DURATION":
		return cmp.Compare(a.Duration, b.Duration)
	case "GROUP":
		return 0
	}
	return cmp.Compare(amount(a), amount(b))
}
