package daemontest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"domicile/daemon/client"
	"domicile/daemon/daemontest"
	"domicile/index"
	"domicile/store"
	"domicile/store/record"
)

// kills is how often the crash test kills: DOMICILE_KILLS, else 20.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("DOMICILE_KILLS"))
	if os.Getenv("DOMICILE_KILLS") == "" {
		return 20
	}
	if err != nil || n < 1 {
		t.Fatalf("DOMICILE_KILLS: %v", err)
	}
	return n
}

func TestT1AcknowledgedWritesSurviveKill(t *testing.T) {
	t.Parallel()
	d := daemontest.StartDev(t)
	ann := d.Person("Ann Writer")
	places := []struct{ region, workspace string }{
		{"global", d.Workspace(ann, "PRO", "global")}, {"eu", d.Workspace(ann, "ENTERPRISE", "eu")},
	}
	w := []*writers{
		startWriters(t, d.Network, ann, places[0].region, places[0].workspace, 24),
		startWriters(t, d.Network, ann, places[1].region, places[1].workspace, 8),
	}
	answered := func() int64 { return w[0].answered.Load() + w[1].answered.Load() }
	for kill := range kills(t) {
		more := answered() + 100 + int64(kill%7*23)
		daemontest.Until(t, "answers", func() error { return enough(t, answered(), more) })
		d.Kill()
		verifyStores(t, d.Network)
		d.Start()
	}
	for _, w := range w {
		w.stop()
	}
	t.Logf("%d answers, %d requests without one", answered(), w[0].unheard.Load()+w[1].unheard.Load())
	for _, w := range w {
		for _, wrong := range w.differences(w.list(ann)) {
			t.Errorf("%s: %s", w.region, wrong)
		}
		sameAsScan(t, w, ann)
	}
	counts := map[string]uint64{}
	for _, p := range places {
		c, err := d.Contents(p.region, p.workspace)
		if err != nil {
			t.Fatal(err)
		}
		counts[p.workspace] = c.Counts[record.TimeEntry.String()]
	}
	if code := d.Stop(); code != 0 {
		t.Errorf("dev ended with code %d", code)
	}
	headers := verifyStores(t, d.Network)
	for i, p := range places {
		ws, err := record.ParseID(p.workspace)
		if err != nil {
			t.Fatal(err)
		}
		if n := headers[ws].Counts[record.TimeEntry]; n != uint64(len(w[i].there)) || n != counts[p.workspace] {
			t.Errorf("%s: the store has %d entries, the daemon said %d, acknowledged are %d", p.region, n, counts[p.workspace], len(w[i].there))
		}
	}
}

// verifyStores recomputes the digests of every workspace in the data directories of all regions, none of
// which may run.
func verifyStores(t *testing.T, n *daemontest.Network) map[record.ID]store.Header {
	t.Helper()
	headers := map[record.ID]store.Header{}
	for _, region := range n.Regions() {
		db, err := store.Open(store.Options{Dir: filepath.Join(n.Place(region).Data, "store"), ReadOnly: true})
		if err != nil {
			t.Fatalf("open %s's store: %v", region, err)
		}
		v := db.View()
		for h, err := range v.Headers() {
			if err != nil {
				t.Errorf("read headers of %s: %v", region, err)
				break
			}
			headers[h.Workspace] = h
			if err := v.Verify(context.Background(), h.Workspace); err != nil {
				t.Errorf("%s: %v", region, err)
			}
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	return headers
}

// sameAsScan compares answers of the search with what index.Match says of every entry.
func sameAsScan(t *testing.T, w *writers, owner *daemontest.Person) {
	t.Helper()
	var documents []json.RawMessage
	path := "/workspaces/" + w.workspace + "/user/" + owner.ID + "/time-entries"
	for e, err := range client.Pages[json.RawMessage](t.Context(), owner.Client(w.region), path, nil) {
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, e)
	}
	contents, err := w.n.Contents(w.region, w.workspace)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"alpha", "beta gamma", `"review design"`, "plan*", "dleta~", "überprüfen", "東京", "writer3 number5", "nowhere"} {
		q := index.Query{Text: text, Kinds: []record.Kind{record.TimeEntry}}
		var want []string
		for _, doc := range documents {
			if index.Match(q, record.TimeEntry, doc) {
				var e entry
				if err := json.Unmarshal(doc, &e); err != nil {
					t.Fatal(err)
				}
				want = append(want, e.ID)
			}
		}
		got := search(t, owner.Client(w.region), w.workspace, text, contents.Revision)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: search for %q found %d entries, a scan %d", w.region, text, len(got), len(want))
		}
	}
}

// search returns the ids of all hits.
func search(t *testing.T, c *client.Client, workspace, text string, after uint64) (ids []string) {
	t.Helper()
	q := url.Values{"q": {text}, "kind": {"time_entry"}, "after-revision": {fmt.Sprint(after)}}
	for {
		found, err := c.Search(t.Context(), workspace, q)
		if err != nil {
			t.Fatalf("search: %v", err)
		}
		for _, h := range found.Hits {
			ids = append(ids, h.ID)
		}
		if found.Next == "" {
			if uint64(len(ids)) != found.Total {
				t.Errorf("search for %q: %d hits on all pages, total %d", text, len(ids), found.Total)
			}
			return ids
		}
		q.Set("cursor", found.Next)
	}
}
