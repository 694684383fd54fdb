package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)#\s]+)`)

// TestD5LinksLeadSomewhere follows every relative link of the documents.
func TestD5LinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	documents := []string{"../README.md"}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			documents = append(documents, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			target := filepath.Join(filepath.Dir(document), m[1])
			if strings.HasPrefix(target, filepath.Join("..", "..")) {
				t.Errorf("%s links to %s, outside the project", document, m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", document, m[1])
			}
		}
	}
}

// TestD2TreeOfTheReadmeIsTheFolders compares "Where things are" with the table of folders.
func TestD2TreeOfTheReadmeIsTheFolders(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "\n## Where things are\n")
	if !ok {
		t.Fatal(`README.md has no section "Where things are"`)
	}
	_, after, _ = strings.Cut(after, "```\n")
	tree, _, ok := strings.Cut(after, "```\n")
	if !ok {
		t.Fatal("the section has no tree")
	}
	shown := map[string]bool{}
	for line := range strings.Lines(tree) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		shown[strings.TrimSuffix(name, "/")] = true
		if _, err := os.Stat(filepath.Join("..", name)); err != nil {
			t.Errorf("README.md shows %s, which is not there", name)
		}
	}
	for _, f := range folders(t) {
		if path := strings.TrimSuffix(f.Path, below); !shown[path] {
			t.Errorf("README.md does not show %s", path)
		}
	}
}
