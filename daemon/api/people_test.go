package api

import (
	"fmt"
	"strings"
	"testing"

	"domicile/daemon/directory"
	"domicile/store/record"
)

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	in := w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ANN@example.com","password":"`+password+`"}`).is(201, 0).object()
	token := in["token"].(string)
	if in["user"].(map[string]any)["id"] != ann.ID.String() || in["expiresAt"] == nil {
		t.Errorf("signed in: %v", in)
	}
	w.global.call(person{}, "GET", "/api/v1/user", "", "X-Auth-Token", token).is(200, 0)
	w.global.call(person{}, "GET", "/api/v1/user", "", "Cookie", "domicile_session="+token).is(200, 0)
	w.global.call(person{}, "DELETE", "/api/v1/auth/token", "", "X-Auth-Token", token).is(204, 0)
	w.global.call(person{}, "GET", "/api/v1/user", "", "X-Auth-Token", token).is(401, 4017)
	w.global.call(ann, "DELETE", "/api/v1/auth/token", "").is(403, 501)

	// Wrong and unknown are told alike.
	wrong := w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ann@example.com","password":"not this one"}`).is(401, 4017)
	unknown := w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"nobody@example.com","password":"not this one"}`).is(401, 4017)
	if string(wrong.body) != string(unknown.body) {
		t.Errorf("%s and %s", wrong.body, unknown.body)
	}
	for _, body := range []string{`{}`, `{"email":"ann@example.com"}`, `{"password":"x"}`} {
		w.global.call(person{}, "POST", "/api/v1/auth/token", body).is(400, 501)
	}
	// In a region that does not have the person: where to go, or nothing.
	a := w.eu.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ann@example.com","password":"`+password+`"}`).is(421, 4210).object()
	if a["region"] != "global" {
		t.Errorf("told %v", a)
	}
	w.eu.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ann@example.com","password":"not this one"}`).is(401, 4017)
	w.away.Store(true)
	w.eu.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ann@example.com","password":"`+password+`"}`).is(503, 5030)
	// Too many wrong ones must wait.
	for range 10 {
		a := w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"ann@example.com","password":"wrong wrong"}`)
		if a.status == 429 {
			if a.is(429, 4290).header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
	}
	t.Error("ten wrong passwords and no wait")
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	made := w.global.call(ann, "POST", "/api/v1/user/api-keys", `{"name":"laptop"}`).is(201, 0).object()
	secret := made["key"].(string)
	if !strings.HasPrefix(secret, "dom_global_") || len(secret) != len("dom_global_")+43 {
		t.Errorf("secret %q", secret)
	}
	mine := person{Person: ann.Person, key: secret}
	w.global.call(mine, "GET", "/api/v1/user", "").is(200, 0)
	list := w.global.call(mine, "GET", "/api/v1/user/api-keys", "").is(200, 0)
	if len(list.list()) != 2 || strings.Contains(string(list.body), secret) {
		t.Errorf("keys: %s", list.body)
	}
	w.global.call(ann, "DELETE", "/api/v1/user/api-keys/"+made["id"].(string), "").is(204, 0)
	w.global.call(mine, "GET", "/api/v1/user", "").is(401, 4003)
	w.global.call(ann, "DELETE", "/api/v1/user/api-keys/"+made["id"].(string), "").is(400, 501)
	w.global.call(ann, "DELETE", "/api/v1/user/api-keys/x", "").is(400, 501)
	w.global.call(ann, "POST", "/api/v1/user/api-keys", `{"name":"`+strings.Repeat("x", 300)+`"}`).is(400, 501)
}

func TestUserIsJoinedForTheActiveWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	me := w.global.call(ann, "GET", "/api/v1/user", "").is(200, 0).object()
	if me["activeWorkspace"] != ws.String() || me["email"] != "ann@example.com" || me["status"] != "ACTIVE" ||
		len(me["memberships"].([]any)) != 0 || me["settings"].(map[string]any)["timeZone"] == nil {
		t.Errorf("me: %v", me)
	}
	w.global.put(ws, record.Member, ann.ID, `{"id":"`+ann.ID.String()+`","roles":[],"settings":{"timeZone":"Asia/Tokyo"}}`)
	me = w.global.call(ann, "GET", "/api/v1/user?include-memberships=true", "").is(200, 0).object()
	if me["settings"].(map[string]any)["timeZone"] != "Asia/Tokyo" || len(me["memberships"].([]any)) != 1 {
		t.Errorf("me: %v", me)
	}
	bob := w.person("bob")
	second := w.global.workspace(ann, "A first by name", directory.Free)
	if got := w.global.call(ann, "GET", "/api/v1/user", "").object()["activeWorkspace"]; got != second.String() {
		t.Errorf("active %v, want the first by name", got)
	}
	w.global.put(record.RegionID, record.Active, ann.ID, `{"id":"`+ann.ID.String()+`","workspaceId":"`+ws.String()+`"}`)
	if got := w.global.call(ann, "GET", "/api/v1/user", "").object()["activeWorkspace"]; got != ws.String() {
		t.Errorf("active %v, want the chosen one", got)
	}
	// Somebody without a workspace signs in at global.
	in := w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"bob@example.com","password":"`+password+`"}`).is(201, 0).object()
	token := in["token"].(string)
	if got := w.global.call(person{}, "GET", "/api/v1/user", "", "X-Auth-Token", token).is(200, 0).object(); got["id"] != bob.ID.String() || got["activeWorkspace"] != "" || got["settings"] != nil {
		t.Errorf("bob: %v", got)
	}
	w.global.call(person{}, "POST", "/api/v1/user/api-keys", `{}`, "X-Auth-Token", token).is(403, 501)
	if l := w.global.call(person{}, "GET", "/api/v1/workspaces", "", "X-Auth-Token", token).is(200, 0).list(); len(l) != 0 {
		t.Errorf("bob's workspaces: %v", l)
	}
}

