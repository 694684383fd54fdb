package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"domicile/store/record"
)

func mustOpen(t *testing.T, o Options) *DB {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func mustClose(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// S12
func TestS12OpenRefusesForeignDirectories(t *testing.T) {
	t.Parallel()
	mem := vfs.NewMem()
	db := mustOpen(t, Options{Dir: "db", FS: mem, CellID: "eu-1"})
	if db.CellID() != "eu-1" {
		t.Errorf("cell id %q", db.CellID())
	}
	mustClose(t, db)
	mustClose(t, db) // twice is once

	if _, err := Open(Options{Dir: "db", FS: mem, CellID: "eu-2"}); !errors.Is(err, ErrForeignCell) || !strings.Contains(err.Error(), "eu-1") {
		t.Errorf("another cell: %v", err)
	}
	db = mustOpen(t, Options{Dir: "db", FS: mem})
	if db.CellID() != "eu-1" {
		t.Errorf("cell id %q when opened for any", db.CellID())
	}
	if err := db.pebble.Set(formatKey, binary.BigEndian.AppendUint32(nil, formatVersion+1), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	mustClose(t, db)
	if _, err := Open(Options{Dir: "db", FS: mem, CellID: "eu-1"}); !errors.Is(err, ErrNewerVersion) {
		t.Errorf("newer format: %v", err)
	}
	if _, err := Open(Options{Dir: "nothing", FS: mem, ReadOnly: true}); err == nil {
		t.Error("a directory that is not there opens read-only")
	}
}

// S12: the engine's own format, too.
func TestS12OpenRefusesNewerEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustClose(t, mustOpen(t, Options{Dir: dir}))
	marks, err := fs.Glob(os.DirFS(dir), "marker.format-version.*")
	if err != nil || len(marks) == 0 {
		t.Fatalf("no mark of the engine's format: %v", err)
	}
	for _, mark := range marks {
		dot := strings.LastIndexByte(mark, '.')
		if err := os.Rename(dir+"/"+mark, dir+"/"+mark[:dot]+".999"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrNewerVersion) {
		t.Errorf("newer engine: %v", err)
	}
}

// S12
func TestS12OpenRefusesDirectoryInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("second open in one process: %v", err)
	}
	mustClose(t, db)
	mustClose(t, mustOpen(t, Options{Dir: dir}))
}

// S12: whoever cannot write is told so. Tests may run as root, whom permissions
// don't stop, so the file system refuses.
func TestS12OpenSaysWhyItCannotWrite(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]error{
		syscall.EROFS:    ErrReadOnly,
		fs.ErrPermission: ErrReadOnly,
		syscall.ENOSPC:   ErrNoSpace,
	} {
		refuse := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpMkdirAll {
				return fmt.Errorf("open: %w", cause)
			}
			return nil
		})
		if _, err := Open(Options{Dir: "db", FS: errorfs.Wrap(vfs.NewMem(), refuse)}); !errors.Is(err, want) {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// S13: a full disk under the engine is told to Fatal and to who applies; the
// process goes on. It runs in a process of its own, because the goroutine that
// the engine could not go on with stays parked.
func TestS13FullDiskIsTold(t *testing.T) {
	t.Parallel()
	if os.Getenv("STORE_TEST_FULL_DISK") != "" {
		fullFromTheStart()
		fullDisk()
		os.Exit(0)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-test.run=^TestS13FullDiskIsTold$")
	cmd.Env = append(os.Environ(), "STORE_TEST_FULL_DISK=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []string{"open: no space", "fatal was told", "apply: stopped", "flush: stopped", "view: stopped", "closed"}
	var got []string
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		if line, ok := strings.CutPrefix(s.Text(), "full disk: "); ok {
			got = append(got, line)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the store said\n%s", out)
	}
}

func say(format string, args ...any) { fmt.Printf("full disk: "+format+"\n", args...) }

// fullFromTheStart opens a store where nothing can be written; Open says so.
func fullFromTheStart() {
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, "MANIFEST") && op.Kind != errorfs.OpCreate {
			return syscall.ENOSPC
		}
		return nil
	}))
	_, err := Open(Options{Dir: "db", FS: disk, Fatal: func(err error) { say("fatal was told at open: %v", err) }})
	if errors.Is(err, ErrNoSpace) {
		say("open: no space")
	} else {
		say("open: %v", err)
	}
}

