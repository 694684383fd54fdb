package daemontest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"domicile/daemon/client"
	"domicile/daemon/daemontest"
)

// report is a detailed report of so many hours of work by some people, as Clockify writes it.
func report(rows int) []byte {
	var b bytes.Buffer
	b.WriteString(`"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date","Start Time","End Date","End Time","Duration (h)","Duration (decimal)","Billable Rate (USD)","Billable Amount (USD)"` + "\n")
	for i := range rows {
		begin := time.Date(2025, 1, 13, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
		end := begin.Add(time.Hour)
		fmt.Fprintf(&b, `"Project %d","Client %d","row %d of the report","Task %d","Member %d","","member%d@example.com","","Yes","%s","%s","%s","%s","01:00:00","1.00","0.00","0.00"`+"\n",
			i%11, i%11%3, i, i%5, i%97, i%97, begin.Format("01/02/2006"), begin.Format("03:04:05 PM"), end.Format("01/02/2006"), end.Format("03:04:05 PM"))
	}
	return b.Bytes()
}

// TestImportGoesOnAfterKill kills dev while an import is being written, and sends the same file again.
func TestImportGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	const rows = 12000
	file := report(rows)
	d := daemontest.StartDev(t)
	ann := d.Person("Ann Importer")
	workspace := d.Workspace(ann, "PRO", "eu")
	c := ann.Client("eu")
	what := func() client.Import {
		return client.Import{Format: "clockify-csv", DateFormat: "MM/DD/YYYY", TimeZone: "UTC", Body: bytes.NewReader(file)}
	}
	entries := func() uint64 {
		contents, err := d.Contents("eu", workspace)
		if err != nil {
			return 0
		}
		return contents.Counts["time_entry"]
	}
	sent := make(chan error, 1)
	go func() {
		_, err := c.Import(t.Context(), workspace, what())
		sent <- err
	}()
	daemontest.Until(t, "the first rows", func() error {
		if entries() == 0 {
			return errNotYet
		}
		return nil
	})
	d.Kill()
	if err := <-sent; err == nil {
		t.Log("the import was done before the kill")
	}
	verifyStores(t, d.Network)
	d.Start()
	t.Logf("%d rows of %d after the kill", entries(), rows)

	var done client.ImportStatus
	daemontest.Until(t, "the import", func() (err error) { // it may go on by itself meanwhile
		done, err = c.Import(t.Context(), workspace, what())
		if err == nil && done.State != "DONE" {
			err = fmt.Errorf("state %s", done.State)
		}
		return err
	})
	if n := entries(); n != rows || done.Rows != rows || done.Seconds != rows*3600 || done.People != 97 {
		t.Errorf("%d entries, answered %d rows, %d s, %d people", n, done.Rows, done.Seconds, done.People)
	}
	again, err := c.Import(t.Context(), workspace, what())
	if err != nil || !again.Repeated || entries() != rows {
		t.Errorf("the same file again: %+v, %v; %d entries", again, err, entries())
	}
	users := d.Must("eu", http.StatusOK, daemontest.Request{
		Path: "/workspaces/" + workspace + "/users?status=ALL&page-size=1000", Key: ann.Key("eu"),
	}).Get("@this").Array()
	if len(users) != 97+1 {
		t.Errorf("%d people, want those of the file and the owner", len(users))
	}
	if _, err := c.UndoImport(t.Context(), workspace, done.ID); err != nil {
		t.Fatal(err)
	}
	if n := entries(); n != 0 {
		t.Errorf("%d entries are left by undo", n)
	}
	if code := d.Stop(); code != 0 {
		t.Errorf("dev ended with code %d", code)
	}
	verifyStores(t, d.Network)
}
