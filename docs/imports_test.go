package docs

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/knadh/koanf/parsers/yaml"
)

var update = flag.Bool("update", false, "write the linter's import rules from docs/architecture.md")

const (
	linterFile = "../.golangci.yml"
	rulesBegin = "      # Written by: go test ./docs -run ImportRules -update\n      rules:\n"
	rulesEnd   = "      # End of the written rules.\n"
)

// TestD1ImportRulesOfTheLinterAreTheTable compares depguard's rules with the table, by meaning.
func TestD1ImportRulesOfTheLinterAreTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(linterFile)
	if err != nil {
		t.Fatal(err)
	}
	var rules strings.Builder
	for _, f := range folders(t) {
		rules.WriteString(ruleText(f))
	}
	if *update {
		before, rest, ok := strings.Cut(string(text), rulesBegin)
		_, after, ok2 := strings.Cut(rest, rulesEnd)
		if !ok || !ok2 {
			t.Fatalf("%s has no marked place for the rules", linterFile)
		}
		text = []byte(before + rulesBegin + rules.String() + rulesEnd + after)
		if err := os.WriteFile(linterFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := yaml.Parser().Unmarshal([]byte("rules:\n" + rules.String()))
	if err != nil {
		t.Fatal(err)
	}
	have, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(at(have, "linters").(map[string]any)["enable"].([]any), any("depguard")) {
		t.Error("the linter does not run depguard")
	}
	if d := cmp.Diff(at(want, "rules"), at(have, "linters", "settings", "depguard", "rules")); d != "" {
		t.Errorf("depguard's rules differ from the table in docs/architecture.md (-table +rules):\n%s", d)
	}
}

func at(tree map[string]any, path ...string) any {
	var v any = tree
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath, Name, Dir, Doc string
	Imports                    []string
	TestImports, XTestImports  []string
	Module                     struct{ Path string }
}

// packages lists the module's packages.
func packages(t testing.TB) []listed {
	t.Helper()
	command := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Dir,Doc,Imports,TestImports,XTestImports,Module", "./...")
	command.Dir = ".."
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("decode list of packages: %v", err)
		}
		if p.ImportPath != module {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}

// TestD1ImportsOfTheCodeAreInTheTable judges what the code really imports by the table.
func TestD1ImportsOfTheCodeAreInTheTable(t *testing.T) {
	t.Parallel()
	table := folders(t)
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		i := slices.IndexFunc(table, func(f folder) bool { return covers(f.Path, path) })
		if i < 0 {
			t.Errorf("%s has no row in the table of docs/architecture.md", path)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok && !table[i].allows(ours) {
				t.Errorf("%s imports %s, which its row does not allow", path, ours)
			}
		}
	}
}

// TestD1OnlyTestsImportHarnesses keeps what exists for tests out of the binary.
func TestD1OnlyTestsImportHarnesses(t *testing.T) {
	t.Parallel()
	harness := func(path string) bool {
		return path == "store/storetest" || covers("daemon/daemontest"+below, path)
	}
	for _, f := range folders(t) {
		for _, m := range f.May {
			if harness(m) && !harness(f.Path) {
				t.Errorf("the row of %s allows %s outside of tests", f.Path, m)
			}
		}
	}
}

// TestD2EveryRowIsAFolder finds rows that outlived their folder.
func TestD2EveryRowIsAFolder(t *testing.T) {
	t.Parallel()
	all := packages(t)
	for _, f := range folders(t) {
		if !slices.ContainsFunc(all, func(p listed) bool {
			return covers(f.Path, strings.TrimPrefix(p.ImportPath, module+"/"))
		}) {
			t.Errorf("the table has a row for %s, where no package is", f.Path)
		}
	}
}

// TestD4EveryPackageSaysWhatItDoes wants a doc comment in the form that go doc expects.
func TestD4EveryPackageSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		generated := covers("daemon/rpc"+below, strings.TrimPrefix(p.ImportPath, module+"/"))
		if generated || strings.HasSuffix(p.ImportPath, "entrypb") {
			continue // the definitions say it
		}
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command " + filepath.Base(p.Dir) + " "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: the doc comment does not begin with %q: %q", p.ImportPath, want, p.Doc)
		}
	}
}
