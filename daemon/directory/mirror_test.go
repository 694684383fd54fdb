package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

// naive is M written down a second time, from the whole directory at once.
func naive(t failer, v *store.View, r Region) map[string]string {
	t.Helper()
	docs := map[record.Kind]map[record.ID]string{}
	for _, kind := range mirrored() {
		docs[kind] = map[record.ID]string{}
		for rec, err := range v.Records(record.DirectoryID, kind) {
			try(t, err)
			docs[kind][rec.Key.ID] = string(rec.Doc)
		}
	}
	homes, workspaces := decodeAll[Home](t, docs[record.Home]), decodeAll[Workspace](t, docs[record.Workspace])
	memberships := decodeAll[Membership](t, docs[record.Membership])
	for id, m := range memberships {
		if workspaces[m.WorkspaceID].Deleted() {
			delete(memberships, id)
		}
	}
	known, named := map[record.ID]bool{}, map[record.ID]bool{}
	for _, m := range memberships {
		if homes[m.WorkspaceID].Region == r {
			known[m.PersonID] = true
		}
	}
	want := map[string]string{}
	set := func(kind record.Kind, id record.ID, doc string) { want[record.Key{Kind: kind, ID: id}.String()] = doc }
	for id, doc := range docs[record.Person] {
		if known[id] || r == Global {
			set(record.Person, id, doc)
		}
	}
	for id, m := range memberships {
		if known[m.PersonID] || r == Global {
			set(record.Membership, id, docs[record.Membership][id])
			named[m.WorkspaceID] = true
		}
	}
	for id, w := range workspaces {
		switch {
		case homes[id].Region == r:
			set(record.Workspace, id, docs[record.Workspace][id])
		case named[id]:
			set(record.Workspace, id, fmt.Sprintf(`{"id":%q,"name":%q}`, id, w.Name))
		}
	}
	for id, h := range homes {
		if h.Region == r {
			set(record.Home, id, docs[record.Home][id])
		} else {
			set(record.Home, id, fmt.Sprintf(`{"id":%q,"region":%q,"epoch":%d}`, id, h.Region, h.Epoch))
		}
	}
	for id, doc := range docs[record.Region] {
		set(record.Region, id, doc)
	}
	return want
}

func decodeAll[T any](t failer, docs map[record.ID]string) map[record.ID]T {
	out := map[record.ID]T{}
	for id, doc := range docs {
		var d T
		try(t, json.Unmarshal([]byte(doc), &d))
		out[id] = d
	}
	return out
}

func mirrorOf(t failer, v *store.View) map[string]string {
	t.Helper()
	have := map[string]string{}
	for _, kind := range mirrored() {
		for rec, err := range v.Records(record.RegionID, kind) {
			try(t, err)
			have[rec.Key.String()] = string(rec.Doc)
		}
	}
	return have
}

// instantly asks without waiting, so that a test's steps end.
type instantly struct{ Source }

func (i instantly) Changes(ctx context.Context, r Region, at string, _ time.Duration) (Page, error) {
	return i.Source.Changes(ctx, r, at, 0)
}

var errCrash = errors.New("the node has crashed")

// crashing refuses every command after some.
type crashing struct {
	Cell
	left int
}

func (c *crashing) Submit(ctx context.Context, command store.Command) (store.Result, error) {
	if c.left--; c.left < 0 {
		return store.Result{}, errCrash
	}
	return c.Cell.Submit(ctx, command)
}

func follow(d *Directory, r Region, cell Cell) *Follower {
	return NewFollower(FollowerOptions{Region: r, Cell: cell, Source: instantly{d}})
}

// world is a directory with regions that follow it, driven by a property test.
type world struct {
	t       failer
	d       *Directory
	cell    *storetest.Cell
	regions map[Region]*storetest.Cell
	persons []record.ID
	places  []record.ID
	emails  int
}

func newWorld(t testing.TB, rt failer) *world {
	d, cell := newDirectoryCell(t)
	w := &world{t: rt, d: d, cell: cell, regions: map[Region]*storetest.Cell{}}
	for _, r := range []Region{EU, AU} {
		w.regions[r] = newCell(t, false)
	}
	w.regions[Global] = cell
	return w
}

func (w *world) expect(err error, allowed ...error) {
	w.t.Helper()
	for _, a := range allowed {
		if errors.Is(err, a) {
			return
		}
	}
	try(w.t, err)
}

func draw[T any](rt *rapid.T, from []T, label string) T {
	return rapid.SampledFrom(from).Draw(rt, label)
}

