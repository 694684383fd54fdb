package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Member is a person in a workspace that lives in this region.
type Member struct {
	Person    record.ID
	Workspace record.ID
	Status    directory.Status
	Role      directory.Role
	Projects  map[record.ID]bool // which they manage (PROJECT_MANAGER)
	People    map[record.ID]bool // whom they manage (TEAM_MANAGER)
	Plan      directory.Plan     // the workspace's
}

// memberKey and membership are what is remembered of a person in a workspace; like what is remembered of
// credentials, it is good at one revision of the region's records only.
type memberKey struct{ person, workspace record.ID }

type membership struct {
	at     store.Revision
	status directory.Status
	role   directory.Role
	plan   directory.Plan
}

// Member says what a principal is in a workspace: ErrNotMember if they are no active member, are denied, or
// the workspace is deleted or unknown here. It does not judge where the workspace lives; callers do that
// first, by Mirror.Home.
func (a *Auth) Member(v *store.View, p Principal, workspace record.ID) (Member, error) {
	revision, err := regionRevision(v)
	if err != nil {
		return Member{}, err
	}
	key := memberKey{p.Person, workspace}
	m, ok := a.members.GetIfPresent(key)
	if !ok || m.at != revision {
		if m, err = a.lookUpMember(v, key); err != nil {
			a.members.Invalidate(key)
			return Member{}, err
		}
		m.at = revision
		a.members.Set(key, m)
	}
	out := Member{Person: p.Person, Workspace: workspace, Status: m.status, Role: m.role, Plan: m.plan}
	return out, out.readRoles(v)
}

func (a *Auth) lookUpMember(v *store.View, key memberKey) (membership, error) {
	denial := directory.DenialID(key.person, key.workspace)
	if _, err := v.Get(record.RegionID, record.Denial, denial); err == nil {
		return membership{}, ErrNotMember
	} else if !errors.Is(err, store.ErrNotFound) {
		return membership{}, fmt.Errorf("read denial %s: %w", denial, err)
	}
	ms, err := a.o.Mirror.Membership(v, key.person, key.workspace)
	if err != nil {
		return membership{}, orUnknown(err, ErrNotMember)
	}
	w, err := a.o.Mirror.Workspace(v, key.workspace)
	if err != nil {
		return membership{}, orUnknown(err, ErrNotMember)
	}
	if ms.Status != directory.Active || w.Deleted() {
		return membership{}, ErrNotMember
	}
	m := membership{status: ms.Status, plan: w.Plan}
	if ms.Role != nil {
		m.role = *ms.Role
	}
	return m, nil
}

// readRoles reads what the workspace's own member record says: which projects and people they manage.
func (m *Member) readRoles(v *store.View) error {
	rec, err := v.Get(m.Workspace, record.Member, m.Person)
	if errors.Is(err, store.ErrNotFound) {
		return nil // people who never changed a setting have no record
	}
	if err != nil {
		return fmt.Errorf("read member %s: %w", m.Person, err)
	}
	gjson.GetBytes(rec.Doc, "roles").ForEach(func(_, role gjson.Result) bool {
		switch role.Get("role").String() {
		case "PROJECT_MANAGER":
			m.Projects = entities(role, m.Projects)
		case "TEAM_MANAGER":
			m.People = entities(role, m.People)
		}
		return true
	})
	return nil
}

// entities adds the ids of a role's entities, which are ids or objects with one.
func entities(role gjson.Result, to map[record.ID]bool) map[record.ID]bool {
	role.Get("entities").ForEach(func(_, entity gjson.Result) bool {
		text := entity.String()
		if entity.IsObject() {
			text = entity.Get("id").String()
		}
		if id, err := record.ParseID(text); err == nil {
			if to == nil {
				to = map[record.ID]bool{}
			}
			to[id] = true
		}
		return true
	})
	return to
}

// denialDoc is a denial as it is stored.
type denialDoc struct {
	ID          record.ID `json:"id"`
	PersonID    record.ID `json:"personId"`
	WorkspaceID record.ID `json:"workspaceId"`
	At          string    `json:"at"`
}

// Deny shuts a person out of a workspace in this region, at once and whatever the mirror says, until Undeny,
// or until the directory ends the membership.
func (a *Auth) Deny(ctx context.Context, person, workspace record.ID, by directory.Actor) error {
	doc := denialDoc{
		ID: directory.DenialID(person, workspace), PersonID: person, WorkspaceID: workspace,
		At: a.o.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00"),
	}
	return a.write(ctx, func(_ *store.View, c *change) error {
		if err := c.put(record.Denial, doc.ID, doc); err != nil {
			return err
		}
		return a.trail(c, by, "member.deny", workspace, person)
	})
}

// Undeny takes a denial back.
func (a *Auth) Undeny(ctx context.Context, person, workspace record.ID, by directory.Actor) error {
	id := directory.DenialID(person, workspace)
	return a.write(ctx, func(v *store.View, c *change) error {
		if _, err := v.Get(record.RegionID, record.Denial, id); errors.Is(err, store.ErrNotFound) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read denial %s: %w", id, err)
		}
		c.delete(record.Denial, id)
		return a.trail(c, by, "member.undeny", workspace, person)
	})
}
