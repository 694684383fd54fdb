package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// worked is a finished entry as reports see it. Ids are as in the document.
type worked struct {
	id            record.ID
	doc           []byte
	user          string
	project, task string // "" for none, or where the record is gone
	tags          []string
	start         time.Time
	seconds       int64
	billable      bool
}

// report reads the entries that a report is about.
type report struct {
	s      *Service
	c      *Scope
	in     *ReportInput
	window window
	names  *entryShape // looks records up and remembers them
	people map[string]directory.Person
	sees   map[[2]string]bool // whether the caller may see entries of a person in a project
	groups map[string]bool    // people of the user groups that are asked for; nil for no such filter
}

func (s *Service) report(c *Scope, in *ReportInput) (*report, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	w, err := in.window(c, s.Now())
	if err != nil {
		return nil, err
	}
	r := &report{
		s: s, c: c, in: in, window: w, names: s.entryShape(c, c.View, true),
		people: map[string]directory.Person{}, sees: map[[2]string]bool{},
	}
	return r, r.readGroups()
}

func (r *report) readGroups() error {
	f := r.in.UserGroups
	if f == nil || len(f.IDs) == 0 {
		return nil
	}
	r.groups = map[string]bool{}
	for _, id := range f.IDs {
		doc, err := r.names.look(record.UserGroup, id)
		if err != nil {
			return err
		}
		for _, user := range gjson.GetBytes(doc, "userIds").Array() {
			r.groups[user.String()] = true
		}
	}
	return nil
}

// each calls f with every entry of the report, by start, newest first unless
// upward is set.
func (r *report) each(ctx context.Context, upward bool, f func(*worked) error) error {
	index, prefix, err := r.rangeOf(upward)
	if err != nil {
		return err
	}
	n := 0
	for e, err := range r.c.View.Index(r.c.Workspace, record.TimeEntry, index, prefix) {
		if err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if n++; n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := r.c.View.Get(r.c.Workspace, record.TimeEntry, e.ID)
		if err != nil {
			return fmt.Errorf("read entry: %w", err)
		}
		w, ok, err := r.worked(rec)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if ok, err = r.selects(w); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := f(w); err != nil {
			return err
		}
	}
	return nil
}

// rangeOf is the part of an index that the window is: of one person's entries
// if the report is about one, else of all.
func (r *report) rangeOf(upward bool) (string, store.Range, error) {
	name, values := "start", []record.Value(nil)
	if f := r.in.Users; f != nil && len(f.IDs) == 1 && f.mode() == "CONTAINS" {
		id, err := record.ParseID(f.IDs[0])
		if err != nil {
			return "", store.Range{}, fmt.Errorf("read users: %w", err)
		}
		name, values = "user_start", []record.Value{record.RefValue(id)}
	}
	index := record.Find(record.TimeEntry, name)
	q := store.Range{Reverse: upward}
	var err error
	if q.Prefix, err = index.Prefix(values...); err != nil {
		return "", q, fmt.Errorf("index %s: %w", name, err)
	}
	// The index descends: the later bound comes first. Starts are whole seconds, so a millisecond turns
	// inclusive into exclusive.
	for _, bound := range []struct {
		to *[]byte
		at time.Time
	}{{&q.From, r.window.to}, {&q.To, r.window.from}} {
		key, err := index.Prefix(append(slices.Clone(values), record.TimeValue(bound.at.Add(-time.Millisecond)))...)
		if err != nil {
			return "", q, fmt.Errorf("index %s: %w", name, err)
		}
		*bound.to = key[len(q.Prefix):]
	}
	return name, q, nil
}

// worked reads an entry; false for running timers.
func (r *report) worked(rec store.Record) (*worked, bool, error) {
	start, end := times(rec.Doc)
	if end.IsZero() {
		return nil, false, nil
	}
	v := gjson.GetManyBytes(rec.Doc, "userId", "projectId", "taskId", "tagIds", "billable")
	w := &worked{
		id: rec.Key.ID, doc: rec.Doc, user: v[0].String(), start: start, seconds: int64(end.Sub(start) / time.Second), billable: v[4].Bool(),
	}
	var err error
	if w.project, err = r.there(record.Project, v[1].String()); err != nil {
		return nil, false, err
	}
	if w.task, err = r.there(record.Task, v[2].String()); err != nil {
		return nil, false, err
	}
	for _, t := range v[3].Array() {
		tag, err := r.there(record.Tag, t.String())
		if err != nil {
			return nil, false, err
		}
		if tag != "" {
			w.tags = append(w.tags, tag)
		}
	}
	return w, true, nil
}

// there is the id if its record is there, else "".
func (r *report) there(kind record.Kind, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	doc, err := r.names.look(kind, id)
	if doc == nil {
		return "", err
	}
	return id, nil
}

// field is a text field of a record that an entry refers to.
func (r *report) field(kind record.Kind, id, field string) (string, error) {
	if id == "" {
		return "", nil
	}
	doc, err := r.names.look(kind, id)
	if err != nil {
		return "", err
	}
	return gjson.GetBytes(doc, field).String(), nil
}

// client is the id of an entry's client, "" for none.
func (r *report) client(w *worked) (string, error) {
	id, err := r.field(record.Project, w.project, "clientId")
	if err != nil {
		return "", err
	}
	return r.there(record.Client, id)
}

