package workspace

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// EntryFilter says which entries a list has. Zero fields do not restrict.
type EntryFilter struct {
	From, To        time.Time // of the start: From inclusive, To exclusive
	Description     string    // is contained, whatever the case
	Project, Task   string
	Tags            []string // any of them
	ProjectRequired bool
	TaskRequired    bool
	Running         *bool
}

// documents says whether the filter needs the documents, or the index is enough.
func (f *EntryFilter) documents() bool {
	return f.Description != "" || f.Project != "" || f.Task != "" || len(f.Tags) > 0 || f.ProjectRequired || f.TaskRequired || f.Running != nil
}

func (f *EntryFilter) match(doc []byte) bool {
	v := gjson.GetManyBytes(doc, "description", "projectId", "taskId", "tagIds", "timeInterval.end")
	switch {
	case f.Description != "" && !strings.Contains(record.Fold(v[0].String()), record.Fold(f.Description)),
		f.Project != "" && !strings.EqualFold(v[1].String(), f.Project),
		f.Task != "" && !strings.EqualFold(v[2].String(), f.Task),
		f.ProjectRequired && v[1].Type != gjson.String,
		f.TaskRequired && v[2].Type != gjson.String,
		f.Running != nil && *f.Running == (v[4].Type == gjson.String):
		return false
	}
	if len(f.Tags) == 0 {
		return true
	}
	for _, tag := range v[3].Array() {
		if slices.ContainsFunc(f.Tags, func(t string) bool { return strings.EqualFold(t, tag.String()) }) {
			return true
		}
	}
	return false
}

// Entries lists a person's entries, newest first.
func (s *Service) Entries(c *Scope, person record.ID, f EntryFilter, p Page, hydrated bool) (List, error) {
	if err := s.mustBeMember(c.View, c, person); err != nil {
		return List{}, err
	}
	if err := c.Check(auth.EntriesView, auth.Target{Person: person}); err != nil {
		return List{}, err
	}
	ids, last, err := take(s.entryIDs(c, person, &f), p)
	if err != nil {
		return List{}, err
	}
	return s.documents(c, record.TimeEntry, ids, last, s.entryShape(c, c.View, hydrated).shape), nil
}

// entryIDs are the ids of a person's entries that the filter lets through,
// newest first. Where the index is enough no document is read, so that a late
// page costs a walk over keys.
func (s *Service) entryIDs(c *Scope, person record.ID, f *EntryFilter) iter.Seq2[record.ID, error] {
	return func(yield func(record.ID, error) bool) {
		window, err := entryRange(person, f.From, f.To)
		if err != nil {
			yield(record.ID{}, err)
			return
		}
		for e, err := range c.View.Index(c.Workspace, record.TimeEntry, "user_start", window) {
			if err == nil && f.documents() {
				var r store.Record
				if r, err = c.View.Get(c.Workspace, record.TimeEntry, e.ID); err == nil && !f.match(r.Doc) {
					continue
				}
			}
			if err != nil {
				err = fmt.Errorf("list time entries: %w", err)
			}
			if !yield(e.ID, err) || err != nil {
				return
			}
		}
	}
}

// entryRange is the part of user_start whose start is in [from, to). The index
// descends, so the later bound comes first; starts are whole seconds, so a
// millisecond turns inclusive into exclusive.
func entryRange(person record.ID, from, to time.Time) (store.Range, error) {
	index := record.Find(record.TimeEntry, "user_start")
	prefix, err := index.Prefix(record.RefValue(person))
	if err != nil {
		return store.Range{}, fmt.Errorf("index user_start: %w", err)
	}
	r := store.Range{Prefix: prefix}
	for _, bound := range []struct {
		at   time.Time
		into *[]byte
	}{{to, &r.From}, {from, &r.To}} {
		if bound.at.IsZero() {
			continue
		}
		key, err := index.Prefix(record.RefValue(person), record.TimeValue(bound.at.Add(-time.Millisecond)))
		if err != nil {
			return r, fmt.Errorf("index user_start: %w", err)
		}
		*bound.into = key[len(prefix):]
	}
	return r, nil
}

// InProgress lists the running timers that the caller may see, newest first.
// There is at most one for each person.
func (s *Service) InProgress(c *Scope, p Page) (List, error) {
	type timer struct {
		id    record.ID
		start string
	}
	var timers []timer
	for e, err := range c.View.Index(c.Workspace, record.TimeEntry, "running", store.Range{}) {
		if err != nil {
			return List{}, fmt.Errorf("read index running: %w", err)
		}
		r, err := s.fetch(c.View, c, record.Key{Kind: record.TimeEntry, ID: e.ID})
		if err != nil {
			return List{}, err
		}
		running, err := decodeEntry(r.Doc)
		if err != nil {
			return List{}, err
		}
		if c.May(auth.EntriesView, running.target()) {
			timers = append(timers, timer{running.ID, running.TimeInterval.Start})
		}
	}
	slices.SortFunc(timers, func(a, b timer) int {
		if n := strings.Compare(b.start, a.start); n != 0 {
			return n
		}
		return a.id.Compare(b.id)
	})
	ids, last, err := take(func(yield func(record.ID, error) bool) {
		for _, t := range timers {
			if !yield(t.id, nil) {
				return
			}
		}
	}, p)
	if err != nil {
		return List{}, err
	}
	return s.documents(c, record.TimeEntry, ids, last, s.entryShape(c, c.View, false).shape), nil
}
