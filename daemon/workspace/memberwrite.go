package workspace

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// The roles of a workspace's own records.
const (
	roleProject = "PROJECT_MANAGER"
	roleTeam    = "TEAM_MANAGER"
)

// Invite makes somebody a pending member, by e-mail address. False means that
// this region does not show it yet.
func (s *Service) Invite(ctx context.Context, c *Scope, email string) (Overview, bool, error) {
	if err := directory.CheckEmail(email); err != nil {
		return Overview{}, false, err
	}
	_, revision, err := s.Directory.Invite(ctx, directory.Invite{
		Workspace: c.Workspace, Emails: []string{email}, By: c.Principal.Actor(),
	})
	if err != nil {
		return Overview{}, false, err
	}
	return s.after(ctx, c, revision)
}

// after answers the workspace as it is when the mirror shows a write of the
// directory.
func (s *Service) after(ctx context.Context, c *Scope, r store.Revision) (Overview, bool, error) {
	settled := s.settle(ctx, r)
	v, err := s.View(ctx)
	if err != nil {
		return Overview{}, settled, err
	}
	defer v.Close()
	o, err := s.workspaceIn(v, c)
	return o, settled, err
}

// SetStatus activates or deactivates a member. While the directory is away a
// deactivation holds in this region at once, and is not settled.
func (s *Service) SetStatus(ctx context.Context, c *Scope, person record.ID, status string) (Overview, bool, error) {
	to := directory.Status(status)
	if to != directory.Active && to != directory.Inactive {
		return Overview{}, false, &Invalid{Field: "status", Reason: "is not one of ACTIVE, INACTIVE"}
	}
	if err := s.mustBeMember(c.View, c, person); err != nil {
		return Overview{}, false, err
	}
	_, revision, err := s.Directory.SetMembership(ctx, directory.MembershipChange{
		Workspace: c.Workspace, Person: person, Status: &to, By: c.Principal.Actor(),
	})
	if errors.Is(err, directory.ErrUnavailable) && to == directory.Inactive && s.Denials != nil {
		if err := s.deny(ctx, c, person); err != nil {
			return Overview{}, false, err
		}
		o, err := s.workspaceIn(c.View, c)
		return o, false, err
	}
	if errors.Is(err, directory.ErrNotFound) {
		return Overview{}, false, &Foreign{Noun: "User"}
	}
	if err != nil {
		return Overview{}, false, err
	}
	if to == directory.Active && s.Denials != nil {
		if err := s.Denials.Undeny(ctx, person, c.Workspace, c.Principal.Actor()); err != nil {
			return Overview{}, false, err
		}
	}
	return s.after(ctx, c, revision)
}

// deny shuts a member out in this region; the owner cannot be.
func (s *Service) deny(ctx context.Context, c *Scope, person record.ID) error {
	m, err := s.Mirror.Membership(c.View, person, c.Workspace)
	if err != nil {
		return err
	}
	if m.Is(directory.Owner) {
		return directory.ErrOwner
	}
	return s.Denials.Deny(ctx, person, c.Workspace, c.Principal.Actor())
}

// RemoveMember ends a membership. While the directory is away the person is
// shut out in this region at once, and it is not settled.
func (s *Service) RemoveMember(ctx context.Context, c *Scope, person record.ID) (bool, error) {
	if err := s.mustBeMember(c.View, c, person); err != nil {
		return false, err
	}
	revision, err := s.Directory.RemoveMembers(ctx, directory.Removal{
		Workspace: c.Workspace, Persons: []record.ID{person}, By: c.Principal.Actor(),
	})
	if errors.Is(err, directory.ErrUnavailable) && s.Denials != nil {
		return false, s.deny(ctx, c, person)
	}
	if err != nil {
		return false, err
	}
	return s.settle(ctx, revision), nil
}

// RoleInput names a role and what it is over.
type RoleInput struct {
	Role       string `json:"role" required:"true" enum:"WORKSPACE_ADMIN,TEAM_MANAGER,PROJECT_MANAGER"`
	EntityID   string `json:"entityId" required:"true" doc:"The workspace, project or user."`
	SourceType string `json:"sourceType,omitempty"`
}

// SetRole gives a member a role or takes it away, and answers their roles.
// False means that this region does not show it yet.
func (s *Service) SetRole(ctx context.Context, c *Scope, person record.ID, in RoleInput, give bool) ([]UserRole, bool, error) {
	if err := s.mustBeMember(c.View, c, person); err != nil {
		return nil, false, err
	}
	settled := true
	var err error
	switch in.Role {
	case string(directory.Admin):
		settled, err = s.setAdmin(ctx, c, person, in.EntityID, give)
	case roleProject, roleTeam:
		err = s.setManager(ctx, c, person, in, give)
	default:
		err = &Invalid{Field: "role", Reason: "is not one of WORKSPACE_ADMIN, TEAM_MANAGER, PROJECT_MANAGER"}
	}
	if err != nil {
		return nil, false, err
	}
	roles, err := s.rolesNow(ctx, c, person)
	return roles, settled, err
}

func (s *Service) setAdmin(ctx context.Context, c *Scope, person record.ID, entity string, give bool) (bool, error) {
	if id, err := record.ParseID(entity); err != nil || id != c.Workspace {
		return false, &Invalid{Field: "entityId", Reason: "is not this workspace"}
	}
	role := directory.NoRole
	if give {
		role = directory.Admin
	}
	_, revision, err := s.Directory.SetMembership(ctx, directory.MembershipChange{
		Workspace: c.Workspace, Person: person, Role: &role, By: c.Principal.Actor(),
	})
	if errors.Is(err, directory.ErrNotFound) {
		return false, &Foreign{Noun: "User"}
	}
	if err != nil {
		return false, err
	}
	return s.settle(ctx, revision), nil
}

