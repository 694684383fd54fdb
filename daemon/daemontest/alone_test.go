package daemontest_test

import (
	"net/http"
	"net/url"
	"testing"

	"domicile/daemon/daemontest"
)

func TestT2RegionServesWhileGlobalIsAway(t *testing.T) { // B6
	t.Parallel()
	s := daemontest.StartServers(t)
	ann := s.Person("Ann Alone")
	workspace := s.Workspace(ann, "PRO", "eu")
	key := ann.Key("eu")
	s.Must("global", http.StatusMisdirectedRequest, daemontest.Request{Path: "/workspaces/" + workspace})
	use(t, s.Network, ann, workspace, "before")

	s.Stop("global")
	use(t, s.Network, ann, workspace, "away")
	a, err := s.Call(t.Context(), "eu", daemontest.Request{
		Method: http.MethodPost, Path: "/workspaces", Key: key, Body: map[string]string{"name": "Not now", "region": "eu"},
	})
	if err == nil {
		err = a.Want(http.StatusServiceUnavailable, 5030)
	}
	if err != nil {
		t.Errorf("a new workspace without the directory: %v", err)
	}

	s.Stop("eu")
	s.Start("eu") // without global
	use(t, s.Network, ann, workspace, "restarted")
	for _, other := range []string{"usa", "uk", "au"} {
		s.Stop(other)
	}
	use(t, s.Network, ann, workspace, "last")

	s.Start("global")
	second := s.Workspace(ann, "PRO", "eu") // the mirror follows again
	s.Must("eu", http.StatusOK, daemontest.Request{Path: "/workspaces/" + second, Key: key})
	use(t, s.Network, ann, second, "again")
	for _, region := range []string{"eu", "global"} {
		s.Stop(region)
	}
	verifyStores(t, s.Network)
}

// use does with a workspace in the EU what people do all day, with key and session.
func use(t *testing.T, n *daemontest.Network, p *daemontest.Person, workspace, word string) {
	t.Helper()
	key := daemontest.Request{Key: p.Key("eu")}
	session := daemontest.Request{Token: signIn(t, n, "eu", p)}
	var revision string
	for how, c := range map[string]daemontest.Request{"key": key, "session": session} {
		c.Method, c.Path = http.MethodPost, "/workspaces/"+workspace+"/time-entries"
		c.Body = map[string]string{"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "description": word + " by " + how}
		made := n.Must("eu", http.StatusCreated, c)
		c.Method, c.Body = http.MethodGet, nil
		revision = made.Header.Get("Domicile-Revision")
		c.Path += "/" + made.Get("id").String()
		if got := n.Must("eu", http.StatusOK, c).Get("description").String(); got != word+" by "+how {
			t.Errorf("read %q", got)
		}
	}
	key.Path = "/workspaces/" + workspace + "/user/" + p.ID + "/time-entries"
	if all := n.Must("eu", http.StatusOK, key).Get("@this").Array(); len(all) < 2 {
		t.Errorf("%d entries in the list", len(all))
	}
	key.Path, key.Query = "/workspaces/"+workspace+"/search", url.Values{"q": {word}, "after-revision": {revision}}
	if found := n.Must("eu", http.StatusOK, key).Get("total").Int(); found != 2 {
		t.Errorf("search for %s finds %d entries, want 2", word, found)
	}
	key.Path, key.Query = "/workspaces", nil
	if all := n.Must("eu", http.StatusOK, key).Get("@this").Array(); len(all) == 0 {
		t.Error("no workspaces listed")
	}
}
