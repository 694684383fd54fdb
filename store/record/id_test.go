package record_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"domicile/store/record"
)

func TestParseIDRefusesWhatIsNoID(t *testing.T) {
	t.Parallel()
	id, err := record.ParseID("64C777ddd3fcab07cfbb210c")
	if err != nil || id.String() != "64c777ddd3fcab07cfbb210c" {
		t.Errorf("ParseID of a good id = %v, %v", id, err)
	}
	for _, s := range []string{"", "64c777", "64c777ddd3fcab07cfbb210", "64c777ddd3fcab07cfbb210c0", "64c777ddd3fcab07cfbb210g", "64c777ddd3fcab07cfbb21é", strings.Repeat("é", 12)} {
		if id, err := record.ParseID(s); err == nil {
			t.Errorf("ParseID(%q) = %v", s, id)
		}
		if err := id.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("UnmarshalText(%q) takes it", s)
		}
	}
	if id.String() != "64c777ddd3fcab07cfbb210c" {
		t.Error("a failed UnmarshalText changed the id")
	}
}

func TestSystemIDsAreFixed(t *testing.T) {
	t.Parallel()
	if got := record.DirectoryID.String(); got != "000000000000000000000001" {
		t.Errorf("directory: %s", got)
	}
	if got := record.RegionID.String(); got != "000000000000000000000002" {
		t.Errorf("region: %s", got)
	}
}

func TestDerivedIDsDependOnEachPart(t *testing.T) {
	t.Parallel()
	// For ever: memberships, homes and regions are found by derived ids.
	if got := record.DeriveID("region", "eu").String(); got != "c8b8c21e3f11c47c5fb9921f" {
		t.Errorf("DeriveID(region, eu) = %s", got)
	}
	seen := map[record.ID][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}} {
		id := record.DeriveID(parts...)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q give the same id", parts, other)
		}
		if id != record.DeriveID(parts...) {
			t.Errorf("%q gives two ids", parts)
		}
		seen[id] = parts
	}
}

func TestGeneratorNeverRepeats(t *testing.T) {
	t.Parallel()
	g := record.NewGenerator()
	now := time.Unix(1_700_000_000, 0)
	var mu sync.Mutex
	seen := map[record.ID]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := record.ID{}
			for range 1000 {
				id := g.Next(now)
				if id.Compare(last) <= 0 {
					t.Errorf("%s does not follow %s", id, last)
				}
				last = id
				mu.Lock()
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if later := g.Next(now.Add(time.Second)); later.String()[:8] != "6553f101" {
		t.Errorf("an id made a second later begins with %s", later.String()[:8])
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("64c777ddd3fcab07cfbb210c")
	f.Add("64C777DDD3FCAB07CFBB210C")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := record.ParseID(s)
		if err == nil && id.String() != strings.ToLower(s) {
			t.Errorf("ParseID(%q) = %s", s, id)
		}
	})
}