// fullDisk writes until the engine meets a full disk, and prints what comes back.
func fullDisk() {
	var full atomic.Bool
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, "MANIFEST") {
			return syscall.ENOSPC
		}
		return nil
	}))
	told := make(chan error, 1)
	db, err := Open(Options{Dir: "db", FS: disk, Fatal: func(err error) { told <- err }})
	if err != nil {
		say("open: %v", err)
		return
	}
	if _, err := db.Apply([]Entry{{Index: 1, Commands: []Command{{Create: &Create{Workspace: record.ID{1}, Epoch: 1, Incarnation: 1}}}}}); err != nil {
		say("apply before: %v", err)
		return
	}
	full.Store(true)
	go func() { _ = db.Flush() }() // meets the full disk, and does not come back
	<-told
	say("fatal was told")
	report := func(name string, err error) {
		if errors.Is(err, ErrStopped) {
			say("%s: stopped", name)
		} else {
			say("%s: %v", name, err)
		}
	}
	_, err = db.Apply([]Entry{{Index: 2}})
	report("apply", err)
	report("flush", db.Flush())
	_, err = db.View().Header(record.ID{1})
	report("view", err)
	if err := db.Close(); err != nil {
		say("close: %v", err)
	}
	say("closed")
}

// A damaged block on disk is noticed when it is read, and stops the store: its
// replicas have it right.
func TestDamagedFileStopsTheStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, Options{Dir: dir})
	ws := record.ID{1}
	commands := []Command{{Create: &Create{Workspace: ws, Epoch: 1, Incarnation: 1}}}
	for n := range byte(100) {
		put := Put{record.Key{Kind: record.Tag, ID: record.ID{n + 1}}, fmt.Appendf(nil, `{"name":"tag %d"}`, n)}
		commands = append(commands, Command{Txn: &Txn{Workspace: ws, Epoch: 1, Puts: []Put{put}}})
	}
	if _, err := db.Apply([]Entry{{Index: 1, Commands: commands}}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, db)
	tables, err := fs.Glob(os.DirFS(dir), "*.sst")
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, name := range tables {
		content, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		content[10] ^= 1 // in the first block of data
		if err := os.WriteFile(dir+"/"+name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	told := make(chan error, 1)
	db, err = Open(Options{Dir: dir, Fatal: func(err error) { told <- err }})
	if errors.Is(err, ErrCorrupt) {
		return // noticed at once
	}
	if err != nil {
		t.Fatal(err)
	}
	v := db.View()
	if err := v.Verify(t.Context(), ws); !errors.Is(err, ErrCorrupt) {
		t.Errorf("verify: %v", err)
	}
	v.Close()
	select {
	case err := <-told:
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("fatal was told %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("fatal was not told")
	}
	if _, err := db.Apply([]Entry{{Index: 2}}); !errors.Is(err, ErrStopped) || !errors.Is(err, ErrCorrupt) {
		t.Errorf("apply: %v", err)
	}
	mustClose(t, db)
}

// After Close everything answers ErrStopped, and nothing panics.
func TestClosedStoreAnswers(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, Options{Dir: "db", FS: vfs.NewMem()})
	s := db.Subscribe()
	defer s.Close()
	waiting := db.View()
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	if _, err := s.Next(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("subscription: %v", err)
	}
	// An open view is waited for, and still reads.
	if _, err := waiting.Header(record.ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a view from before: %v", err)
	}
	waiting.Close()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	v := db.View()
	if _, err := v.Get(record.ID{1}, record.Tag, record.ID{1}); !errors.Is(err, ErrStopped) {
		t.Errorf("get: %v", err)
	}
	for _, err := range v.Records(record.ID{1}, record.Tag) {
		if !errors.Is(err, ErrStopped) {
			t.Errorf("records: %v", err)
		}
	}
	for _, err := range v.Headers() {
		if !errors.Is(err, ErrStopped) {
			t.Errorf("headers: %v", err)
		}
	}
	if _, _, err := v.Changes(record.ID{1}, Cursor{}, 1); !errors.Is(err, ErrStopped) {
		t.Errorf("changes: %v", err)
	}
	if err := v.Verify(t.Context(), record.ID{1}); !errors.Is(err, ErrStopped) {
		t.Errorf("verify: %v", err)
	}
	if err := v.Close(); err != nil {
		t.Errorf("close of the view: %v", err)
	}
	if _, err := db.Apply(nil); !errors.Is(err, ErrStopped) {
		t.Errorf("apply: %v", err)
	}
	if err := db.Checkpoint("x"); !errors.Is(err, ErrStopped) {
		t.Errorf("checkpoint: %v", err)
	}
	if db.Stats() != (Stats{}) {
		t.Error("stats of a closed store")
	}
	if err := db.WaitRevision(t.Context(), record.ID{1}, 1); !errors.Is(err, ErrStopped) {
		t.Errorf("wait: %v", err)
	}
}
