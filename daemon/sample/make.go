package sample

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Cell commits commands and gives linearizable views.
type Cell interface {
	Submit(ctx context.Context, c store.Command) (store.Result, error)
	View(ctx context.Context) (*store.View, error)
}

// Region is what Make needs of a region.
type Region struct {
	Cell     Cell
	Auth     *auth.Auth
	Mirrored func(ctx context.Context, r store.Revision) error // waits until the region knows a revision of the directory
}

// Deps are what Make works with.
type Deps struct {
	Directory directory.Service
	Regions   map[directory.Region]Region
	Now       func() time.Time // nil for time.Now; the year of work ends here
}

// keyName marks the keys that Make makes, so that a second call replaces them.
const keyName = "sample"

// Make makes the sample people and workspaces, or finishes what an interrupted call began.
func Make(ctx context.Context, d Deps) (Result, error) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if err := makePeople(ctx, d); err != nil {
		return Result{}, err
	}
	var result Result
	var last store.Revision
	for _, w := range workspaces {
		r, err := makeWorkspace(ctx, d, w)
		if err != nil {
			return Result{}, fmt.Errorf("make workspace %s: %w", w.name, err)
		}
		last = max(last, r)
		result.Workspaces = append(result.Workspaces, w.result())
	}
	for name, region := range d.Regions {
		if err := region.Mirrored(ctx, last); err != nil {
			return Result{}, fmt.Errorf("wait for the mirror of %s: %w", name, err)
		}
	}
	for _, w := range workspaces {
		if err := fill(ctx, d, w); err != nil {
			return Result{}, fmt.Errorf("fill workspace %s: %w", w.name, err)
		}
	}
	for _, p := range people {
		u, err := p.result(ctx, d)
		if err != nil {
			return Result{}, fmt.Errorf("make keys of %s: %w", p.id(), err)
		}
		result.Users = append(result.Users, u)
	}
	return result, nil
}

func makePeople(ctx context.Context, d Deps) error {
	ids := make([]record.ID, len(people))
	for i, p := range people {
		ids[i] = p.id()
	}
	known, err := d.Directory.People(ctx, directory.PeopleQuery{IDs: ids})
	if err != nil {
		return fmt.Errorf("look people up: %w", err)
	}
	var g errgroup.Group
	g.SetLimit(2) // hashing a password takes a processor for tens of milliseconds
	for _, p := range people {
		if slices.ContainsFunc(known, func(k directory.Person) bool { return k.ID == p.id() }) {
			continue
		}
		g.Go(func() error {
			hash, err := directory.HashPassword(p.password())
			if err != nil {
				return fmt.Errorf("hash password: %w", err)
			}
			_, _, err = d.Directory.CreatePerson(ctx, directory.NewPerson{ID: p.id(), Email: p.email(), Name: p.name, PasswordHash: hash, By: system})
			if err != nil && !errors.Is(err, directory.ErrEmailTaken) {
				return fmt.Errorf("make person %s: %w", p.id(), err)
			}
			return nil
		})
	}
	return g.Wait()
}

// makeWorkspace makes a workspace with its members; it answers the directory's revision after it.
func makeWorkspace(ctx context.Context, d Deps, w workspace) (store.Revision, error) {
	_, last, err := d.Directory.CreateWorkspace(ctx, directory.NewWorkspace{
		ID: w.id(), Name: w.name, Owner: w.people[0].id(), Region: w.region, Plan: w.plan, By: system,
	})
	if err != nil {
		return 0, err
	}
	members := make([]record.ID, 0, len(w.people))
	for _, p := range w.people[1:] {
		members = append(members, p.id())
	}
	if len(members) == 0 {
		return last, nil
	}
	invited, _, err := d.Directory.Invite(ctx, directory.Invite{Workspace: w.id(), Persons: members, By: system})
	if err != nil {
		return 0, fmt.Errorf("invite members: %w", err)
	}
	for _, i := range invited {
		if i.Membership.Status != directory.Pending {
			continue
		}
		_, _, err := d.Directory.Answer(ctx, directory.Answer{Workspace: w.id(), Person: i.Person.ID, Accept: true})
		if err != nil {
			return 0, fmt.Errorf("accept invitation: %w", err)
		}
	}
	for _, p := range w.admins {
		admin := directory.Admin
		_, _, err = d.Directory.SetMembership(ctx, directory.MembershipChange{Workspace: w.id(), Person: p.id(), Role: &admin, By: system})
		if err != nil {
			return 0, fmt.Errorf("make admin: %w", err)
		}
	}
	// Naming the workspace again gives the revision after all of that.
	_, last, err = d.Directory.ChangeWorkspace(ctx, directory.WorkspaceChange{ID: w.id(), Name: &w.name, By: system})
	return last, err
}

