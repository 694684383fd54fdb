package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"domicile/daemon/directory"
	"domicile/store/record"
)

// desk is a workspace with somebody who tracks time in it.
type desk struct {
	*region
	person
	ws   record.ID
	base string // /api/v1/workspaces/{ws}
	own  string // the person's entries
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := newWorld(t)
	ann, ws := w.global.owned("ann")
	return deskOf(w.global, ann, ws)
}

func deskOf(r *region, p person, ws record.ID) *desk {
	base := "/api/v1/workspaces/" + ws.String()
	return &desk{region: r, person: p, ws: ws, base: base, own: base + "/user/" + p.ID.String() + "/time-entries"}
}

func (d *desk) send(method, path, body string, headers ...string) answer {
	d.tb.Helper()
	return d.call(d.person, method, path, body, headers...)
}

// make puts a record and returns its id.
func (d *desk) make(kind record.Kind, doc string) record.ID {
	d.tb.Helper()
	id := record.NewGenerator().Next(time.Now())
	d.put(d.ws, kind, id, strings.Replace(doc, "{", `{"id":"`+id.String()+`",`, 1))
	return id
}

func TestEntryIsRecordedAndRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	project := d.make(record.Project, `{"name":"Apollo","clientId":"","billable":true,"hourlyRate":{"amount":5000,"currency":"EUR"}}`)
	task := d.make(record.Task, `{"name":"Land","projectId":"`+project.String()+`"}`)
	tag := d.make(record.Tag, `{"name":"moon"}`)
	body := fmt.Sprintf(`{"start":"2026-03-01T10:00:00.250+02:00","end":"2026-03-01T09:30:05Z","description":"plans <b> & ü",
		"projectId":%q,"taskId":%q,"tagIds":[%q,%q]}`, project, task, tag, tag)
	a := d.send("POST", d.base+"/time-entries", body).is(201, 0)
	made := a.object()
	for path, want := range map[string]any{
		"description": "plans <b> & ü", "userId": d.ID.String(), "workspaceId": d.ws.String(), "billable": true,
		"projectId": project.String(), "taskId": task.String(), "type": "REGULAR", "isLocked": false, "kioskId": nil,
	} {
		if made[path] != want {
			t.Errorf("%s is %v, want %v", path, made[path], want)
		}
	}
	if got := fmt.Sprint(made["timeInterval"]); got != "map[duration:PT1H30M5S end:2026-03-01T09:30:05Z start:2026-03-01T08:00:00Z]" {
		t.Errorf("interval %s", got)
	}
	if got := fmt.Sprint(made["tagIds"]); got != "["+tag.String()+"]" {
		t.Errorf("tags %s", got)
	}
	if got := fmt.Sprint(made["hourlyRate"]); got != "map[amount:5000 currency:EUR]" {
		t.Errorf("rate %s", got)
	}
	path := d.base + "/time-entries/" + made["id"].(string)
	read := d.send("GET", path, "").is(200, 0)
	if string(read.body) != string(a.body) {
		t.Errorf("read %s\nmade %s", read.body, a.body)
	}
	if tag := read.header.Get("ETag"); tag == "" || tag != a.header.Get("ETag") {
		t.Errorf("ETag %q, made with %q", tag, a.header.Get("ETag"))
	}
	full := d.send("GET", path+"?hydrated=1", "").is(200, 0).object()
	if full["project"].(map[string]any)["name"] != "Apollo" || full["task"].(map[string]any)["name"] != "Land" ||
		len(full["tags"].([]any)) != 1 || full["user"].(map[string]any)["email"] != "ann@example.com" || full["projectId"] != project.String() {
		t.Errorf("hydrated: %v", full)
	}
	d.send("DELETE", path, "").is(204, 0)
	d.send("GET", path, "").is(400, 501).says("Time entry doesn't belong to Workspace")
	d.send("DELETE", path, "").is(400, 501)
}

