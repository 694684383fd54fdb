package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"domicile/store"
	"domicile/store/record"
)

// maxInvite bounds the people of one invitation; ImportPeople takes any number.
const maxInvite = 200

// Invite implements Service.
func (d *Directory) Invite(ctx context.Context, i Invite) ([]Invited, store.Revision, error) {
	emails, err := checkInvite(i)
	if err != nil {
		return nil, 0, err
	}
	var out []Invited
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		out = out[:0]
		if _, err := d.live(v, i.Workspace); err != nil {
			return err
		}
		if err := d.hold(v, c, record.Workspace, i.Workspace); err != nil {
			return err
		}
		seen := map[record.ID]int{}
		for _, id := range i.Persons {
			p, err := d.records.Person(v, id)
			if err != nil {
				return err
			}
			if err := d.hold(v, c, record.Person, id); err != nil {
				return err
			}
			if out, err = d.inviteOne(v, c, out, seen, p, i); err != nil {
				return err
			}
		}
		for _, email := range emails {
			p, _, err := d.known(v, c, NamedEmail{Email: email}, d.o.IDs.Next(d.o.Now()))
			if err != nil {
				return err
			}
			if out, err = d.inviteOne(v, c, out, seen, p, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return out, revision, nil
}

func checkInvite(i Invite) ([]string, error) {
	if n := len(i.Persons) + len(i.Emails); n == 0 || n > maxInvite {
		return nil, &Invalid{"emails", fmt.Sprintf("must be 1 to %d", maxInvite)}
	}
	emails := make([]string, 0, len(i.Emails))
	seen := map[string]bool{}
	for _, email := range i.Emails {
		if err := CheckEmail(email); err != nil {
			return nil, err
		}
		if folded := FoldEmail(email); !seen[folded] {
			seen[folded] = true
			emails = append(emails, strings.TrimSpace(email))
		}
	}
	return emails, nil
}

func (d *Directory) inviteOne(v *store.View, c *change, out []Invited, seen map[record.ID]int, p Person, i Invite) ([]Invited, error) {
	if _, twice := seen[p.ID]; twice {
		return out, nil
	}
	seen[p.ID] = len(out)
	m, _, err := d.join(v, c, p.ID, i.Workspace)
	if err != nil {
		return nil, err
	}
	if len(c.puts) > 0 {
		if err := d.trail(c, i.By, "member.invite", "", i.Workspace, p.ID); err != nil {
			return nil, err
		}
	}
	return append(out, Invited{Person: p.public(), Membership: m}), nil
}

// known finds a person by address or makes them NOT_REGISTERED with the id.
func (d *Directory) known(v *store.View, c *change, n NamedEmail, id record.ID) (p Person, made bool, err error) {
	p, err = d.records.PersonByEmail(v, n.Email)
	if err == nil {
		return p, false, d.hold(v, c, record.Person, p.ID)
	}
	if !errors.Is(err, ErrNotFound) {
		return Person{}, false, err
	}
	p = Person{ID: id, Email: n.Email, Name: n.Name, Status: PersonNotRegistered, CreatedAt: d.now()}
	if checkName("name", p.Name) != nil {
		p.Name = nameOf(n.Email)
	}
	c.require(store.Absent(record.Key{Kind: record.Person, ID: id}))
	return p, true, c.put(record.Person, id, p)
}

// join gives a person a PENDING membership, unless they have one that was not declined.
func (d *Directory) join(v *store.View, c *change, person, workspace record.ID) (m Membership, joined bool, err error) {
	m, err = d.records.Membership(v, person, workspace)
	switch {
	case errors.Is(err, ErrNotFound):
		m = Membership{
			ID: MembershipID(person, workspace), PersonID: person, WorkspaceID: workspace, Status: Pending,
		}
		c.require(store.Absent(record.Key{Kind: record.Membership, ID: m.ID}))
		return m, true, c.put(record.Membership, m.ID, m)
	case err != nil:
		return Membership{}, false, err
	case m.Status == Declined:
		m.Status, m.Role = Pending, nil
		return m, true, d.putMemberships(v, c, m)
	default:
		return m, false, nil
	}
}

// putMemberships rewrites memberships that are there, at the revisions that the view has.
func (d *Directory) putMemberships(v *store.View, c *change, ms ...Membership) error {
	for _, m := range ms {
		if err := d.hold(v, c, record.Membership, m.ID); err != nil {
			return err
		}
		if err := c.put(record.Membership, m.ID, m); err != nil {
			return err
		}
	}
	return nil
}

// SetMembership implements Service.
func (d *Directory) SetMembership(ctx context.Context, u MembershipChange) (Membership, store.Revision, error) {
	if u.Status != nil && *u.Status != Active && *u.Status != Inactive {
		return Membership{}, 0, &Invalid{"status", "must be ACTIVE or INACTIVE"}
	}
	if u.Role != nil && *u.Role != Admin && *u.Role != NoRole {
		return Membership{}, 0, &Invalid{"role", "must be WORKSPACE_ADMIN or none"}
	}
	var m Membership
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		if _, err := d.live(v, u.Workspace); err != nil {
			return err
		}
		var err error
		if m, err = d.records.Membership(v, u.Person, u.Workspace); err != nil {
			return err
		}
		if m.Is(Owner) && (u.Status != nil && *u.Status != Active || u.Role != nil) {
			return ErrOwner
		}
		before := m
		if u.Status != nil && *u.Status != m.Status {
			if !m.Account() {
				return ErrPending
			}
			m.Status = *u.Status
			if err := d.trail(c, u.By, "member.set-status", "", u.Workspace, u.Person); err != nil {
				return err
			}
		}
		if u.Role != nil && !m.Is(*u.Role) {
			if m.Role = u.Role; *u.Role == NoRole {
				m.Role = nil
			}
			if err := d.trail(c, u.By, "member.set-role", "", u.Workspace, u.Person); err != nil {
				return err
			}
		}
		if m == before {
			return nil
		}
		return d.putMemberships(v, c, m)
	})
	if err != nil {
		return Membership{}, 0, err
	}
	return m, revision, nil
}