// TestWorkspacesOfAllRegions: R7 and R31.
func TestWorkspacesOfAllRegions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	annex := w.eu.workspace(ann, "Annex", directory.Pro)
	_, revision, err := w.directory.ChangeWorkspace(t.Context(), directory.WorkspaceChange{ID: annex})
	if err != nil {
		t.Fatal(err)
	}
	w.global.wait(revision)
	list := w.global.call(ann, "GET", "/api/v1/workspaces", "").is(200, 0)
	if alias := w.global.call(ann, "GET", "/api/v1/get/workspaces", "").is(200, 0); string(alias.body) != string(list.body) {
		t.Errorf("alias %s\nlist %s", alias.body, list.body)
	}
	l := list.list()
	if len(l) != 2 || l[0]["id"] != annex.String() || l[0]["region"] != "eu" || l[0]["baseUrl"] != "https://euc1.clockify.me/api/v1" || l[0]["state"] != "elsewhere" || len(l[0]) != 5 {
		t.Errorf("elsewhere: %v", l)
	}
	if l[1]["id"] != ws.String() || l[1]["region"] != "global" || l[1]["state"] != "active" || l[1]["workspaceSettings"] == nil || l[1]["featureSubscriptionType"] != "PRO" {
		t.Errorf("here: %v", l[1])
	}
	if n := len(w.global.call(ann, "GET", "/api/v1/workspaces?roles=OWNER", "").is(200, 0).list()); n == 0 {
		t.Error("no workspace as owner")
	}
	if n := len(w.global.call(ann, "GET", "/api/v1/workspaces?roles=TEAM_MANAGER", "").is(200, 0).list()); n != 0 {
		t.Errorf("%d workspaces as manager", n)
	}
	w.global.call(ann, "GET", "/api/v1/workspaces?roles=BOSS", "").is(400, 3000)
	one := w.global.call(ann, "GET", "/api/v1/workspaces/"+ws.String(), "").is(200, 0).object()
	if one["id"] != ws.String() || len(one["memberships"].([]any)) != 1 || one["cakeOrganizationId"] != "" {
		t.Errorf("one: %v", one)
	}
}

