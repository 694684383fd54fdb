package workspace

import (
	"encoding/json"
	"fmt"

	"domicile/store"
	"domicile/store/record"
)

// Changed is one record of the change feed at its latest revision.
type Changed struct {
	Kind     string          `json:"kind"`
	ID       record.ID       `json:"id"`
	Revision store.Revision  `json:"revision"`
	Deleted  bool            `json:"deleted"`
	Document json.RawMessage `json:"document,omitempty" doc:"As stored; absent for deletions."`
}

// Feed is a piece of the change feed and where the next one begins.
type Feed struct {
	Changes []Changed `json:"changes"`
	Next    string    `json:"next" doc:"Opaque; send it as since."`
	More    bool      `json:"more" doc:"True where the next piece can be read at once."`
}

// maxFeedBytes bounds the documents of one piece.
const maxFeedBytes = 4 << 20

// Changes reads the feed after a cursor; "" begins with the oldest change.
// ErrBadCursor, ErrCursorTooOld.
func (s *Service) Changes(c *Scope, since string, limit int) (Feed, error) {
	var from store.Cursor
	if since != "" {
		parsed, err := store.ParseCursor(since)
		if err != nil {
			return Feed{}, err
		}
		from = parsed
	}
	feed, next := Feed{Changes: []Changed{}}, from
	for bytes := 0; len(feed.Changes) < limit && bytes < maxFeedBytes; {
		ask := min(limit-len(feed.Changes), 100) // a few at a time, so that large documents end the piece early
		changes, after, err := c.View.Changes(c.Workspace, next, ask)
		if err != nil {
			return Feed{}, fmt.Errorf("read changes: %w", err)
		}
		next = after
		for _, one := range changes {
			if !public(one.Key.Kind) {
				continue
			}
			bytes += len(one.Doc)
			feed.Changes = append(feed.Changes, Changed{
				Kind: one.Key.Kind.String(), ID: one.Key.ID, Revision: one.Revision, Deleted: one.Deleted, Document: one.Doc,
			})
		}
		if feed.More = len(changes) == ask; !feed.More {
			break
		}
	}
	feed.Next = next.String()
	return feed, nil
}

// public says whether the feed shows a kind: not what serves the API itself.
func public(k record.Kind) bool { return k != record.Idempotency && k != record.Event }