func (s *Service) setManager(ctx context.Context, c *Scope, person record.ID, in RoleInput, give bool) error {
	_, err := s.write(ctx, c, func(v *store.View) (*Change, error) {
		change := &Change{}
		entity, err := s.managed(v, c, change, in)
		if err != nil {
			return nil, err
		}
		m, err := memberOf(v, c.Workspace, person)
		if err != nil {
			return nil, err
		}
		m.setRole(in.Role, entity, give)
		return change, m.put(change)
	})
	return err
}

// managed is what a manager's role is over, which must exist.
func (s *Service) managed(v *store.View, c *Scope, change *Change, in RoleInput) (record.ID, error) {
	id, err := record.ParseID(in.EntityID)
	if in.Role == roleTeam {
		if err != nil {
			return id, &Foreign{Noun: "User"}
		}
		return id, s.mustBeMember(v, c, id)
	}
	if err != nil {
		return id, &Foreign{Noun: "Project"}
	}
	return id, s.need(v, c, change, record.Key{Kind: record.Project, ID: id})
}

func (m *memberDoc) setRole(role string, entity record.ID, give bool) {
	i := slices.IndexFunc(m.Roles, func(r memberRole) bool { return r.Role == role })
	if i < 0 {
		if give {
			m.Roles = append(m.Roles, memberRole{Role: role, Entities: []record.ID{entity}})
		}
		return
	}
	r := &m.Roles[i]
	r.Entities = slices.DeleteFunc(r.Entities, func(e record.ID) bool { return e == entity })
	if give {
		r.Entities = append(r.Entities, entity)
	}
	if len(r.Entities) == 0 {
		m.Roles = slices.Delete(m.Roles, i, i+1)
	}
}

// rolesNow reads a person's roles from a new view.
func (s *Service) rolesNow(ctx context.Context, c *Scope, person record.ID) ([]UserRole, error) {
	v, err := s.View(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	l := memberRow{}
	if l.membership, err = s.Mirror.Membership(v, person, c.Workspace); err != nil {
		return nil, err
	}
	if l.person, err = s.Mirror.Person(v, person); err != nil {
		return nil, err
	}
	if l.member, err = memberOf(v, c.Workspace, person); err != nil {
		return nil, err
	}
	return s.rolesOf(c, v, l)
}

// RateInput is a rate for the future: entries keep the one they were recorded with.
type RateInput struct {
	Amount   *int64 `json:"amount" required:"true" doc:"For an hour, in the currency's minor unit."`
	Currency string `json:"currency,omitempty"`
	Since    string `json:"since,omitempty"`
}

// check returns the rate that the input says.
func (r *RateInput) check(currency string) (*Rate, error) {
	if err := checkAmount(r.Amount); err != nil {
		return nil, err
	}
	if r.Since != "" {
		if _, ok := ParseInstant(r.Since, time.UTC); !ok {
			return nil, &Invalid{Field: "since", Reason: "is not a time such as 2026-01-31T08:00:00Z"}
		}
	}
	if r.Currency != "" {
		if len(r.Currency) != 3 || strings.Trim(r.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil, &Invalid{Field: "currency", Reason: "is not a code of three capital letters"}
		}
		currency = r.Currency
	}
	return &Rate{Amount: *r.Amount, Currency: currency}, nil
}

// SetUserRate sets what an hour of a member is worth, or with cost what it costs.
func (s *Service) SetUserRate(ctx context.Context, c *Scope, person record.ID, in RateInput, cost bool) (Overview, error) {
	in.Currency = ""
	rate, err := in.check(c.Currency())
	if err != nil {
		return Overview{}, err
	}
	_, err = s.write(ctx, c, func(v *store.View) (*Change, error) {
		if err := s.mustBeMember(v, c, person); err != nil {
			return nil, err
		}
		m, err := memberOf(v, c.Workspace, person)
		if err != nil {
			return nil, err
		}
		if cost {
			m.CostRate = rate
		} else {
			m.HourlyRate = rate
		}
		change := &Change{}
		return change, m.put(change)
	})
	if err != nil {
		return Overview{}, err
	}
	o, _, err := s.after(ctx, c, 0)
	return o, err
}

// SetRate sets the workspace's rate, or with cost its cost rate.
func (s *Service) SetRate(ctx context.Context, c *Scope, in RateInput, cost bool) (Overview, error) {
	rate, err := in.check(c.Currency())
	if err != nil {
		return Overview{}, err
	}
	_, err = s.write(ctx, c, func(v *store.View) (*Change, error) {
		key := record.Key{Kind: record.Settings, ID: c.Workspace}
		r, err := v.Get(c.Workspace, key.Kind, key.ID)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		settings, err := settingsOf(c.Workspace, r.Doc)
		if err != nil {
			return nil, err
		}
		if cost {
			settings.CostRate = rate
		} else {
			settings.HourlyRate = rate
		}
		doc, err := encode(settings)
		if err != nil {
			return nil, err
		}
		change := &Change{Puts: []store.Put{{Key: key, Doc: doc}}, If: []store.Condition{store.Absent(key)}}
		if r.Revision > 0 {
			change.If[0] = store.At(key, r.Revision)
		}
		return change, nil
	})
	if err != nil {
		return Overview{}, err
	}
	o, _, err := s.after(ctx, c, 0)
	return o, err
}

// Managers lists the people who manage a person.
func (s *Service) Managers(c *Scope, person record.ID, f UserFilter, p Page) ([]User, bool, error) {
	if err := s.mustBeMember(c.View, c, person); err != nil {
		return nil, false, err
	}
	f.managing = person
	return s.Users(c, f, p)
}