// TestCreateWorkspace: in global, or at home from birth (B13).
func TestCreateWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	made := w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"New"}`).is(201, 0).object()
	if made["region"] != "global" || made["state"] != "active" || made["featureSubscriptionType"] != "PRO" {
		t.Errorf("made: %v", made)
	}
	w.global.call(ann, "POST", "/api/v1/workspaces/"+made["id"].(string)+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).is(201, 0)
	born := w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"Born","region":"eu"}`, "Idempotency-Key", "b").is(201, 0).object()
	if born["region"] != "eu" || born["baseUrl"] != "https://euc1.clockify.me/api/v1" || born["state"] != "elsewhere" {
		t.Errorf("born: %v", born)
	}
	again := w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"Born","region":"eu"}`, "Idempotency-Key", "b").is(201, 0).object()
	if again["id"] != born["id"] {
		t.Error("a repeat made a second workspace")
	}
	w.global.call(ann, "GET", "/api/v1/workspaces/"+born["id"].(string), "").is(421, 4210)
	w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"X","region":"eu","hourlyRate":{"amount":1}}`).is(421, 4210)
	w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"X","region":"mars"}`).is(400, 501).says("eu")
	w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":" "}`).is(400, 501).says("name")
	w.global.call(ann, "POST", "/api/v1/workspaces", `{}`).is(400, 501)
	w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":7}`).is(400, 501).says("name")
	bob := w.person("bob")
	free := w.global.workspace(bob, "Free", directory.Free)
	bob = w.global.keyOf(bob)
	w.global.call(bob, "POST", "/api/v1/workspaces", `{"name":"X","region":"eu"}`).is(402, 4020)
	if n := len(w.global.call(bob, "GET", "/api/v1/workspaces", "").list()); n != 1 {
		t.Errorf("bob has %d workspaces besides %s", n, free)
	}
	w.away.Store(true)
	w.global.call(ann, "POST", "/api/v1/workspaces", `{"name":"X"}`).is(503, 5030)
}

func TestUsersList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.person2("bob", directory.NoRole)
	cat := d.person2("cat", directory.Admin)
	d.send("POST", d.base+"/users", `{"email":"dan@example.com"}`).is(200, 0)
	for query, want := range map[string]string{
		"":                                "ann bob cat dan",
		"status=ALL":                      "ann bob cat dan",
		"status=active":                   "ann bob cat",
		"status=PENDING":                  "dan",
		"status=DECLINED":                 "",
		"email=EXAMPLE":                   "ann bob cat dan",
		"name=a":                          "ann cat dan",
		"account-statuses=NOT_REGISTERED": "dan",
		"sort-column=EMAIL&sort-order=DESCENDING": "dan cat bob ann",
		"sort-column=ACCESS":                      "ann cat bob dan",
		"page=2&page-size=3":                      "dan",
		"page=9":                                  "",
	} {
		var names []string
		for _, u := range d.send("GET", d.base+"/users?"+query, "").is(200, 0).list() {
			names = append(names, u["name"].(string))
		}
		if got := strings.Join(names, " "); query != "sort-column=ACCESS" && got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
	a := d.send("GET", d.base+"/users?page-size=2&include-roles=true&memberships=ALL", "").is(200, 0)
	if a.header.Get("Last-Page") != "false" {
		t.Error("the first page is the last")
	}
	u := a.list()[0]
	if _, there := u["settings"]; !there || fmt.Sprint(u["roles"]) == "[]" || len(u["memberships"].([]any)) != 1 {
		t.Errorf("user: %v", u)
	}
	info := d.call(cat, "POST", d.base+"/users/info", `{"status":"ALL","name":"dan","page":1,"pageSize":10}`).is(200, 0).list()
	if len(info) != 1 || info[0]["settings"] != nil || info[0]["status"] != "NOT_REGISTERED" {
		t.Errorf("info: %v", info)
	}
	for _, body := range []string{`{"status":"X"}`, `{"page":0}`, `{"pageSize":5001}`, `{"sortOrder":"UP"}`, `{"projectId":"x"}`, `{"name":1}`} {
		d.send("POST", d.base+"/users/info", body).is(400, 501)
	}
	d.send("GET", d.base+"/users?project-id=x", "").is(400, 501)
}

