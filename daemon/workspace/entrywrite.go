package workspace

import (
	"context"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// put finishes the change that writes one entry. A revision above zero is
// that of the record which the entry was read from.
func (w *entryWriter) put(e *entry, read store.Revision, hydrated bool) (*Change, error) {
	doc, err := w.add(e, read)
	if err != nil {
		return nil, err
	}
	d, err := w.s.entryShape(w.c, w.v, hydrated).shape(store.Record{Key: e.key(), Doc: doc})
	if err != nil {
		return nil, err
	}
	w.change.Answer, w.change.One = d.AppendTo(nil), true
	return w.change, nil
}

// add puts an entry into the change and returns its bytes.
func (w *entryWriter) add(e *entry, read store.Revision) ([]byte, error) {
	if err := w.onlyTimer(e); err != nil {
		return nil, err
	}
	doc, err := encode(e)
	if err != nil {
		return nil, err
	}
	if read > 0 {
		w.change.If = append(w.change.If, store.At(e.key(), read))
	} else {
		w.change.If = append(w.change.If, store.Absent(e.key()))
	}
	w.change.Puts = append(w.change.Puts, store.Put{Key: e.key(), Doc: doc})
	return doc, nil
}

// CreateEntry records time of a person, or starts their timer. Fields that
// are left out come from the entry from, if it is not zero.
func (s *Service) CreateEntry(ctx context.Context, c *Scope, person record.ID, in EntryInput, from string) (Written, error) {
	id := s.IDs.Next(s.Now())
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		if err := s.mustBeMember(v, c, person); err != nil {
			return nil, err
		}
		w := s.entryWriter(c, v)
		e := &entry{}
		if from != "" {
			original, _, err := s.entryOf(v, c, from, auth.EntriesView)
			if err != nil {
				return nil, err
			}
			e = original
			e.Invoiced, e.ImportID, e.KioskID = false, nil, nil
			if err := e.setSpan(w.now, nil); err != nil {
				return nil, err
			}
		}
		e.ID, e.UserID = id, person
		if err := w.fill(e, &in, from != ""); err != nil {
			return nil, err
		}
		if err := c.Check(auth.EntriesCreate, e.target()); err != nil {
			return nil, err
		}
		return w.put(e, 0, false)
	})
}

// entryOf reads an entry by its id as it was sent, if the caller may do the
// action to it. Who may not even see it is told that there is none.
func (s *Service) entryOf(v *store.View, c *Scope, text string, action auth.Action) (*entry, store.Revision, error) {
	id, err := record.ParseID(text)
	if err != nil {
		return nil, 0, &Foreign{Noun: noun(record.TimeEntry)}
	}
	r, err := s.fetch(v, c, record.Key{Kind: record.TimeEntry, ID: id})
	if err != nil {
		return nil, 0, err
	}
	e, err := decodeEntry(r.Doc)
	if err != nil {
		return nil, 0, err
	}
	if !c.May(auth.EntriesView, e.target()) {
		return nil, 0, &Foreign{Noun: noun(record.TimeEntry)}
	}
	return e, r.Revision, c.Check(action, e.target())
}

// Entry reads one entry.
func (s *Service) Entry(c *Scope, text string, hydrated bool) (Document, error) {
	e, _, err := s.entryOf(c.View, c, text, auth.EntriesView)
	if err != nil {
		return Document{}, err
	}
	r, err := s.fetch(c.View, c, e.key())
	if err != nil {
		return Document{}, err
	}
	return s.entryShape(c, c.View, hydrated).shape(r)
}

// UpdateEntry replaces an entry; start is required.
func (s *Service) UpdateEntry(ctx context.Context, c *Scope, text string, in EntryInput) (Written, error) {
	if in.Start == nil {
		return Written{}, &Invalid{Field: "start", Reason: "is required"}
	}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		e, revision, err := s.entryOf(v, c, text, auth.EntriesChange)
		if err != nil {
			return nil, err
		}
		w := s.entryWriter(c, v)
		if err := w.fill(e, &in, false); err != nil {
			return nil, err
		}
		if err := c.Check(auth.EntriesChange, e.target()); err != nil {
			return nil, err
		}
		return w.put(e, revision, false)
	})
}

// DeleteEntry removes an entry.
func (s *Service) DeleteEntry(ctx context.Context, c *Scope, text string) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		e, revision, err := s.entryOf(v, c, text, auth.EntriesDelete)
		if err != nil {
			return nil, err
		}
		return &Change{If: []store.Condition{store.At(e.key(), revision)}, Deletes: []record.Key{e.key()}}, nil
	})
}

// DuplicateEntry makes another entry like one of a person's.
func (s *Service) DuplicateEntry(ctx context.Context, c *Scope, person record.ID, text string) (Written, error) {
	id := s.IDs.Next(s.Now())
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		e, _, err := s.entryOf(v, c, text, auth.EntriesView)
		if err != nil {
			return nil, err
		}
		if e.UserID != person {
			return nil, &Foreign{Noun: noun(record.TimeEntry)}
		}
		if err := c.Check(auth.EntriesCreate, e.target()); err != nil {
			return nil, err
		}
		w := s.entryWriter(c, v)
		e.ID, e.Invoiced, e.ImportID = id, false, nil
		if err := w.fill(e, &EntryInput{}, true); err != nil {
			return nil, err
		}
		return w.put(e, 0, false)
	})
}
