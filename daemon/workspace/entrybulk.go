package workspace

import (
	"context"
	"fmt"

	"github.com/tidwall/sjson"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// InvoicedInput marks entries as invoiced or not.
type InvoicedInput struct {
	TimeEntryIDs []string `json:"timeEntryIds" required:"true"`
	Invoiced     *bool    `json:"invoiced" required:"true"`
}

// EditEntries changes several entries of a person, all or none. What an
// element leaves out stays.
func (s *Service) EditEntries(ctx context.Context, c *Scope, person record.ID, in []BulkInput, hydrated bool) (Written, error) {
	if err := checkBulk(len(in)); err != nil {
		return Written{}, err
	}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		w, shape := s.entryWriter(c, v), s.entryShape(c, v, hydrated)
		answer, timers, seen := []byte("["), 0, map[record.ID]bool{}
		for i := range in {
			e, revision, err := s.entryOf(v, c, in[i].ID, auth.EntriesChange)
			if err != nil {
				return nil, err
			}
			if e.UserID != person {
				return nil, &Foreign{Noun: noun(record.TimeEntry)}
			}
			if seen[e.ID] {
				return nil, &Invalid{Field: "id", Reason: "is given twice"}
			}
			seen[e.ID] = true
			if err := w.fill(e, &in[i].EntryInput, true); err != nil {
				return nil, err
			}
			if err := c.Check(auth.EntriesChange, e.target()); err != nil {
				return nil, err
			}
			if e.running() {
				timers++
			}
			doc, err := w.add(e, revision)
			if err != nil {
				return nil, err
			}
			if answer, err = element(answer, shape, store.Record{Key: e.key(), Doc: doc}); err != nil {
				return nil, err
			}
		}
		if timers > 1 {
			return nil, &Refused{Message: "Only one time entry of a user can run"}
		}
		w.change.Answer = append(answer, ']')
		return w.change, nil
	})
}

func checkBulk(n int) error {
	switch {
	case n == 0:
		return &Invalid{Field: "time-entry-ids", Reason: "names no time entry"}
	case n > maxBulk:
		return &Invalid{Field: "time-entry-ids", Reason: fmt.Sprintf("names more than %d time entries", maxBulk)}
	}
	return nil
}

// element appends one more element to a JSON array that begins with [.
func element(array []byte, h *entryShape, r store.Record) ([]byte, error) {
	d, err := h.shape(r)
	if err != nil {
		return nil, err
	}
	if len(array) > 1 {
		array = append(array, ',')
	}
	return d.AppendTo(array), nil
}

// DeleteEntries removes several entries of a person, all or none, and answers
// them as they were.
func (s *Service) DeleteEntries(ctx context.Context, c *Scope, person record.ID, texts []string) (Written, error) {
	if err := checkBulk(len(texts)); err != nil {
		return Written{}, err
	}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		change, shape, answer := &Change{}, s.entryShape(c, v, false), []byte("[")
		seen := map[record.ID]bool{}
		for _, text := range texts {
			e, revision, err := s.entryOf(v, c, text, auth.EntriesDelete)
			if err != nil {
				return nil, err
			}
			if e.UserID != person {
				return nil, &Foreign{Noun: noun(record.TimeEntry)}
			}
			if seen[e.ID] {
				continue
			}
			seen[e.ID] = true
			r, err := s.fetch(v, c, e.key())
			if err != nil {
				return nil, err
			}
			change.If = append(change.If, store.At(e.key(), revision))
			change.Deletes = append(change.Deletes, e.key())
			if answer, err = element(answer, shape, r); err != nil {
				return nil, err
			}
		}
		change.Answer = append(answer, ']')
		return change, nil
	})
}

// MarkInvoiced marks entries as invoiced or takes the mark away.
func (s *Service) MarkInvoiced(ctx context.Context, c *Scope, in InvoicedInput) (Written, error) {
	if in.Invoiced == nil {
		return Written{}, &Invalid{Field: "invoiced", Reason: "is required"}
	}
	if err := checkBulk(len(in.TimeEntryIDs)); err != nil {
		return Written{}, &Invalid{Field: "timeEntryIds", Reason: fmt.Sprintf("must name 1 to %d time entries", maxBulk)}
	}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		change, shape, answer := &Change{}, s.entryShape(c, v, false), []byte("[")
		seen := map[record.ID]bool{}
		for _, text := range in.TimeEntryIDs {
			e, revision, err := s.entryOf(v, c, text, auth.EntriesInvoiced)
			if err != nil {
				return nil, err
			}
			if seen[e.ID] {
				continue
			}
			seen[e.ID] = true
			r, err := s.fetch(v, c, e.key())
			if err != nil {
				return nil, err
			}
			doc, err := sjson.SetBytes(r.Doc, "invoiced", *in.Invoiced)
			if err != nil {
				return nil, fmt.Errorf("mark time entry: %w", err)
			}
			change.If = append(change.If, store.At(e.key(), revision))
			change.Puts = append(change.Puts, store.Put{Key: e.key(), Doc: doc})
			if answer, err = element(answer, shape, store.Record{Key: r.Key, Doc: doc}); err != nil {
				return nil, err
			}
		}
		change.Answer = append(answer, ']')
		return change, nil
	})
}
