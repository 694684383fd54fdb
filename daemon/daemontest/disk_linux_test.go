package daemontest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"domicile/daemon/daemontest"
)

// small mounts a file system of its own in a new directory, or skips the test.
func small(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}

// fill takes space until so many bytes are left.
func fill(t *testing.T, dir string, left uint64) {
	t.Helper()
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	free := s.Bavail * uint64(s.Bsize)
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, int64(free-left)), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskRefusesWritesAndLosesNothing(t *testing.T) {
	t.Parallel()
	const size = 512 << 20
	disk := small(t, size)
	s := daemontest.MakeServers(t, disk)
	daemontest.MustCommand(t, "cell", "init", "--config", s.ConfigFile("global"))
	s.Start("global")
	ann := s.Person("Ann Full")
	workspace := s.Workspace(ann, "PRO", "global")
	r := daemontest.Request{
		Method: http.MethodPost, Path: "/workspaces/" + workspace + "/time-entries", Key: ann.Key("global"),
		Body: map[string]string{"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "description": "kept"},
	}
	first := s.Must("global", http.StatusCreated, r).Get("id").String()
	second := s.Must("global", http.StatusCreated, r).Get("id").String()
	kept := 1 // second is deleted below
	answers := func(status, code int) {
		t.Helper()
		daemontest.Until(t, "answer", func() error {
			a, err := s.Call(t.Context(), "global", r)
			if a.Status == http.StatusCreated {
				kept++
			}
			return errors.Join(err, a.Want(status, code))
		})
	}

	fill(t, disk, size/100*7/2)
	answers(http.StatusInsufficientStorage, 5070)
	one := r
	one.Method, one.Path = http.MethodPut, r.Path+"/"+second
	if a := s.Must("global", http.StatusInsufficientStorage, one); a.Get("message").String() == "" {
		t.Error("a refusal without a word")
	}
	one.Method, one.Body = http.MethodDelete, nil
	s.Must("global", http.StatusNoContent, one) // deleting passes
	one.Method, one.Path = http.MethodGet, r.Path+"/"+first
	s.Must("global", http.StatusOK, one)
	check(t, os.Remove(filepath.Join(disk, "ballast")))
	answers(http.StatusCreated, 0)
	s.Stop("global")

	// Nothing at all is free: a start says so, and takes nothing away.
	fill(t, disk, 0)
	code, _, logs := daemontest.Command(t, "serve", "--config", s.ConfigFile("global"))
	if code != 1 || !strings.Contains(logs, s.Place("global").Data) || !strings.Contains(logs, "full") || strings.Contains(logs, "goroutine") {
		t.Errorf("start on a full disk: exit code %d: %s", code, logs)
	}
	check(t, os.Remove(filepath.Join(disk, "ballast")))
	s.Start("global")
	one.Path, one.Query = "/workspaces/"+workspace+"/user/"+ann.ID+"/time-entries", url.Values{"page-size": {"5000"}}
	if n := len(s.Must("global", http.StatusOK, one).Get("@this").Array()); n != kept {
		t.Errorf("%d entries, want the %d that were acknowledged", n, kept)
	}
	s.Stop("global")
}

func TestT5ReadOnlyDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	disk := small(t, 256<<20)
	s := daemontest.MakeServers(t, disk)
	config := s.ConfigFile("global")
	daemontest.MustCommand(t, "cell", "init", "--config", config)
	remount := func(flags uintptr) {
		if err := unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Skipf("a file system cannot be made read-only here: %v", err)
		}
	}
	remount(unix.MS_RDONLY)
	before := tree(t, disk)
	code, _, logs := daemontest.Command(t, "serve", "--config", config)
	if code != 1 || !strings.Contains(logs, s.Place("global").Data) || !strings.Contains(logs, "read-only") || strings.Contains(logs, "goroutine") {
		t.Errorf("serve on a read-only directory: exit code %d: %s", code, logs)
	}
	if code, _, logs = daemontest.Command(t, "cell", "init", "--config", s.ConfigFile("eu")); code != 1 || !strings.Contains(logs, "read-only") {
		t.Errorf("cell init on a read-only directory: exit code %d: %s", code, logs)
	}
	remount(0)
	if after := tree(t, disk); after != before {
		t.Errorf("the directory was\n%sand is\n%s", before, after)
	}
	s.Start("global")
	s.Stop("global")
}
