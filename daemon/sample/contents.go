package sample

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"time"

	"domicile/daemon/directory"
	rules "domicile/daemon/workspace"
	"domicile/store"
	"domicile/store/record"
)

// fill writes a workspace's records, all that are not there yet. Batches are the same at every call, and
// each is there as a whole or not at all.
func fill(ctx context.Context, d Deps, w workspace) error {
	made, err := d.Directory.Workspaces(ctx, directory.WorkspacesQuery{IDs: []record.ID{w.id()}})
	if err != nil {
		return err
	}
	if len(made) != 1 {
		return directory.ErrNotFound
	}
	cell := d.Regions[w.region].Cell
	epoch, err := served(ctx, cell, w.id())
	if err != nil {
		return err
	}
	// The work ends with the day on which the directory made the workspace, so that a call that finishes
	// another's makes the same.
	end := made[0].Workspace.CreatedAt.UTC().Truncate(24 * time.Hour)
	c := newContents(w, end)
	if err := c.all(); err != nil {
		return err
	}
	for _, puts := range batches(c.puts) {
		if err := write(ctx, cell, w.id(), epoch, puts); err != nil {
			return err
		}
	}
	return nil
}

// served waits until a region has made a workspace's header, and answers the epoch.
func served(ctx context.Context, cell Cell, id record.ID) (store.Epoch, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		h, err := header(ctx, cell, id)
		if err == nil {
			return h.Epoch, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for the header: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func header(ctx context.Context, cell Cell, id record.ID) (store.Header, error) {
	v, err := cell.View(ctx)
	if err != nil {
		return store.Header{}, err
	}
	defer v.Close()
	return v.Header(id)
}

// Bounds of a transaction: records, and bytes of documents.
const (
	maxRecords = 500
	maxBytes   = 448 << 10
)

func batches(puts []store.Put) [][]store.Put {
	var all [][]store.Put
	from, size := 0, 0
	for i, p := range puts {
		if i > from && (i-from == maxRecords || size+len(p.Doc) > maxBytes) {
			all, from, size = append(all, puts[from:i]), i, 0
		}
		size += len(p.Doc)
	}
	return append(all, puts[from:])
}

// write puts a batch unless it is there.
func write(ctx context.Context, cell Cell, id record.ID, epoch store.Epoch, puts []store.Put) error {
	if len(puts) == 0 {
		return nil
	}
	result, err := cell.Submit(ctx, store.Command{Txn: &store.Txn{
		Workspace: id, Epoch: epoch, If: []store.Condition{store.Absent(puts[0].Key)}, Puts: puts,
	}})
	if err == nil {
		err = result.Err
	}
	if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) && conflict.Op == store.IfAbsent {
		return nil
	}
	return err
}

// contents gathers the records of a workspace, what is referred to before what refers.
type contents struct {
	w      workspace
	end    time.Time // midnight after the last day of work
	random *rand.Rand
	puts   []store.Put

	clients    []record.ID
	projects   []project
	tags       []record.ID
	categories []record.ID
	files      []record.ID
}

// project is what entries need of a project.
type project struct {
	id    record.ID
	tasks []record.ID
	rate  int64
}

func newContents(w workspace, end time.Time) *contents {
	seed := fnv.New64a()
	seed.Write([]byte(w.name)) // never fails
	return &contents{w: w, end: end, random: rand.New(rand.NewPCG(seed.Sum64(), 1))}
}

// doc is a document whose fields are marshalled in the order of their names.
type doc map[string]any

// idOf is the id of a record by what it is and its number.
func (c *contents) idOf(kind record.Kind, n int) record.ID {
	return record.DeriveID("sample", c.w.name, kind.String(), strconv.Itoa(n))
}

// put adds a record.
func (c *contents) put(kind record.Kind, id record.ID, document any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("encode %s: %w", kind, err)
	}
	c.puts = append(c.puts, store.Put{Key: record.Key{Kind: kind, ID: id}, Doc: bytes.TrimSuffix(b.Bytes(), []byte("\n"))})
	return nil
}

// of picks one at random.
func of[T any](c *contents, all []T) T { return all[c.random.IntN(len(all))] }

func (c *contents) day(back int) time.Time { return c.end.AddDate(0, 0, -back) }

// all gathers everything, as much as the workspace's size says.
func (c *contents) all() error {
	steps := []func() error{c.settings, c.catalog, c.work}
	if c.w.everything {
		steps = append(steps, c.money, c.paper, c.activity, c.machinery)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *contents) settings() error {
	if err := c.put(record.Settings, c.w.id(), rules.DefaultSettings(c.w.id())); err != nil {
		return err
	}
	for i, p := range c.w.people {
		err := c.put(record.Member, p.id(), doc{
			"id": p.id(), "hourlyRate": rules.Rate{Amount: int64(5000 + 500*i), Currency: "USD"}, "costRate": rules.Rate{Amount: 3000, Currency: "USD"},
			"roles": []any{}, "settings": doc{"timeZone": "Etc/UTC", "weekStart": "MONDAY"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
