package api

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// TestCredentialRules: none or several, unknown keys, bad tokens.
func TestCredentialRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	w.eu.workspace(ann, "Annex", directory.Pro)
	other := w.eu.keyOf(ann)
	for name, row := range map[string]struct {
		headers []string
		status  int
		code    int
	}{
		"none":               {nil, 401, 1000},
		"empty":              {[]string{"X-Api-Key", ""}, 401, 1000},
		"bearer is none":     {[]string{"Authorization", "Bearer x"}, 401, 1000},
		"two kinds":          {[]string{"X-Api-Key", ann.key, "X-Addon-Token", "x"}, 401, 1000},
		"two keys":           {[]string{"X-Api-Key", ann.key, "X-Api-Key", ann.key}, 401, 1000},
		"unknown key":        {[]string{"X-Api-Key", "dom_global_" + strings.Repeat("x", 43)}, 401, 4003},
		"no key of ours":     {[]string{"X-Api-Key", "hello"}, 401, 4003},
		"another region's":   {[]string{"X-Api-Key", other.key}, 401, 4003},
		"bad add-on token":   {[]string{"X-Addon-Token", "x"}, 401, 4017},
		"bad session":        {[]string{"X-Auth-Token", "x"}, 401, 4017},
		"bad session cookie": {[]string{"Cookie", "domicile_session=x"}, 401, 4017},
		"right key":          {[]string{"X-Api-Key", ann.key}, 200, 0},
	} {
		w.global.call(person{}, "GET", "/api/v1/user", "", row.headers...).of(name).is(row.status, row.code)
	}
}

// TestP1UnknownPathsAndMethods: 404 and 405 are JSON, and nothing redirects.
func TestP1UnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	base := "/api/v1/workspaces/" + ws.String()
	for _, row := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/api/v1", 404, ""},
		{"GET", "/api/v1/nothing", 404, ""},
		{"GET", "/api/v1/user/", 404, ""},
		{"GET", "/api/v1//user", 404, ""},
		{"GET", "/api/v1/x/../user", 404, ""},
		{"POST", "/api/v1/user", 405, "GET, HEAD"},
		{"PATCH", base, 405, "GET, HEAD"},
		{"PUT", base, 405, "GET, HEAD"},
		{"PATCH", base + "/time-entries/invoiced/bulk", 404, ""},
		{"PATCH", base + "/user/" + ann.ID.String() + "/time-entries/stop", 404, ""},
		{"TRACE", "/api/v1/user", 405, "GET, HEAD"},
	} {
		name := row.method + " " + row.path
		a := w.global.call(ann, row.method, row.path, "").of(name).is(row.status, 3000)
		if got := a.header.Get("Allow"); got != row.allow {
			t.Errorf("%s: Allow %q, want %q", name, got, row.allow)
		}
		if a.header.Get("Location") != "" {
			t.Errorf("%s redirects", name)
		}
	}
}

// TestP2WrongRegionIsToldFirst: R10, judged before the key.
func TestP2WrongRegionIsToldFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann")
	ws := w.eu.workspace(ann, "Annex", directory.Pro)
	// Global hears of it too, at its own pace.
	_, revision, err := w.directory.ChangeWorkspace(t.Context(), directory.WorkspaceChange{ID: ws})
	if err != nil {
		t.Fatal(err)
	}
	w.global.wait(revision)
	for _, path := range []string{"", "/time-entries/" + ws.String(), "/users", "/changes"} {
		a := w.global.call(person{}, "GET", "/api/v1/workspaces/"+ws.String()+path, "").is(421, 4210).object()
		if a["region"] != "eu" || a["baseUrl"] != "https://euc1.clockify.me/api/v1" || a["reportsUrl"] != "https://euc1.clockify.me/report/v1" {
			t.Errorf("%s: %v", path, a)
		}
	}
}

// TestHosts: which hosts a region answers for.
func TestHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	label := "acme"
	_, revision, err := w.directory.ChangeWorkspace(t.Context(), directory.WorkspaceChange{ID: ws, Subdomain: &label})
	if err != nil {
		t.Fatal(err)
	}
	w.global.wait(revision)
	for _, row := range []struct {
		host   string
		status int
		region string
	}{
		{"clockify.me", 200, ""},
		{"api.clockify.me", 200, ""},
		{"global.api.clockify.me", 200, ""},
		{"API.Clockify.ME:443", 200, ""},
		{"127.0.0.1:7700", 200, ""},
		{"[::1]:7700", 200, ""},
		{"localhost:7700", 200, ""},
		{"acme.clockify.me", 200, ""},
		{"nobody.clockify.me", 421, "global"},
		{"euc1.clockify.me", 421, "eu"},
		{"apse2.clockify.me", 421, "au"},
		{"example.com", 421, "global"},
	} {
		code := 0
		if row.status != 200 {
			code = 4210
		}
		a := w.global.call(ann, "GET", "/api/v1/user", "", "Host", row.host).of(row.host).is(row.status, code).object()
		if row.region != "" && a["region"] != row.region {
			t.Errorf("%s: names region %v", row.host, a["region"])
		}
	}
	// A wrong host is told before a missing credential.
	w.global.call(person{}, "GET", "/api/v1/user", "", "Host", "euc1.clockify.me").is(421, 4210)
}

