package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domicile/daemon/peer"
)

func TestD2ForeignDirectoryIsRefusedUntouched(t *testing.T) {
	t.Parallel()
	self := peer.Identity{Region: "eu", Cell: "eu-1", Node: "a"}
	marked := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, markerFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name  string
		make  func(*testing.T, string)
		want  error
		names string // must occur in the text: what to do
	}{
		{"empty", func(*testing.T, string) {}, ErrNotInitialised, "domicile cell init"},
		{"half made", func(t *testing.T, dir string) { mkdir(t, dir, "store") }, ErrNotInitialised, "domicile cell init"},
		{"another region's", marked(`{"format":1,"region":"uk","cell":"uk-1","node":"a"}`), ErrForeignData, "uk/uk-1/a"},
		{"another node's", marked(`{"format":1,"region":"eu","cell":"eu-1","node":"b"}`), ErrForeignData, "eu/eu-1/b"},
		{"a newer version's", marked(`{"format":2,"region":"eu","cell":"eu-1","node":"a"}`), ErrNewerData, "format 2"},
		{"damaged", marked(`{"format":`), nil, "damaged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tc.make(t, dir)
			before := tree(t, dir)
			_, err := openData(dir, self)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.names) {
				t.Errorf("open = %v, want %v naming %q", err, tc.want, tc.names)
			}
			if after := tree(t, dir); after != before {
				t.Errorf("directory was %q, is %q", before, after)
			}
		})
	}
}

func TestD2DirectoryInUseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := makeData(dir)
	if err != nil {
		t.Fatal(err)
	}
	self := peer.Identity{Region: "eu", Cell: "eu-1", Node: "a"}
	if err := d.finish(marker{Region: "eu", Cell: "eu-1", Node: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := openData(dir, self); !errors.Is(err, ErrInUse) {
		t.Errorf("open while in use: %v, want ErrInUse", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openData(dir, self)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if _, err := makeData(dir); !errors.Is(err, ErrInitialised) {
		t.Errorf("cell init over a cell: %v, want ErrInitialised", err)
	}
}

func TestInterruptedInitIsBegunAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mkdir(t, dir, "store")
	mkdir(t, dir, "keys")
	d, err := makeData(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	if left := tree(t, dir); left != lockFile {
		t.Errorf("left behind: %q", left)
	}
	mkdir(t, dir, "photos")
	if _, err := makeData(dir); !errors.Is(err, ErrInitialised) {
		t.Errorf("cell init over somebody's photos: %v, want ErrInitialised", err)
	}
}

func mkdir(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
		t.Fatal(err)
	}
}

// tree lists what is in dir.
func tree(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