func (w *world) actions(rt *rapid.T) map[string]func(*rapid.T) {
	ctx := context.Background()
	withBoth := func(f func(rt *rapid.T, person, workspace record.ID)) func(*rapid.T) {
		return func(rt *rapid.T) {
			if len(w.persons) == 0 || len(w.places) == 0 {
				rt.Skip("nobody yet")
			}
			f(rt, draw(rt, w.persons, "person"), draw(rt, w.places, "workspace"))
		}
	}
	regions := []Region{Global, EU, AU}
	return map[string]func(*rapid.T){
		"person": func(rt *rapid.T) {
			if w.emails++; len(w.persons) >= 4 {
				rt.Skip("few people meet more often")
			}
			p, _, err := w.d.CreatePerson(ctx, NewPerson{Email: fmt.Sprintf("p%d@example.com", w.emails), PasswordHash: someHash})
			try(w.t, err)
			w.persons = append(w.persons, p.ID)
		},
		"workspace": func(rt *rapid.T) {
			if len(w.persons) == 0 || len(w.places) >= 5 {
				rt.Skip("nobody yet, or enough")
			}
			id := w.d.o.IDs.Next(time.Now())
			_, _, err := w.d.CreateWorkspace(ctx, NewWorkspace{
				ID: id, Name: "W", Owner: draw(rt, w.persons, "owner"), Region: draw(rt, regions, "region"), Plan: Pro,
			})
			try(w.t, err)
			w.places = append(w.places, id)
		},
		"invite": withBoth(func(rt *rapid.T, p, ws record.ID) {
			_, _, err := w.d.Invite(ctx, Invite{Workspace: ws, Persons: []record.ID{p}})
			w.expect(err, ErrNotFound)
		}),
		"answer": withBoth(func(rt *rapid.T, p, ws record.ID) {
			_, _, err := w.d.Answer(ctx, Answer{Person: p, Workspace: ws, Accept: rapid.Bool().Draw(rt, "accept")})
			w.expect(err, ErrNotPending)
		}),
		"remove": withBoth(func(rt *rapid.T, p, ws record.ID) {
			_, err := w.d.RemoveMembers(ctx, Removal{Workspace: ws, Persons: []record.ID{p}})
			w.expect(err, ErrNotFound, ErrOwner)
		}),
		"rename": withBoth(func(rt *rapid.T, p, ws record.ID) {
			name := rapid.StringMatching(`[a-z]{1,3}`).Draw(rt, "name")
			_, _, err := w.d.ChangeWorkspace(ctx, WorkspaceChange{ID: ws, Name: &name})
			w.expect(err, ErrNotFound)
			_, _, err = w.d.UpdatePerson(ctx, PersonChange{ID: p, Name: &name})
			try(w.t, err)
		}),
		"subdomain": withBoth(func(rt *rapid.T, _, ws record.ID) {
			sub := draw(rt, []string{"", "aa", "bb"}, "subdomain")
			_, _, err := w.d.ChangeWorkspace(ctx, WorkspaceChange{ID: ws, Subdomain: &sub})
			w.expect(err, ErrNotFound, ErrSubdomainTaken)
		}),
		"delete": withBoth(func(rt *rapid.T, _, ws record.ID) {
			if !rapid.Bool().Draw(rt, "really") {
				return
			}
			_, err := w.d.DeleteWorkspace(ctx, ws, Actor{})
			try(w.t, err)
		}),
		"half delete": withBoth(func(rt *rapid.T, _, ws record.ID) {
			_, err := w.d.write(ctx, func(v *store.View, c *change) error {
				placed, err := w.d.place(v, ws)
				if err != nil {
					return err
				}
				placed.Workspace.Status, placed.Workspace.Subdomain = WorkspaceDeleted, ""
				return c.put(record.Workspace, ws, placed.Workspace)
			})
			try(w.t, err)
		}),
		"move": withBoth(func(rt *rapid.T, _, ws record.ID) {
			to := draw(rt, regions, "to")
			_, err := w.d.write(ctx, func(v *store.View, c *change) error {
				h, err := w.d.records.Home(v, ws)
				if err != nil {
					return err
				}
				h.Region, h.Epoch = to, h.Epoch+1
				return c.put(record.Home, ws, h)
			})
			try(w.t, err)
		}),
		"key": func(rt *rapid.T) {
			key := make([]byte, 32)
			key[0] = rapid.Byte().Draw(rt, "key")
			_, err := w.d.PublishKey(ctx, draw(rt, regions, "region"), key)
			try(w.t, err)
		},
		"forget": func(rt *rapid.T) {
			h := w.d.state(w.t)
			_, err := w.cell.Submit(ctx, store.Command{RaiseFloor: &store.RaiseFloor{Workspace: record.DirectoryID, Epoch: 1, Floor: h.Revision}})
			try(w.t, err)
		},
		"follow": func(rt *rapid.T) {
			r := draw(rt, regions, "region")
			w.d.limits = pageLimits{
				keys: rapid.IntRange(1, 6).Draw(rt, "keys"), bytes: 1 << 20,
				walk: rapid.IntRange(1, 6).Draw(rt, "walk"), feed: rapid.IntRange(1, 4).Draw(rt, "feed"),
			}
			f := follow(w.d, r, &crashing{w.regions[r], rapid.IntRange(0, 5).Draw(rt, "commands")})
			f.limits = txnLimits{records: rapid.IntRange(1, 4).Draw(rt, "records"), bytes: 1 << 20}
			for range rapid.IntRange(1, 4).Draw(rt, "steps") {
				w.expect(f.Step(ctx), errCrash)
			}
		},
		"": func(*rapid.T) {},
	}
}

