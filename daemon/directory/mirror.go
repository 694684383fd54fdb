package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"domicile/store"
	"domicile/store/record"
)

// Mirror reads the directory's kinds from a view of a region's cell. The zero value reads the region's
// mirror; the directory itself uses the same code on its own workspace. It keeps nothing and is safe for
// concurrent use.
//
// ErrNotFound means that the mirror does not have the record; other errors are the store's.
type Mirror struct {
	workspace record.ID // zero: record.RegionID
}

func (m Mirror) in() record.ID {
	if m.workspace.IsZero() {
		return record.RegionID
	}
	return m.workspace
}

func read[T any](m Mirror, v *store.View, kind record.Kind, id record.ID) (T, store.Revision, error) {
	var doc T
	rec, err := v.Get(m.in(), kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return doc, 0, fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	if err != nil {
		return doc, 0, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	if err := json.Unmarshal(rec.Doc, &doc); err != nil {
		return doc, 0, fmt.Errorf("decode %s %s: %w", kind, id, err)
	}
	return doc, rec.Revision, nil
}

// ids lists the records of a kind whose index has the values.
func (m Mirror) ids(v *store.View, kind record.Kind, index string, values ...record.Value) ([]record.ID, error) {
	definition := record.Find(kind, index)
	if definition == nil {
		return nil, fmt.Errorf("index %s of %s: no such index", index, kind)
	}
	prefix, err := definition.Prefix(values...)
	if err != nil {
		return nil, fmt.Errorf("index %s of %s: %w", index, kind, err)
	}
	var ids []record.ID
	for e, err := range v.Index(m.in(), kind, index, store.Range{Prefix: prefix}) {
		if err != nil {
			return nil, fmt.Errorf("read index %s of %s: %w", index, kind, err)
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}

func (m Mirror) all(v *store.View, kind record.Kind) ([]record.ID, error) {
	var ids []record.ID
	for rec, err := range v.Records(m.in(), kind) {
		if err != nil {
			return nil, fmt.Errorf("read %s records: %w", kind, err)
		}
		ids = append(ids, rec.Key.ID)
	}
	return ids, nil
}

// Home is where a workspace lives: known for all workspaces of the installation.
func (m Mirror) Home(v *store.View, workspace record.ID) (Home, error) {
	h, _, err := read[Home](m, v, record.Home, workspace)
	return h, err
}

// Workspace is what the mirror knows of a workspace: everything if it lives here, else its name, if
// somebody known here is a member.
func (m Mirror) Workspace(v *store.View, workspace record.ID) (Workspace, error) {
	w, _, err := read[Workspace](m, v, record.Workspace, workspace)
	return w, err
}

// WorkspaceBySubdomain finds the workspace that lives here and has the custom subdomain.
func (m Mirror) WorkspaceBySubdomain(v *store.View, subdomain string) (Workspace, error) {
	ids, err := m.ids(v, record.Workspace, "subdomain", record.FoldedValue(subdomain))
	if err != nil {
		return Workspace{}, err
	}
	if len(ids) == 0 {
		return Workspace{}, fmt.Errorf("subdomain: %w", ErrNotFound)
	}
	return m.Workspace(v, ids[0])
}

// Membership is a person's membership in a workspace.
func (m Mirror) Membership(v *store.View, person, workspace record.ID) (Membership, error) {
	p, _, err := read[Membership](m, v, record.Membership, MembershipID(person, workspace))
	return p, err
}

// Person is a person by id.
func (m Mirror) Person(v *store.View, id record.ID) (Person, error) {
	p, _, err := read[Person](m, v, record.Person, id)
	return p, err
}

// PersonByEmail is a person by e-mail address, in whatever case.
func (m Mirror) PersonByEmail(v *store.View, email string) (Person, error) {
	ids, err := m.ids(v, record.Person, "email", record.FoldedValue(FoldEmail(email)))
	if err != nil {
		return Person{}, err
	}
	if len(ids) == 0 {
		return Person{}, fmt.Errorf("person: %w", ErrNotFound)
	}
	return m.Person(v, ids[0])
}

// MembershipsOf are a person's memberships, in the order of workspace ids.
func (m Mirror) MembershipsOf(v *store.View, person record.ID) ([]Membership, error) {
	return m.memberships(v, "person", person)
}

// MembersOf are a workspace's memberships, in the order of person ids.
func (m Mirror) MembersOf(v *store.View, workspace record.ID) ([]Membership, error) {
	return m.memberships(v, "workspace", workspace)
}

func (m Mirror) memberships(v *store.View, index string, of record.ID) ([]Membership, error) {
	ids, err := m.ids(v, record.Membership, index, record.RefValue(of))
	if err != nil {
		return nil, err
	}
	out := make([]Membership, 0, len(ids))
	for _, id := range ids {
		p, _, err := read[Membership](m, v, record.Membership, id)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Membership) int {
		if c := a.PersonID.Compare(b.PersonID); c != 0 {
			return c
		}
		return a.WorkspaceID.Compare(b.WorkspaceID)
	})
	return out, nil
}

// WorkspacesOf are the workspaces that a person sees in the list: those with a membership that gives an
// account, wherever they live, with home, role and status; by name.
func (m Mirror) WorkspacesOf(v *store.View, person record.ID) ([]Placed, error) {
	memberships, err := m.MembershipsOf(v, person)
	if err != nil {
		return nil, err
	}
	var out []Placed
	for _, p := range memberships {
		if !p.Account() {
			continue
		}
		placed, err := m.place(v, p.WorkspaceID)
		if errors.Is(err, ErrNotFound) || err == nil && placed.Workspace.Deleted() {
			continue
		}
		if err != nil {
			return nil, err
		}
		placed.Status = p.Status
		if p.Role != nil {
			placed.Role = *p.Role
		}
		out = append(out, placed)
	}
	slices.SortFunc(out, func(a, b Placed) int {
		if c := strings.Compare(a.Workspace.Name, b.Workspace.Name); c != 0 {
			return c
		}
		return a.Workspace.ID.Compare(b.Workspace.ID)
	})
	return out, nil
}

func (m Mirror) place(v *store.View, workspace record.ID) (Placed, error) {
	w, err := m.Workspace(v, workspace)
	if err != nil {
		return Placed{}, err
	}
	h, err := m.Home(v, workspace)
	if err != nil {
		return Placed{}, err
	}
	return Placed{Workspace: w, Home: h}, nil
}

// HasAccount reports whether a person has an account in a region: a membership that gives one, in a
// workspace that lives there. Keys need it.
func (m Mirror) HasAccount(v *store.View, person record.ID, r Region) (bool, error) {
	placed, err := m.WorkspacesOf(v, person)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(placed, func(p Placed) bool { return p.Home.Region == r }), nil
}

// HomesIn are the homes of the workspaces that live in a region.
func (m Mirror) HomesIn(v *store.View, r Region) ([]Home, error) {
	ids, err := m.ids(v, record.Home, "region", record.TextValue(string(r)))
	if err != nil {
		return nil, err
	}
	out := make([]Home, 0, len(ids))
	for _, id := range ids {
		h, err := m.Home(v, id)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// Keys are the public signing keys of all regions that have published one.
func (m Mirror) Keys(v *store.View) ([]RegionKeys, error) {
	ids, err := m.all(v, record.Region)
	if err != nil {
		return nil, err
	}
	out := make([]RegionKeys, 0, len(ids))
	for _, id := range ids {
		k, _, err := read[RegionKeys](m, v, record.Region, id)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b RegionKeys) int { return strings.Compare(string(a.Region), string(b.Region)) })
	return out, nil
}