// TestW3ReferencesMustExist: and nothing else is written that makes no sense.
func TestW3ReferencesMustExist(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, elsewhere := d.owned("bob")
	foreign := record.NewGenerator().Next(time.Now())
	d.put(elsewhere, record.Project, foreign, `{"id":"`+foreign.String()+`","name":"Theirs","clientId":""}`)
	d.put(elsewhere, record.Tag, foreign, `{"id":"`+foreign.String()+`","name":"Theirs"}`)
	project := d.make(record.Project, `{"name":"P","clientId":""}`)
	other := d.make(record.Project, `{"name":"Q","clientId":""}`)
	task := d.make(record.Task, `{"name":"T","projectId":"`+other.String()+`"}`)
	const time1 = `"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"`
	for name, row := range map[string]struct{ body, says string }{
		"project elsewhere":    {`{` + time1 + `,"projectId":"` + foreign.String() + `"}`, "Project doesn't belong to Workspace"},
		"project no id":        {`{` + time1 + `,"projectId":"NOT-AN-ID"}`, "Project doesn't belong to Workspace"},
		"tag elsewhere":        {`{` + time1 + `,"tagIds":["` + foreign.String() + `"]}`, "Tag doesn't belong to Workspace"},
		"tag no id":            {`{` + time1 + `,"tagIds":["x"]}`, "Tag doesn't belong to Workspace"},
		"task of another":      {`{` + time1 + `,"projectId":"` + project.String() + `","taskId":"` + task.String() + `"}`, "Task doesn't belong to"},
		"task without project": {`{` + time1 + `,"taskId":"` + task.String() + `"}`, "Task doesn't belong to"},
		"end before start":     {`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T07:59:59Z"}`, "end is before start"},
		"no time":              {`{"start":"yesterday"}`, "start"},
		"impossible day":       {`{"start":"2026-02-30T08:00:00Z"}`, "start"},
		"end no time":          {`{"start":"2026-03-01T08:00:00Z","end":"x"}`, "end"},
		"year 3000":            {`{"start":"3000-03-01T08:00:00Z"}`, "start"},
		"type":                 {`{` + time1 + `,"type":"HOLIDAY"}`, "type"},
		"long description":     {`{` + time1 + `,"description":"` + strings.Repeat("x", 3001) + `"}`, "description"},
		"control in text":      {`{` + time1 + `,"description":"a\u0000b"}`, "description"},
		"custom field unknown": {`{` + time1 + `,"customFields":[{"customFieldId":"` + foreign.String() + `","value":1}]}`, "doesn't belong to Workspace"},
		"too many tags":        {`{` + time1 + `,"tagIds":[` + strings.Repeat(`"x",`, 100) + `"x"]}`, "tagIds"},
	} {
		d.send("POST", d.base+"/time-entries", row.body).of(name).is(400, 501).says(row.says)
	}
	for path, says := range map[string]string{
		d.base + "/time-entries/" + foreign.String():           "Time entry doesn't belong to Workspace",
		d.base + "/time-entries/ZZ-CANARY-SECRET-abc123":       "Time entry doesn't belong to Workspace",
		d.base + "/user/" + foreign.String() + "/time-entries": "User doesn't belong to Workspace",
		d.base + "/user/x/time-entries":                        "User doesn't belong to Workspace",
	} {
		d.send("GET", path, "").is(400, 501).says(says)
	}
	if n := len(d.send("GET", d.own, "").is(200, 0).list()); n != 0 {
		t.Errorf("%d entries were made", n)
	}
}

// TestTimer: started, alone, stopped, and then none runs (W2).
func TestTimer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.send("PATCH", d.own, `{"end":"2026-03-01T09:00:00Z"}`).is(404, 404)
	started := d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","description":"run"}`).is(201, 0).object()
	if got := fmt.Sprint(started["timeInterval"]); got != "map[duration:<nil> end:<nil> start:2026-03-01T08:00:00Z]" {
		t.Errorf("interval %s", got)
	}
	d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:30:00Z"}`).is(400, 501).says("running")
	list := d.send("GET", d.base+"/time-entries/status/in-progress", "").is(200, 0)
	if l := list.list(); len(l) != 1 || l[0]["id"] != started["id"] || list.header.Get("Last-Page") != "true" {
		t.Errorf("in progress: %v", l)
	}
	d.send("PATCH", d.own, `{}`).is(400, 501).says("end")
	d.send("PATCH", d.own, `{"end":"2026-03-01T07:00:00Z"}`).is(400, 501).says("before start")
	stopped := d.send("PATCH", d.own, `{"end":"2026-03-01T09:00:01.900Z"}`).is(200, 0).object()
	if got := fmt.Sprint(stopped["timeInterval"]); got != "map[duration:PT1H1S end:2026-03-01T09:00:01Z start:2026-03-01T08:00:00Z]" {
		t.Errorf("interval %s", got)
	}
	d.send("PATCH", d.own, `{"end":"2026-03-01T09:00:00Z"}`).is(404, 404)
	if l := d.send("GET", d.base+"/time-entries/status/in-progress", "").is(200, 0).list(); len(l) != 0 {
		t.Errorf("in progress: %v", l)
	}
	now := d.send("POST", d.base+"/time-entries", `{}`).is(201, 0).object()
	start, err := time.Parse(time.RFC3339, now["timeInterval"].(map[string]any)["start"].(string))
	if err != nil || time.Since(start).Abs() > time.Hour {
		t.Errorf("a timer without start began %v", start)
	}
}

