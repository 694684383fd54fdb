package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// CreateWorkspace implements Service.
func (d *Directory) CreateWorkspace(ctx context.Context, n NewWorkspace) (Placed, store.Revision, error) {
	place, err := d.checkNewWorkspace(&n)
	if err != nil {
		return Placed{}, 0, err
	}
	var made Placed
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		if made, err = d.place(v, n.ID); err == nil {
			if made.Workspace.OwnerID != n.Owner || made.Workspace.Deleted() {
				return fmt.Errorf("workspace %s: %w", n.ID, ErrExists)
			}
			return nil // a repeat
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		owner, err := d.records.Person(v, n.Owner)
		if err != nil {
			return err
		}
		if owner.Status == PersonDisabled {
			return fmt.Errorf("owner %s is disabled: %w", n.Owner, ErrNotFound)
		}
		plan, err := d.planFor(v, n)
		if err != nil {
			return err
		}
		if n.Region != Global && !plan.Regional() {
			return &PlanNeeded{Plan: plan, Region: n.Region}
		}
		made = newPlaced(n, place, plan, d.now())
		return d.putNewWorkspace(v, c, made, n.By)
	})
	if err != nil {
		return Placed{}, 0, err
	}
	return made, revision, nil
}

func (d *Directory) checkNewWorkspace(n *NewWorkspace) (Place, error) {
	if n.ID.IsZero() || n.ID == record.DirectoryID || n.ID == record.RegionID {
		return Place{}, &Invalid{"id", "is missing"}
	}
	if err := checkName("name", n.Name); err != nil {
		return Place{}, err
	}
	if n.Plan != "" && n.Plan.Rank() < 0 {
		return Place{}, &Invalid{"plan", "is none of FREE, BASIC, STANDARD, PRO, ENTERPRISE"}
	}
	if n.Region == "" {
		n.Region = Global
	}
	place, ok := d.o.Regions.Find(n.Region)
	if !ok {
		return Place{}, &UnknownRegion{Known: d.o.Regions.Names()}
	}
	return place, nil
}

// planFor is the plan of a new workspace: what an operator said, else the highest among those that the owner
// owns, else FREE.
func (d *Directory) planFor(v *store.View, n NewWorkspace) (Plan, error) {
	if n.Plan != "" {
		return n.Plan, nil
	}
	placed, err := d.records.WorkspacesOf(v, n.Owner)
	if err != nil {
		return "", err
	}
	best := Free
	for _, p := range placed {
		if p.Workspace.OwnerID == n.Owner && p.Workspace.Plan.Rank() > best.Rank() {
			best = p.Workspace.Plan
		}
	}
	return best, nil
}

const firstEpoch = 1

func newPlaced(n NewWorkspace, place Place, plan Plan, now time.Time) Placed {
	return Placed{
		Workspace: Workspace{
			ID: n.ID, Name: n.Name, Plan: plan, OwnerID: n.Owner, Status: WorkspaceActive, CreatedAt: now,
		},
		Home:   Home{ID: n.ID, Region: n.Region, Cell: place.Cell(), Epoch: firstEpoch, Since: now},
		Role:   Owner,
		Status: Active,
	}
}

func (d *Directory) putNewWorkspace(v *store.View, c *change, p Placed, by Actor) error {
	id, owner := p.Workspace.ID, p.Workspace.OwnerID
	role := Owner
	membership := Membership{
		ID: MembershipID(owner, id), PersonID: owner, WorkspaceID: id, Status: Active, Role: &role,
	}
	if err := d.hold(v, c, record.Person, owner); err != nil {
		return err
	}
	for _, row := range []struct {
		kind record.Kind
		id   record.ID
		doc  any
	}{
		{record.Workspace, id, p.Workspace},
		{record.Membership, membership.ID, membership},
		{record.Home, id, p.Home},
	} {
		c.require(store.Absent(record.Key{Kind: row.kind, ID: row.id}))
		if err := c.put(row.kind, row.id, row.doc); err != nil {
			return err
		}
	}
	return d.trail(c, by, "workspace.create", "", id, owner)
}

// place is a workspace of the directory with its home and its owner's role.
func (d *Directory) place(v *store.View, id record.ID) (Placed, error) {
	p, err := d.records.place(v, id)
	p.Role, p.Status = Owner, Active
	return p, err
}

// live is a workspace that is not deleted.
func (d *Directory) live(v *store.View, id record.ID) (Placed, error) {
	p, err := d.place(v, id)
	if err == nil && p.Workspace.Deleted() {
		err = fmt.Errorf("workspace %s: %w", id, ErrNotFound)
	}
	return p, err
}