// TestInvitations: only the person's own answer makes a membership active.
func TestInvitations(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.world.person("bob")
	w := d.send("POST", d.base+"/users?send-email=false", `{"email":"bob@example.com"}`).is(200, 0).object()
	if n := len(w["memberships"].([]any)); n != 2 {
		t.Errorf("%d memberships", n)
	}
	d.send("POST", d.base+"/users", `{"email":"nobody"}`).is(400, 501).says("email")
	d.send("POST", d.base+"/users", `{}`).is(400, 501)
	d.send("PUT", d.base+"/users/"+bob.ID.String(), `{"status":"ACTIVE"}`).is(409, 4090)
	token := d.call(person{}, "POST", "/api/v1/auth/token", `{"email":"bob@example.com","password":"`+password+`"}`).is(201, 0).object()["token"].(string)
	session := func(method, path string) answer { return d.call(person{}, method, path, "", "X-Auth-Token", token) }
	list := session("GET", "/api/v1/invitations").is(200, 0).list()
	if len(list) != 1 || list[0]["workspaceId"] != d.ws.String() || list[0]["region"] != "global" {
		t.Errorf("invitations: %v", list)
	}
	accept := "/api/v1/invitations/" + d.ws.String() + "/accept"
	d.send("POST", accept, "").is(403, 501) // a key is no session
	session("GET", d.base+"/users").is(403, 501)
	if got := session("POST", accept).is(200, 0).object(); got["membershipStatus"] != "ACTIVE" {
		t.Errorf("accepted: %v", got)
	}
	session("GET", d.base+"/users").is(200, 0)
	session("POST", accept).is(200, 0) // a repeat
	session("POST", "/api/v1/invitations/"+d.ID.String()+"/decline").is(409, 4090)
	d.away.Store(true)
	session("GET", "/api/v1/invitations").is(503, 5030)
}

// TestStatusAndRemoval: at once, and with the directory away in this region at least.
func TestStatusAndRemoval(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.person2("bob", directory.NoRole)
	cat := d.person2("cat", directory.NoRole)
	user := d.base + "/users/" + bob.ID.String()
	d.call(bob, "PUT", user, `{"status":"INACTIVE"}`).is(403, 501)
	d.send("PUT", user, `{"status":"GONE"}`).is(400, 501).says("status")
	d.send("PUT", d.base+"/users/"+d.ws.String(), `{"status":"INACTIVE"}`).is(400, 501).says("User doesn't belong")
	d.send("PUT", d.base+"/users/"+d.ID.String(), `{"status":"INACTIVE"}`).is(409, 4090)
	d.send("PUT", user, `{"status":"INACTIVE"}`).is(200, 0)
	d.call(bob, "GET", d.base+"/users", "").is(403, 501)
	d.send("PUT", user, `{"status":"ACTIVE"}`).is(200, 0)
	d.call(bob, "GET", d.base+"/users", "").is(200, 0)
	d.send("DELETE", user, "").is(204, 0)
	d.call(bob, "GET", d.base+"/users", "").is(401, 4003) // the last workspace here went, and the account with it
	d.away.Store(true)
	a := d.send("PUT", d.base+"/users/"+cat.ID.String(), `{"status":"INACTIVE"}`).is(202, 0).object()
	if a["pendingIn"] != "global" {
		t.Errorf("pending: %v", a)
	}
	d.call(cat, "GET", d.base+"/users", "").is(403, 501)
	d.send("PUT", d.base+"/users/"+cat.ID.String(), `{"status":"ACTIVE"}`).is(503, 5030)
	d.send("PUT", d.base+"/users/"+d.ID.String(), `{"status":"INACTIVE"}`).is(409, 4090)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob, cat := d.person2("bob", directory.NoRole), d.person2("cat", directory.NoRole)
	project := d.make(record.Project, `{"name":"P","clientId":""}`)
	roles := d.base + "/users/" + bob.ID.String() + "/roles"
	got := d.send("POST", roles, fmt.Sprintf(`{"role":"PROJECT_MANAGER","entityId":%q}`, project)).is(201, 0).list()
	if len(got) != 1 || got[0]["role"] != "PROJECT_MANAGER" || fmt.Sprint(got[0]["entities"]) != "[map[id:"+project.String()+" name:P]]" {
		t.Errorf("roles: %v", got)
	}
	d.send("POST", roles, fmt.Sprintf(`{"role":"TEAM_MANAGER","entityId":%q}`, cat.ID)).is(201, 0)
	managers := d.send("GET", d.base+"/users/"+cat.ID.String()+"/managers", "").is(200, 0).list()
	if len(managers) != 1 || managers[0]["id"] != bob.ID.String() {
		t.Errorf("managers: %v", managers)
	}
	// A manager sees the time of whom they manage.
	d.call(bob, "GET", d.base+"/user/"+cat.ID.String()+"/time-entries", "").is(200, 0)
	d.send("DELETE", roles, fmt.Sprintf(`{"role":"TEAM_MANAGER","entityId":%q}`, cat.ID)).is(204, 0)
	d.call(bob, "GET", d.base+"/user/"+cat.ID.String()+"/time-entries", "").is(403, 501)
	d.send("POST", roles, fmt.Sprintf(`{"role":"WORKSPACE_ADMIN","entityId":%q}`, d.ws)).is(201, 0)
	d.call(bob, "POST", d.base+"/users", `{"email":"eve@example.com"}`).is(200, 0)
	d.send("DELETE", roles, fmt.Sprintf(`{"role":"WORKSPACE_ADMIN","entityId":%q}`, d.ws)).is(204, 0)
	d.call(bob, "POST", d.base+"/users", `{"email":"fay@example.com"}`).is(403, 501)
	for body, says := range map[string]string{
		`{"role":"BOSS","entityId":"x"}`:                                   "role",
		`{"role":"PROJECT_MANAGER","entityId":"x"}`:                        "Project doesn't belong",
		`{"role":"TEAM_MANAGER","entityId":"` + project.String() + `"}`:    "User doesn't belong",
		`{"role":"WORKSPACE_ADMIN","entityId":"` + project.String() + `"}`: "entityId",
	} {
		d.send("POST", roles, body).is(400, 501).says(says)
	}
	d.send("POST", d.base+"/users/"+d.ID.String()+"/roles", fmt.Sprintf(`{"role":"WORKSPACE_ADMIN","entityId":%q}`, d.ws)).is(409, 4090)
}

