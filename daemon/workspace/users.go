package workspace

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// User is a person in the vendor's shape.
type User struct {
	ID               record.ID              `json:"id"`
	Email            string                 `json:"email"`
	Name             string                 `json:"name"`
	Memberships      []Membership           `json:"memberships"`
	ProfilePicture   string                 `json:"profilePicture"`
	ActiveWorkspace  string                 `json:"activeWorkspace"`
	DefaultWorkspace string                 `json:"defaultWorkspace"`
	Settings         json.RawMessage        `json:"settings" doc:"Null where nothing is known."`
	Status           directory.PersonStatus `json:"status"`
	CustomFields     []json.RawMessage      `json:"customFields"`
	Roles            []UserRole             `json:"roles,omitempty" doc:"With include-roles."`
}

// UserRole is a role that a person has in a workspace.
type UserRole struct {
	Role        string       `json:"role"`
	UserID      record.ID    `json:"userId"`
	WorkspaceID record.ID    `json:"workspaceId"`
	Entities    []RoleEntity `json:"entities"`
}

// RoleEntity is what a role is over: the workspace, a project or a person.
type RoleEntity struct {
	ID   record.ID `json:"id"`
	Name string    `json:"name"`
}

// UserFilter says which people a list has, and in which order. Zero fields do
// not restrict.
type UserFilter struct {
	Email, Name     string   // are contained, whatever the case
	Status          string   // of the membership; "" is all but those who declined, ALL is all
	AccountStatuses []string // of the person
	Roles           []string
	Project         string // who has access to it
	Memberships     string // which to show: NONE, WORKSPACE, PROJECT, USERGROUP, ALL
	IncludeRoles    bool
	Column          string // ID, EMAIL, NAME, NAME_LOWERCASE, ACCESS, HOURLYRATE, COSTRATE
	Descending      bool

	managing record.ID // only who manages this person
}

// memberRow is a person in a list before they are shown.
type memberRow struct {
	membership directory.Membership
	person     directory.Person
	member     *memberDoc
}

// Users lists a workspace's people. Last says that no page follows.
func (s *Service) Users(c *Scope, f UserFilter, p Page) (users []User, last bool, err error) {
	people, err := s.people(c, &f)
	if err != nil {
		return nil, false, err
	}
	from, to := p.bounds()
	last = to >= len(people)
	people = people[min(from, len(people)):min(to, len(people))]
	projects := map[record.ID][]Membership{}
	if f.Memberships == "PROJECT" || f.Memberships == "ALL" {
		if projects, err = s.projectMemberships(c); err != nil {
			return nil, false, err
		}
	}
	users = []User{}
	for _, one := range people {
		u, err := s.listedUser(c, one, &f, projects[one.person.ID])
		if err != nil {
			return nil, false, err
		}
		users = append(users, u)
	}
	return users, last, nil
}

