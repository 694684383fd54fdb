package api

import (
	"fmt"
	"testing"

	"domicile/daemon/directory"
	"domicile/store/record"
)

// reports calls a report, by its core path or by a host's.
func (d *bench) reports(p person, name, body string) answer {
	d.tb.Helper()
	return d.call(p, "POST", "/report/v1/workspaces/"+d.ws.String()+"/reports/"+name, body)
}

// ledger is a bench with entries:
//
//	ann  2026-03-01 08:00Z 1 h    billable  Engine/Build  a b   "Plan it"
//	ann  2026-03-02 23:30Z 30 min           -                   "plan again"
//	bob  2026-03-03 10:00Z 2 h    billable  Engine              "Ship"
//	bob  2026-03-03 13:00Z running
func newLedger(t *testing.T) (*bench, map[string]string) {
	t.Helper()
	d := newBench(t)
	ids := map[string]string{}
	ids["acme"] = d.make("/clients", `{"name":"Acme"}`)
	ids["engine"] = d.make("/projects", fmt.Sprintf(`{"name":"Engine","clientId":%q,"isPublic":true,"hourlyRate":{"amount":6000},"costRate":{"amount":1000}}`, ids["acme"]))
	ids["build"] = d.make("/projects/"+ids["engine"]+"/tasks", `{"name":"Build","hourlyRate":{"amount":9001}}`)
	ids["a"], ids["b"] = d.make("/tags", `{"name":"a"}`), d.make("/tags", `{"name":"b"}`)
	entry := func(p person, body string) string {
		return d.as(p, "POST", "/time-entries", body).is(201, 0).object()["id"].(string)
	}
	ids["one"] = entry(d.ann, fmt.Sprintf(`{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"Plan it","billable":true,"projectId":%q,"taskId":%q,"tagIds":[%q,%q]}`,
		ids["engine"], ids["build"], ids["a"], ids["b"]))
	ids["two"] = entry(d.ann, `{"start":"2026-03-02T23:30:00Z","end":"2026-03-03T00:00:00Z","description":"plan again","billable":false}`)
	ids["three"] = entry(d.bob, fmt.Sprintf(`{"start":"2026-03-03T10:00:00Z","end":"2026-03-03T12:00:00Z","description":"Ship","billable":true,"projectId":%q}`, ids["engine"]))
	entry(d.bob, `{"start":"2026-03-03T13:00:00Z","description":"runs"}`)
	return d, ids
}

// march is a report's body with more fields.
func march(more string) string {
	return `{"dateRangeStart":"2026-03-01T00:00:00","dateRangeEnd":"2026-03-31T23:59:59.999","timeZone":"UTC"` + more + `}`
}

func descriptions(a answer) string {
	var r struct {
		TimeEntries []struct{ Description string }
	}
	a.is(200, 0).into(&r)
	text := ""
	for _, e := range r.TimeEntries {
		text += e.Description + ";"
	}
	return text
}

