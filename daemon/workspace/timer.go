package workspace

import (
	"context"
	"errors"
	"fmt"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// running finds a person's running timer.
func (s *Service) running(v *store.View, c *Scope, person record.ID) (store.Record, error) {
	prefix, err := record.Find(record.TimeEntry, "running").Prefix(record.RefValue(person))
	if err != nil {
		return store.Record{}, fmt.Errorf("index running: %w", err)
	}
	for e, err := range v.Index(c.Workspace, record.TimeEntry, "running", store.Range{Prefix: prefix}) {
		if err != nil {
			return store.Record{}, fmt.Errorf("read index running: %w", err)
		}
		return s.fetch(v, c, record.Key{Kind: record.TimeEntry, ID: e.ID})
	}
	return store.Record{}, ErrNoTimer
}

// onlyTimer refuses a running entry beside another one of the same person. The
// unique index running decides races.
func (w *entryWriter) onlyTimer(e *entry) error {
	if !e.running() {
		return nil
	}
	r, err := w.s.running(w.v, w.c, e.UserID)
	switch {
	case errors.Is(err, ErrNoTimer), err == nil && r.Key.ID == e.ID:
		return nil
	case err != nil:
		return err
	}
	return &Refused{Message: "Time entry couldn't be started: another one of this user is running"}
}

// StopInput ends a running timer.
type StopInput struct {
	End *string `json:"end" required:"true"`
}

// StopTimer ends a person's running timer: ErrNoTimer if none runs.
func (s *Service) StopTimer(ctx context.Context, c *Scope, person record.ID, in StopInput) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		if err := s.mustBeMember(v, c, person); err != nil {
			return nil, err
		}
		if err := c.Check(auth.EntriesChange, auth.Target{Person: person}); err != nil {
			return nil, err
		}
		r, err := s.running(v, c, person)
		if err != nil {
			return nil, err
		}
		if in.End == nil || *in.End == "" {
			return nil, &Invalid{Field: "end", Reason: "is required"}
		}
		e, err := decodeEntry(r.Doc)
		if err != nil {
			return nil, err
		}
		w := s.entryWriter(c, v)
		if err := w.times(e, &EntryInput{End: in.End}, true); err != nil {
			return nil, err
		}
		if err := w.required(e); err != nil {
			return nil, err
		}
		return w.put(e, r.Revision, false)
	})
}