// TestW2OneTimerWhateverRaces: many start at once, one does.
func TestW2OneTimerWhateverRaces(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const racers = 8
	statuses := make(chan int, racers)
	for range racers {
		go func() { statuses <- d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).status }()
	}
	made := 0
	for range racers {
		switch s := <-statuses; s {
		case 201:
			made++
		case 400:
		default:
			t.Errorf("status %d", s)
		}
	}
	if made != 1 {
		t.Errorf("%d timers were started", made)
	}
}

// TestW6UpdateReplaces: the duration follows the times, and what PUT leaves out is as in a new entry.
func TestW6UpdateReplaces(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	project := d.make(record.Project, `{"name":"P","clientId":""}`)
	tag := d.make(record.Tag, `{"name":"t"}`)
	made := d.send("POST", d.base+"/time-entries", fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"x","billable":true,"projectId":%q,"tagIds":[%q],"type":"BREAK"}`, project, tag)).is(201, 0).object()
	path := d.base + "/time-entries/" + made["id"].(string)
	d.send("PUT", path, `{"description":"y"}`).is(400, 501).says("start")
	put := d.send("PUT", path, `{"start":"2026-03-02T08:00:00Z","end":"2026-03-02T08:00:00Z"}`).is(200, 0).object()
	if put["description"] != "" || put["billable"] != false || put["projectId"] != nil || fmt.Sprint(put["tagIds"]) != "[]" || put["type"] != "REGULAR" ||
		fmt.Sprint(put["timeInterval"]) != "map[duration:PT0S end:2026-03-02T08:00:00Z start:2026-03-02T08:00:00Z]" || put["id"] != made["id"] {
		t.Errorf("replaced: %v", put)
	}
}

// TestETags: If-Match holds for the record, and for nothing else.
func TestETags(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"}`, "Idempotency-Key", "k").is(201, 0)
	path := d.base + "/time-entries/" + a.object()["id"].(string)
	first := a.header.Get("ETag")
	if read := d.send("GET", path, "").header.Get("ETag"); read != first {
		t.Fatalf("made with ETag %q, read with %q", first, read)
	}
	const body = `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T10:00:00Z"}`
	second := d.send("PUT", path, body, "If-Match", first).is(200, 0).header.Get("ETag")
	if second == first {
		t.Fatal("the ETag did not change")
	}
	d.send("PUT", path, body, "If-Match", first).is(412, 4120)
	d.send("DELETE", path, "", "If-Match", first).is(412, 4120)
	d.send("PUT", path, body, "If-Match", `x`).is(400, 3000)
	d.send("PUT", path, body, "If-Match", `W/`+second).is(412, 4120)
	d.send("PUT", path, body, "If-Match", `"x"`).is(412, 4120)
	d.send("PUT", path, body, "If-Match", "*").is(200, 0)
	d.send("DELETE", path, "", "If-Match", d.send("GET", path, "").header.Get("ETag")).is(204, 0)
}