// TestAbsoluteFormIsAccepted: clients behind a proxy send the whole URL.
func TestAbsoluteFormIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.global.handler)
	t.Cleanup(server.Close)
	for host, want := range map[string]int{"api.clockify.me": 200, "euc1.clockify.me": 421} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "GET http://%s/api/v1/regions HTTP/1.1\r\nHost: ignored\r\nConnection: close\r\n\r\n", host)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		_ = conn.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", host, response.StatusCode, want)
		}
	}
}

// TestP4Bodies: what is no body of ours.
func TestP4Bodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	path := "/api/v1/workspaces/" + ws.String() + "/time-entries"
	for name, row := range map[string]struct {
		body         string
		contentType  string
		status, code int
		says         string
	}{
		"empty":             {"", "", 400, 3000, "required"},
		"not JSON":          {"start=now", "application/json", 400, 3000, "not valid JSON"},
		"cut":               {`{"start":`, "application/json", 400, 3000, "not valid JSON"},
		"two values":        {`{} {}`, "application/json", 400, 3000, "after"},
		"not UTF-8":         {"{\"description\":\"\xff\"}", "application/json", 400, 3000, "UTF-8"},
		"an array":          {`[]`, "application/json", 400, 3000, "cannot be an array"},
		"wrong type":        {`{"description":12}`, "application/json", 400, 501, "description"},
		"wrong nested type": {`{"tagIds":"x"}`, "application/json", 400, 501, "tagIds"},
		"wrong element":     {`{"tagIds":[1]}`, "application/json", 400, 501, "tagIds"},
		"form":              {`a=b`, "application/x-www-form-urlencoded", 415, 4150, ""},
		"text":              {`{}`, "text/plain", 415, 4150, ""},
		"too large":         {`{"description":"` + strings.Repeat("x", maxBody) + `"}`, "application/json", 413, 4130, ""},
		"charset":           {`{"start":"2026-01-01T00:00:00Z"}`, "application/json; charset=utf-8", 201, 0, ""},
	} {
		q := httptest.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1"+path, strings.NewReader(row.body))
		q.Header.Set("X-Api-Key", ann.key)
		if row.contentType != "" {
			q.Header.Set("Content-Type", row.contentType)
		}
		w.global.do(q).of(name).is(row.status, row.code).says(row.says)
	}
}

// TestUnknownFieldsAreIgnored: clients send more than we know.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	w.global.call(ann, "POST", "/api/v1/workspaces/"+ws.String()+"/time-entries",
		`{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T01:00:00Z","whatever":{"x":[1]}}`).is(201, 0)
}

// TestEveryQueryParameterIsChecked reads the table: each parameter that is not
// plain text has values that it refuses.
func TestEveryQueryParameterIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	bad := map[ParamKind][]string{
		BoolParam: {"yes", "2", "TRUEE"},
		IntParam:  {"x", "1.5", "-1", "999999999999999999999", ""},
		EnumParam: {"NOPE"},
		TimeParam: {"yesterday", "2026-02-30", "2026-13-01T00:00:00Z", "12:00"},
		IDsParam:  {"x", "66f0", ws.String() + ",x"},
	}
	checked := 0
	for _, r := range Routes() {
		if r.Access != ByMember {
			continue
		}
		path := strings.NewReplacer("{workspace}", ws.String(), "{user}", ann.ID.String(), "{id}", ws.String()).Replace(r.Pattern())
		for _, p := range r.Query {
			for _, value := range bad[p.Kind] {
				a := w.global.call(ann, r.Method, path+"?"+p.Name+"="+value, bodyFor(&r))
				if a.status != 400 || !strings.Contains(string(a.body), "3000") || !strings.Contains(string(a.body), p.Name) {
					t.Errorf("%s ?%s=%s: %d %s", r.Name, p.Name, value, a.status, a.body)
				}
				if value != "" && len(value) > 3 && strings.Contains(string(a.body), value) {
					t.Errorf("%s repeats the value of %s", r.Name, p.Name)
				}
				checked++
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d parameters were checked", checked)
	}
}

func bodyFor(r *Route) string {
	if r.Body == nil {
		return ""
	}
	return "{}"
}

// TestLockedWorkspace: 423 with the transfer, and never anything else.
func TestLockedWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	transfer := store.T{Transfer: record.NewGenerator().Next(w.clock()), Epoch: 1, Attempt: 1}
	for _, op := range []store.Op{store.OpOpen, store.OpLock} {
		change := &store.HeaderChange{Workspace: ws, Op: op, T: transfer}
		if _, err := w.global.cell.Submit(t.Context(), store.Command{Change: change}); err != nil {
			t.Fatal(err)
		}
	}
	path := "/api/v1/workspaces/" + ws.String()
	for method, body := range map[string]string{"GET": "", "POST": `{"start":"2026-01-01T00:00:00Z"}`} {
		p := path
		if method == "POST" {
			p += "/time-entries"
		}
		a := w.global.call(ann, method, p, body).is(423, 4230)
		if a.object()["transferId"] != transfer.Transfer.String() || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", method, a.body)
		}
	}
	// Who may not enter is not told that it is locked.
	bob, _ := w.global.owned("bob")
	w.global.call(bob, "GET", path, "").is(403, 501)
	// Everything else goes on.
	list := w.global.call(ann, "GET", "/api/v1/workspaces", "").is(200, 0).list()
	if len(list) != 1 || list[0]["state"] != "locked" || list[0]["workspaceSettings"] != nil {
		t.Errorf("list: %v", list)
	}
}