// people are all that the filter lets through, in order.
func (s *Service) people(c *Scope, f *UserFilter) ([]memberRow, error) {
	memberships, err := s.Mirror.MembersOf(c.View, c.Workspace)
	if err != nil {
		return nil, err
	}
	only, err := s.withAccess(c, f.Project)
	if err != nil {
		return nil, err
	}
	var people []memberRow
	for _, m := range memberships {
		if !f.wants(m.Status) || only != nil && !only[m.PersonID] {
			continue
		}
		p, err := s.Mirror.Person(c.View, m.PersonID)
		if errors.Is(err, directory.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !f.match(p) {
			continue
		}
		doc, err := memberOf(c.View, c.Workspace, m.PersonID)
		if err != nil {
			return nil, err
		}
		one := memberRow{membership: m, person: p, member: doc}
		if len(f.Roles) > 0 && !slices.ContainsFunc(f.Roles, one.holds) {
			continue
		}
		if !f.managing.IsZero() && !one.manages(f.managing) {
			continue
		}
		people = append(people, one)
	}
	slices.SortStableFunc(people, f.compare)
	return people, nil
}

func (f *UserFilter) wants(s directory.Status) bool {
	switch f.Status {
	case "":
		return s != directory.Declined
	case "ALL":
		return true
	}
	return string(s) == f.Status
}

func (f *UserFilter) match(p directory.Person) bool {
	contains := func(text, part string) bool {
		return part == "" || strings.Contains(record.Fold(text), record.Fold(part))
	}
	return contains(p.Email, f.Email) && contains(p.Name, f.Name) &&
		(len(f.AccountStatuses) == 0 || slices.Contains(f.AccountStatuses, string(p.Status)))
}

// compare orders people by the column, and then always by id.
func (f *UserFilter) compare(a, b memberRow) int {
	amount := func(r *Rate) int64 {
		if r == nil {
			return -1
		}
		return r.Amount
	}
	n := 0
	switch f.Column {
	case "ID":
	case "EMAIL":
		n = cmp.Compare(record.Fold(a.person.Email), record.Fold(b.person.Email))
	case "NAME":
		n = cmp.Compare(a.person.Name, b.person.Name)
	case "ACCESS":
		n = cmp.Compare(a.rank(), b.rank())
	case "HOURLYRATE":
		n = cmp.Compare(amount(a.member.HourlyRate), amount(b.member.HourlyRate))
	case "COSTRATE":
		n = cmp.Compare(amount(a.member.CostRate), amount(b.member.CostRate))
	default:
		n = cmp.Compare(record.Fold(a.person.Name), record.Fold(b.person.Name))
	}
	if n == 0 {
		n = a.person.ID.Compare(b.person.ID)
	}
	if f.Descending {
		return -n
	}
	return n
}

// rank orders people by what they may do, most first.
func (l memberRow) rank() int {
	switch {
	case l.membership.Is(directory.Owner):
		return 0
	case l.membership.Is(directory.Admin):
		return 1
	case len(l.member.Roles) > 0:
		return 2
	}
	return 3
}

func (l memberRow) manages(person record.ID) bool {
	return slices.ContainsFunc(l.member.Roles, func(r memberRole) bool {
		return r.Role == roleTeam && slices.Contains(r.Entities, person)
	})
}

func (l memberRow) holds(role string) bool {
	return l.membership.Role != nil && string(*l.membership.Role) == role ||
		slices.ContainsFunc(l.member.Roles, func(r memberRole) bool { return r.Role == role })
}

// withAccess are the people who have access to a project; nil for everybody.
func (s *Service) withAccess(c *Scope, project string) (map[record.ID]bool, error) {
	if project == "" {
		return nil, nil
	}
	id, err := record.ParseID(project)
	if err != nil {
		return nil, &Foreign{Noun: "Project"}
	}
	r, err := s.fetch(c.View, c, record.Key{Kind: record.Project, ID: id})
	if err != nil {
		return nil, err
	}
	if gjson.GetBytes(r.Doc, "public").Bool() {
		return nil, nil
	}
	only := map[record.ID]bool{}
	for _, user := range gjson.GetBytes(r.Doc, "memberships.#.userId").Array() {
		if id, err := record.ParseID(user.String()); err == nil {
			only[id] = true
		}
	}
	return only, nil
}

// projectMemberships reads who is in which project, as the projects say.
func (s *Service) projectMemberships(c *Scope) (map[record.ID][]Membership, error) {
	all := map[record.ID][]Membership{}
	rates := c.Can(auth.RatesView)
	for r, err := range c.View.Records(c.Workspace, record.Project) {
		if err != nil {
			return nil, err
		}
		var doc struct {
			Memberships []Membership `json:"memberships"`
		}
		if err := json.Unmarshal(r.Doc, &doc); err != nil {
			continue // written in a shape of its own: nothing to show here
		}
		for _, m := range doc.Memberships {
			m.TargetID, m.MembershipType = r.Key.ID, "PROJECT"
			if !rates {
				m.HourlyRate, m.CostRate = nil, nil
			}
			all[m.UserID] = append(all[m.UserID], m)
		}
	}
	return all, nil
}

func (s *Service) listedUser(c *Scope, l memberRow, f *UserFilter, projects []Membership) (User, error) {
	u := plainUser(l.person)
	u.ActiveWorkspace, u.DefaultWorkspace = c.Workspace.String(), c.Workspace.String()
	if l.membership.Account() {
		own, err := memberDocSettings(l.member, c.settings)
		if err != nil {
			return u, err
		}
		u.Settings = own
	}
	if f.Memberships == "WORKSPACE" || f.Memberships == "ALL" {
		m, err := s.membership(c.View, l.membership, c.Can(auth.RatesView))
		if err != nil {
			return u, err
		}
		u.Memberships = append(u.Memberships, m)
	}
	u.Memberships = append(u.Memberships, projects...)
	if f.IncludeRoles {
		roles, err := s.rolesOf(c, c.View, l)
		if err != nil {
			return u, err
		}
		u.Roles = roles
	}
	return u, nil
}

func memberDocSettings(m *memberDoc, settings []byte) (json.RawMessage, error) {
	doc, err := encode(struct {
		Settings json.RawMessage `json:"settings,omitempty"`
	}{m.Settings})
	if err != nil {
		return nil, err
	}
	return memberSettings(doc, settings)
}

func plainUser(p directory.Person) User {
	return User{
		ID: p.ID, Email: p.Email, Name: p.Name, ProfilePicture: p.ProfilePicture, Status: p.Status,
		Memberships: []Membership{}, CustomFields: []json.RawMessage{},
	}
}

// rolesOf are the roles of a person, with the names of what they are over.
func (s *Service) rolesOf(c *Scope, v *store.View, l memberRow) ([]UserRole, error) {
	roles := []UserRole{}
	add := func(role string, entities ...RoleEntity) {
		roles = append(roles, UserRole{Role: role, UserID: l.person.ID, WorkspaceID: c.Workspace, Entities: entities})
	}
	if l.membership.Role != nil && *l.membership.Role != directory.NoRole {
		w, err := s.Mirror.Workspace(v, c.Workspace)
		if err != nil {
			return nil, err
		}
		add(string(*l.membership.Role), RoleEntity{ID: c.Workspace, Name: w.Name})
	}
	for _, r := range l.member.Roles {
		entities := []RoleEntity{}
		for _, id := range r.Entities {
			name, err := s.entityName(c, v, r.Role, id)
			if err != nil {
				return nil, err
			}
			entities = append(entities, RoleEntity{ID: id, Name: name})
		}
		add(r.Role, entities...)
	}
	return roles, nil
}

func (s *Service) entityName(c *Scope, v *store.View, role string, id record.ID) (string, error) {
	if role == roleTeam {
		p, err := s.Mirror.Person(v, id)
		if errors.Is(err, directory.ErrNotFound) {
			return "", nil
		}
		return p.Name, err
	}
	doc, err := optional(v, c.Workspace, record.Key{Kind: record.Project, ID: id})
	return gjson.GetBytes(doc, "name").String(), err
}
