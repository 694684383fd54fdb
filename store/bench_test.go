package store_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// timeEntry is a document of the usual size, 385 bytes.
func timeEntry(id, user, project, tag record.ID, start time.Time) []byte {
	end := start.Add(time.Hour)
	return fmt.Appendf(nil, `{"id":"%s","description":"Weekly meeting about the new release and its open points","userId":"%s","billable":true,`+
		`"projectId":"%s","taskId":null,"tagIds":["%s"],"timeInterval":{"start":"%s","end":"%s","duration":"PT1H"},`+
		`"customFieldValues":[],"type":"REGULAR","kioskId":null,"isLocked":false,"hourlyRate":null,"costRate":null}`,
		id, user, project, tag, start.Format(time.RFC3339), end.Format(time.RFC3339))
}

func benchEntries(n, perTxn, perEntry int) []store.Entry {
	ws := record.DeriveID("bench")
	g := record.NewGenerator()
	base := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	entries := []store.Entry{{Index: 1, Term: 1, Time: base, Commands: []store.Command{{Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: 1}}}}}
	var e store.Entry
	for done := 0; done < n; done += perTxn {
		txn := &store.Txn{Workspace: ws, Epoch: 1, Token: store.Token(append([]byte("tokn"), idBytes(g.Next(base))...))}
		for i := range perTxn {
			at := base.Add(time.Duration(done+i) * time.Minute)
			id := g.Next(at)
			user, project, tag := record.DeriveID("u", fmt.Sprint(i%50)), record.DeriveID("p", fmt.Sprint(i%20)), record.DeriveID("t", fmt.Sprint(i%10))
			txn.Puts = append(txn.Puts, store.Put{Key: record.Key{Kind: record.TimeEntry, ID: id}, Doc: timeEntry(id, user, project, tag, at)})
		}
		e.Commands = append(e.Commands, store.Command{Txn: txn})
		if len(e.Commands) == perEntry {
			e.Index, e.Term, e.Time = uint64(len(entries)+1), 1, base
			entries = append(entries, e)
			e = store.Entry{}
		}
	}
	return entries
}

func idBytes(id record.ID) []byte { return id[:] }

func benchApply(b *testing.B, perTxn, perEntry, perBatch int) {
	const n = 100_000
	entries := benchEntries(n, perTxn, perEntry)
	var took, used time.Duration
	for b.Loop() {
		b.StopTimer()
		db, err := store.Open(store.Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		start, before := time.Now(), cpu()
		for i := 0; i < len(entries); i += perBatch {
			results, err := db.Apply(entries[i:min(i+perBatch, len(entries))])
			if err != nil {
				b.Fatal(err)
			}
			for _, rs := range results {
				for _, r := range rs {
					if r.Err != nil {
						b.Fatal(r.Err)
					}
				}
			}
		}
		took += time.Since(start)
		used += cpu() - before
		b.StopTimer()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "records/s")
	b.ReportMetric(float64(used.Microseconds())/float64(n*b.N), "cpu-µs/record")
}

func BenchmarkApply(b *testing.B) {
	for _, c := range []struct{ perTxn, perEntry, perBatch int }{{500, 1, 1}, {500, 1, 8}, {1, 64, 4}, {1, 1, 1}} {
		b.Run(fmt.Sprintf("txn=%d/entry=%d/batch=%d", c.perTxn, c.perEntry, c.perBatch), func(b *testing.B) {
			benchApply(b, c.perTxn, c.perEntry, c.perBatch)
		})
	}
}

// cpu returns the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchStore has 100,000 time entries of 50 people.
func benchStore(b *testing.B) (*store.DB, record.ID) {
	b.Helper()
	db, err := store.Open(store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if _, err := db.Apply(benchEntries(100_000, 500, 1)); err != nil {
		b.Fatal(err)
	}
	return db, record.DeriveID("bench")
}

// BenchmarkNewest reads the newest 50 entries of a person by index, with their documents.
func BenchmarkNewest(b *testing.B) {
	db, ws := benchStore(b)
	index := record.Find(record.TimeEntry, "user_start")
	for b.Loop() {
		prefix, err := index.Prefix(record.RefValue(record.DeriveID("u", "7")))
		if err != nil {
			b.Fatal(err)
		}
		v := db.View()
		n := 0
		for e, err := range v.Index(ws, record.TimeEntry, "user_start", store.Range{Prefix: prefix}) {
			if err != nil {
				b.Fatal(err)
			}
			if _, err := v.Get(ws, record.TimeEntry, e.ID); err != nil {
				b.Fatal(err)
			}
			if n++; n == 50 {
				break
			}
		}
		_ = v.Close()
	}
}

// BenchmarkRecords reads all records of a kind.
func BenchmarkRecords(b *testing.B) {
	db, ws := benchStore(b)
	read := 0
	start := time.Now()
	for b.Loop() {
		v := db.View()
		for _, err := range v.Records(ws, record.TimeEntry) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		_ = v.Close()
	}
	b.ReportMetric(float64(read)/time.Since(start).Seconds(), "records/s")
}

// BenchmarkVerify recomputes everything of a workspace.
func BenchmarkVerify(b *testing.B) {
	db, ws := benchStore(b)
	for b.Loop() {
		v := db.View()
		if err := v.Verify(b.Context(), ws); err != nil {
			b.Fatal(err)
		}
		_ = v.Close()
	}
}
