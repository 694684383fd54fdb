package api

import (
	"fmt"
	"strings"
	"testing"

	"domicile/daemon/directory"
	"domicile/store/record"
)

// bench is a workspace of ann's with bob as a member.
type bench struct {
	*region
	ann, bob person
	ws       record.ID
	base     string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	bob := w.person("bob")
	w.global.join(bob, ws, directory.NoRole)
	return &bench{region: w.global, ann: ann, bob: w.global.keyOf(bob), ws: ws, base: "/api/v1/workspaces/" + ws.String()}
}

// as calls a path below the workspace.
func (d *bench) as(p person, method, path, body string) answer {
	d.tb.Helper()
	return d.call(p, method, d.base+path, body)
}

// make creates something and returns its id.
func (d *bench) make(path, body string) string {
	d.tb.Helper()
	return d.as(d.ann, "POST", path, body).is(201, 0).object()["id"].(string)
}

func names(list []map[string]any) string {
	var all []string
	for _, one := range list {
		all = append(all, one["name"].(string))
	}
	return strings.Join(all, ",")
}

const nobody = "64c777ddd3fcab07cfbb210c"

func TestProjectsLiveAsTheWireSays(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	client := d.make("/clients", `{"name":"Acme"}`)
	p := d.as(d.ann, "POST", "/projects", fmt.Sprintf(`{"name":" Engine ","clientId":%q,"color":"#03A9F4","note":"n","isPublic":true,"billable":true,
		"hourlyRate":{"amount":7500},"costRate":{"amount":2500},"estimate":{"estimate":"PT10H","type":"MANUAL"},"tasks":[{"name":"Build"}]}`, client)).is(201, 0).object()
	if p["name"] != "Engine" || p["clientName"] != "Acme" || p["workspaceId"] != d.ws.String() || p["duration"] != "PT0S" || p["public"] != true {
		t.Errorf("made %v", p)
	}
	one := "/projects/" + p["id"].(string)
	if tasks := d.as(d.ann, "GET", one+"/tasks", "").is(200, 0).list(); names(tasks) != "Build" {
		t.Errorf("tasks %v", tasks)
	}

	// PUT keeps colour, note, archived, client and rates; public and billable become false.
	u := d.as(d.ann, "PUT", one, `{"name":"Motor"}`).is(200, 0).object()
	if u["name"] != "Motor" || u["color"] != "#03A9F4" || u["note"] != "n" || u["clientId"] != client || u["public"] != false || u["billable"] != false ||
		u["hourlyRate"].(map[string]any)["amount"] != 7500.0 || u["costRate"].(map[string]any)["amount"] != 2500.0 {
		t.Errorf("replaced %v", u)
	}
	d.as(d.ann, "PUT", one, `{"name":"Motor","isPublic":true}`).is(200, 0)

	d.as(d.ann, "DELETE", one, "").is(400, 501).says("Cannot delete an active project")
	if a := d.as(d.ann, "PUT", one, `{"name":"Motor","archived":true,"isPublic":true}`).is(200, 0).object(); a["archived"] != true {
		t.Errorf("archived %v", a)
	}
	if a := d.as(d.ann, "PUT", one, `{"name":"Motor","isPublic":true}`).is(200, 0).object(); a["archived"] != true {
		t.Error("archived was not kept")
	}
	if gone := d.as(d.ann, "DELETE", one, "").is(200, 0).object(); gone["name"] != "Motor" {
		t.Errorf("deleted %v", gone)
	}
	for _, id := range []string{p["id"].(string), nobody, "nonsense"} {
		d.as(d.ann, "GET", "/projects/"+id, "").is(400, 501).says("Project doesn't belong to Workspace")
	}
	d.make("/projects", fmt.Sprintf(`{"name":"Motor","clientId":%q}`, client)) // the name is free again
}