// catchUp follows until there is nothing new, and compares.
func (w *world) catchUp() {
	for r, cell := range w.regions {
		f := follow(w.d, r, cell)
		for rounds := 0; ; rounds++ {
			if rounds > 1000 {
				w.t.Fatalf("%s does not come to an end", r)
			}
			before, err := f.cursor(context.Background())
			try(w.t, err)
			try(w.t, f.Step(context.Background()))
			after, err := f.cursor(context.Background())
			try(w.t, err)
			if before == after && after != "" {
				break
			}
		}
		directory, mirror := w.cell.Store().View(), cell.Store().View()
		want, have := naive(w.t, directory, r), mirrorOf(w.t, mirror)
		h, err := directory.Header(record.DirectoryID)
		try(w.t, err)
		directory.Close()
		mirror.Close()
		if diff := cmp.Diff(want, have); diff != "" {
			w.t.Fatalf("mirror of %s (-want +have):\n%s", r, diff)
		}
		if f.Revision() != h.Revision {
			w.t.Fatalf("mirror of %s is at %d, the directory at %d", r, f.Revision(), h.Revision)
		}
		if f.Age() < 0 {
			w.t.Fatalf("mirror of %s has no age", r)
		}
	}
}

func TestD6MirrorIsAFunctionOfTheDirectory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt)
		for range 2 {
			rt.Repeat(w.actions(rt))
			w.catchUp()
		}
	})
}

// D7: a workspace's name goes from a region with the last person known there who was a member, a person
// with their last membership there, and what they were elsewhere with them.
func TestD7WhoIsRemovedIsOutOfSight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t)
	ctx := t.Context()
	ann, bob := w.d.person(t, "ann@example.com"), w.d.person(t, "bob@example.com")
	eu, au := w.d.workspace(t, ann, EU, Pro), w.d.workspace(t, bob, AU, Pro)
	for _, c := range []struct{ person, workspace record.ID }{{bob.ID, eu.Workspace.ID}, {ann.ID, au.Workspace.ID}} {
		_, _, err := w.d.Invite(ctx, Invite{Workspace: c.workspace, Persons: []record.ID{c.person}})
		try(t, err)
	}
	sees := func(what string, key record.Key, want bool) {
		t.Helper()
		w.catchUp()
		v := w.regions[EU].Store().View()
		defer v.Close()
		if _, err := v.Get(record.RegionID, key.Kind, key.ID); (err == nil) != want {
			t.Errorf("eu has %s: %v, want %v", what, err == nil, want)
		}
	}
	name := record.Key{Kind: record.Workspace, ID: au.Workspace.ID}
	sees("the name of au's workspace", name, true)
	_, err := w.d.RemoveMembers(ctx, Removal{Workspace: eu.Workspace.ID, Persons: []record.ID{bob.ID}})
	try(t, err)
	sees("bob", record.Key{Kind: record.Person, ID: bob.ID}, false)
	sees("bob's membership elsewhere", record.Key{Kind: record.Membership, ID: MembershipID(bob.ID, au.Workspace.ID)}, false)
	sees("the name of au's workspace", name, true) // ann is a member of it
	_, err = w.d.RemoveMembers(ctx, Removal{Workspace: au.Workspace.ID, Persons: []record.ID{ann.ID}})
	try(t, err)
	sees("the name of au's workspace", name, false)
	sees("the home of au's workspace", record.Key{Kind: record.Home, ID: au.Workspace.ID}, true)
}
