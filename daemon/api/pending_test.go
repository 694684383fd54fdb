package api

import (
	"context"
	"testing"
	"time"

	"domicile/daemon/directory"
	"domicile/daemon/workspace"
	"domicile/store"
)

// behind is a mirror that never reaches what it is asked for.
type behind struct{}

func (behind) Wait(ctx context.Context, _ store.Revision) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestPendingIsTold: a change that the region does not show in time is 202,
// and says where it is awaited.
func TestPendingIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.person2("bob", directory.NoRole)
	slow := *d.region
	slow.service = workspace.New(workspace.Options{
		Region: d.name, Regions: d.regions, Cell: d.cell, Directory: d.directory, Auth: d.auth, Denials: d.auth,
		Follower: behind{}, Pending: time.Millisecond,
	})
	slow.handler = New(Options{Region: d.name, Regions: d.regions, Service: slow.service, Auth: d.auth})
	admin := `{"role":"WORKSPACE_ADMIN","entityId":"` + d.ws.String() + `"}`
	for _, row := range []struct{ method, path, body string }{
		{"POST", "/api/v1/workspaces", `{"name":"New"}`},
		{"POST", d.base + "/users", `{"email":"eve@example.com"}`},
		{"POST", d.base + "/users/" + bob.ID.String() + "/roles", admin},
		{"DELETE", d.base + "/users/" + bob.ID.String() + "/roles", admin},
		{"PUT", d.base + "/users/" + bob.ID.String(), `{"status":"INACTIVE"}`},
		{"DELETE", d.base + "/users/" + bob.ID.String(), ""},
	} {
		a := slow.call(d.person, row.method, row.path, row.body).of(row.method+" "+row.path).is(202, 0).object()
		if a["pendingIn"] != "global" {
			t.Errorf("%s %s: %v", row.method, row.path, a)
		}
	}
	// All of it happened.
	placed, err := d.directory.Workspaces(t.Context(), directory.WorkspacesQuery{Person: d.ID})
	if err != nil || len(placed) != 2 {
		t.Errorf("workspaces: %v, %v", placed, err)
	}
	placed, err = d.directory.Workspaces(t.Context(), directory.WorkspacesQuery{Person: bob.ID})
	if err != nil || len(placed) != 0 {
		t.Errorf("bob's: %v, %v", placed, err)
	}
}
