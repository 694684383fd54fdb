package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"domicile/daemon/directory"
	"domicile/daemon/importer"
	"domicile/store/record"
)

// importing gives the region an importer that runs until the test's end.
func (r *region) importing() {
	r.tb.Helper()
	i, err := importer.Open(importer.Options{Dir: r.tb.TempDir(), Cell: r.cell, Directory: r.directory, Mirrored: r.follower.Wait})
	if err != nil {
		r.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	r.tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			r.tb.Errorf("importer: %v", err)
		}
	})
	r.handler = New(Options{Region: r.name, Regions: r.regions, Service: r.service, Auth: r.auth, Imports: i})
}

const reportHead = "Project,Client,Description,Task,User,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,Duration (h),Billable Rate (USD)\n"

// report makes a file of n rows by three people.
func report(n int) string {
	var b strings.Builder
	b.WriteString(reportHead)
	for i := range n {
		fmt.Fprintf(&b, "Engine,Acme,Row %d,Build,Person %d,p%d@example.com,bug,Yes,2026-01-%02d,08:00:00,2026-01-%02d,09:00:00,01:00:00,60\n", i, i%3, i%3, 13+i%10, 13+i%10)
	}
	return b.String()
}

func (r *region) send(p person, path, body string) answer {
	r.tb.Helper()
	q := httptest.NewRequestWithContext(r.tb.Context(), "POST", "http://127.0.0.1"+path, strings.NewReader(body))
	q.Header.Set("Content-Type", "text/csv")
	q.Header.Set("X-Api-Key", p.key)
	return r.do(q)
}

func TestImportOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.global.importing()
	ann, ws := w.global.owned("ann")
	base := "/api/v1/workspaces/" + ws.String()

	w.global.send(ann, base+"/import?dry-run=true", report(5)).is(200, 0).says(`"dryRun":true`)
	if all := w.global.call(ann, "GET", base+"/imports", "").is(200, 0).list(); len(all) != 0 {
		t.Errorf("dry run left %v", all)
	}
	made := w.global.send(ann, base+"/import?format=clockify-csv&date-format=YYYY-MM-DD&time-format=24h&time-zone=Europe/Berlin", report(1200)).is(201, 0).object()
	if made["state"] != "DONE" || made["rows"] != 1200.0 {
		t.Errorf("answer %v", made)
	}
	again := w.global.send(ann, base+"/import", report(1200)).is(200, 0).object()
	if again["repeated"] != true || again["id"] != made["id"] {
		t.Errorf("again: %v", again)
	}
	projects := w.global.call(ann, "GET", base+"/projects?hydrated=true", "").is(200, 0).list()
	if len(projects) != 1 || projects[0]["clientName"] != "Acme" || projects[0]["duration"] != "PT1200H" {
		t.Errorf("projects %v", projects)
	}
	one := "/imports/" + made["id"].(string)
	w.global.call(ann, "GET", base+one, "").is(200, 0).says(`"rowsDone":1200`)
	w.global.call(ann, "DELETE", base+one, "").is(200, 0).says(`"state":"UNDONE"`)
	if left := w.global.call(ann, "GET", base+"/projects", "").is(200, 0).list(); len(left) != 0 {
		t.Errorf("undo left %v", left)
	}
	w.global.call(ann, "GET", base+"/imports", "").is(200, 0).says(one[len("/imports/"):])
}

func TestImportTakesFormsAndGzip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.global.importing()
	ann, ws := w.global.owned("ann")
	base := "/api/v1/workspaces/" + ws.String()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(report(10))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	w.global.send(ann, base+"/import", zipped.String()).is(201, 0)
	form := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.csv\"\r\n\r\n" + report(10) + "\r\n--x--\r\n"
	q := httptest.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1"+base+"/import", strings.NewReader(form))
	q.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	q.Header.Set("X-Api-Key", ann.key)
	w.global.do(q).is(200, 0).says(`"repeated":true`)
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.global.importing()
	ann, ws := w.global.owned("ann")
	base := "/api/v1/workspaces/" + ws.String()
	bob := w.person("bob")
	w.global.join(bob, ws, directory.NoRole)
	bob = w.global.keyOf(bob)
	for _, c := range []struct {
		query, body  string
		status, code int
		says         string
	}{
		{"", report(3) + "x\n", 400, 501, `"errors":[{"row":5,"line":5,"message":"has 1 cells, the header has 14"}]`},
		{"", strings.Replace(report(3), "Yes", "maybe", 1), 400, 501, `"column":"Billable"`},
		{"", "a,b\n", 400, 501, `"missing":["Project"`},
		{"", "", 400, 501, "empty"},
		{"", "\x00\x01\x02", 400, 501, "not text"},
		{"", strings.ReplaceAll(report(3), "2026-01-13", "01/02/2026"), 400, 501, `"readings":["MM/DD/YYYY","DD/MM/YYYY"]`},
		{"?format=toggl", report(3), 400, 3000, "format"},
		{"?date-format=YY", report(3), 400, 3000, "date-format"},
		{"?time-format=13h", report(3), 400, 3000, "time-format"},
		{"?time-zone=Mars", report(3), 400, 3000, "time-zone"},
		{"?dry-run=perhaps", report(3), 400, 3000, "dry-run"},
	} {
		w.global.send(ann, base+"/import"+c.query, c.body).is(c.status, c.code).says(c.says)
	}
	w.global.send(bob, base+"/import", report(3)).is(403, 501)
	w.global.call(ann, "GET", base+"/imports/"+record.DeriveID("x").String(), "").is(400, 501).says("Import doesn't belong to Workspace")
	w.global.call(ann, "DELETE", base+"/imports/nonsense", "").is(400, 501)
	w.eu.send(ann, base+"/import", report(3)).is(421, 4210)
	if n := len(w.global.call(ann, "GET", base+"/imports", "").list()); n != 0 {
		t.Errorf("%d imports were begun", n)
	}
}