func TestRates(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.person2("bob", directory.NoRole)
	d.send("PUT", d.base+"/hourly-rate", `{"amount":2000,"currency":"EUR"}`).is(200, 0)
	d.send("PUT", d.base+"/cost-rate", `{"amount":1000,"currency":"EUR"}`).is(200, 0)
	w := d.send("PUT", d.base+"/users/"+bob.ID.String()+"/hourly-rate", `{"amount":3000,"since":"2026-01-01T00:00:00Z"}`).is(200, 0).object()
	if fmt.Sprint(w["hourlyRate"]) != "map[amount:2000 currency:EUR]" || !strings.Contains(fmt.Sprint(w["memberships"]), "map[amount:3000 currency:EUR]") {
		t.Errorf("rates: %v", w)
	}
	entry := d.send("POST", d.base+"/user/"+bob.ID.String()+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"}`).is(201, 0).object()
	if fmt.Sprint(entry["hourlyRate"]) != "map[amount:3000 currency:EUR]" || fmt.Sprint(entry["costRate"]) != "map[amount:1000 currency:EUR]" {
		t.Errorf("entry: %v", entry)
	}
	// Bob sees what his hour is worth, not what it costs.
	seen := d.call(bob, "GET", d.base+"/time-entries/"+entry["id"].(string), "").is(200, 0).object()
	if fmt.Sprint(seen["hourlyRate"]) != "map[amount:3000 currency:EUR]" || seen["costRate"] != nil {
		t.Errorf("bob sees %v", seen)
	}
	d.call(bob, "PUT", d.base+"/hourly-rate", `{"amount":1}`).is(403, 501)
	for _, body := range []string{`{}`, `{"amount":-1}`, `{"amount":1.5}`, `{"amount":"1"}`, `{"amount":1,"currency":"euro"}`, `{"amount":1,"since":"x"}`, `{"amount":99999999999999}`} {
		d.send("PUT", d.base+"/hourly-rate", body).is(400, 501)
	}
	d.send("PUT", d.base+"/users/"+d.ws.String()+"/cost-rate", `{"amount":1}`).is(400, 501).says("User doesn't belong")
}

// TestRegionRoute: answered everywhere, by asking the directory.
func TestRegionRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	w.eu.workspace(ann, "Annex", directory.Pro)
	there := w.eu.keyOf(ann)
	for name, a := range map[string]answer{
		"home":      w.global.call(ann, "GET", "/api/v1/workspaces/"+ws.String()+"/region", ""),
		"elsewhere": w.eu.call(there, "GET", "/api/v1/workspaces/"+ws.String()+"/region", ""),
	} {
		at := a.is(200, 0).object()
		if at["region"] != "global" || at["since"] == nil || fmt.Sprint(at["earlier"]) != "[]" || fmt.Sprint(at["destinations"]) != "[usa eu uk au]" {
			t.Errorf("%s: %v", name, at)
		}
	}
	bob, _ := w.global.owned("bob")
	w.global.call(bob, "GET", "/api/v1/workspaces/"+ws.String()+"/region", "").is(403, 501)
	w.away.Store(true)
	w.global.call(ann, "GET", "/api/v1/workspaces/"+ws.String()+"/region", "").is(503, 5030)
	// Everything else goes on without the directory.
	w.global.call(ann, "POST", "/api/v1/workspaces/"+ws.String()+"/time-entries", `{}`).is(201, 0)

	regions := w.global.call(person{}, "GET", "/api/v1/regions", "").is(200, 0).list()
	if len(regions) != 5 || regions[0]["region"] != "global" || regions[2]["baseUrl"] != "https://euc1.clockify.me/api/v1" {
		t.Errorf("regions: %v", regions)
	}
	keys := w.global.call(person{}, "GET", "/.well-known/domicile/keys", "").is(200, 0).list()
	if len(keys) == 0 || len(keys[0]["keys"].([]any)) != 1 {
		t.Errorf("keys: %v", keys)
	}
}