// TestP5HandlerPanicsAreAnswered: one 500 in JSON, counted, and no contents in the log.
func TestP5HandlerPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, _ := w.global.owned("ann")
	s := w.global.handler.(*Server)
	row := &Route{Method: "GET", Path: "/user", Name: "boom", Access: ByPerson, Status: 200, Serve: func(*Server, *Call) error { panic("secret words") }}
	out := httptest.NewRecorder()
	q := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/user?x=secret", nil)
	q.Header.Set("X-Api-Key", ann.key)
	s.serve(row, out, q)
	answer{tb: t, status: out.Code, body: out.Body.Bytes()}.is(500, 5000)
	logs := w.logs.String()
	if strings.Contains(logs, "secret") || !strings.Contains(logs, "panicked") {
		t.Errorf("log: %s", logs)
	}
}

// TestP6LogsHaveNoContents: P6.
func TestP6LogsHaveNoContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.global.owned("canaryperson")
	base := "/api/v1/workspaces/" + ws.String()
	w.global.call(ann, "POST", base+"/time-entries", `{"start":"2026-01-01T00:00:00Z","description":"canarydescription"}`).is(201, 0)
	w.global.call(ann, "GET", base+"/user/"+ann.ID.String()+"/time-entries?description=canaryquery", "").is(200, 0)
	w.global.call(ann, "POST", base+"/time-entries", `{"start":"canarytime"}`).is(400, 501)
	w.global.call(ann, "GET", "/api/v1/canarypath", "").is(404, 3000)
	w.global.call(person{}, "POST", "/api/v1/auth/token", `{"email":"canaryperson@example.com","password":"canarypassword"}`).is(401, 4017)
	logs := w.logs.String()
	for _, word := range []string{"canary", ann.key, ws.String(), ann.ID.String()} {
		if strings.Contains(logs, word) {
			t.Errorf("%q is in the log", word)
		}
	}
	if !strings.Contains(logs, "route=createTimeEntry status=201") {
		t.Errorf("the log lacks the route: %s", logs)
	}
}

// TestCrossOrigin: browser clients may read answers; cookies are not theirs to use.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.global.call(person{}, "OPTIONS", "/api/v1/user", "", "Origin", "https://app.example.com",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-api-key").is(204, 0)
	if a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "X-Api-Key") {
		t.Errorf("preflight: %v", a.header)
	}
	w.global.call(person{}, "OPTIONS", "/api/v1/nothing", "").is(404, 3000)
	w.global.call(person{}, "POST", "/api/v1/workspaces", `{"name":"x"}`, "Cookie", "domicile_session=x",
		"Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site").is(403, 501)
}

// TestP3TableIsComplete reads the table: each row says what it must.
func TestP3TableIsComplete(t *testing.T) {
	t.Parallel()
	names, patterns := map[string]bool{}, map[string]bool{}
	for _, r := range Routes() {
		key := r.Method + " " + r.Pattern()
		switch {
		case r.Name == "" || names[r.Name]:
			t.Errorf("%s: name %q is missing or taken", key, r.Name)
		case patterns[key]:
			t.Errorf("%s stands twice", key)
		case r.Tag == "" || !strings.HasSuffix(r.Doc, ".") || len(r.Doc) < 10:
			t.Errorf("%s: no tag, or no sentence: %q", key, r.Doc)
		case r.Status == 0 || r.Serve == nil:
			t.Errorf("%s: no status or handler", key)
		case r.Access == ByMember && r.Action == "":
			t.Errorf("%s: no permission", key)
		case r.Access == ByMember && !strings.Contains(r.Path, "{workspace}"):
			t.Errorf("%s: no workspace to be a member of", key)
		case r.Access != ByMember && r.Action != "":
			t.Errorf("%s: a permission that nobody asks", key)
		case r.Answer == nil && r.Status != 204 && r.Name != "readDocs":
			t.Errorf("%s: no answer", key)
		}
		names[r.Name], patterns[key] = true, true
		for _, p := range r.Query {
			if p.Doc == "" || p.Kind == EnumParam && len(p.Values) == 0 || p.Kind == IntParam && p.Max == 0 {
				t.Errorf("%s: parameter %s says too little", key, p.Name)
			}
		}
	}
}

// TestDocsPage: the one page of HTML.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.global.call(person{}, "GET", "/api/docs", "").is(200, 0).says("/api/v1/workspaces/{workspace}/time-entries")
	if a.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Error(a.header)
	}
}
