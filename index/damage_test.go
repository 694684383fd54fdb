package index

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"domicile/store"
	"domicile/store/record"
)

// closedIndex is a world with one closed index, and its files.
func closedIndex(t *testing.T) (w *world, ws record.ID, rev store.Revision, files map[string][]byte) {
	t.Helper()
	w = newWorld(t)
	w.open(Options{})
	ws = w.workspace("a")
	for i := range 3 { // segments of their own, and deletions in the root
		rev = w.entries(ws, i*20, 20)
		w.check(ws, rev)
		rev = w.put(ws, map[record.Key][]byte{{Kind: record.TimeEntry, ID: record.DeriveID("entry", fmt.Sprint(i*20))}: nil})
		w.check(ws, rev)
	}
	w.close()
	return w, ws, rev, readTree(t, filepath.Join(w.dir, ws.String()))
}

func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		rel, rerr := filepath.Rel(dir, name)
		files[rel] = b
		return errors.Join(err, rerr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// writeTree makes a directory hold exactly these files.
func writeTree(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestI3DamageIsNeverServed flips bits all over the files of a closed index,
// one at a time, and compares the answers of the reopened index with a scan.
func TestI3DamageIsNeverServed(t *testing.T) {
	t.Parallel()
	w, ws, rev, files := closedIndex(t)
	const flips = 12 // of each file
	for name, b := range files {
		step := max(1, len(b)/flips)
		for at := 0; at < len(b); at += step {
			damaged := bytes.Clone(b)
			damaged[at] ^= 1 << (at / step % 8)
			w.reopen(t, ws, rev, files, name, damaged)
		}
	}
}

// TestI3MissingAndForeignFilesAreNeverServed does the same with whole files.
func TestI3MissingAndForeignFilesAreNeverServed(t *testing.T) {
	t.Parallel()
	w, ws, rev, files := closedIndex(t)
	for name, b := range files {
		w.reopen(t, ws, rev, files, name, nil)
		w.reopen(t, ws, rev, files, name, b[:len(b)/2])
		w.reopen(t, ws, rev, files, name, []byte{})
		w.reopen(t, ws, rev, files, name, append(bytes.Clone(b), 0))
		w.reopen(t, ws, rev, files, name, bytes.Repeat([]byte{0xff}, len(b)))
	}
	w.reopen(t, ws, rev, files, "bleve/ffffffffffff.zap", []byte("not a segment"))
}

// reopen opens the index with one file replaced, or missing if b is nil, and
// checks its answers.
func (w *world) reopen(t *testing.T, ws record.ID, rev store.Revision, files map[string][]byte, name string, b []byte) {
	t.Helper()
	changed := make(map[string][]byte)
	for other, content := range files {
		changed[other] = content
	}
	changed[name] = b
	if b == nil {
		delete(changed, name)
	}
	writeTree(t, filepath.Join(w.dir, ws.String()), changed)
	w.open(Options{})
	w.check(ws, rev, usual()...)
	w.close()
	if t.Failed() {
		t.Fatalf("with %s of %d bytes", name, len(b))
	}
}

// TestI3EveryFlipIsNoticed flips a bit of every seventh byte: a sum of 32 bits
// notices any one flip.
func TestI3EveryFlipIsNoticed(t *testing.T) {
	t.Parallel()
	w, ws, _, files := closedIndex(t)
	dir := filepath.Join(w.dir, ws.String())
	if err := checkFiles(dir); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
	for name, b := range files {
		for at := 0; at < len(b); at += max(7, len(b)/300) {
			b[at] ^= 1 << (at % 8)
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := checkFiles(dir); !errors.Is(err, errDamaged) {
				t.Fatalf("flip at %d of %s: %v", at, name, err)
			}
			b[at] ^= 1 << (at % 8)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestI3SegmentsOfACrashedIndexAreChecked damages an index that has no
// manifest: its segments carry their own sums.
func TestI3SegmentsOfACrashedIndexAreChecked(t *testing.T) {
	t.Parallel()
	w, ws, rev, files := closedIndex(t)
	delete(files, manifestName)
	for name, b := range files {
		if filepath.Ext(name) != ".zap" {
			continue
		}
		for at := 0; at < len(b); at += max(1, len(b)/10) {
			damaged := bytes.Clone(b)
			damaged[at] ^= 1 << (at % 8)
			w.reopen(t, ws, rev, files, name, damaged)
		}
		w.reopen(t, ws, rev, files, name, b[:len(b)-1])
		w.reopen(t, ws, rev, files, name, nil)
	}
}

// TestI3ARootThatCannotBeReadIsBuiltAgain does it to the root of a crashed index.
func TestI3ARootThatCannotBeReadIsBuiltAgain(t *testing.T) {
	t.Parallel()
	w, ws, rev, files := closedIndex(t)
	delete(files, manifestName)
	root := files["bleve/root.bolt"]
	w.reopen(t, ws, rev, files, "bleve/root.bolt", nil)
	w.reopen(t, ws, rev, files, "bleve/root.bolt", []byte{})
	w.reopen(t, ws, rev, files, "bleve/root.bolt", make([]byte, len(root)))
	w.reopen(t, ws, rev, files, "bleve/root.bolt", bytes.Repeat([]byte{0xff}, len(root)))
}

// TestI3PanicsOfTheReaderBecomeARebuild spoils an index while it is open.
func TestI3PanicsOfTheReaderBecomeARebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(Options{})
	ws := w.workspace("a")
	rev := w.entries(ws, 0, 30)
	w.check(ws, rev, usual()...)
	known, err := w.set.acquire(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	defer w.set.release(known)
	known.fail() // as search does after a panic
	w.check(ws, rev, usual()...)
	if err := guard(func() error { panic("index out of range") }); !errors.Is(err, errDamaged) {
		t.Fatal(err)
	}
	if err := guard(func() error { var b *[]byte; (*b)[0] = 1; return nil }); !errors.Is(err, errDamaged) {
		t.Fatal(err)
	}
}
