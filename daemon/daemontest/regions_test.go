package daemontest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"connectrpc.com/connect"

	"domicile/daemon/daemontest"
	pb "domicile/daemon/rpc/operatorpb"
)

func TestWorkspacesOfAllRegionsAreListedEverywhere(t *testing.T) { // R7, B13
	t.Parallel()
	i := daemontest.Start(t, daemontest.Options{})
	ann := i.Person("Ann Everywhere")
	want := map[string]string{
		i.Workspace(ann, "PRO", "global"):    "global",
		i.Workspace(ann, "ENTERPRISE", "eu"): "eu",
	}
	// By API, from global and from a region, with a key and with a session; the plan is the highest she has.
	for _, made := range []struct{ at, region string }{{"global", "au"}, {"eu", "uk"}, {"global", ""}} {
		region := made.region
		if region == "" {
			region = "global"
		}
		a, err := i.Call(t.Context(), made.at, daemontest.Request{
			Method: http.MethodPost, Path: "/workspaces", Key: ann.Key(made.at), Body: map[string]string{"name": "Made at " + made.at, "region": made.region},
		})
		if err != nil || a.Status != http.StatusCreated && a.Status != http.StatusAccepted {
			t.Fatalf("make a workspace in %q at %s: %v, %v", made.region, made.at, err, a.Want(http.StatusCreated, 0))
		}
		want[a.Get("id").String()] = region
		daemontest.Until(t, "the new workspace", func() error {
			_, err := i.Contents(region, a.Get("id").String())
			return err
		})
	}
	for _, region := range []string{"global", "eu", "au", "uk"} {
		token := signIn(t, i.Network, region, ann)
		for _, credential := range []daemontest.Request{{Key: ann.Key(region)}, {Token: token}} {
			for _, path := range []string{"/workspaces", "/get/workspaces"} { // R31
				credential.Path = path
				daemontest.Until(t, "all workspaces at "+region, func() error {
					a, err := i.Call(t.Context(), region, credential)
					if err != nil {
						return err
					}
					return lists(a, want, region, i.Network)
				})
			}
		}
	}
	// A workspace that is elsewhere shows nothing but where it is.
	a := i.Must("eu", http.StatusOK, daemontest.Request{Path: "/workspaces", Key: ann.Key("eu")})
	for _, w := range a.Get("@this").Array() {
		if w.Get("region").String() == "eu" {
			continue
		}
		for name := range w.Map() {
			if !slices.Contains([]string{"id", "name", "region", "baseUrl", "state"}, name) {
				t.Errorf("eu tells %s of a workspace in %s", name, w.Get("region"))
			}
		}
	}
}

// lists compares a list of workspaces with what it should be.
func lists(a daemontest.Answer, want map[string]string, at string, n *daemontest.Network) error {
	if err := a.Want(http.StatusOK, 0); err != nil {
		return err
	}
	all := a.Get("@this").Array()
	if len(all) != len(want) {
		return fmt.Errorf("%s lists %d workspaces, want %d", at, len(all), len(want))
	}
	for _, w := range all {
		region := w.Get("region").String()
		if want[w.Get("id").String()] != region || w.Get("baseUrl").String() != n.Place(region).API {
			return fmt.Errorf("%s lists %s in %s at %s", at, w.Get("id"), region, w.Get("baseUrl"))
		}
	}
	return nil
}

func signIn(t *testing.T, n *daemontest.Network, region string, p *daemontest.Person) string {
	t.Helper()
	a := n.Must(region, http.StatusCreated, daemontest.Request{
		Method: http.MethodPost, Path: "/auth/token", Body: map[string]string{"email": p.Email, "password": p.Password},
	})
	return a.Get("token").String()
}

