package daemontest_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domicile/daemon/daemontest"
)

func TestT5UnfitDataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	s := daemontest.MakeServers(t, "")
	config, data := s.ConfigFile("eu"), s.Place("eu").Data
	refuse := func(name string, code int, args []string, says ...string) {
		t.Helper()
		before := tree(t, data)
		got, _, logs := daemontest.Command(t, args...)
		if got != code {
			t.Errorf("%s: exit code %d, want %d: %s", name, got, code, logs)
		}
		for _, text := range says {
			if !strings.Contains(logs, text) {
				t.Errorf("%s: does not say %q: %s", name, text, logs)
			}
		}
		if strings.Contains(logs, "goroutine") {
			t.Errorf("%s: %s", name, logs)
		}
		if after := tree(t, data); after != before {
			t.Errorf("%s: the directory was\n%sand is\n%s", name, before, after)
		}
	}
	serve, initialise := []string{"serve", "--config", config}, []string{"cell", "init", "--config", config}

	refuse("no directory", 1, serve, data, "cell init")
	check(t, os.Mkdir(data, 0o700))
	refuse("empty", 1, serve, data, "cell init")
	check(t, os.WriteFile(filepath.Join(data, "notes.txt"), []byte("mine"), 0o600))
	refuse("somebody's", 1, serve, data, "cell init")
	refuse("somebody's, to init", 3, initialise, "notes.txt")
	check(t, os.RemoveAll(data))
	check(t, os.WriteFile(data, []byte("a file"), 0o600))
	refuse("a file", 1, serve, data)
	refuse("a file, to init", 1, initialise, data)
	check(t, os.Remove(data))

	daemontest.MustCommand(t, initialise...)
	refuse("initialised twice", 3, initialise, data)
	marker := filepath.Join(data, "node.json")
	mine, err := os.ReadFile(marker)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, says string }{
		{"another region's", `"region": "eu"`, `"region": "uk"`, "uk"},
		{"another cell's", `"cell": "eu-1"`, `"cell": "eu-2"`, "eu-2"},
		{"another node's", `"node": "a"`, `"node": "b"`, "another node"},
		{"a newer version's", `"format": 1`, `"format": 2`, "newer version"},
		{"damaged", `{`, `[`, "damaged"},
	} {
		changed := strings.Replace(string(mine), c.old, c.new, 1)
		if changed == string(mine) {
			t.Fatalf("%s: no %s in %s", c.name, c.old, mine)
		}
		check(t, os.WriteFile(marker, []byte(changed), 0o600))
		refuse(c.name, 1, serve, data, c.says)
	}
	check(t, os.WriteFile(marker, mine, 0o600))
	uk, err := os.ReadFile(s.ConfigFile("uk"))
	if err != nil {
		t.Fatal(err)
	}
	swapped := filepath.Join(s.Dir, "swapped.yaml")
	check(t, os.WriteFile(swapped, []byte(strings.Replace(string(uk), s.Place("uk").Data, data, 1)), 0o600))
	refuse("served as uk", 1, []string{"serve", "--config", swapped}, data, "eu/eu-1/a", "uk/uk-1/a")

	// After all of that the right node starts, and a second one does not.
	daemontest.MustCommand(t, "cell", "init", "--config", s.ConfigFile("global"))
	s.Start("global")
	s.Start("eu")
	if code, _, logs := daemontest.Command(t, serve...); code != 1 || !strings.Contains(logs, "in use") || !strings.Contains(logs, data) {
		t.Errorf("in use: exit code %d: %s", code, logs)
	}
	ann := s.Person("Ann First")
	s.Workspace(ann, "PRO", "eu")
	s.Stop("eu")
	s.Stop("global")
}

// tree lists names, sizes and times below a path, so that a change is seen.
func tree(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) && name == path {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(&b, strings.TrimPrefix(name, path), info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	check(t, err)
	return b.String()
}
