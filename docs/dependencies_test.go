package docs

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var requirement = regexp.MustCompile(`^\t?(?:require )?([a-z0-9.-]+\.[a-z]+/\S+) v\S+$`)

// direct reads the direct requirements of go.mod: those without an "indirect" remark.
func direct(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if m := requirement.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			all = append(all, m[1])
		}
	}
	if len(all) == 0 {
		t.Fatal("go.mod names no direct dependency")
	}
	return all
}

// TestD3DirectDependenciesAreExplained wants each to have a reason, a licence and a word on its upkeep.
func TestD3DirectDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	var explained []string
	for _, cells := range rows(t, "dependencies.md", "Direct dependencies") {
		name := code.FindStringSubmatch(cells[0])
		if name == nil || len(cells) != 4 || slices.Contains(cells, "") {
			t.Errorf("row is not | module | why | licence | upkeep |: %v", cells)
			continue
		}
		explained = append(explained, name[1])
	}
	used := direct(t)
	for _, d := range used {
		if !slices.Contains(explained, d) {
			t.Errorf("go.mod requires %s, which dependencies.md does not explain", d)
		}
	}
	for _, d := range explained {
		if !slices.Contains(used, d) {
			t.Errorf("dependencies.md explains %s, which go.mod does not require directly", d)
		}
	}
}
