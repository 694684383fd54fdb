package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"domicile/store/record"
)

// Verify reads all of a workspace and compares: the digests, counts and bytes
// of the header with the records, and indexes, feed, deletions and tokens with
// what the records and the header say they must be. What differs is ErrCorrupt.
func (v *View) Verify(ctx context.Context, ws record.ID) error {
	h, there, err := v.header(ws)
	if err != nil {
		return fmt.Errorf("verify %s: %w", ws, err)
	}
	if !there {
		return fmt.Errorf("verify %s: %w", ws, ErrNotFound)
	}
	t := tally{ws: ws, header: h, counts: map[record.Kind]uint64{}, bytes: map[record.Kind]uint64{}, indexes: map[indexName]*balance{}}
	lower, upper := workspaceSpan(ws)
	it, err := v.iter(lower, upper)
	if err != nil {
		return fmt.Errorf("verify %s: %w", ws, err)
	}
	defer it.Close()
	for n, ok := 0, it.First(); ok; n, ok = n+1, it.Next() {
		if n%1000 == 0 && ctx.Err() != nil {
			return fmt.Errorf("verify %s: %w", ws, context.Cause(ctx))
		}
		if err := t.add(it); err != nil {
			return fmt.Errorf("verify %s: %w", ws, err)
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("verify %s: %w", ws, readError(err))
	}
	if err := t.compare(); err != nil {
		return fmt.Errorf("verify %s: %w", ws, err)
	}
	return nil
}

// balance sums what is there and what should be, in any order.
type balance struct{ there, wanted Digest }

type indexName struct {
	kind   record.Kind
	number uint16
}

// tally is one verification.
type tally struct {
	ws     record.ID
	header Header

	content, state Digest
	counts, bytes  map[record.Kind]uint64
	markers        uint64
	feed           balance
	indexes        map[indexName]*balance
	tokens         balance // what the queue names, and what is kept
	queued, kept   uint64
}

// add takes one key of the workspace.
func (t *tally) add(it *pebble.Iterator) error {
	key := it.Key()
	value, err := it.ValueAndErr()
	if err != nil {
		return readError(err)
	}
	_, section, ok := splitWorkspace(key)
	if !ok {
		return corrupt("key of a workspace")
	}
	switch section {
	case sectionHeader:
		return nil
	case sectionRecord:
		return t.addRecord(it)
	case sectionDeleted:
		return t.addDeletion(key, value)
	case sectionFeed:
		if _, _, err := decodeFeed(value); err != nil {
			return err
		}
		t.feed.there = t.feed.there.Add(sum(key, value))
		return nil
	case sectionIndex:
		return t.addIndex(key)
	case sectionQueue:
		return t.addQueue(key, value)
	case sectionToken:
		o, err := decodeOutcome(value)
		if err != nil {
			return err
		}
		t.kept++
		t.tokens.there = t.tokens.there.Add(sum(binary.BigEndian.AppendUint64(nil, o.number), key[baseLength:]))
		return nil
	}
	return corrupt(fmt.Sprintf("section %q", section))
}

func (t *tally) addRecord(it *pebble.Iterator) error {
	r, err := recordAt(it)
	if err != nil {
		return err
	}
	if r.Revision == 0 || r.Revision > t.header.Revision {
		return fmt.Errorf("%s is at revision %d of %d: %w", r.Key, r.Revision, t.header.Revision, ErrCorrupt)
	}
	t.content = t.content.Add(ContentTerm(r.Key, r.Doc))
	t.state = t.state.Add(StateTerm(r.Key, r.Revision, r.Doc))
	t.counts[r.Key.Kind]++
	t.bytes[r.Key.Kind] += uint64(len(r.Doc))
	t.wantFeed(r.Key, r.Revision, false)
	for _, k := range indexKeys(t.ws, r.Key.Kind, r.Doc) {
		b := t.index(indexName{r.Key.Kind, k.index.Number})
		b.wanted = b.wanted.Add(sum(k.key, r.Key.ID[:]))
	}
	return nil
}

func (t *tally) wantFeed(key record.Key, rev Revision, deleted bool) {
	t.feed.wanted = t.feed.wanted.Add(sum(appendFeedKey(nil, t.ws, rev), appendFeed(nil, key, deleted)))
}

func (t *tally) addDeletion(key, value []byte) error {
	rev, err := decodeRevision(value)
	if err != nil {
		return err
	}
	k, ok := splitKeyed(key)
	if !ok {
		return corrupt("key of a deletion")
	}
	if rev <= t.header.Floor || rev > t.header.Revision {
		return fmt.Errorf("deletion of %s is at revision %d, between %d and %d is right: %w",
			k, rev, t.header.Floor+1, t.header.Revision, ErrCorrupt)
	}
	t.markers++
	t.wantFeed(k, rev, true)
	return nil
}

func (t *tally) addIndex(key []byte) error {
	if len(key) < baseLength+4+idLength {
		return corrupt("key of an index")
	}
	n := indexName{record.Kind(binary.BigEndian.Uint16(key[baseLength:])), binary.BigEndian.Uint16(key[baseLength+2:])}
	b := t.index(n)
	b.there = b.there.Add(sum(key, nil))
	return nil
}

func (t *tally) index(n indexName) *balance {
	b := t.indexes[n]
	if b == nil {
		b = &balance{}
		t.indexes[n] = b
	}
	return b
}

func (t *tally) addQueue(key, value []byte) error {
	_, token, err := decodeQueue(value)
	if err != nil {
		return err
	}
	if len(key) != baseLength+8 {
		return corrupt("key of the queue of tokens")
	}
	number := binary.BigEndian.Uint64(key[baseLength:])
	if number < t.header.tokenHead || number >= t.header.tokenNext {
		return corrupt("number of a token")
	}
	t.queued++
	t.tokens.wanted = t.tokens.wanted.Add(sum(key[baseLength:], token[:]))
	return nil
}

// compare returns everything that differs.
func (t *tally) compare() error {
	var found []error
	differ := func(what string) { found = append(found, fmt.Errorf("%s: %w", what, ErrCorrupt)) }
	h := &t.header
	if t.content != h.ContentDigest {
		differ("content digest is not the records'")
	}
	if t.state != h.StateDigest {
		differ("state digest is not the records'")
	}
	if !maps.Equal(t.counts, h.Counts) {
		differ("counts are not the records'")
	}
	if !maps.Equal(t.bytes, h.KindBytes) {
		differ("bytes are not the records'")
	}
	if t.markers != h.Markers {
		differ("number of deletions is not the header's")
	}
	if t.feed.there != t.feed.wanted {
		differ("feed is not the records'")
	}
	names := slices.SortedFunc(maps.Keys(t.indexes), func(a, b indexName) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.number, b.number))
	})
	for _, n := range names {
		if b := t.indexes[n]; b.there != b.wanted {
			differ(fmt.Sprintf("index %d of %s is not the records'", n.number, n.kind))
		}
	}
	if t.tokens.there != t.tokens.wanted || t.queued != h.tokenNext-h.tokenHead || t.kept != t.queued {
		differ("tokens are not the queue's")
	}
	return errors.Join(found...)
}