// TestChanges: the feed, its cursor, and when it is of no use any more.
func TestChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.person2("bob", directory.NoRole)
	var ids []string
	for i := range 5 {
		a := d.send("POST", d.base+"/time-entries", fmt.Sprintf(`{"start":"2026-03-0%dT08:00:00Z","end":"2026-03-0%dT09:00:00Z"}`, i+1, i+1), "Idempotency-Key", fmt.Sprint(i))
		ids = append(ids, a.is(201, 0).object()["id"].(string))
	}
	d.send("DELETE", d.base+"/time-entries/"+ids[0], "").is(204, 0)
	seen, since := map[string]any{}, ""
	for range 20 {
		page := d.send("GET", d.base+"/changes?limit=2&since="+since, "").is(200, 0).object()
		since = page["next"].(string)
		for _, c := range page["changes"].([]any) {
			one := c.(map[string]any)
			if one["kind"] == "idempotency" {
				t.Error("the feed shows idempotency keys")
			}
			seen[one["id"].(string)] = one["deleted"]
		}
		if page["more"] == false {
			break
		}
	}
	if len(seen) != 5 || seen[ids[0]] != true || seen[ids[4]] != false {
		t.Errorf("seen: %v", seen)
	}
	page := d.send("GET", d.base+"/changes?since="+since, "").is(200, 0).object()
	if len(page["changes"].([]any)) != 0 || page["next"] != since {
		t.Errorf("after the end: %v", page)
	}
	d.call(bob, "GET", d.base+"/changes", "").is(403, 501)
	d.send("GET", d.base+"/changes?since=x", "").is(400, 3000)
	// A cursor of another life of the workspace.
	other, ws := d.owned("eve")
	theirs := deskOf(d.region, other, ws)
	theirs.send("POST", theirs.base+"/time-entries", `{}`).is(201, 0)
	foreign := theirs.send("GET", theirs.base+"/changes", "").is(200, 0).object()["next"].(string)
	if a := d.send("GET", d.base+"/changes?since="+foreign, "").is(410, 4100).object(); a["resync"] != true {
		t.Errorf("resync: %v", a)
	}
}
