package docs

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of our own import paths.
const module = "domicile"

// below at the end of a folder in a table means: with all folders below it.
const below = "/…"

// folder is a row of the table "Folders and what they may import".
type folder struct {
	Path string
	May  []string
}

// covers reports whether a row's path, or one that a row allows, means this package folder.
func covers(pattern, path string) bool {
	if tree, ok := strings.CutSuffix(pattern, below); ok {
		return path == tree || strings.HasPrefix(path, tree+"/")
	}
	return path == pattern
}

// allows reports whether the row lets its package import another of ours.
func (f folder) allows(path string) bool {
	return covers(f.Path, path) || slices.ContainsFunc(f.May, func(m string) bool { return covers(m, path) })
}

var code = regexp.MustCompile("`([^`]+)`")

// rows reads the table of a document that follows a heading: its cells, without the two header lines.
func rows(t testing.TB, document, heading string) [][]string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", document, heading)
	}
	var table [][]string
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") {
			break
		}
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		table = append(table, cells)
	}
	if len(table) < 3 {
		t.Fatalf("%s has no table under %q", document, heading)
	}
	return table[2:]
}

// folders reads the table of folders.
func folders(t testing.TB) []folder {
	t.Helper()
	var all []folder
	for _, cells := range rows(t, "architecture.md", "Folders and what they may import") {
		if len(cells) != 3 {
			t.Fatalf("row of the table of folders has %d cells: %v", len(cells), cells)
		}
		name := code.FindStringSubmatch(cells[0])
		if name == nil {
			t.Fatalf("row without a folder: %v", cells)
		}
		f := folder{Path: name[1]}
		for _, m := range code.FindAllStringSubmatch(cells[2], -1) {
			f.May = append(f.May, m[1])
		}
		slices.Sort(f.May)
		all = append(all, f)
	}
	return all
}

// TestTableOfFoldersHasOneRowEach keeps the table readable by machines.
func TestTableOfFoldersHasOneRowEach(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	all := folders(t)
	for _, f := range all {
		if seen[f.Path] {
			t.Errorf("%s has two rows", f.Path)
		}
		seen[f.Path] = true
	}
	for _, f := range all {
		for _, m := range f.May {
			if !seen[m] {
				t.Errorf("%s may import %s, which has no row", f.Path, m)
			}
		}
	}
}

func ruleName(f folder) string {
	return strings.ReplaceAll(strings.TrimSuffix(f.Path, below), "/", "-")
}

// ruleText is the depguard rule that a row means, as YAML.
func ruleText(f folder) string {
	var b strings.Builder
	in := func(pattern string) string {
		if tree, ok := strings.CutSuffix(pattern, below); ok {
			return module + "/" + tree
		}
		return module + "/" + pattern + "$"
	}
	files := f.Path + "/*.go"
	if tree, ok := strings.CutSuffix(f.Path, below); ok {
		files = tree + "/**"
	}
	fmt.Fprintf(&b, "        %s:\n", ruleName(f))
	fmt.Fprintf(&b, "          list-mode: lax\n")
	fmt.Fprintf(&b, "          files: [\"${base-path}/%s\", \"!$test\"]\n", files)
	fmt.Fprintf(&b, "          deny: [{pkg: %s/, desc: \"not in the row of %s in docs/architecture.md\"}]\n", module, f.Path)
	if strings.HasSuffix(f.Path, below) || len(f.May) > 0 {
		b.WriteString("          allow:\n")
	}
	if strings.HasSuffix(f.Path, below) {
		fmt.Fprintf(&b, "            - %s\n", in(f.Path))
	}
	for _, m := range f.May {
		fmt.Fprintf(&b, "            - %s\n", in(m))
	}
	return b.String()
}