// TestW4RepeatsGiveTheFirstAnswer: Idempotency-Key on every kind of write.
func TestW4RepeatsGiveTheFirstAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const body = `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"}`
	first := d.send("POST", d.base+"/time-entries", body, "Idempotency-Key", "once").is(201, 0)
	second := d.send("POST", d.base+"/time-entries", body, "Idempotency-Key", "once").is(201, 0)
	if string(first.body) != string(second.body) || second.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s\nthen %s", first.body, second.body)
	}
	d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:01Z"}`, "Idempotency-Key", "once").is(422, 4221)
	d.send("POST", d.base+"/time-entries", body, "Idempotency-Key", strings.Repeat("x", 256)).is(400, 3000)
	if n := len(d.send("GET", d.own, "").list()); n != 1 {
		t.Errorf("%d entries", n)
	}
	// A deletion is repeated without complaint, and a refusal is not remembered.
	path := d.base + "/time-entries/" + first.object()["id"].(string)
	d.send("DELETE", path, "", "Idempotency-Key", "gone").is(204, 0)
	d.send("DELETE", path, "", "Idempotency-Key", "gone").is(204, 0)
	d.send("DELETE", path, "", "Idempotency-Key", "other").is(400, 501)
	// Many at once make one.
	const racers = 6
	answers := make(chan answer, racers)
	for range racers {
		go func() { answers <- d.send("POST", d.base+"/time-entries", body, "Idempotency-Key", "race") }()
	}
	ids := map[any]bool{}
	for range racers {
		a := (<-answers).is(201, 0)
		ids[a.object()["id"]] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d entries by one key", len(ids))
	}
	// A key ends after a day.
	tomorrow := time.Now().Add(25 * time.Hour)
	d.now.Store(&tomorrow)
	again := d.send("POST", d.base+"/time-entries", body, "Idempotency-Key", "once").is(201, 0)
	if again.object()["id"] == first.object()["id"] {
		t.Error("an expired key gave its old answer")
	}
}

// TestW5ListsArePagedNewestFirst: every page, its order and its end.
func TestW5ListsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i := range 25 {
		at := day.Add(time.Duration(i/2) * time.Hour) // two share each start
		d.make(record.TimeEntry, fmt.Sprintf(`{"userId":%q,"description":"n%d","projectId":null,"taskId":null,"tagIds":[],"timeInterval":{"start":%q,"end":%q,"duration":"PT1M"},"customFieldValues":[],"type":"REGULAR","billable":false,"kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`,
			d.ID, i, at.Format(time.RFC3339), at.Add(time.Minute).Format(time.RFC3339)))
	}
	seen, last := map[string]bool{}, ""
	for page := 1; page <= 4; page++ {
		a := d.send("GET", fmt.Sprintf("%s?page=%d&page-size=10", d.own, page), "").is(200, 0)
		list := a.list()
		if want := []int{10, 10, 5, 0}[page-1]; len(list) != want {
			t.Errorf("page %d has %d", page, len(list))
		}
		if got, want := a.header.Get("Last-Page"), fmt.Sprint(page >= 3); got != want {
			t.Errorf("page %d: Last-Page %s", page, got)
		}
		for _, e := range list {
			start := e["timeInterval"].(map[string]any)["start"].(string)
			if last != "" && start > last || seen[e["id"].(string)] {
				t.Errorf("page %d: %s after %s, or again", page, start, last)
			}
			last, seen[e["id"].(string)] = start, true
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 seen", len(seen))
	}
	exact := d.send("GET", d.own+"?page=5&page-size=5", "").is(200, 0)
	if len(exact.list()) != 5 || exact.header.Get("Last-Page") != "true" {
		t.Errorf("the last full page: %d, Last-Page %s", len(exact.list()), exact.header.Get("Last-Page"))
	}
	if body := d.send("GET", d.own+"?page=1000000", "").is(200, 0).body; string(body) != "[]" {
		t.Errorf("beyond the end: %s", body)
	}
}

