package directory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"domicile/store"
	"domicile/store/record"
)

// cursor is where a region's reading of the directory stands. A reading begins with a walk over all records
// in the order of mirrored kinds and ids, and goes on with the feed from where the feed stood when the walk
// began; so what changes behind the walk is seen again.
type cursor struct {
	feed    store.Cursor
	walking bool
	kind    record.Kind // being walked
	after   record.ID   // the last id that was walked
}

// String is "feed CURSOR" or "walk CURSOR KIND ID".
func (c cursor) String() string {
	if !c.walking {
		return "feed " + c.feed.String()
	}
	return fmt.Sprintf("walk %s %d %s", c.feed.String(), c.kind, c.after)
}

func parseCursor(text string) (cursor, error) {
	parts := strings.Split(text, " ")
	if len(parts) < 2 {
		return cursor{}, ErrCursor
	}
	feed, err := store.ParseCursor(parts[1])
	if err != nil {
		return cursor{}, ErrCursor
	}
	if len(parts) == 2 && parts[0] == "feed" {
		return cursor{feed: feed}, nil
	}
	if len(parts) != 4 || parts[0] != "walk" {
		return cursor{}, ErrCursor
	}
	kind, err := strconv.ParseUint(parts[2], 10, 16)
	if err != nil || !slices.Contains(mirrored(), record.Kind(kind)) {
		return cursor{}, ErrCursor
	}
	after, err := record.ParseID(parts[3])
	if err != nil {
		return cursor{}, ErrCursor
	}
	return cursor{feed: feed, walking: true, kind: record.Kind(kind), after: after}, nil
}
