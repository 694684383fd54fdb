package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"domicile/store"
	"domicile/store/record"
)

// openFiles lists what this process has open, or mapped, below a directory.
func openFiles(t testing.TB, dir string) []string {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this system does not list open files")
	}
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, fd := range fds {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name())); err == nil && strings.HasPrefix(name, dir) {
			open = append(open, name)
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if _, name, ok := strings.Cut(line, dir); ok {
			open = append(open, dir+strings.TrimSpace(name))
		}
	}
	return open
}

func TestI6OpenIndexesAreBounded(t *testing.T) {
	t.Parallel()
	const maxOpen, many = 3, 12
	w := newWorld(t)
	w.open(Options{MaxOpen: maxOpen, Every: time.Millisecond})
	var all []record.ID
	revs := make(map[record.ID]store.Revision)
	for i := range many {
		ws := w.workspace(fmt.Sprint(i))
		all, revs[ws] = append(all, ws), w.entries(ws, i, 20)
	}
	g, ctx := errgroup.WithContext(t.Context())
	for n := range 4 {
		g.Go(func() error {
			for i := range 50 {
				ws := all[(i*(n+1)+n)%many]
				if err := w.set.Wait(ctx, ws, revs[ws]); err != nil {
					return err
				}
				a, err := w.set.Search(ctx, ws, Query{Text: "all"})
				if err != nil {
					return err
				}
				if a.Total != 20 {
					return fmt.Errorf("%d hits", a.Total)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	w.quiesce()
	w.set.mu.Lock()
	known := len(w.set.known)
	w.set.mu.Unlock()
	if known > maxOpen+1 { // one more may have been in use while the last was opened
		t.Fatalf("%d indexes are open, not %d", known, maxOpen)
	}
	dirs := make(map[string]bool)
	for _, name := range openFiles(t, w.dir) {
		rel, _ := filepath.Rel(w.dir, name)
		dirs[strings.Split(rel, "/")[0]] = true
	}
	if len(dirs) > known {
		t.Fatalf("files of %d indexes are open, of %d known", len(dirs), known)
	}
	w.close()
	if open := openFiles(t, w.dir); len(open) > 0 {
		t.Fatalf("open after Close: %v", open)
	}
}

// quiesce waits until no workspace is due, or in use.
func (w *world) quiesce() {
	w.t.Helper()
	w.eventually("quiet", func() bool {
		w.set.mu.Lock()
		defer w.set.mu.Unlock()
		for _, known := range w.set.known {
			if known.users > 0 || known.closing != nil {
				return false
			}
		}
		return len(w.set.due.at) == 0 && len(w.set.due.busy) == 0
	})
}

func (w *world) eventually(what string, reached func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !reached(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not %s in time", what)
		}
	}
}

func TestI7NothingOfADroppedWorkspaceIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{Every: time.Millisecond})
	gone, kept := w.workspace("gone"), w.workspace("kept")
	rev := w.entries(kept, 0, 30)
	w.check(gone, w.entries(gone, 0, 2000), usual()...)
	w.check(kept, rev, usual()...)
	w.drop(gone)
	dir := filepath.Join(w.dir, gone.String())
	w.eventually("removed", func() bool {
		names, err := filepath.Glob(dir + "*")
		return err == nil && len(names) == 0
	})
	w.quiesce()
	if open := openFiles(t, dir); len(open) > 0 {
		t.Fatalf("open after the drop: %v", open)
	}
	if _, err := w.set.Search(t.Context(), gone, Query{}); !errors.Is(err, ErrNoWorkspace) {
		t.Fatalf("search in a dropped workspace: %v", err)
	}
	w.check(kept, rev, usual()...)
}

func TestI7WhatNoWorkspaceWantsIsSweptAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	gone, kept := w.workspace("gone"), w.workspace("kept")
	rev := w.entries(kept, 0, 30)
	w.check(kept, rev)
	w.check(gone, w.entries(gone, 0, 30))
	w.close()
	w.drop(gone)
	for _, name := range []string{"stray", gone.String() + removed, kept.String() + removed} {
		if err := os.MkdirAll(filepath.Join(w.dir, name, "bleve"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.open(Options{})
	w.eventually("swept", func() bool {
		entries, err := os.ReadDir(w.dir)
		return err == nil && len(entries) == 1 && entries[0].Name() == kept.String()
	})
	w.check(kept, rev, usual()...)
}

// TestCloseWaitsForCallsUnderWay closes a Set that is being searched.
func TestCloseWaitsForCallsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 200)
	w.check(ws, rev)
	var g errgroup.Group
	set := w.set
	for range 4 {
		g.Go(func() error {
			for {
				a, err := set.Search(context.Background(), ws, Query{Text: "all"})
				if errors.Is(err, ErrClosed) {
					return nil
				}
				if err != nil {
					return err
				}
				if a.Total != 200 {
					return fmt.Errorf("%d hits", a.Total)
				}
			}
		})
	}
	w.close()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
