package api

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"domicile/index"
	"domicile/store/record"
)

// searching gives the region an index that follows its store until the test's end.
func (r *region) searching() {
	r.tb.Helper()
	set, err := index.Open(r.cell.Store(), index.Options{Dir: r.tb.TempDir()})
	if err != nil {
		r.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- set.Run(ctx) }()
	r.tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && ctx.Err() == nil {
			r.tb.Errorf("index: %v", err)
		}
		if err := set.Close(); err != nil {
			r.tb.Errorf("close index: %v", err)
		}
	})
	r.service.Index = set
}

// find searches after everything that is written.
func (d *bench) find(p person, query string) answer {
	d.tb.Helper()
	v := d.cell.Store().View()
	defer v.Close()
	h, err := v.Header(d.ws)
	if err != nil {
		d.tb.Fatal(err)
	}
	return d.as(p, "GET", "/search?after-revision="+strconv.FormatUint(uint64(h.Revision), 10)+query, "")
}

type foundBody struct {
	Total int
	Hits  []struct {
		Kind, ID string
		Document map[string]any
	}
	Facets map[string]struct {
		Values []struct {
			Value string
			Count int
		}
	}
	Next string
}

func TestSearchFindsAndFilters(t *testing.T) {
	t.Parallel()
	d, ids := newLedger(t)
	d.searching()
	for query, want := range map[string]string{
		"&q=plan&kind=time_entry&sort=newest": "plan again;Plan it;",
		"&q=plan+again":                       "plan again;",
		"&q=shi*":                             "Ship;",
		"&q=shop~":                            "Ship;",
		"&q=plan&project=" + ids["engine"]:    "Plan it;",
		"&q=plan&client=" + ids["acme"]:       "Plan it;",
		"&q=plan&tag=" + ids["b"]:             "Plan it;",
		"&q=plan&task=" + ids["build"]:        "Plan it;",
		"&kind=time_entry&user=" + d.bob.ID.String() + "&q=ship": "Ship;",
		"&q=plan&kind=time_entry&from=2026-03-02T00:00:00Z":      "plan again;",
		"&q=plan&kind=time_entry&to=2026-03-02T00:00:00Z":        "Plan it;",
		"&q=nothing":               "",
		"&q=plan&client=" + nobody: "",
	} {
		var f foundBody
		d.find(d.ann, query).is(200, 0).into(&f)
		got := ""
		for _, h := range f.Hits {
			got += fmt.Sprint(h.Document["description"]) + ";"
		}
		if got != want || f.Total != len(f.Hits) {
			t.Errorf("%s: %q (total %d), want %q", query, got, f.Total, want)
		}
	}
	var f foundBody
	d.find(d.ann, "&q=engine").is(200, 0).into(&f)
	if len(f.Hits) != 1 || f.Hits[0].Kind != "project" || f.Hits[0].Document["clientName"] != "Acme" {
		t.Errorf("project: %+v", f)
	}
	d.find(d.ann, "&kind=time_entry&facets=project,user&limit=1&sort=newest").is(200, 0).into(&f)
	if f.Total != 4 || len(f.Hits) != 1 || f.Next == "" || f.Facets["project"].Values[0].Count != 2 || len(f.Facets["user"].Values) != 2 {
		t.Errorf("facets: %+v", f)
	}
	var next foundBody
	d.find(d.ann, "&kind=time_entry&facets=project,user&limit=1&sort=newest&cursor="+f.Next).is(200, 0).into(&next)
	if len(next.Hits) != 1 || next.Hits[0].ID == f.Hits[0].ID {
		t.Errorf("next page: %+v", next)
	}
}

func TestSearchShowsWhatOneMaySee(t *testing.T) {
	t.Parallel()
	d, _ := newLedger(t)
	d.searching()
	d.make("/projects", `{"name":"Plan of ann","isPublic":false,"tasks":[{"name":"Plan more"}]}`)
	d.put(d.ws, record.Settings, d.ws, fmt.Sprintf(`{"id":%q,"workspaceSettings":{"onlyAdminsSeeAllTimeEntries":true}}`, d.ws))
	bucket := record.DeriveID("bucket")
	d.put(d.ws, record.Bucket, bucket, fmt.Sprintf(`{"id":%q,"userId":%q}`, bucket, d.bob.ID))
	activity := record.DeriveID("activity")
	d.put(d.ws, record.Activity, activity, fmt.Sprintf(`{"id":%q,"userId":%q,"bucketId":%q,"timestamp":"2026-03-03T10:00:00Z","data":{"app":"editor","title":"plan secretly"}}`, activity, d.bob.ID, bucket))
	invoice := record.DeriveID("invoice")
	d.put(d.ws, record.Invoice, invoice, fmt.Sprintf(`{"id":%q,"number":"plan-1","issuedDate":"2026-03-03T00:00:00Z"}`, invoice))
	kinds := func(p person, query string) string {
		var f foundBody
		d.find(p, query).is(200, 0).into(&f)
		got := map[string]int{}
		for _, h := range f.Hits {
			got[h.Kind]++
		}
		return fmt.Sprint(got)
	}
	if got := kinds(d.bob, "&q=plan"); got != "map[activity:1]" {
		t.Errorf("bob finds %s: neither ann's entries, nor her private project and its tasks, nor invoices are his to see", got)
	}
	if got := kinds(d.bob, "&q=ship"); got != "map[time_entry:1]" {
		t.Errorf("bob finds %s", got)
	}
	if got := kinds(d.ann, "&q=plan"); got != "map[invoice:1 project:1 task:1 time_entry:2]" && got != "map[activity:1 invoice:1 project:1 task:1 time_entry:2]" {
		t.Errorf("ann finds %s", got)
	}
}

func TestSearchRefusals(t *testing.T) {
	t.Parallel()
	d := newBench(t)
	d.as(d.ann, "GET", "/search?q=x", "").is(503, 5030)
	d.searching()
	for _, query := range []string{"kind=secret", "kind=settings", "from=soon", "project=x", "facets=mood", "limit=0", "limit=1001", "after-revision=-1", "after-revision=1000000", "cursor=x", "sort=x", "q=%22open"} {
		d.as(d.ann, "GET", "/search?"+query, "").is(400, 3000)
	}
	d.call(person{}, "GET", d.base+"/search?q=x", "").is(401, 1000)
}