func TestWrongRegionAnswersWhereToGo(t *testing.T) { // R10, R12
	t.Parallel()
	i := daemontest.Start(t, daemontest.Options{})
	ann := i.Person("Ann Abroad")
	homes := map[string]string{"global": i.Workspace(ann, "PRO", "global"), "eu": i.Workspace(ann, "PRO", "eu")}
	entry := map[string]string{"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "description": "abroad"}
	for home, workspace := range homes {
		for _, at := range i.Regions() {
			if at == home {
				continue
			}
			credentials := []daemontest.Request{{}, {Key: "dom_eu_nonsense"}, {Key: ann.Key(home)}, {Token: "nonsense"}}
			if homes[at] != "" {
				credentials = append(credentials, daemontest.Request{Key: ann.Key(at)}, daemontest.Request{Token: signIn(t, i.Network, at, ann)})
			}
			for _, c := range credentials {
				for _, r := range []daemontest.Request{
					{Path: "/workspaces/" + workspace},
					{Path: "/workspaces/" + workspace + "/users"},
					{Path: "/workspaces/" + workspace + "/search"},
					{Method: http.MethodPost, Path: "/workspaces/" + workspace + "/time-entries", Body: entry},
					{Method: http.MethodDelete, Path: "/workspaces/" + workspace + "/time-entries/0123456789abcdef01234567"},
				} {
					r.Key, r.Token = c.Key, c.Token
					daemontest.Until(t, "421 at "+at, func() error { // once its mirror has heard of the workspace
						a, err := i.Call(t.Context(), at, r)
						if err != nil {
							return err
						}
						if err := a.Want(http.StatusMisdirectedRequest, 4210); err != nil {
							return err
						}
						if a.Get("region").String() != home || a.Get("baseUrl").String() != i.Place(home).API || !a.Get("reportsUrl").Exists() {
							return fmt.Errorf("%s %s names %s", r.Method, r.Path, a.Body)
						}
						return nil
					})
				}
			}
		}
	}
	// A workspace that there is not is told to nobody: first the credential, then the membership.
	unknown := daemontest.Request{Path: "/workspaces/0123456789abcdef01234567"}
	i.Must("eu", http.StatusUnauthorized, unknown)
	unknown.Key = ann.Key("eu")
	i.Must("eu", http.StatusForbidden, unknown)
	// A key of one region opens nothing in another.
	for _, at := range i.Regions() {
		for home := range homes {
			status, code := http.StatusUnauthorized, 4003
			if at == home {
				status, code = http.StatusOK, 0
			}
			a, err := i.Call(t.Context(), at, daemontest.Request{Path: "/user", Key: ann.Key(home)})
			if err == nil {
				err = a.Want(status, code)
			}
			if err != nil {
				t.Errorf("key of %s at %s: %v", home, at, err)
			}
		}
	}
}

func TestPlanDecidesWhereAWorkspaceIsMade(t *testing.T) { // B13
	t.Parallel()
	i := daemontest.Start(t, daemontest.Options{})
	bob := i.Person("Bob Free")
	i.Workspace(bob, "FREE", "global")
	count := func() int {
		r, err := i.Operator("global").ListWorkspaces(t.Context(), connect.NewRequest(&pb.ListWorkspacesRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		return len(r.Msg.Workspaces)
	}
	before := count()
	a := i.Must("global", http.StatusPaymentRequired, daemontest.Request{
		Method: http.MethodPost, Path: "/workspaces", Key: bob.Key("global"), Body: map[string]string{"name": "Elsewhere", "region": "eu"},
	})
	if a.Get("code").Int() != 4020 {
		t.Errorf("answered %s", a.Body)
	}
	i.Must("global", http.StatusBadRequest, daemontest.Request{
		Method: http.MethodPost, Path: "/workspaces", Key: bob.Key("global"), Body: map[string]string{"name": "Nowhere", "region": "mars"},
	})
	if _, err := i.Operator("global").CreateWorkspace(t.Context(), connect.NewRequest(&pb.CreateWorkspaceRequest{
		Name: "Elsewhere", Owner: bob.ID, Region: "eu", Plan: "BASIC",
	})); err == nil {
		t.Error("an operator made a regional workspace on BASIC")
	}
	if after := count(); after != before {
		t.Errorf("%d workspaces after refusals, before %d", after, before)
	}
}

// TestMirrorCatchesUpAfterACut cuts the regions off from global, and joins them again.
func TestMirrorCatchesUpAfterACut(t *testing.T) {
	t.Parallel()
	var link daemontest.Link
	i := daemontest.Start(t, daemontest.Options{Through: link.Through})
	ann := i.Person("Ann Cut")
	workspace := i.Workspace(ann, "PRO", "eu")
	key := ann.Key("eu")
	link.Cut()
	i.Must("eu", http.StatusOK, daemontest.Request{Path: "/workspaces/" + workspace, Key: key})
	r, err := i.Operator("global").CreateWorkspace(t.Context(), connect.NewRequest(&pb.CreateWorkspaceRequest{
		Name: "Made meanwhile", Owner: ann.ID, Region: "eu", Plan: "PRO",
	}))
	if err != nil {
		t.Fatal(err)
	}
	made := r.Msg.Workspace.Id
	if _, err := i.Contents("eu", made); err == nil {
		t.Error("eu has heard of the workspace through a link that is cut")
	}
	daemontest.Until(t, "refusal", func() error { // a connection may take a moment to be noticed as gone
		a, err := i.Call(t.Context(), "eu", daemontest.Request{
			Method: http.MethodPost, Path: "/workspaces", Key: key, Body: map[string]string{"name": "Not made", "region": "eu"},
		})
		return errors.Join(err, a.Want(http.StatusServiceUnavailable, 5030))
	})
	link.Mend()
	daemontest.Until(t, "the mirror", func() error {
		_, err := i.Contents("eu", made)
		return err
	})
	i.Must("eu", http.StatusOK, daemontest.Request{Path: "/workspaces/" + made, Key: key})
	i.Restart("eu")
	i.Must("eu", http.StatusOK, daemontest.Request{Path: "/workspaces/" + made, Key: key})
}
