package store

import (
	"strings"
	"testing"
)

// Every key of a store is of a row of the keyspace, as long as the row says, and
// every row has keys.
func TestKeyspaceListsEveryKey(t *testing.T) {
	t.Parallel()
	db, _ := planted(t)
	db.o.CellID = "cell"
	if err := db.settle(); err != nil {
		t.Fatal(err)
	}
	lengths := map[string]int{"workspace": idLength, "revision": 8, "kind": 2, "id": idLength, "number": 8, "token": len(Token{}), "index": 2}
	seen := map[int]bool{}
	v := db.View()
	defer v.Close()
	for e, err := range v.Raw() {
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, row := range keyspace {
			length, open := len(row.prefix), false
			matches := strings.HasPrefix(string(e.Key), row.prefix)
			for _, part := range strings.Fields(row.rest) {
				switch n, known := lengths[part]; {
				case known:
					length += n
				case part[0] == '\'':
					matches = matches && len(e.Key) > length && e.Key[length] == part[1]
					length++
				case strings.HasSuffix(part, "…"):
					open = true
				default:
					matches = matches && strings.HasPrefix(string(e.Key[length:]), part)
					length += len(part)
				}
			}
			if matches && (len(e.Key) == length || open && len(e.Key) > length) {
				found, seen[i] = true, true
			}
		}
		if !found {
			t.Errorf("key %q is of no row", e.Key)
		}
	}
	for i, row := range keyspace {
		if !seen[i] {
			t.Errorf("row %q %q has no key", row.prefix, row.rest)
		}
	}
}