func TestDetailedReport(t *testing.T) {
	t.Parallel()
	d, ids := newLedger(t)
	var r struct {
		Totals []struct {
			TotalTime, TotalBillableTime int64
			EntriesCount                 int
			TotalAmount                  int64
			Amounts                      []struct {
				Type  string
				Value int64
			}
		}
		TimeEntries []map[string]any
	}
	d.reports(d.ann, "detailed", march(`,"amounts":["EARNED","COST","PROFIT"],"detailedFilter":{"page":1,"pageSize":50}`)).is(200, 0).into(&r)
	if len(r.Totals) != 1 || r.Totals[0].TotalTime != 12600 || r.Totals[0].TotalBillableTime != 10800 || r.Totals[0].EntriesCount != 3 {
		t.Errorf("totals %+v", r.Totals)
	}
	// 1 h at 90.01 as the task says, 2 h at 60.00; costs 3 h at 10.00.
	if got := fmt.Sprint(r.Totals[0].TotalAmount, r.Totals[0].Amounts); got != "21001 [{EARNED 21001} {COST 3000} {PROFIT 18001}]" {
		t.Errorf("amounts %s", got)
	}
	if len(r.TimeEntries) != 3 || r.TimeEntries[0]["description"] != "Ship" {
		t.Fatalf("entries %v", r.TimeEntries)
	}
	first := r.TimeEntries[2]
	for field, want := range map[string]any{
		"_id": ids["one"], "projectName": "Engine", "clientName": "Acme", "taskName": "Build", "userName": "ann", "userEmail": "ann@example.com",
		"amount": 9001.0, "rate": 9001.0,
	} {
		if first[field] != want {
			t.Errorf("%s is %v, want %v", field, first[field], want)
		}
	}
	if interval := first["timeInterval"].(map[string]any); interval["duration"] != 3600.0 || interval["start"] != "2026-03-01T08:00:00Z" {
		t.Errorf("interval %v", interval)
	}
	for more, want := range map[string]string{
		``:                         "Ship;plan again;Plan it;",
		`,"sortOrder":"ASCENDING"`: "Plan it;plan again;Ship;",
		`,"sortOrder":"ASCENDING","detailedFilter":{"page":2,"pageSize":2}`:      "Ship;",
		`,"detailedFilter":{"page":7}`:                                           "",
		`,"sortOrder":"ASCENDING","detailedFilter":{"sortColumn":"DURATION"}`:    "plan again;Plan it;Ship;",
		`,"sortOrder":"ASCENDING","detailedFilter":{"sortColumn":"DESCRIPTION"}`: "plan again;Plan it;Ship;",
		`,"billable":true`:                               "Ship;Plan it;",
		`,"description":"PLAN"`:                          "plan again;Plan it;",
		`,"withoutDescription":true`:                     "",
		`,"users":{"ids":["` + d.bob.ID.String() + `"]}`: "Ship;",
		`,"users":{"ids":["` + d.bob.ID.String() + `"],"contains":"DOES_NOT_CONTAIN"}`:                   "plan again;Plan it;",
		`,"projects":{"ids":["` + ids["engine"] + `"]}`:                                                  "Ship;Plan it;",
		`,"projects":{"ids":["` + ids["engine"] + `"],"contains":"DOES_NOT_CONTAIN"}`:                    "plan again;",
		`,"clients":{"ids":["` + ids["acme"] + `"]}`:                                                     "Ship;Plan it;",
		`,"tasks":{"ids":["` + ids["build"] + `"]}`:                                                      "Plan it;",
		`,"tags":{"ids":["` + ids["a"] + `"]}`:                                                           "Plan it;",
		`,"tags":{"ids":["` + ids["a"] + `"],"contains":"CONTAINS_ONLY"}`:                                "",
		`,"tags":{"ids":["` + ids["a"] + `","` + ids["b"] + `"],"containedInTimeentry":"CONTAINS_ONLY"}`: "Plan it;",
		`,"projects":{"ids":["` + nobody + `"]}`:                                                         "",
		`,"invoicingState":"INVOICED"`:                                                                   "",
		`,"detailedFilter":{"auditFilter":{"withoutProject":true}}`:                                      "plan again;",
	} {
		if got := descriptions(d.reports(d.ann, "detailed", march(more))); got != want {
			t.Errorf("%s: %q, want %q", more, got, want)
		}
	}
}

func TestReportDatesAreWallClocksOfTheBodysZone(t *testing.T) {
	t.Parallel()
	d, _ := newLedger(t)
	window := func(from, to, zone string) string {
		return descriptions(d.reports(d.ann, "detailed", fmt.Sprintf(`{"dateRangeStart":%q,"dateRangeEnd":%q,"timeZone":%q}`, from, to, zone)))
	}
	// 23:30Z on the 2nd is half past midnight on the 3rd in Berlin.
	if got := window("2026-03-02T00:00:00Z", "2026-03-02T23:59:59Z", "UTC"); got != "plan again;" {
		t.Errorf("UTC: %q", got)
	}
	if got := window("2026-03-02T00:00:00Z", "2026-03-02T23:59:59Z", "Europe/Berlin"); got != "" {
		t.Errorf("Berlin, 2nd: %q", got)
	}
	if got := window("2026-03-03T00:00:00+05:00", "2026-03-03T01:00:00Z", "Europe/Berlin"); got != "plan again;" {
		t.Errorf("Berlin, by an offset that counts while parsing: %q", got)
	}
	d.reports(d.ann, "detailed", `{"dateRangeStart":"2026-03-02T00:00:00","dateRangeEnd":"2026-03-03T05:00:00","timeZone":"Pacific/Auckland"}`).is(200, 0)
	d.reports(d.ann, "detailed", `{"dateRangeStart":"2026-03-03T00:00:00","dateRangeEnd":"2026-03-03T23:59:59","timeZone":"Europe/Berlin"}`).is(200, 0).
		says(`"start":"2026-03-03T00:30:00+01:00"`)
}