// person is who worked; what is not known of them is empty.
func (r *report) person(text string) (directory.Person, error) {
	if p, ok := r.people[text]; ok {
		return p, nil
	}
	var p directory.Person
	if id, err := record.ParseID(text); err == nil {
		p, err = r.s.Mirror.Person(r.c.View, id)
		if err != nil && !errors.Is(err, directory.ErrNotFound) {
			return p, err
		}
	}
	r.people[text] = p
	return p, nil
}

// visible says whether the caller may see a person's entries in a project.
func (r *report) visible(w *worked) bool {
	key := [2]string{w.user, w.project}
	if seen, ok := r.sees[key]; ok {
		return seen
	}
	var t auth.Target
	person, err := record.ParseID(w.user)
	if err == nil {
		t.Person = person
	}
	if project, err := record.ParseID(w.project); err == nil {
		t.Project = project
	}
	seen := err == nil && (r.c.May(auth.ReportsViewAll, t) || r.c.May(auth.EntriesView, t))
	r.sees[key] = seen
	return seen
}

// selects says whether an entry is in the report.
func (r *report) selects(w *worked) (bool, error) {
	if !r.visible(w) || !r.selectsText(w) {
		return false, nil
	}
	client := ""
	if r.in.Clients != nil {
		var err error
		if client, err = r.client(w); err != nil {
			return false, err
		}
	}
	for _, one := range []struct {
		filter *IDFilter
		kind   record.Kind
		ids    []string
	}{
		{r.in.Users, record.Member, one(w.user)},
		{r.in.Projects, record.Project, one(w.project)},
		{r.in.Clients, record.Client, one(client)},
		{r.in.Tasks, record.Task, one(w.task)},
		{r.in.Tags, record.Tag, w.tags},
	} {
		if !one.filter.matches(one.ids) {
			return false, nil
		}
		if ok, err := r.hasStatus(one.filter, one.kind, one.ids); err != nil || !ok {
			return false, err
		}
	}
	if r.groups != nil && r.groups[w.user] == (r.in.UserGroups.mode() == "DOES_NOT_CONTAIN") {
		return false, nil
	}
	return true, nil
}

func one(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

func (r *report) selectsText(w *worked) bool {
	in := r.in
	switch {
	case in.Billable != nil && *in.Billable != w.billable:
		return false
	case in.ApprovalState != nil && *in.ApprovalState == "APPROVED": // nothing is approved before there are approvals
		return false
	case in.InvoicingState != nil && *in.InvoicingState != "ALL" &&
		(*in.InvoicingState == "INVOICED") != gjson.GetBytes(w.doc, "invoiced").Bool():
		return false
	}
	if d := in.DetailedFilter; d != nil && d.AuditFilter != nil {
		if yes(d.AuditFilter.WithoutProject) && w.project != "" || yes(d.AuditFilter.WithoutTask) && w.task != "" {
			return false
		}
	}
	if !yes(in.WithoutDescription) && (in.Description == nil || *in.Description == "") {
		return true
	}
	description := gjson.GetBytes(w.doc, "description").String()
	if yes(in.WithoutDescription) {
		return description == ""
	}
	return strings.Contains(record.Fold(description), record.Fold(*in.Description))
}

func yes(b *bool) bool { return b != nil && *b }

func (f *IDFilter) mode() string {
	for _, m := range []*string{f.ContainedInTimeentry, f.Contains} {
		if m != nil && *m != "" {
			return *m
		}
	}
	return "CONTAINS"
}

// matches says whether what an entry is filed under passes the filter.
func (f *IDFilter) matches(ids []string) bool {
	if f == nil || len(f.IDs) == 0 {
		return true
	}
	n := 0
	for _, id := range ids {
		if slices.ContainsFunc(f.IDs, func(wanted string) bool { return strings.EqualFold(wanted, id) }) {
			n++
		}
	}
	switch f.mode() {
	case "DOES_NOT_CONTAIN":
		return n == 0
	case "CONTAINS_ONLY":
		return n > 0 && n == len(ids)
	}
	return n > 0
}

// hasStatus judges a filter's status: what an entry is not filed under has
// none, and passes.
func (r *report) hasStatus(f *IDFilter, kind record.Kind, ids []string) (bool, error) {
	if f == nil || f.Status == nil || *f.Status == "" || *f.Status == "ALL" || len(ids) == 0 {
		return true, nil
	}
	if kind == record.Member {
		return r.hasMemberStatus(*f.Status, ids[0])
	}
	for _, id := range ids {
		doc, err := r.names.look(kind, id)
		if err != nil {
			return false, err
		}
		over := gjson.GetBytes(doc, "archived").Bool() || gjson.GetBytes(doc, "status").String() == taskDone
		if over == (*f.Status != "ACTIVE") {
			return true, nil
		}
	}
	return false, nil
}

func (r *report) hasMemberStatus(status, user string) (bool, error) {
	id, ok := parsed(user)
	if !ok {
		return false, nil
	}
	m, err := r.s.Mirror.Membership(r.c.View, id, r.c.Workspace)
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return string(m.Status) == status || status == "ACTIVE_WITH_PENDING" && (m.Status == directory.Active || m.Status == directory.Pending), nil
}
