package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
	"domicile/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// dying is a cell that dies at a chosen transaction of a workspace's.
type dying struct {
	*storetest.Cell
	left *int // transactions until it dies; negative: never
}

var errKilled = errors.New("killed")

func (d dying) Submit(ctx context.Context, c store.Command) (store.Result, error) {
	if c.Txn != nil && c.Txn.Workspace != record.RegionID && c.Txn.Workspace != record.DirectoryID {
		if *d.left == 0 {
			return store.Result{}, errKilled
		}
		*d.left--
	}
	return d.Cell.Submit(ctx, c)
}

// world is an installation of global and eu.
type world struct {
	Deps
	cells map[directory.Region]*storetest.Cell
	left  int
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	global := storetest.New(tb)
	regions := directory.DefaultRegions("")
	clock := func() time.Time { return now }
	service := directory.New(directory.Options{
		Cell: global, Regions: regions, IDs: record.NewGenerator(), Now: clock,
		Subscribe: func() directory.Feed { return global.Store().Subscribe() },
	})
	w := &world{
		Deps:  Deps{Directory: service, Regions: map[directory.Region]Region{}, Now: clock},
		cells: map[directory.Region]*storetest.Cell{directory.Global: global, directory.EU: storetest.New(tb)}, left: -1,
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	tb.Cleanup(func() { stop(); running.Wait() })
	for name, cell := range w.cells {
		if err := directory.CreateSystem(ctx, cell, name == directory.Global); err != nil {
			tb.Fatal(err)
		}
		f := directory.NewFollower(directory.FollowerOptions{
			Region: name, Cell: cell, Source: service, Wait: time.Second, PublicKey: bytes.Repeat([]byte{7}, 32),
		})
		running.Go(func() { _ = f.Run(ctx) })
		a := auth.New(auth.Options{Region: name, Cell: cell, Directory: service, IDs: record.NewGenerator()})
		w.Regions[name] = Region{Cell: dying{cell, &w.left}, Auth: a, Mirrored: f.Wait}
	}
	return w
}

func (w *world) headers(tb testing.TB) map[string]store.Header {
	tb.Helper()
	all := map[string]store.Header{}
	for _, one := range workspaces {
		v := w.cells[one.region].Store().View()
		h, err := v.Header(one.id())
		if err != nil {
			tb.Fatal(err)
		}
		if err := v.Verify(tb.Context(), one.id()); err != nil {
			tb.Error(err)
		}
		if err := v.Close(); err != nil {
			tb.Error(err)
		}
		all[one.name] = h
	}
	return all
}

func TestM1SameCallMakesTheSame(t *testing.T) {
	t.Parallel()
	var digests []string
	for range 2 {
		w := newWorld(t)
		if _, err := Make(t.Context(), w.Deps); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, one := range workspaces {
			text += fmt.Sprintf("%s %x\n", one.name, w.headers(t)[one.name].ContentDigest)
		}
		digests = append(digests, text)
	}
	if digests[0] != digests[1] {
		t.Errorf("%s differs from %s", digests[1], digests[0])
	}
}

func TestM2InterruptedCallIsFinished(t *testing.T) {
	t.Parallel()
	whole := newWorld(t)
	if _, err := Make(t.Context(), whole.Deps); err != nil {
		t.Fatal(err)
	}
	want := whole.headers(t)
	w := newWorld(t)
	for left := 0; ; left += 3 {
		w.left = left
		_, err := Make(t.Context(), w.Deps)
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}
	w.left = -1
	result, err := Make(t.Context(), w.Deps) // and once more, with everything there
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range w.headers(t) {
		if h.ContentDigest != want[name].ContentDigest {
			t.Errorf("%s differs from an uninterrupted one", name)
		}
	}
	for _, u := range result.Users {
		if len(u.Keys) == 0 || u.Password == "" {
			t.Errorf("user %s has %d keys", u.ID, len(u.Keys))
		}
	}
	if sam := result.Users[len(result.Users)-1]; len(sam.Keys) != 2 {
		t.Errorf("who is in two regions has %d keys", len(sam.Keys))
	}
}

func TestM3AcmeHasARecordOfEveryKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result, err := Make(t.Context(), w.Deps)
	if err != nil {
		t.Fatal(err)
	}
	h := w.headers(t)["Acme"]
	for _, d := range record.Kinds() {
		if d.Class == record.Regional && h.Counts[d.Kind] == 0 {
			t.Errorf("no %s", d.Name)
		}
	}
	if n := h.Counts[record.TimeEntry]; n < 4500 || n > 5600 {
		t.Errorf("%d entries", n)
	}
	if len(result.Workspaces) != 4 || len(result.Users) != 9 {
		t.Errorf("%d workspaces, %d users", len(result.Workspaces), len(result.Users))
	}
}
