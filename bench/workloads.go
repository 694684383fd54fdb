package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/daemon/client"
)

// Target is what is measured.
type Target struct {
	Client    *client.Client
	Workspace string // id
	Person    string // id of the client's person
}

// NewTarget finds out who the client is.
func NewTarget(ctx context.Context, c *client.Client, workspace string) (Target, error) {
	u, err := c.User(ctx)
	return Target{Client: c, Workspace: workspace, Person: u.ID}, err
}

// words of which descriptions are made and for which is searched.
func words() []string {
	return strings.Fields("review design planning meeting call bug refactoring documentation support invoice travel research deployment incident interview budget")
}

func text(r *rand.Rand) string {
	w := words()
	return w[r.IntN(len(w))] + " " + w[r.IntN(len(w))] + " " + w[r.IntN(len(w))]
}

// Writes records time entries.
func Writes(ctx context.Context, t Target, clients int, d time.Duration) (Row, error) {
	return measure(ctx, "writes", clients, d, t.write)
}

func (t Target) write(ctx context.Context, r *rand.Rand) error {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(300*24*60)) * time.Minute)
	return t.Client.Do(ctx, http.MethodPost, "/workspaces/"+t.Workspace+"/time-entries", nil, map[string]any{
		"start": begin, "end": begin.Add(time.Hour), "description": text(r),
	}, nil)
}

// List reads the newest 50 entries of the person.
func List(ctx context.Context, t Target, clients int, d time.Duration) (Row, error) {
	path := "/workspaces/" + t.Workspace + "/user/" + t.Person + "/time-entries"
	return measure(ctx, "list", clients, d, func(ctx context.Context, _ *rand.Rand) error {
		return t.Client.Do(ctx, http.MethodGet, path, nil, nil, nil)
	})
}

// Search looks for two words.
func Search(ctx context.Context, t Target, clients int, d time.Duration) (Row, error) {
	return measure(ctx, "search", clients, d, func(ctx context.Context, r *rand.Rand) error {
		w := words()
		_, err := t.Client.Search(ctx, t.Workspace, url.Values{"q": {w[r.IntN(len(w))] + " " + w[r.IntN(len(w))]}})
		return err
	})
}

// Import sends a file once; the row counts entries that were made.
func Import(ctx context.Context, t Target, file io.Reader, dateFormat, zone string) (Row, error) {
	begin := time.Now()
	s, err := t.Client.Import(ctx, t.Workspace, client.Import{
		Format: "clockify-csv", DateFormat: dateFormat, TimeZone: zone, Body: file,
	})
	if err != nil {
		return Row{}, fmt.Errorf("run import: %w", err)
	}
	if s.Repeated {
		return Row{}, fmt.Errorf("run import: the file had been imported before as %s", s.ID)
	}
	took := time.Since(begin)
	return Row{
		Workload: "import", Clients: 1, Count: s.Rows, Seconds: took.Seconds(), PerSecond: float64(s.Rows) / took.Seconds(),
	}, nil
}

// Seed records so many entries, for workloads that read.
func Seed(ctx context.Context, t Target, entries int) error {
	const clients = 32
	g, ctx := errgroup.WithContext(ctx)
	for i := range clients {
		g.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(i), 2)) //nolint:gosec // a load, not a secret
			for n := i; n < entries; n += clients {
				if err := t.write(ctx, r); err != nil {
					return fmt.Errorf("seed: %w", err)
				}
			}
			return nil
		})
	}
	return g.Wait()
}