func TestSummaryReport(t *testing.T) {
	t.Parallel()
	d, _ := newLedger(t)
	for groups, want := range map[string]string{
		`"PROJECT"`:        "Engine=10800,Without project=1800",
		`"CLIENT"`:         "Acme=10800,Without client=1800",
		`"TASK"`:           "Build=3600,Without task=9000",
		`"USER"`:           "ann=5400,bob=7200",
		`"TAG"`:            "a=3600,b=3600,Without tag=9000",
		`"DATE"`:           "2026-03-01=3600,2026-03-02=1800,2026-03-03=7200",
		`"DAY"`:            "2026-03-01=3600,2026-03-02=1800,2026-03-03=7200",
		`"WEEK"`:           "2026-02-23=3600,2026-03-02=9000",
		`"MONTH"`:          "2026-03=12600",
		`"BILLABLE"`:       "Billable=10800,Non-billable=1800",
		`"TIMEENTRY"`:      "plan again=1800,Plan it=3600,Ship=7200",
		`"PROJECT","USER"`: "Engine=10800(ann=3600,bob=7200),Without project=1800(ann=1800)",
		`"USER","PROJECT","TASK"`: "ann=5400(Engine=3600(Build=3600),Without project=1800(Without task=1800))," +
			"bob=7200(Engine=7200(Without task=7200))",
	} {
		a := d.reports(d.ann, "summary", march(`,"summaryFilter":{"groups":[`+groups+`]}`)).is(200, 0)
		var r struct {
			Totals   []struct{ TotalTime, EntriesCount int64 }
			GroupOne []any
		}
		a.into(&r)
		if got := spell(r.GroupOne); got != want || r.Totals[0].TotalTime != 12600 || r.Totals[0].EntriesCount != 3 {
			t.Errorf("%s: %s, want %s (%v)", groups, got, want, r.Totals)
		}
	}
	a := d.reports(d.ann, "summary", march(`,"sortOrder":"DESCENDING","summaryFilter":{"groups":["USER"],"sortColumn":"DURATION"}`)).is(200, 0)
	var r struct {
		GroupOne []any
		Chart    []map[string]any
	}
	a.into(&r)
	if got := spell(r.GroupOne); got != "bob=7200,ann=5400" {
		t.Errorf("by duration: %s", got)
	}
	if len(r.Chart) != 3 || r.Chart[0]["_id"] != "2026-03-01" || r.Chart[0]["earned"] != 9001.0 {
		t.Errorf("chart %v", r.Chart)
	}
}

// spell writes groups as name=seconds(children).
func spell(groups []any) string {
	text := ""
	for i, g := range groups {
		if i > 0 {
			text += ","
		}
		m := g.(map[string]any)
		text += fmt.Sprintf("%v=%v", m["name"], m["duration"])
		if children, ok := m["children"].([]any); ok {
			text += "(" + spell(children) + ")"
		}
	}
	return text
}

func TestReportsShowWhatOneMaySee(t *testing.T) {
	t.Parallel()
	d, _ := newLedger(t)
	// The workspace's settings close others' entries and rates.
	d.put(d.ws, record.Settings, d.ws, fmt.Sprintf(`{"id":%q,"workspaceSettings":{"onlyAdminsSeeAllTimeEntries":true,"onlyAdminsSeeBillableRates":true}}`, d.ws))
	a := d.reports(d.bob, "detailed", march("")).is(200, 0)
	if got := descriptions(a); got != "Ship;" {
		t.Errorf("bob sees %q", got)
	}
	a.says(`"amount":null`).says(`"totalAmount":null`)
	if got := descriptions(d.reports(d.ann, "detailed", march(""))); got != "Ship;plan again;Plan it;" {
		t.Errorf("ann sees %q", got)
	}
	stranger := d.person("eve")
	d.workspace(stranger, "eve's", directory.Free)
	stranger = d.keyOf(stranger)
	d.reports(stranger, "detailed", march("")).is(403, 501)
}

func TestReportInputIsChecked(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	for body, says := range map[string]string{
		`{}`: "dateRangeStart",
		`{"dateRangeStart":"2026-02-30T00:00:00","dateRangeEnd":"2026-03-01T00:00:00"}`: "dateRangeStart",
		`{"dateRangeStart":"2026-03-02T00:00:00","dateRangeEnd":"2026-03-01T00:00:00"}`: "before",
		march(`,"users":{"ids":["x"]}`):               "users.ids",
		march(`,"users":{"contains":"SOME"}`):         "users.contains",
		march(`,"rounding":true`):                     "rounding",
		march(`,"exportType":"PDF"`):                  "exportType",
		march(`,"detailedFilter":{"pageSize":1001}`):  "pageSize",
		march(`,"detailedFilter":{"page":0}`):         "detailedFilter.page",
		march(`,"detailedFilter":{"sortColumn":"X"}`): "sortColumn",
		march(`,"amounts":["X"]`):                     "amounts",
		march(`,"billable":"yes"`):                    "billable",
		`{"dateRangeType":"EVER"}`:                    "dateRangeType",
		`{"dateRangeType":"TODAY","timeZone":"Mars"}`: "timeZone",
	} {
		d.reports(d.ann, "detailed", body).is(400, 501).says(says)
	}
	for _, body := range []string{march(""), march(`,"summaryFilter":{"groups":[]}`), march(`,"summaryFilter":{"groups":["MOOD"]}`), march(`,"summaryFilter":{"groups":["USER","TAG","TASK","DATE"]}`)} {
		d.reports(d.ann, "summary", body).is(400, 501).says("groups")
	}
	for _, kind := range []string{"TODAY", "YESTERDAY", "THIS_WEEK", "LAST_WEEK", "PAST_TWO_WEEKS", "THIS_MONTH", "LAST_MONTH", "THIS_YEAR", "LAST_YEAR"} {
		d.reports(d.ann, "detailed", `{"dateRangeType":"`+kind+`"}`).is(200, 0)
	}
	d.call(d.ann, "POST", "/v1/workspaces/"+d.ws.String()+"/reports/detailed", march(""), "Host", "reports.api.clockify.me").is(200, 0)
	d.call(d.ann, "POST", "/v1/workspaces/"+d.ws.String()+"/reports/detailed", march("")).is(404, 3000)
}
