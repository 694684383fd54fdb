package workspace

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// ProjectFilter selects projects.
type ProjectFilter struct {
	NameFilter
	Billable     *bool
	Template     *bool
	Public       *bool
	Clients      []record.ID
	NotClients   bool   // those without any of Clients instead
	ClientStatus string // ACTIVE, ARCHIVED; else all
	Users        []record.ID
	NotUsers     bool
	UserStatus   string // of a member of the project: ACTIVE, INACTIVE, …; else all
	Sort         string // ID, NAME, CLIENT_NAME, DURATION, BUDGET, PROGRESS
	Hydrated     bool
}

// sees says whether the caller sees a project: public ones, those one is a
// member of, and all for whom the table says so.
func (c *Scope) sees(doc []byte) bool {
	if gjson.GetBytes(doc, "public").Bool() {
		return true
	}
	if gjson.GetBytes(doc, fmt.Sprintf(`memberships.#(userId==%q)`, c.Principal.Person)).Exists() {
		return true
	}
	id, err := record.ParseID(gjson.GetBytes(doc, "id").String())
	return err == nil && c.May(auth.ProjectsViewAll, auth.Target{Project: id})
}

// visibleProject reads a project that the caller sees: who does not see it is
// told that there is none.
func (s *Service) visibleProject(v *store.View, c *Scope, text string) (ProjectDocument, store.Record, error) {
	p, r, err := load[ProjectDocument](s, v, c, record.Project, text)
	if err == nil && !c.sees(r.Doc) {
		err = &Foreign{Noun: noun(record.Project)}
	}
	return p, r, err
}

// projectShape derives what a project's answer has besides its record.
type projectShape struct {
	s        *Service
	c        *Scope
	v        *store.View
	spent    bool // duration
	hydrated bool // and tasks
	clients  map[string][]byte
}

func (s *Service) projectShape(c *Scope, v *store.View) *projectShape {
	return &projectShape{s: s, c: c, v: v, spent: true, clients: map[string][]byte{}}
}

// client is the name of a project's client as JSON, or nil if it has none or
// the client is gone.
func (h *projectShape) client(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	if name, ok := h.clients[text]; ok {
		return name, nil
	}
	var name []byte
	if id, err := record.ParseID(text); err == nil {
		doc, err := optional(h.v, h.c.Workspace, record.Key{Kind: record.Client, ID: id})
		if err != nil {
			return nil, err
		}
		if doc != nil {
			name = []byte(gjson.GetBytes(doc, "name").Raw)
		}
	}
	h.clients[text] = name
	return name, nil
}

func (h *projectShape) shape(r store.Record) (Document, error) {
	d := Document{Key: r.Key, Revision: r.Revision, Doc: r.Doc, Derived: h.c.workspaceID()}
	text := gjson.GetBytes(r.Doc, "clientId").String()
	name, err := h.client(text)
	if err != nil {
		return d, err
	}
	if name == nil {
		name = []byte(`""`)
		if text != "" { // deleted since
			if d.Doc, err = sjson.SetBytes(d.Doc, "clientId", ""); err != nil {
				return d, fmt.Errorf("shape project: %w", err)
			}
		}
	}
	d.derive("clientName", name)
	if err := h.c.hideRates(&d, r.Key.ID); err != nil {
		return d, err
	}
	if h.spent {
		spent, err := h.s.spent(h.v, h.c, "project_start", r.Key.ID)
		if err != nil {
			return d, err
		}
		d.derive("duration", []byte(strconv.Quote(Duration(spent))))
	}
	if h.hydrated {
		return d, h.tasks(&d, r.Key.ID)
	}
	return d, nil
}

func (h *projectShape) tasks(d *Document, project record.ID) error {
	all := []byte("[")
	for r, err := range indexed(h.v, h.c.Workspace, record.Task, "name", record.RefValue(project)) {
		if err != nil {
			return err
		}
		t := Document{Doc: r.Doc}
		if err := h.c.hideRates(&t, project); err != nil {
			return err
		}
		if len(all) > 1 {
			all = append(all, ',')
		}
		all = append(all, t.Doc...)
	}
	d.derive("tasks", append(all, ']'))
	return nil
}

// Projects lists the projects that the caller sees. How much time they have
// taken is added up only if it is asked for, by Hydrated: it reads all entries.
func (s *Service) Projects(c *Scope, f ProjectFilter) (List, error) {
	h := s.projectShape(c, c.View)
	h.spent, h.hydrated = f.Hydrated, f.Hydrated
	var all []listed
	for r, err := range projects(c, &f) {
		if err != nil {
			return List{}, fmt.Errorf("list project records: %w", err)
		}
		ok, err := s.selects(c, h, &f, r)
		if err != nil {
			return List{}, err
		}
		if !ok {
			continue
		}
		l, err := s.place(c, h, &f, r)
		if err != nil {
			return List{}, err
		}
		all = append(all, l)
	}
	ids, last := page(all, f.Downward, f.Page)
	return s.documents(c, record.Project, ids, last, h.shape), nil
}

