package record_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"domicile/store/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; numbers and encodings are for ever (-want +got):\n%s", path, diff)
	}
}

// K1: a row that is renumbered, or a number that gets another meaning, changes
// the golden file, which may only grow.
func TestK1NumbersAreForEver(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, d := range record.Kinds() {
		fmt.Fprintf(&b, "%d %s: %s\n", d.Kind, d.Name, d.Class)
		for _, i := range d.Indexes {
			fmt.Fprintf(&b, "  index %d %s%s:", i.Number, i.Name, map[bool]string{true: " unique"}[i.Unique])
			for _, f := range i.Fields {
				fmt.Fprintf(&b, " %s(%s%s%s)", f.Path, f.Type, map[bool]string{true: " desc"}[f.Desc], map[bool]string{true: " each"}[f.Each])
			}
			b.WriteByte('\n')
		}
		for _, r := range d.Refs {
			fmt.Fprintf(&b, "  ref %s -> %s\n", r.Path, r.Kind)
		}
		for _, s := range d.Search {
			fmt.Fprintf(&b, "  search %s as %s\n", s.Path, s.Name)
		}
		for _, f := range d.Facets {
			fmt.Fprintf(&b, "  facet %s as %s(%s)\n", f.Path, f.Name, f.Type)
		}
		for _, c := range d.Children {
			fmt.Fprintf(&b, "  child %s by %s\n", c.Kind, c.Index)
		}
		for _, name := range d.Derived {
			fmt.Fprintf(&b, "  derived %s\n", name)
		}
	}
	golden(t, "kinds.txt", b.Bytes())
}

func TestTableIsConsistent(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	last := record.Kind(0)
	for _, d := range record.Kinds() {
		if d.Kind <= last {
			t.Errorf("%s: number %d does not follow %d", d.Name, d.Kind, last)
		}
		last = d.Kind
		if names[d.Name] || d.Name == "" {
			t.Errorf("kind %d: name %q is empty or used twice", d.Kind, d.Name)
		}
		names[d.Name] = true
		if k, ok := record.ParseKind(d.Name); !ok || k != d.Kind || k.String() != d.Name {
			t.Errorf("%s: the name does not lead back to the kind", d.Name)
		}
		if got, ok := record.Lookup(d.Kind); !ok || got != d {
			t.Errorf("%s: Lookup finds another row", d.Name)
		}
		checkIndexes(t, d)
		for _, r := range d.Refs {
			if _, ok := record.Lookup(r.Kind); !ok {
				t.Errorf("%s: reference %s is to an unknown kind", d.Name, r.Path)
			}
		}
		for _, c := range d.Children {
			i := record.Find(c.Kind, c.Index)
			if i == nil || i.Fields[0].Type != record.Ref {
				t.Errorf("%s: children of kind %s are not found by index %s", d.Name, c.Kind, c.Index)
			}
		}
	}
	if _, ok := record.Lookup(last + 1); ok {
		t.Error("Lookup finds a kind behind the last")
	}
	if _, ok := record.Lookup(0); ok {
		t.Error("Lookup finds kind 0")
	}
	if _, ok := record.ParseKind("nothing"); ok {
		t.Error("ParseKind finds a kind by an unknown name")
	}
	if got := record.Kind(99).String(); got != "kind(99)" {
		t.Errorf("an unknown kind is worded %q", got)
	}
	if record.Find(record.Project, "nothing") != nil || record.Find(99, "name") != nil {
		t.Error("Find finds an index that is not there")
	}
}

func checkIndexes(t *testing.T, d *record.Definition) {
	t.Helper()
	names := map[string]bool{}
	for n, i := range d.Indexes {
		if int(i.Number) != n+1 {
			t.Errorf("%s.%s: number %d is not that of its place; a retired number needs a test of its own", d.Name, i.Name, i.Number)
		}
		if names[i.Name] || i.Name == "" || len(i.Fields) == 0 {
			t.Errorf("%s.%s: name is empty or used twice, or there are no fields", d.Name, i.Name)
		}
		names[i.Name] = true
		if record.Find(d.Kind, i.Name).Number != i.Number {
			t.Errorf("%s.%s: Find finds another index", d.Name, i.Name)
		}
		each := 0
		for _, f := range i.Fields {
			if f.Each {
				each++
			}
			if f.Desc && f.Type != record.Int && f.Type != record.Time && f.Type != record.Bool {
				t.Errorf("%s.%s: %s cannot be descending", d.Name, i.Name, f.Path)
			}
		}
		if each > 1 || each > 0 && i.Unique {
			t.Errorf("%s.%s: at most one field may have several values, and none of a unique index", d.Name, i.Name)
		}
	}
}

// K5: what stands in the directory is an item of R6, all else is regional or
// what a region needs to run.
func TestK5EveryKindHasAClass(t *testing.T) {
	t.Parallel()
	for _, d := range record.Kinds() {
		system := d.Kind >= record.Person
		if d.Class < record.Regional || d.Class > record.Operational {
			t.Errorf("%s has no class", d.Name)
		}
		if system == (d.Class == record.Regional) {
			t.Errorf("%s has class %s: kinds of workspaces are regional, those of the system are not", d.Name, d.Class)
		}
	}
}