// RemoveMembers implements Service.
func (d *Directory) RemoveMembers(ctx context.Context, r Removal) (store.Revision, error) {
	var revision store.Revision
	for people := r.Persons; ; {
		chunk := people[:min(len(people), endChunk)]
		people = people[len(chunk):]
		done, err := d.write(ctx, func(v *store.View, c *change) error { return d.removeChunk(v, c, r, chunk) })
		if err != nil {
			return 0, err
		}
		if revision = max(revision, done); len(people) == 0 {
			return revision, nil
		}
	}
}

func (d *Directory) removeChunk(v *store.View, c *change, r Removal, chunk []record.ID) error {
	placed, err := d.live(v, r.Workspace)
	if err != nil {
		return err
	}
	// The owner is looked for among all, so that nothing is changed if they are in a later chunk.
	for _, id := range r.Persons {
		if id == placed.Workspace.OwnerID {
			return ErrOwner
		}
	}
	var ending []Membership
	seen := map[record.ID]bool{}
	for _, id := range chunk {
		m, err := d.records.Membership(v, id, r.Workspace)
		if errors.Is(err, ErrNotFound) || err == nil && (seen[id] || r.OnlyPending && m.Status != Pending) {
			continue
		}
		if err != nil {
			return err
		}
		seen[id] = true
		ending = append(ending, m)
	}
	if len(ending) == 0 {
		return nil
	}
	subjects := []record.ID{r.Workspace}
	for _, m := range ending {
		subjects = append(subjects, m.PersonID)
	}
	if err := d.trail(c, r.By, "member.remove", "", subjects...); err != nil {
		return err
	}
	return d.end(v, c, r.Workspace, ending)
}

// end deletes memberships. The persons and the workspace are rewritten as they are (D7): the feed tells of a
// deleted membership by its id only, and these tell whose mirrors to look at.
func (d *Directory) end(v *store.View, c *change, workspace record.ID, ms []Membership) error {
	if len(ms) == 0 {
		return nil
	}
	if err := d.touch(v, c, record.Workspace, workspace); err != nil {
		return err
	}
	for _, m := range ms {
		if err := d.touch(v, c, record.Person, m.PersonID); err != nil {
			return err
		}
		if err := d.hold(v, c, record.Membership, m.ID); err != nil {
			return err
		}
		c.deletes = append(c.deletes, record.Key{Kind: record.Membership, ID: m.ID})
	}
	return nil
}

// Invitations implements Service.
func (d *Directory) Invitations(ctx context.Context, person record.ID) ([]Invitation, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return nil, away(ctx, err)
	}
	defer v.Close()
	memberships, err := d.records.MembershipsOf(v, person)
	if err != nil {
		return nil, err
	}
	var out []Invitation
	for _, m := range memberships {
		if m.Status != Pending {
			continue
		}
		placed, err := d.live(v, m.WorkspaceID)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Invitation{
			Workspace: m.WorkspaceID, Name: placed.Workspace.Name, Region: placed.Home.Region,
		})
	}
	return out, nil
}

// Answer implements Service.
func (d *Directory) Answer(ctx context.Context, a Answer) (Membership, store.Revision, error) {
	var m Membership
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		if _, err := d.live(v, a.Workspace); errors.Is(err, ErrNotFound) {
			return ErrNotPending
		} else if err != nil {
			return err
		}
		var err error
		m, err = d.records.Membership(v, a.Person, a.Workspace)
		if errors.Is(err, ErrNotFound) {
			return ErrNotPending
		}
		if err != nil {
			return err
		}
		want := map[bool]Status{true: Active, false: Declined}[a.Accept]
		if m.Status == want {
			return nil // a repeat
		}
		if m.Status != Pending {
			return ErrNotPending
		}
		if err := d.hold(v, c, record.Workspace, a.Workspace); err != nil {
			return err
		}
		m.Status = want
		return d.putMemberships(v, c, m)
	})
	if err != nil {
		return Membership{}, 0, err
	}
	return m, revision, nil
}
