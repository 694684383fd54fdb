package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"domicile/store/record"
)

// write writes what was planned, each record at the next revision.
func (w *writer) write(s *space, t *Txn) error {
	for i := range t.Puts {
		if err := w.put(s, &t.Puts[i], &w.plan.puts[i]); err != nil {
			return fmt.Errorf("write %s of %s: %w", t.Puts[i].Key, s.Workspace, err)
		}
	}
	for i, key := range t.Deletes {
		if err := w.delete(s, key, &w.plan.deletes[i]); err != nil {
			return fmt.Errorf("delete %s of %s: %w", key, s.Workspace, err)
		}
	}
	return nil
}

func (w *writer) put(s *space, put *Put, p *plannedPut) error {
	c := p.current
	if c.live {
		if err := w.unfeed(s, put.Key, c); err != nil {
			return err
		}
	} else if rev, err := w.deletion(s, put.Key, c); err != nil {
		return err
	} else if rev > 0 {
		if err := w.dropDeletion(s, put.Key, c); err != nil {
			return err
		}
	}
	s.dirty = true
	s.Revision++
	if err := w.reindex(s, put.Key.ID, p.old, p.new); err != nil {
		return err
	}
	c.live, c.rev, c.doc, c.deletion, c.looked = true, s.Revision, put.Doc, 0, true
	s.count(put.Key, c, 1)
	w.key = appendRecordKey(w.key[:0], s.Workspace, put.Key)
	w.value = appendRecord(w.value[:0], c.rev, c.doc)
	if err := w.batch.Set(w.key, w.value, nil); err != nil {
		return err
	}
	return w.feed(s, put.Key, false)
}

func (w *writer) delete(s *space, key record.Key, p *plannedDelete) error {
	c := p.current
	if !c.live {
		return nil
	}
	if err := w.unfeed(s, key, c); err != nil {
		return err
	}
	s.dirty = true
	s.Revision++
	if err := w.reindex(s, key.ID, p.old, nil); err != nil {
		return err
	}
	w.key = appendRecordKey(w.key[:0], s.Workspace, key)
	if err := w.batch.Delete(w.key, nil); err != nil {
		return err
	}
	*c = current{deletion: s.Revision, looked: true}
	return w.addDeletion(s, key)
}

// unfeed takes a live record out of the feed, the digests and the counts.
func (w *writer) unfeed(s *space, key record.Key, c *current) error {
	s.count(key, c, -1)
	w.key = appendFeedKey(w.key[:0], s.Workspace, c.rev)
	return w.batch.Delete(w.key, nil)
}

// feed puts a record into the feed at the workspace's revision.
func (w *writer) feed(s *space, key record.Key, deleted bool) error {
	w.key = appendFeedKey(w.key[:0], s.Workspace, s.Revision)
	w.value = appendFeed(w.value[:0], key, deleted)
	return w.batch.Set(w.key, w.value, nil)
}

// count adds a live record to digests and counts, or takes it away.
func (s *space) count(key record.Key, c *current, by int) {
	content, state := ContentTerm(key, c.doc), StateTerm(key, c.rev, c.doc)
	size := uint64(len(c.doc))
	if by > 0 {
		s.ContentDigest, s.StateDigest = s.ContentDigest.Add(content), s.StateDigest.Add(state)
		s.Counts[key.Kind]++
		s.KindBytes[key.Kind] += size
		s.Bytes += size
		return
	}
	s.ContentDigest, s.StateDigest = s.ContentDigest.Sub(content), s.StateDigest.Sub(state)
	s.Counts[key.Kind]--
	s.KindBytes[key.Kind] -= size
	s.Bytes -= size
	if s.Counts[key.Kind] == 0 {
		delete(s.Counts, key.Kind)
		delete(s.KindBytes, key.Kind)
	}
}

// reindex removes the index keys that a record no longer has and adds the new ones.
func (w *writer) reindex(s *space, id record.ID, old, now []indexKey) error {
	for _, k := range old {
		if has(now, k) {
			continue
		}
		if k.index.Unique {
			s.setUnique(k.key, id, false)
		}
		w.key = append(append(w.key[:0], k.key...), id[:]...)
		if err := w.batch.Delete(w.key, nil); err != nil {
			return err
		}
	}
	for _, k := range now {
		if has(old, k) {
			continue
		}
		if k.index.Unique {
			s.setUnique(k.key, id, true)
		}
		w.key = append(append(w.key[:0], k.key...), id[:]...)
		if err := w.batch.Set(w.key, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func has(keys []indexKey, k indexKey) bool {
	for i := range keys {
		if keys[i].index == k.index && bytes.Equal(keys[i].key, k.key) {
			return true
		}
	}
	return false
}

// addDeletion marks a record deleted at the workspace's revision.
func (w *writer) addDeletion(s *space, key record.Key) error {
	s.Markers++
	if s.made == nil {
		s.made = map[Revision]record.Key{}
	}
	s.made[s.Revision] = key
	w.key = appendDeletedKey(w.key[:0], s.Workspace, key)
	w.value = binary.BigEndian.AppendUint64(w.value[:0], uint64(s.Revision))
	if err := w.batch.Set(w.key, w.value, nil); err != nil {
		return err
	}
	return w.feed(s, key, true)
}

// dropDeletion removes the mark of a deleted record, and its feed entry.
func (w *writer) dropDeletion(s *space, key record.Key, c *current) error {
	s.Markers--
	if _, ok := s.made[c.deletion]; ok {
		delete(s.made, c.deletion)
	} else {
		if s.gone == nil {
			s.gone = map[Revision]record.Key{}
		}
		s.gone[c.deletion] = key
	}
	w.key = appendFeedKey(w.key[:0], s.Workspace, c.deletion)
	if err := w.batch.Delete(w.key, nil); err != nil {
		return err
	}
	c.deletion, c.looked = 0, true
	w.key = appendDeletedKey(w.key[:0], s.Workspace, key)
	return w.batch.Delete(w.key, nil)
}
