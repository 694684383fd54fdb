package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// benchWorld has n time entries of three years, whose words are as rare as
// Zipf says. word0 is in most of them.
func benchWorld(b *testing.B, n int) (*world, record.ID, store.Revision) {
	b.Helper()
	w := newWorld(b)
	ws := w.workspace("bench")
	rng := rand.New(rand.NewPCG(1, 1))
	zipf := rand.NewZipf(rng, 1.2, 2, 20_000)
	var rev store.Revision
	for i := 0; i < n; {
		txn := &store.Txn{Workspace: ws, Epoch: 1}
		for range min(500, n-i) {
			key := record.Key{Kind: record.TimeEntry, ID: record.DeriveID("entry", fmt.Sprint(i))}
			text := make([]string, 6)
			for j := range text {
				text[j] = fmt.Sprint("word", zipf.Uint64())
			}
			start := time.Date(2022, 1, 1, 0, 0, rng.IntN(3*365*86400), 0, time.UTC)
			user := record.DeriveID("user", fmt.Sprint(rng.IntN(100)))
			txn.Puts = append(txn.Puts, store.Put{Key: key, Doc: entryDoc(key.ID, user, start, strings.Join(text, " "))})
			i++
		}
		rev = w.submit(store.Command{Txn: txn}).Revision
	}
	w.docs = nil
	return w, ws, rev
}

// BenchmarkBuild builds the index of 100,000 entries.
func BenchmarkBuild(b *testing.B) {
	const n = 100_000
	w, ws, rev := benchWorld(b, n)
	for b.Loop() {
		set, err := Open(w.cell.Store(), Options{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		if err := set.Wait(b.Context(), ws, rev); err != nil {
			b.Fatal(err)
		}
		if err := set.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkSearch asks an index of 100,000 entries.
func BenchmarkSearch(b *testing.B) {
	w, ws, rev := benchWorld(b, 100_000)
	w.open(Options{})
	if err := w.set.Wait(b.Context(), ws, rev); err != nil {
		b.Fatal(err)
	}
	week := time.Date(2024, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		q    Query
	}{
		{"common word", Query{Text: "word0"}},
		{"rare word", Query{Text: "word1234"}},
		{"two words", Query{Text: "word1 word7"}},
		{"phrase", Query{Text: `"word1 word2"`}},
		{"prefix", Query{Text: "word12*"}},
		{"typo", Query{Text: "wodr123~"}},
		{"newest common word", Query{Text: "word0", Sort: Newest}},
		{"word in a week", Query{Text: "word0", From: week, To: week.AddDate(0, 0, 7)}},
		{"facet of a common word", Query{Text: "word0", Facets: []string{FilterUser}}},
		{"newest of all", Query{Sort: Newest}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.set.Search(context.Background(), ws, c.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWait is the time from a write to an answer that has it.
func BenchmarkWait(b *testing.B) {
	w, ws, rev := benchWorld(b, 10_000)
	w.docs = map[record.ID]map[record.Key][]byte{ws: {}}
	w.open(Options{})
	if err := w.set.Wait(b.Context(), ws, rev); err != nil {
		b.Fatal(err)
	}
	n := 20_000
	for b.Loop() {
		rev = w.entries(ws, n, 1)
		n++
		if err := w.set.Wait(b.Context(), ws, rev); err != nil {
			b.Fatal(err)
		}
	}
}