// projects reads those of one client from its index, else all.
func projects(c *Scope, f *ProjectFilter) iter.Seq2[store.Record, error] {
	if len(f.Clients) == 1 && !f.NotClients {
		return indexed(c.View, c.Workspace, record.Project, "client", record.TextValue(f.Clients[0].String()))
	}
	return c.View.Records(c.Workspace, record.Project)
}

func (s *Service) selects(c *Scope, h *projectShape, f *ProjectFilter, r store.Record) (bool, error) {
	if !f.matches(r.Doc) || !c.sees(r.Doc) {
		return false, nil
	}
	for _, one := range []struct {
		field string
		want  *bool
	}{{"billable", f.Billable}, {"template", f.Template}, {"public", f.Public}} {
		if one.want != nil && gjson.GetBytes(r.Doc, one.field).Bool() != *one.want {
			return false, nil
		}
	}
	client := gjson.GetBytes(r.Doc, "clientId").String()
	if len(f.Clients) > 0 {
		has := slices.ContainsFunc(f.Clients, func(id record.ID) bool { return id.String() == client })
		if has == f.NotClients {
			return false, nil
		}
	}
	if ok, err := s.clientHas(c, f.ClientStatus, client); err != nil || !ok {
		return false, err
	}
	return s.projectHas(h, f, r.Doc)
}

func (s *Service) clientHas(c *Scope, status, client string) (bool, error) {
	if status != "ACTIVE" && status != "ARCHIVED" {
		return true, nil
	}
	id, ok := parsed(client)
	if !ok {
		return false, nil
	}
	doc, err := optional(c.View, c.Workspace, record.Key{Kind: record.Client, ID: id})
	return doc != nil && gjson.GetBytes(doc, "archived").Bool() == (status == "ARCHIVED"), err
}

// projectHas says whether somebody of the filter, or with its status, is a
// member of the project.
func (s *Service) projectHas(h *projectShape, f *ProjectFilter, doc []byte) (bool, error) {
	if len(f.Users) == 0 {
		return true, nil
	}
	has := false
	for _, m := range gjson.GetBytes(doc, "memberships").Array() {
		id, err := record.ParseID(m.Get("userId").String())
		if err != nil || !slices.Contains(f.Users, id) {
			continue
		}
		if f.UserStatus == "" || f.UserStatus == "ALL" {
			has = true
			break
		}
		p, err := s.Mirror.Membership(h.v, id, h.c.Workspace)
		if err == nil && p.Status == directory.Status(f.UserStatus) {
			has = true
			break
		}
	}
	return has != f.NotUsers, nil
}

// place is where a project stands in a sorted list.
func (s *Service) place(c *Scope, h *projectShape, f *ProjectFilter, r store.Record) (listed, error) {
	l := listed{id: r.Key.ID, key: record.Fold(gjson.GetBytes(r.Doc, "name").String())}
	switch f.Sort {
	case "ID":
		l.key = ""
	case "CLIENT_NAME":
		name, err := h.client(gjson.GetBytes(r.Doc, "clientId").String())
		if err != nil {
			return l, err
		}
		l.key = record.Fold(gjson.ParseBytes(name).String()) + "\x00" + l.key
	case "BUDGET":
		l.n = gjson.GetBytes(r.Doc, "budgetEstimate.estimate").Int()
	case "DURATION", "PROGRESS":
		spent, err := s.spent(c.View, c, "project_start", r.Key.ID)
		if err != nil {
			return l, err
		}
		l.n = int64(spent / time.Second)
		if f.Sort == "PROGRESS" { // per mille of the estimate; none has no progress
			estimate, _ := ParseDuration(gjson.GetBytes(r.Doc, "timeEstimate.estimate").String())
			if estimate < time.Second {
				l.n = 0
				return l, nil
			}
			l.n = l.n * 1000 / int64(estimate/time.Second)
		}
	}
	return l, nil
}

// Project reads one project.
func (s *Service) Project(c *Scope, text string, hydrated bool) (Document, error) {
	_, r, err := s.visibleProject(c.View, c, text)
	if err != nil {
		return Document{}, err
	}
	h := s.projectShape(c, c.View)
	h.hydrated = hydrated
	return h.shape(r)
}