func TestEntryFilters(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	project := d.make(record.Project, `{"name":"P","clientId":""}`)
	task := d.make(record.Task, `{"name":"T","projectId":"`+project.String()+`"}`)
	tag, tag2 := d.make(record.Tag, `{"name":"a"}`), d.make(record.Tag, `{"name":"b"}`)
	for _, body := range []string{
		fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"one Ärger","projectId":%q,"taskId":%q,"tagIds":[%q]}`, project, task, tag),
		fmt.Sprintf(`{"start":"2026-03-02T08:00:00Z","end":"2026-03-02T09:00:00Z","description":"two","projectId":%q,"tagIds":[%q]}`, project, tag2),
		`{"start":"2026-03-03T08:00:00Z","end":"2026-03-03T09:00:00Z","description":"three"}`,
		`{"start":"2026-03-04T08:00:00Z","description":"four"}`,
	} {
		d.send("POST", d.base+"/time-entries", body).is(201, 0)
	}
	for query, want := range map[string]string{
		"":                                "four three two one Ärger",
		"description=%C3%A4RGER":          "one Ärger",
		"description=t":                   "three two",
		"start=2026-03-03T08:00:00Z":      "four three",
		"end=2026-03-03T08:00:00Z":        "two one Ärger",
		"start=2026-03-02&end=2026-03-03": "two",
		"start=2026-03-02T09:00:00%2B01:00&end=2026-03-02T08:00:01Z": "two",
		"get-week-before=2026-03-04":                                 "three two one Ärger",
		"project=" + project.String():                                "two one Ärger",
		"task=" + strings.ToUpper(task.String()):                     "one Ärger",
		"tags=" + tag.String():                                       "one Ärger",
		"tags=" + tag.String() + "," + tag2.String():                 "two one Ärger",
		"tags=" + tag.String() + "&tags=" + tag2.String():            "two one Ärger",
		"project-required=true":                                      "two one Ärger",
		"task-required=1":                                            "one Ärger",
		"in-progress=true":                                           "four",
		"in-progress=0":                                              "three two one Ärger",
		"project=" + d.ws.String():                                   "",
		"description=t&page-size=1&page=2":                           "two",
	} {
		var names []string
		for _, e := range d.send("GET", d.own+"?"+query, "").is(200, 0).list() {
			names = append(names, e["description"].(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("?%s: %q, want %q", query, got, want)
		}
	}
}

// TestWindowsAreReadInTheMembersZone: without a zone, a wall clock.
func TestWindowsAreReadInTheMembersZone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(d.ws, record.Member, d.ID, `{"id":"`+d.ID.String()+`","roles":[],"settings":{"timeZone":"Europe/Belgrade"}}`)
	for _, start := range []string{"2026-08-07T22:15:00Z", "2026-08-08T22:30:00Z"} {
		d.send("POST", d.base+"/time-entries", `{"start":"`+start+`","end":"2026-08-09T00:00:00Z","description":"`+start+`"}`).is(201, 0)
	}
	for query, want := range map[string]string{
		"start=2026-08-08T00:00:00&end=2026-08-09T00:00:00":   "2026-08-07T22:15:00Z",
		"start=2026-08-08&end=2026-08-09":                     "2026-08-07T22:15:00Z",
		"start=2026-08-08T00:00:00Z&end=2026-08-09T00:00:00Z": "2026-08-08T22:30:00Z",
	} {
		list := d.send("GET", d.own+"?"+query, "").is(200, 0).list()
		if len(list) != 1 || list[0]["description"] != want {
			t.Errorf("?%s: %v", query, list)
		}
	}
}

// TestMissingReferencesAreNull: deleting a project, task or tag rewrites no entry.
func TestMissingReferencesAreNull(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	gone, tag := record.NewGenerator().Next(time.Now()), d.make(record.Tag, `{"name":"a"}`)
	orphan := d.make(record.Task, `{"name":"T","projectId":"`+gone.String()+`"}`)
	id := d.make(record.TimeEntry, fmt.Sprintf(`{"userId":%q,"description":"x","projectId":%q,"taskId":%q,"tagIds":[%q,%q],"timeInterval":{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","duration":"PT1H"},"customFieldValues":[],"type":"REGULAR","billable":false,"kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`,
		d.ID, gone, orphan, gone, tag))
	for _, path := range []string{d.base + "/time-entries/" + id.String(), d.base + "/time-entries/" + id.String() + "?hydrated=true"} {
		e := d.send("GET", path, "").is(200, 0).object()
		if e["projectId"] != nil || e["taskId"] != nil || fmt.Sprint(e["tagIds"]) != "["+tag.String()+"]" {
			t.Errorf("%s: %v", path, e)
		}
	}
	// Editing something else drops them.
	d.send("PUT", d.own, `[{"id":"`+id.String()+`","description":"y"}]`).is(200, 0)
}

func TestBulk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var ids []string
	for i := range 3 {
		a := d.send("POST", d.base+"/time-entries", fmt.Sprintf(`{"start":"2026-03-0%dT08:00:00Z","end":"2026-03-0%dT09:00:00Z","description":"e%d"}`, i+1, i+1, i))
		ids = append(ids, a.is(201, 0).object()["id"].(string))
	}
	edited := d.send("PUT", d.own+"?hydrated=true", fmt.Sprintf(`[{"id":%q,"description":"new"},{"id":%q,"billable":true}]`, ids[0], ids[1])).is(200, 0).list()
	if len(edited) != 2 || edited[0]["description"] != "new" || edited[1]["description"] != "e1" || edited[1]["billable"] != true || edited[0]["user"] == nil {
		t.Errorf("edited: %v", edited)
	}
	// All or none.
	d.send("PUT", d.own, fmt.Sprintf(`[{"id":%q,"description":"lost"},{"id":"66f0a0000000000000000000"}]`, ids[0])).is(400, 501)
	if e := d.send("GET", d.base+"/time-entries/"+ids[0], "").object(); e["description"] != "new" {
		t.Errorf("half-done: %v", e)
	}
	d.send("PUT", d.own, `[]`).is(400, 501)
	d.send("PUT", d.own, fmt.Sprintf(`[{"id":%q},{"id":%q}]`, ids[0], ids[0])).is(400, 501)
	invoiced := d.send("PATCH", d.base+"/time-entries/invoiced", fmt.Sprintf(`{"timeEntryIds":[%q,%q],"invoiced":true}`, ids[0], ids[1])).is(200, 0).list()
	if len(invoiced) != 2 {
		t.Errorf("invoiced: %v", invoiced)
	}
	d.send("PATCH", d.base+"/time-entries/invoiced", `{"timeEntryIds":[]}`).is(400, 501)
	copied := d.send("POST", d.own+"/"+ids[0]+"/duplicate", "").is(201, 0).object()
	if copied["id"] == ids[0] || copied["description"] != "new" || copied["invoiced"] != nil {
		t.Errorf("duplicate: %v", copied)
	}
	from := d.send("POST", d.own+"?from-entry="+ids[0], `{"start":"2026-04-01T08:00:00Z","end":"2026-04-01T09:00:00Z"}`).is(201, 0).object()
	if from["description"] != "new" || from["timeInterval"].(map[string]any)["start"] != "2026-04-01T08:00:00Z" {
		t.Errorf("from entry: %v", from)
	}
	d.send("POST", d.own+"?from-entry=66f0a0000000000000000000", `{}`).is(400, 501)
	d.send("DELETE", d.own, "").is(400, 3000).says("time-entry-ids")
	d.send("DELETE", d.own+"?time-entry-ids="+ids[0]+",66f0a0000000000000000000", "").is(400, 501)
	deleted := d.send("DELETE", d.own+"?time-entry-ids="+ids[0]+"&time-entry-ids="+ids[1], "").is(200, 0).list()
	if len(deleted) != 2 || deleted[0]["id"] != ids[0] {
		t.Errorf("deleted: %v", deleted)
	}
	if n := len(d.send("GET", d.own, "").list()); n != 3 {
		t.Errorf("%d entries are left", n)
	}
}

// TestW1NothingWithoutPermission: whose time somebody may see and change.
func TestW1NothingWithoutPermission(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	bob := d.person2("bob", directory.NoRole)
	cat := d.person2("cat", directory.Admin)
	mine := d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).is(201, 0).object()["id"].(string)
	path := d.base + "/time-entries/" + mine
	d.call(bob, "GET", path, "").is(400, 501).says("doesn't belong")
	d.call(bob, "PUT", path, `{"start":"2026-03-01T08:00:00Z"}`).is(400, 501)
	d.call(bob, "DELETE", path, "").is(400, 501)
	d.call(bob, "GET", d.own, "").is(403, 501)
	d.call(bob, "POST", d.own, `{"start":"2026-03-01T08:00:00Z"}`).is(403, 501)
	d.call(bob, "PATCH", d.own, `{"end":"2026-03-01T09:00:00Z"}`).is(403, 501)
	d.call(bob, "PATCH", d.base+"/time-entries/invoiced", `{"timeEntryIds":["`+mine+`"],"invoiced":true}`).is(400, 501)
	if l := d.call(bob, "GET", d.base+"/time-entries/status/in-progress", "").is(200, 0).list(); len(l) != 0 {
		t.Errorf("bob sees %v", l)
	}
	if l := d.call(cat, "GET", d.base+"/time-entries/status/in-progress", "").is(200, 0).list(); len(l) != 1 {
		t.Errorf("cat sees %v", l)
	}
	d.call(cat, "GET", path, "").is(200, 0)
	his := d.base + "/user/" + bob.ID.String() + "/time-entries"
	d.call(bob, "POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).is(201, 0)
	d.call(cat, "PATCH", his, `{"end":"2026-03-01T09:00:00Z"}`).is(200, 0)
	d.call(cat, "POST", his, `{"start":"2026-03-02T08:00:00Z","end":"2026-03-02T09:00:00Z"}`).is(201, 0)
	if n := len(d.call(bob, "GET", his, "").is(200, 0).list()); n != 2 {
		t.Errorf("bob has %d", n)
	}
	d.send("DELETE", d.own+"?time-entry-ids="+d.call(bob, "GET", his, "").list()[0]["id"].(string), "").is(400, 501)
	// A stranger does not learn that the workspace is there.
	eve, _ := d.owned("eve")
	d.call(eve, "GET", path, "").is(403, 501)
	d.call(eve, "GET", "/api/v1/workspaces/66f0a0000000000000000000/users", "").is(403, 501)
}

// person2 makes a member of the desk's workspace with a key.
func (d *desk) person2(name string, role directory.Role) person {
	d.tb.Helper()
	p := d.world.person(name)
	d.join(p, d.ws, role)
	return d.keyOf(p)
}

// TestRequiredFields: what the workspace's settings ask of finished entries.
func TestRequiredFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.put(d.ws, record.Settings, d.ws, `{"id":"`+d.ws.String()+`","workspaceSettings":{"forceProjects":true,"forceDescription":true}}`)
	project := d.make(record.Project, `{"name":"P","clientId":"","archived":true}`)
	d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"x"}`).is(400, 501).says("a project")
	d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).is(201, 0)
	d.send("PATCH", d.own, `{"end":"2026-03-01T09:00:00Z"}`).is(400, 501)
	d.send("POST", d.base+"/time-entries", fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":" ","projectId":%q}`, project)).is(400, 501).says("a description")
	d.send("POST", d.base+"/time-entries", fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"x","projectId":%q}`, project)).is(201, 0)
}

// TestLapsedPlan: a regional workspace goes on reading, stopping and deleting.
func TestLapsedPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ws := w.eu.owned("ann")
	d := deskOf(w.eu, ann, ws)
	made := d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z"}`).is(201, 0).object()["id"].(string)
	free := directory.Free
	_, revision, err := w.directory.ChangeWorkspace(t.Context(), directory.WorkspaceChange{ID: ws, Plan: &free})
	if err != nil {
		t.Fatal(err)
	}
	w.eu.wait(revision)
	d.send("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z"}`).is(402, 4020)
	d.send("PUT", d.base+"/time-entries/"+made, `{"start":"2026-03-01T08:00:00Z"}`).is(402, 4020)
	d.send("GET", d.own, "").is(200, 0)
	d.send("PATCH", d.own, `{"end":"2026-03-01T09:00:00Z"}`).is(200, 0)
	d.send("DELETE", d.base+"/time-entries/"+made, "").is(204, 0)
}

// TestP4LongListIsWhole: more than one chunk, still one JSON array.
func TestP4LongListIsWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text := strings.Repeat("long words ", 200)
	for i := range 100 {
		d.make(record.TimeEntry, fmt.Sprintf(`{"userId":%q,"description":%q,"projectId":null,"taskId":null,"tagIds":[],"timeInterval":{"start":"2026-03-01T08:00:%02dZ","end":"2026-03-01T09:00:00Z","duration":"PT1H"},"customFieldValues":[],"type":"REGULAR","billable":false,"kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`, d.ID, text, i%60))
	}
	var list []json.RawMessage
	d.send("GET", d.own+"?page-size=5000", "").is(200, 0).into(&list)
	if len(list) != 100 {
		t.Errorf("%d of 100", len(list))
	}
}
