package atrest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"domicile/index"
	"domicile/replicate"
	"domicile/store"
	"domicile/store/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	home    = record.DeriveID("home")
	another = record.DeriveID("another")
)

// node makes a data directory as a node leaves it: a store, a log, an index and a checkpoint with the words
// live, gone and replaced in it, and long in a document that is compressed in the log.
func node(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "checkpoints"), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(store.Options{Dir: filepath.Join(dir, "store"), CellID: "cell"})
	must(t, err)
	n, err := replicate.Open(replicate.Options{Store: db, Dir: dir, CellID: "cell", NodeID: "n1", Bootstrap: true})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- n.Run(ctx) }()
	set, err := index.Open(db, index.Options{Dir: filepath.Join(dir, "index")})
	must(t, err)

	submit := func(c store.Command) store.Revision {
		t.Helper()
		r, err := n.Submit(ctx, c)
		must(t, err)
		return r.Revision
	}
	for i, ws := range []record.ID{home, another} {
		submit(store.Command{Create: &store.Create{Workspace: ws, Epoch: 1, Incarnation: uint64(i) + 1}})
	}
	put := func(ws record.ID, id, text string) store.Revision {
		t.Helper()
		key := record.Key{Kind: record.TimeEntry, ID: record.DeriveID(id)}
		doc := fmt.Sprintf(`{"id":%q,"description":%q,"userId":%q,"timeInterval":{"start":"2024-01-01T00:00:00Z","end":"2024-01-01T01:00:00Z"}}`,
			key.ID, text, record.DeriveID("user"))
		return submit(store.Command{Txn: &store.Txn{Workspace: ws, Epoch: 1, Puts: []store.Put{{Key: key, Doc: []byte(doc)}}}})
	}
	put(home, "1", "canary7replaced")
	must(t, db.Flush())
	put(home, "1", "Canary7live")
	put(home, "2", "canary7gone")
	must(t, db.Flush())
	submit(store.Command{Txn: &store.Txn{Workspace: home, Epoch: 1, Deletes: []record.Key{{Kind: record.TimeEntry, ID: record.DeriveID("2")}}}})
	rev := put(home, "3", strings.Repeat("much more of the same ", 500)+"canary7long")
	must(t, set.Wait(ctx, home, rev))
	must(t, set.Wait(ctx, another, put(another, "4", "canary7other")))
	must(t, db.Flush())
	must(t, db.Checkpoint(filepath.Join(dir, "checkpoints", "1")))

	must(t, set.Close())
	cancel()
	must(t, <-ran)
	must(t, n.Close())
	must(t, db.Close())
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// places are where a text was found, without the names of files.
func places(t *testing.T, dir, text string) []string {
	t.Helper()
	found, err := Find(dir, text)
	must(t, err)
	var all []string
	for _, f := range found {
		what, _, _ := strings.Cut(f.What, " ")
		owner := "nobody's"
		switch f.Workspace {
		case home:
			owner = "home's"
		case another:
			owner = "another's"
		}
		if what != "bytes" { // whether a text stands there as it is, is chance
			all = append(all, fmt.Sprintf("%s %s %s", strings.Split(f.Place, "/")[0], owner, what))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestA1WhatTheLibrariesCanReadIsSearched(t *testing.T) {
	t.Parallel()
	dir := node(t)
	for text, want := range map[string][]string{
		"Canary7live":  {"checkpoints home's record", "index home's term", "raft home's raft", "store home's record"},
		"canary7long":  {"checkpoints home's record", "index home's term", "raft home's raft", "store home's record"},
		"canary7other": {"checkpoints another's record", "index another's term", "raft another's raft", "store another's record"},
		// The log keeps what the store may have forgotten.
		"canary7replaced": {"raft home's raft"},
		"canary7gone":     {"raft home's raft"},
	} {
		got := places(t, dir, text)
		for _, place := range want {
			if !slices.Contains(got, place) {
				t.Errorf("%s: not in %s, but in %v", text, place, got)
			}
		}
		for _, place := range got {
			if strings.Contains(place, "home's") && text == "canary7other" || strings.Contains(place, "another's") && text != "canary7other" {
				t.Errorf("%s: in %s", text, place)
			}
		}
	}
	if got := places(t, dir, "canary7nowhere"); got != nil {
		t.Errorf("a text that is nowhere is in %v", got)
	}
}

func TestA1SpooledAndPackedFilesAreSearched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var gz, archive bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err := w.Write([]byte("some canary8 in a report"))
	must(t, errors.Join(err, w.Close()))
	a := tar.NewWriter(&archive)
	must(t, a.WriteHeader(&tar.Header{Name: "state/report.csv.gz", Size: int64(gz.Len()), Mode: 0o600}))
	_, err = a.Write(gz.Bytes())
	must(t, errors.Join(err, a.Close()))
	for name, b := range map[string][]byte{
		"tmp/import-" + home.String() + "-1.csv": []byte("a canary8,1\n"),
		"tmp/report.csv.gz":                      gz.Bytes(),
		"tmp/received.tar":                       archive.Bytes(),
		"keys/canary8.pem":                       []byte("-"),
	} {
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	found, err := Find(dir, "canary8")
	must(t, err)
	if d := cmp.Diff([]Finding{
		{"keys/canary8.pem", "name", record.ID{}, "canary8"},
		{"tmp/import-" + home.String() + "-1.csv", "bytes", home, "canary8"},
		{"tmp/received.tar!state/report.csv.gz", "compressed bytes", record.ID{}, "canary8"},
		{"tmp/report.csv.gz", "compressed bytes", record.ID{}, "canary8"},
	}, found); d != "" {
		t.Error(d)
	}
}

func TestA2WhatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"store/000123.sst", "index/x/bleve/000000000001.zap"} {
		dir := t.TempDir()
		must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("not what it says "), 100), 0o600))
		if found, err := Find(dir, "not what"); err == nil || len(found) != 1 || found[0].What != "bytes" {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if _, err := Find(filepath.Join(t.TempDir(), "none"), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Find(t.TempDir()); err == nil {
		t.Error("no text: no error")
	}
	if _, err := Find(t.TempDir(), ""); err == nil {
		t.Error("empty text: no error")
	}
}

func TestA3NothingIsChanged(t *testing.T) {
	t.Parallel()
	dir := node(t)
	before := listing(t, dir)
	if _, err := Find(dir, "canary7live"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, listing(t, dir)); d != "" {
		t.Error(d)
	}
}

func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	must(t, filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files[name] = info.ModTime().Format(time.RFC3339Nano) + fmt.Sprint(info.Size())
		}
		return err
	}))
	return files
}
