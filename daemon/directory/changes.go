package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// pageLimits bound a page. One change of the directory is never cut, so one that moves a workspace of
// thousands can exceed them.
type pageLimits struct {
	keys  int // put and deleted
	bytes int // of documents
	walk  int // records that a page of the walk looks at, few of which a small region holds
	feed  int // changes of the feed that are looked at before the page's size is
}

func defaultPageLimits() pageLimits {
	return pageLimits{keys: 4000, bytes: 2 << 20, walk: 20_000, feed: 100}
}

// maxPollWait bounds what a caller can ask a long poll to wait.
const maxPollWait = time.Minute

// Changes implements Service.
func (d *Directory) Changes(ctx context.Context, r Region, at string, wait time.Duration) (Page, error) {
	if _, ok := d.o.Regions.Find(r); !ok {
		return Page{}, &UnknownRegion{Known: d.o.Regions.Names()}
	}
	polling, cancel := context.WithTimeoutCause(ctx, min(max(wait, 0), maxPollWait), errPolled)
	defer cancel()
	// Subscribed before the first look, so that nothing slips in between.
	var feed Feed
	if wait > 0 {
		feed = d.o.Subscribe()
		defer feed.Close()
	}
	for {
		page, err := d.onePage(ctx, r, at)
		if err != nil || page.Cursor != at || feed == nil {
			return page, err
		}
		if err := waitFor(polling, feed); errors.Is(err, errPolled) {
			return page, nil
		} else if err != nil {
			return Page{}, err
		}
	}
}

var errPolled = errors.New("the wait for news has ended")

func waitFor(ctx context.Context, feed Feed) error {
	for {
		moved, err := feed.Next(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if slices.Contains(moved, record.DirectoryID) {
			return nil
		}
	}
}

// onePage is one page as of now.
func (d *Directory) onePage(ctx context.Context, r Region, at string) (Page, error) {
	v, err := d.o.Cell.View(ctx)
	if err != nil {
		return Page{}, away(ctx, err)
	}
	defer v.Close()
	h, err := v.Header(record.DirectoryID)
	if err != nil {
		return Page{}, away(ctx, err)
	}
	b := builder{scope: newScope(d.records, v, r), header: h, limits: d.limits}
	if at == "" {
		end := store.Cursor{Incarnation: h.Incarnation, Revision: h.Revision}
		return b.walk(cursor{feed: end, walking: true, kind: mirrored()[0]})
	}
	c, err := parseCursor(at)
	if err != nil {
		return Page{}, err
	}
	if c.feed.Incarnation != h.Incarnation {
		return Page{}, ErrCursorTooOld
	}
	if c.walking {
		return b.walk(c)
	}
	return b.follow(c, at)
}

// builder makes one page.
type builder struct {
	scope  *scope
	header store.Header
	limits pageLimits
	page   Page
	bytes  int
	walked int
}

// walk reads records from where the walk stands until the page is full or the walk is over.
func (b *builder) walk(c cursor) (Page, error) {
	kinds := mirrored()
	for _, kind := range kinds[slices.Index(kinds, c.kind):] {
		sweep := Sweep{Kind: kind}
		if kind == c.kind {
			sweep.After = c.after
		}
		for rec, err := range b.scope.v.Records(record.DirectoryID, kind) {
			if err != nil {
				return Page{}, fmt.Errorf("read %s records: %w", kind, err)
			}
			if rec.Key.ID.Compare(sweep.After) <= 0 && !sweep.After.IsZero() {
				continue
			}
			if b.full() {
				b.cut(c.feed, sweep)
				return b.page, nil
			}
			if err := b.add(rec.Key, true); err != nil {
				return Page{}, err
			}
			sweep.Through = rec.Key.ID
			b.walked++
		}
		sweep.Through = record.ID{}
		b.page.Sweeps = append(b.page.Sweeps, sweep)
	}
	b.page.Cursor = cursor{feed: c.feed}.String()
	b.page.Revision = c.feed.Revision
	b.page.Complete = c.feed.Revision == b.header.Revision
	return b.page, nil
}

// cut ends a page of the walk in the middle of a kind.
func (b *builder) cut(feed store.Cursor, sweep Sweep) {
	after := sweep.After
	if !sweep.Through.IsZero() {
		b.page.Sweeps = append(b.page.Sweeps, sweep)
		after = sweep.Through
	}
	b.page.Cursor = cursor{feed: feed, walking: true, kind: sweep.Kind, after: after}.String()
}

func (b *builder) full() bool {
	return len(b.page.Puts)+len(b.page.Deletes) >= b.limits.keys || b.bytes >= b.limits.bytes || b.walked >= b.limits.walk
}

// follow reads the feed from the cursor until the page is full or the feed ends.
func (b *builder) follow(c cursor, at string) (Page, error) {
	keys := newKeySet()
	added := 0
	end := c.feed
	for !b.full() && len(keys.keys) < b.limits.keys {
		changes, next, err := b.scope.v.Changes(record.DirectoryID, end, b.limits.feed)
		if errors.Is(err, store.ErrCursorTooOld) {
			return Page{}, ErrCursorTooOld
		}
		if err != nil {
			return Page{}, fmt.Errorf("read the directory's feed: %w", err)
		}
		for _, change := range changes {
			if err := b.scope.affected(change, keys); err != nil {
				return Page{}, err
			}
		}
		end = next
		for ; added < len(keys.keys); added++ {
			if err := b.add(keys.keys[added], false); err != nil {
				return Page{}, err
			}
		}
		if len(changes) < b.limits.feed {
			b.page.Complete = true
			break
		}
	}
	if b.page.Revision = end.Revision; b.page.Complete {
		b.page.Revision = b.header.Revision
	}
	b.page.Cursor = at
	if end.Revision != c.feed.Revision {
		b.page.Cursor = cursor{feed: end}.String()
	}
	order(b.page.Puts, b.page.Deletes)
	return b.page, nil
}

func (b *builder) add(key record.Key, swept bool) error {
	doc, err := b.scope.desired(key)
	if err != nil {
		return err
	}
	if doc != nil {
		b.page.Puts = append(b.page.Puts, store.Put{Key: key, Doc: doc})
		b.bytes += len(doc)
	} else if !swept {
		b.page.Deletes = append(b.page.Deletes, key)
	}
	return nil
}

// order sorts puts so that what others refer to comes first, and deletes the other way.
func order(puts []store.Put, deletes []record.Key) {
	rank := map[record.Kind]int{}
	for i, kind := range mirrored() {
		rank[kind] = i
	}
	slices.SortStableFunc(puts, func(a, b store.Put) int { return cmp.Compare(rank[a.Key.Kind], rank[b.Key.Kind]) })
	slices.SortStableFunc(deletes, func(a, b record.Key) int { return cmp.Compare(rank[b.Kind], rank[a.Kind]) })
}
