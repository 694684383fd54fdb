package storetest

import (
	"fmt"
	"strings"

	"domicile/store"
)

// Fataler is a test, or a step of a property test.
type Fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Dump returns every key and value of a store as text, a line each, and the
// applied index. Two stores that applied the same entries have the same dump,
// however the entries were cut into batches and whatever crashed in between.
func Dump(tb Fataler, db *store.DB) string {
	tb.Helper()
	v := db.View()
	defer v.Close()
	var b strings.Builder
	index, term := db.Applied()
	fmt.Fprintf(&b, "applied %d of term %d at %s\n", index, term, db.CellTime())
	for entry, err := range v.Raw() {
		if err != nil {
			tb.Fatalf("dump store: %v", err)
		}
		fmt.Fprintf(&b, "%q = %q\n", entry.Key, entry.Value)
	}
	return b.String()
}
