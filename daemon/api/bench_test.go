package api

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// fill puts n ended entries of a person, a minute apart.
func (d *desk) fill(n int) {
	d.tb.Helper()
	ids, at := record.NewGenerator(), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var puts []store.Put
	for i := range n {
		id := ids.Next(at)
		start := at.Add(time.Duration(i) * time.Minute)
		puts = append(puts, store.Put{Key: record.Key{Kind: record.TimeEntry, ID: id}, Doc: fmt.Appendf(nil,
			`{"id":%q,"description":"entry number %d of many","userId":%q,"billable":false,"projectId":null,"taskId":null,"tagIds":[],"timeInterval":{"start":%q,"end":%q,"duration":"PT1M"},"customFieldValues":[],"type":"REGULAR","kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`,
			id, i, d.ID, start.Format(time.RFC3339), start.Add(time.Minute).Format(time.RFC3339))})
		if len(puts) == 500 || i == n-1 {
			if _, err := d.cell.Submit(d.tb.Context(), store.Command{Txn: &store.Txn{Workspace: d.ws, Epoch: 1, Puts: puts}}); err != nil {
				d.tb.Fatal(err)
			}
			puts = nil
		}
	}
}

// raw sends a request and checks nothing.
func (d *desk) raw(method, path, body string) answer {
	q := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("X-Api-Key", d.key)
	return d.serve(q)
}

func BenchmarkEntries(b *testing.B) {
	w := newWorld(b)
	ann, ws := w.global.owned("ann")
	d := deskOf(w.global, ann, ws)
	d.fill(60_000)
	for name, query := range map[string]string{
		"page=1":         "",
		"page=1000":      "?page=1000",
		"page-size=5000": "?page-size=5000",
		"description":    "?description=number+59",
		"window":         "?start=2020-01-02T00:00:00Z&end=2020-01-02T01:00:00Z",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if a := d.raw("GET", d.own+query, ""); a.status != 200 {
					b.Fatal(a.status)
				}
			}
		})
	}
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			if a := d.raw("POST", d.base+"/time-entries", `{"start":"2026-03-01T08:00:00Z","end":"2026-03-01T09:00:00Z","description":"x"}`); a.status != 201 {
				b.Fatal(a.status)
			}
		}
	})
}