func TestProjectEntriesOutliveIt(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	p := d.make("/projects", `{"name":"Engine"}`)
	e := d.make("/time-entries", fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:30:00Z","projectId":%q}`, p))
	if got := d.as(d.ann, "GET", "/projects/"+p, "").is(200, 0).object()["duration"]; got != "PT1H30M" {
		t.Errorf("duration %v", got)
	}
	d.as(d.ann, "PUT", "/projects/"+p, `{"name":"Engine","archived":true}`).is(200, 0)
	d.as(d.ann, "DELETE", "/projects/"+p, "").is(200, 0)
	if got := d.as(d.ann, "GET", "/time-entries/"+e, "").is(200, 0).object(); got["projectId"] != nil {
		t.Errorf("entry still shows %v", got["projectId"])
	}
}

func TestProjectListsAreFilteredAndSorted(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	zed, alpha := d.make("/clients", `{"name":"Zed"}`), d.make("/clients", `{"name":"Alpha"}`)
	d.make("/projects", fmt.Sprintf(`{"name":"beta","clientId":%q,"isPublic":true}`, zed))
	d.make("/projects", fmt.Sprintf(`{"name":"Alphabet","clientId":%q,"isPublic":false,"billable":false}`, alpha))
	gone := d.make("/projects", `{"name":"Gamma","isPublic":true}`)
	d.as(d.ann, "PUT", "/projects/"+gone, `{"name":"Gamma","archived":true,"isPublic":true,"billable":true}`).is(200, 0)
	for query, want := range map[string]string{
		"":                                   "Alphabet,beta,Gamma",
		"?archived=false":                    "Alphabet,beta",
		"?archived=1":                        "Gamma",
		"?name=ALPHA":                        "Alphabet",
		"?name=alpha&strict-name-search=1":   "",
		"?name=BETA&strict-name-search=true": "beta",
		"?billable=true":                     "beta,Gamma",
		"?access=PRIVATE":                    "Alphabet",
		"?clients=" + zed:                    "beta",
		"?clients=" + zed + "," + alpha:      "Alphabet,beta",
		"?clients=" + zed + "&contains-client=false":          "Alphabet,Gamma",
		"?sort-column=CLIENT_NAME":                            "Gamma,Alphabet,beta",
		"?sort-order=DESCENDING":                              "Gamma,beta,Alphabet",
		"?page=2&page-size=2":                                 "Gamma",
		"?page=9":                                             "",
		"?users=" + d.bob.ID.String():                         "",
		"?is-template=false&client-status=ACTIVE":             "Alphabet,beta",
		"?users=" + d.ann.ID.String() + "&user-status=ACTIVE": "Alphabet,beta,Gamma",
	} {
		if got := names(d.as(d.ann, "GET", "/projects"+query, "").is(200, 0).list()); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := d.as(d.ann, "GET", "/projects?page-size=2", "").header.Get("Last-Page"); got != "false" {
		t.Errorf("Last-Page %q", got)
	}
	if got := d.as(d.ann, "GET", "/projects?page-size=3", "").header.Get("Last-Page"); got != "true" {
		t.Errorf("Last-Page %q", got)
	}
	// bob sees public ones only.
	if got := names(d.as(d.bob, "GET", "/projects", "").is(200, 0).list()); got != "beta,Gamma" {
		t.Errorf("bob sees %q", got)
	}
	for _, query := range []string{"archived=maybe", "page=0", "page-size=5001", "clients=x", "sort-column=COLOR", "access=SECRET", "page=x"} {
		d.as(d.ann, "GET", "/projects?"+query, "").is(400, 3000)
	}
}

func TestProjectInputIsChecked(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	d.make("/projects", `{"name":"Engine"}`)
	for body, says := range map[string]string{
		`{}`:           "name is required",
		`{"name":"x"}`: "2 to 250",
		`{"name":"` + strings.Repeat("x", 251) + `"}`:                  "2 to 250",
		`{"name":"engine"}`:                                            "Project with this name already exists",
		`{"name":7}`:                                                   "name",
		`{"name":"Other","color":"red"}`:                               "color",
		`{"name":"Other","clientId":"` + nobody + `"}`:                 "Client doesn't belong to Workspace",
		`{"name":"Other","hourlyRate":{"amount":-1}}`:                  "amount",
		`{"name":"Other","estimate":{"estimate":"1h"}}`:                "estimate",
		`{"name":"Other","memberships":[{"userId":"` + nobody + `"}]}`: "User doesn't belong to Workspace",
		`{"name":"Other","tasks":[{"name":"a"},{"name":"A"}]}`:         "Task with this name already exists",
		`{"name":"Other","note":"` + strings.Repeat("x", 16385) + `"}`: "note",
		`{"name":"Other","hourlyRate":{"amount":1,"since":"soon"}}`:    "since",
	} {
		d.as(d.ann, "POST", "/projects", body).is(400, 501).says(says)
	}
	d.as(d.ann, "POST", "/projects", "nonsense").is(400, 3000)
	if got := names(d.as(d.ann, "GET", "/projects", "").list()); got != "Engine" {
		t.Errorf("refused ones left %q", got)
	}
}

func TestProjectParts(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	one := "/projects/" + d.make("/projects", `{"name":"Engine","isPublic":false,"tasks":[{"name":"Build"},{"name":"Test"}]}`)
	bob := d.bob.ID.String()
	d.as(d.bob, "GET", one, "").is(400, 501) // private
	d.as(d.ann, "POST", one+"/memberships", fmt.Sprintf(`{"userIds":[%q]}`, bob)).is(200, 0).says(bob)
	d.as(d.bob, "GET", one, "").is(200, 0)
	d.as(d.bob, "PUT", one, `{"name":"Mine"}`).is(403, 501)
	d.as(d.ann, "PUT", one+"/users/"+bob+"/hourly-rate", `{"amount":4200}`).is(200, 0).says(`"amount":4200`)
	d.as(d.ann, "PUT", one+"/users/"+bob+"/cost-rate", `{"amount":1200}`).is(200, 0).says(`"amount":1200`)
	d.as(d.ann, "PUT", one+"/users/"+nobody+"/cost-rate", `{"amount":1200}`).is(400, 501)
	d.as(d.ann, "PUT", one+"/users/"+bob+"/cost-rate", `{}`).is(400, 501).says("amount")
	// Naming the members again keeps the rates that are not named.
	d.as(d.ann, "PATCH", one+"/memberships", fmt.Sprintf(`{"memberships":[{"userId":%q,"hourlyRate":{"amount":4300}}]}`, bob)).is(200, 0).says(`"amount":4300`).says(`"amount":1200`)
	d.as(d.ann, "PATCH", one+"/estimate", `{"timeEstimate":{"estimate":"PT40H","type":"MANUAL","active":true},"budgetEstimate":{"estimate":100000,"active":true},"estimateReset":{"interval":"MONTHLY","dayOfMonth":1}}`).
		is(200, 0).says(`"estimate":"PT40H"`).says(`"estimate":100000`).says(`"dayOfMonth":1`)
	d.as(d.ann, "PATCH", one+"/estimate", `{"timeEstimate":{"type":"NEVER"}}`).is(400, 501).says("timeEstimate.type")
	d.as(d.ann, "PATCH", one+"/estimate", `{"estimateReset":{"dayOfMonth":32}}`).is(400, 501).says("dayOfMonth")
	id := one[len("/projects/"):]
	d.as(d.ann, "POST", "/projects/from-template", fmt.Sprintf(`{"name":"Copy","templateProjectId":%q}`, id)).is(400, 501).says("not a template")
	d.as(d.ann, "PATCH", one+"/template", `{"isTemplate":true}`).is(200, 0).says(`"template":true`)
	d.as(d.ann, "PATCH", one+"/template", `{}`).is(400, 501)
	copied := d.as(d.ann, "POST", "/projects/from-template", fmt.Sprintf(`{"name":"Copy","templateProjectId":%q}`, id)).is(201, 0).object()
	if tasks := names(d.as(d.ann, "GET", "/projects/"+copied["id"].(string)+"/tasks", "").list()); tasks != "Build,Test" || copied["template"] != false {
		t.Errorf("copy %v with %q", copied, tasks)
	}
	d.as(d.ann, "POST", one+"/memberships", fmt.Sprintf(`{"userIds":[%q],"remove":true}`, bob)).is(200, 0)
	d.as(d.bob, "GET", one, "").is(400, 501)
	d.as(d.ann, "PUT", one+"/archive", `{}`).is(404, 3000) // dead at the vendor's, too
	d.as(d.ann, "GET", one+"/template", "").is(405, 3000)
}

func TestTasksClientsTags(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	p := "/projects/" + d.make("/projects", `{"name":"Engine"}`)
	other := "/projects/" + d.make("/projects", `{"name":"Other"}`)
	task := d.make(p+"/tasks", fmt.Sprintf(`{"name":"Build","assigneeIds":[%q],"estimate":"PT36H5M3S"}`, d.bob.ID))
	d.make(other+"/tasks", `{"name":"Build"}`) // names are the project's
	d.as(d.ann, "POST", p+"/tasks", `{"name":"BUILD"}`).is(400, 501).says("Task with this name already exists")
	d.as(d.ann, "GET", other+"/tasks/"+task, "").is(400, 501).says("Task doesn't belong")
	got := d.as(d.ann, "GET", p+"/tasks/"+task, "").is(200, 0).object()
	if got["estimate"] != "PT36H5M3S" || got["status"] != "ACTIVE" || got["duration"] != "PT0S" || got["assigneeId"] != d.bob.ID.String() {
		t.Errorf("task %v", got)
	}
	d.as(d.ann, "DELETE", p+"/tasks/"+task, "").is(400, 501).says("Cannot delete an active task")
	d.as(d.ann, "PUT", p+"/tasks/"+task+"/hourly-rate", `{"amount":900}`).is(200, 0).says(`"amount":900`)
	d.as(d.ann, "PUT", p+"/tasks/"+task, `{"name":"Build","status":"GONE"}`).is(400, 501).says("status")
	d.as(d.ann, "PUT", p+"/tasks/"+task, `{"name":"Build","status":"DONE"}`).is(200, 0).says(`"estimate":"PT36H5M3S"`)
	if active := d.as(d.ann, "GET", p+"/tasks?is-active=true", "").is(200, 0).list(); len(active) != 0 {
		t.Errorf("active %v", active)
	}
	d.as(d.ann, "DELETE", p+"/tasks/"+task, "").is(200, 0).says(task)

	client := "/clients/" + d.make("/clients", `{"name":"Acme","email":"a@example.com","note":"n","ccEmails":["x@example.com"],"currencyId":"`+nobody+`"}`)
	d.as(d.ann, "GET", client, "").is(200, 0).says(`"ccEmails":null`).says(`"currencyCode":"USD"`)
	d.as(d.ann, "POST", "/clients", `{"name":"ACME"}`).is(400, 501).says("Client with this name already exists")
	d.as(d.ann, "POST", "/clients", `{"name":"Bolt","email":"no mail"}`).is(400, 501).says("email")
	d.as(d.ann, "PUT", client, `{"name":"Acme","ccEmails":["a@b.c","d@e.f","g@h.i","j@k.l"]}`).is(400, 501)
	d.as(d.ann, "PUT", client, `{"name":"Acme","ccEmails":["a@b.c"]}`).is(200, 0).says(`"ccEmails":["a@b.c"]`).says(`"note":null`)
	d.as(d.ann, "PUT", client, `{"name":"Acme"}`).is(200, 0).says(`"ccEmails":null`)
	d.as(d.ann, "DELETE", client, "").is(400, 501).says("Cannot delete an active client")
	mine := d.make("/projects", fmt.Sprintf(`{"name":"Of Acme","clientId":%q,"tasks":[{"name":"T"}]}`, client[len("/clients/"):]))
	d.as(d.ann, "PUT", client+"?archive-projects=true&mark-tasks-as-done=true", `{"name":"Acme","archived":true}`).is(200, 0)
	d.as(d.ann, "GET", "/projects/"+mine, "").is(200, 0).says(`"archived":true`)
	d.as(d.ann, "GET", "/projects/"+mine+"/tasks", "").is(200, 0).says(`"status":"DONE"`)
	d.as(d.ann, "DELETE", client, "").is(200, 0).says(`"name":"Acme"`)
	d.as(d.ann, "GET", "/projects/"+mine, "").is(200, 0).says(`"clientName":""`).says(`"clientId":""`)
	d.as(d.ann, "GET", client, "").is(400, 501).says("Client doesn't belong to Workspace")

	tag := "/tags/" + d.make("/tags", `{"name":"urgent"}`)
	d.as(d.ann, "POST", "/tags", `{"name":"Urgent"}`).is(400, 501).says("Tag with this name already exists")
	d.as(d.ann, "POST", "/tags", `{"name":""}`).is(400, 501)
	d.as(d.ann, "PUT", tag, `{"name":"urgent","archived":true}`).is(200, 0).says(`"archived":true`)
	d.as(d.ann, "PUT", tag, `{"name":"later"}`).is(200, 0).says(`"archived":false`)
	if left := d.as(d.ann, "GET", "/tags?excluded-ids="+tag[len("/tags/"):], "").is(200, 0).list(); len(left) != 0 {
		t.Errorf("excluded %v", left)
	}
	entry := d.make("/time-entries", fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","tagIds":[%q]}`, tag[len("/tags/"):]))
	d.as(d.ann, "DELETE", tag, "").is(200, 0).says("later")
	d.as(d.ann, "GET", "/time-entries/"+entry, "").is(200, 0).says(`"tagIds":[]`)
	d.as(d.bob, "DELETE", client, "").is(403, 501)
}
