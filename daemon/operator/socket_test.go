package operator_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domicile/daemon/operator"
)

func isRoot() bool { return os.Getuid() == 0 }

// socketPath is short: t.TempDir has the test's name in it, and sockets have little room.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "op")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "operator.sock")
}

func TestO1TheSocketIsTheOwnersAndTheGroups(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	l, err := operator.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 || info.Mode()&fs.ModeSocket == 0 {
		t.Errorf("socket is %v, %v", info.Mode(), err)
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("left beside the socket: %v", names)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}
}

func TestASocketThatWasLeftBehindIsReplaced(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := operator.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := operator.Listen(path); !errors.Is(err, operator.ErrInUse) {
		t.Errorf("a second one: got %v, want ErrInUse", err)
	}
}

func TestWhatIsNoSocketIsNotReplaced(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Listen(path); !errors.Is(err, operator.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file is now %q, %v", text, err)
	}
	if _, err := operator.Listen("/" + strings.Repeat("long/", 40) + "s"); !errors.Is(err, operator.ErrInvalid) {
		t.Errorf("a long path: got %v, want ErrInvalid", err)
	}
}