// ChangeWorkspace implements Service.
func (d *Directory) ChangeWorkspace(ctx context.Context, u WorkspaceChange) (Placed, store.Revision, error) {
	if err := d.checkWorkspaceChange(u); err != nil {
		return Placed{}, 0, err
	}
	var placed Placed
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		var err error
		if placed, err = d.live(v, u.ID); err != nil {
			return err
		}
		w := &placed.Workspace
		before := *w
		if u.Name != nil {
			w.Name = *u.Name
		}
		if u.Plan != nil && *u.Plan != w.Plan {
			w.Plan = *u.Plan
			if err := d.trail(c, u.By, "workspace.set-plan", u.Reason, w.ID); err != nil {
				return err
			}
		}
		if u.Subdomain != nil && *u.Subdomain != w.Subdomain {
			if err := d.claimSubdomain(v, w, *u.Subdomain); err != nil {
				return err
			}
			if err := d.trail(c, u.By, "workspace.set-subdomain", u.Reason, w.ID); err != nil {
				return err
			}
		}
		if u.Owner != nil && *u.Owner != w.OwnerID {
			if err := d.handOver(v, c, w, *u.Owner); err != nil {
				return err
			}
			if err := d.trail(c, u.By, "workspace.set-owner", u.Reason, w.ID, *u.Owner, before.OwnerID); err != nil {
				return err
			}
		}
		if *w == before {
			return nil
		}
		if err := d.hold(v, c, record.Workspace, w.ID); err != nil {
			return err
		}
		return c.put(record.Workspace, w.ID, *w)
	})
	if err != nil {
		return Placed{}, 0, err
	}
	return placed, revision, nil
}

func (d *Directory) checkWorkspaceChange(u WorkspaceChange) error {
	if u.Name != nil {
		if err := checkName("name", *u.Name); err != nil {
			return err
		}
	}
	if u.Plan != nil && u.Plan.Rank() < 0 {
		return &Invalid{"plan", "is none of FREE, BASIC, STANDARD, PRO, ENTERPRISE"}
	}
	if u.Subdomain != nil && *u.Subdomain != "" {
		if err := checkSubdomain(*u.Subdomain, d.o.Regions); err != nil {
			return err
		}
	}
	return checkReason(u.Reason)
}

func (d *Directory) claimSubdomain(v *store.View, w *Workspace, label string) error {
	if label != "" {
		holder, err := d.records.WorkspaceBySubdomain(v, label)
		if err == nil && holder.ID != w.ID {
			return ErrSubdomainTaken
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	w.Subdomain = label
	return nil
}

// handOver makes an active member the owner, and the owner an admin.
func (d *Directory) handOver(v *store.View, c *change, w *Workspace, to record.ID) error {
	heir, err := d.records.Membership(v, to, w.ID)
	if err != nil {
		return err
	}
	if heir.Status != Active {
		return &Invalid{"owner", "is not an active member of the workspace"}
	}
	former, err := d.records.Membership(v, w.OwnerID, w.ID)
	if err != nil {
		return err
	}
	owner, admin := Owner, Admin
	heir.Role, former.Role = &owner, &admin
	w.OwnerID = to
	return d.putMemberships(v, c, heir, former)
}

// endChunk bounds the memberships that one transaction ends: each needs the person touched too (D7), and a
// transaction has at most 500 records.
const endChunk = 200

// DeleteWorkspace implements Service. The workspace is deleted with the first transaction; its memberships
// are ended by as many as they need, and a repeat after a crash ends those that are left.
func (d *Directory) DeleteWorkspace(ctx context.Context, id record.ID, by Actor) (store.Revision, error) {
	revision, err := d.write(ctx, func(v *store.View, c *change) error {
		placed, err := d.place(v, id)
		if err != nil {
			return err
		}
		w := placed.Workspace
		if w.Deleted() {
			return nil
		}
		w.Status, w.Subdomain = WorkspaceDeleted, ""
		if err := d.hold(v, c, record.Workspace, id); err != nil {
			return err
		}
		if err := c.put(record.Workspace, id, w); err != nil {
			return err
		}
		return d.trail(c, by, "workspace.delete", "", id)
	})
	if err != nil {
		return 0, err
	}
	for more := true; more; {
		r, err := d.write(ctx, func(v *store.View, c *change) error {
			members, err := d.records.MembersOf(v, id)
			if err != nil {
				return err
			}
			more = len(members) > endChunk
			return d.end(v, c, id, members[:min(len(members), endChunk)])
		})
		if err != nil {
			return 0, err
		}
		revision = max(revision, r)
	}
	return revision, nil
}

// Workspaces implements Service.
func (d *Directory) Workspaces(ctx context.Context, q WorkspacesQuery) ([]Placed, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return nil, away(ctx, err)
	}
	defer v.Close()
	if !q.Person.IsZero() {
		return d.records.WorkspacesOf(v, q.Person)
	}
	ids := slices.Clone(q.IDs)
	if len(ids) == 0 {
		if ids, err = d.page(v, record.Workspace, q.After, q.Limit); err != nil {
			return nil, err
		}
	}
	var out []Placed
	for _, id := range ids {
		p, err := d.place(v, id)
		if errors.Is(err, ErrNotFound) || err == nil && p.Workspace.Deleted() && len(q.IDs) == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