// result makes a person's keys anew, in every region where they have an account.
func (p person) result(ctx context.Context, d Deps) (User, error) {
	u := User{ID: p.id().String(), Name: p.name, Email: p.email(), Password: p.password(), Keys: map[string]string{}}
	for _, w := range workspaces {
		a := d.Regions[w.region].Auth
		if !slices.Contains(w.people, p) || u.Keys[string(w.region)] != "" {
			continue
		}
		old, err := a.Keys(ctx, p.id())
		if err != nil {
			return u, err
		}
		for _, k := range old {
			if k.Name != keyName {
				continue
			}
			if err := a.RevokeKey(ctx, p.id(), k.ID, system); err != nil {
				return u, err
			}
		}
		_, secret, err := a.CreateKey(ctx, p.id(), keyName, system)
		if err != nil {
			return u, err
		}
		u.Keys[string(w.region)] = secret
	}
	return u, nil
}

// system is who makes all of it, for the audit trail.
var system = directory.Actor{Kind: "system"}

// person is a sample person, by first name and the first workspace they were in.
type person struct{ name, at string }

func (p person) first() string    { return strings.ToLower(strings.Fields(p.name)[0]) }
func (p person) email() string    { return p.first() + "@" + p.at + ".example" }
func (p person) password() string { return p.first() + "-of-" + p.at }
func (p person) id() record.ID    { return record.DeriveID("sample", "person", p.email()) }

// workspace is a sample workspace; its owner is the first of its people.
type workspace struct {
	name   string
	plan   directory.Plan
	region directory.Region
	people []person
	admins []person

	projects   int  // how many
	days       int  // of work
	everything bool // a record of every kind
}

func (w workspace) id() record.ID { return record.DeriveID("sample", "workspace", w.name) }

func (w workspace) result() Workspace {
	out := Workspace{ID: w.id().String(), Name: w.name, Plan: string(w.plan), Region: string(w.region), Owner: w.people[0].id().String()}
	for _, p := range w.people {
		out.Members = append(out.Members, p.id().String())
	}
	return out
}

var (
	olivia = person{"Olivia Owner", "acme"}
	adam   = person{"Adam Admin", "acme"}
	mia    = person{"Mia Member", "acme"}
	noah   = person{"Noah Member", "acme"}
	zoe    = person{"Zoe Member", "acme"}
	ben    = person{"Ben Bolt", "bolt"}
	carla  = person{"Carla Citrus", "citrus"}
	dora   = person{"Dora Delta", "delta"}
	sam    = person{"Sam Shared", "citrus"} // in Citrus and in Delta: Delta can't be moved to the EU

	people = []person{olivia, adam, mia, noah, zoe, ben, carla, dora, sam}

	workspaces = []workspace{
		{"Acme", directory.Pro, directory.Global, []person{olivia, adam, mia, noah, zoe}, []person{adam}, 8, 365, true},
		{"Bolt", directory.Free, directory.Global, []person{ben}, nil, 2, 30, false},
		{"Citrus", directory.Enterprise, directory.EU, []person{carla, sam}, nil, 3, 60, false},
		{"Delta", directory.Pro, directory.Global, []person{dora, sam}, nil, 3, 60, false},
	}
)
