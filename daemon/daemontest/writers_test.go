package daemontest_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"domicile/daemon/client"
	"domicile/daemon/daemontest"
)

// words are what descriptions are made of.
var words = strings.Fields("alpha beta gamma delta review überprüfen naïve design call planning 東京 bug-fix")

// journal is what the writers of one workspace were told.
type journal struct {
	mu      sync.Mutex
	there   map[string]string // descriptions by id of the entry; guarded by mu
	refused []string          // descriptions that must be nowhere; guarded by mu
}

// writers write time entries of one workspace until they are stopped. A request that gets no answer is sent
// again with the same Idempotency-Key until it is answered.
type writers struct {
	journal
	t         testing.TB
	n         *daemontest.Network
	region    string
	workspace string
	key       string

	answered atomic.Int64
	unheard  atomic.Int64 // requests that got no answer
	stopped  atomic.Bool
	all      sync.WaitGroup
}

// startWriters starts so many writers.
func startWriters(t testing.TB, n *daemontest.Network, owner *daemontest.Person, region, workspace string, number int) *writers {
	w := &writers{
		journal: journal{there: map[string]string{}}, t: t, n: n, region: region, workspace: workspace, key: owner.Key(region),
	}
	for i := range number {
		w.all.Go(func() { w.write(i, rand.New(rand.NewPCG(uint64(i), 1))) })
	}
	return w
}

// stop lets each writer get its last answer.
func (w *writers) stop() {
	w.stopped.Store(true)
	w.all.Wait()
}

func (w *writers) write(number int, r *rand.Rand) {
	var mine []string
	path := "/workspaces/" + w.workspace + "/time-entries"
	for i := 0; !w.stopped.Load() && !w.t.Failed(); i++ {
		text := fmt.Sprintf("writer%d number%d %s %s", number, i, words[r.IntN(len(words))], words[r.IntN(len(words))])
		begin := time.Date(2026, 1, 1+r.IntN(300), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
		q := daemontest.Request{
			Method: http.MethodPost, Path: path, Key: w.key, Repeat: fmt.Sprintf("writer-%d-%d", number, i),
			Body: map[string]any{"start": begin, "end": begin.Add(time.Hour), "description": text},
		}
		last := len(mine) - 1
		switch chance := r.IntN(20); {
		case chance == 0: // a project that is nowhere: refused
			q.Body.(map[string]any)["projectId"] = "0123456789abcdef01234567"
			if w.ask(q, http.StatusBadRequest) != nil {
				w.note(func() { w.refused = append(w.refused, text) })
			}
		case chance < 3 && last >= 0:
			q.Method, q.Path = http.MethodPut, path+"/"+mine[last]
			if w.ask(q, http.StatusOK) != nil {
				w.note(func() { w.there[mine[last]] = text })
			}
		case chance < 5 && last >= 0:
			q.Method, q.Path, q.Body = http.MethodDelete, path+"/"+mine[last], nil
			if w.ask(q, http.StatusNoContent) != nil {
				w.note(func() { delete(w.there, mine[last]) })
				mine = mine[:last]
			}
		default:
			if a := w.ask(q, http.StatusCreated); a != nil {
				id := a.Get("id").String()
				w.note(func() {
					if w.there[id] != "" {
						w.t.Errorf("two entries were given the id %s", id)
					}
					w.there[id] = text
				})
				mine = append(mine, id)
			}
		}
	}
}

// has is a condition for Until: so many answers.
func (w *writers) has(answers int64) func() error {
	return func() error { return enough(w.t, w.answered.Load(), answers) }
}

// enough is an error while there are fewer answers; a test that has failed does not wait for more.
func enough(t testing.TB, n, want int64) error {
	if n < want && !t.Failed() {
		return fmt.Errorf("%d of %d", n, want)
	}
	return nil
}

func (w *writers) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// ask sends a request until it is answered for good. An answer with another status ends the test.
func (w *writers) ask(q daemontest.Request, status int) *daemontest.Answer {
	deadline := time.Now().Add(5 * time.Minute)
	for !w.t.Failed() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		a, err := w.n.Call(ctx, w.region, q)
		cancel()
		switch {
		case err == nil && a.Status == status:
			w.answered.Add(1)
			return &a
		case err == nil && a.Status != http.StatusServiceUnavailable && a.Status != http.StatusGatewayTimeout:
			w.t.Errorf("%s of a time entry in %s: %v", q.Method, w.region, a.Want(status, 0))
			return nil
		}
		w.unheard.Add(1)
		if time.Now().After(deadline) {
			w.t.Errorf("no answer for minutes: %v, %v", err, a.Want(status, 0))
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// list reads all entries of the workspace that the owner has, by pages.
func (w *writers) list(owner *daemontest.Person) []entry {
	w.t.Helper()
	var all []entry
	path := "/workspaces/" + w.workspace + "/user/" + owner.ID + "/time-entries"
	for e, err := range client.Pages[entry](w.t.Context(), owner.Client(w.region), path, nil) {
		if err != nil {
			w.t.Fatalf("list entries: %v", err)
		}
		all = append(all, e)
	}
	return all
}

// entry is what an API's entry is compared by.
type entry struct {
	ID          string `json:"id"`
	Description string `json:"description"`
}

// differences says how a list differs from what the writers were told.
func (j *journal) differences(list []entry) []string {
	var wrong []string
	seen := map[string]bool{}
	refused := map[string]bool{}
	for _, text := range j.refused {
		refused[text] = true
	}
	for _, e := range list {
		want, ok := j.there[e.ID]
		switch {
		case seen[e.ID]:
			wrong = append(wrong, "twice: "+e.ID)
		case refused[e.Description]:
			wrong = append(wrong, "refused and there: "+e.Description)
		case !ok:
			wrong = append(wrong, "never acknowledged: "+e.Description)
		case want != e.Description:
			wrong = append(wrong, fmt.Sprintf("differs: %q, acknowledged as %q", e.Description, want))
		}
		seen[e.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(j.there)) {
		if !seen[id] {
			wrong = append(wrong, "lost: "+j.there[id])
		}
	}
	return wrong
}

func TestJournalNoticesWhatDiffers(t *testing.T) {
	t.Parallel()
	j := journal{there: map[string]string{"a": "one", "b": "two", "c": "three"}, refused: []string{"no"}}
	if d := j.differences([]entry{{"a", "one"}, {"b", "two"}, {"c", "three"}}); len(d) != 0 {
		t.Errorf("differences of the same: %q", d)
	}
	got := j.differences([]entry{{"a", "one"}, {"a", "one"}, {"b", "other"}, {"x", "no"}, {"y", "stray"}})
	want := []string{"twice: a", `differs: "other", acknowledged as "two"`, "refused and there: no", "never acknowledged: stray", "lost: three"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
