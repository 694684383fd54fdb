package workspace

import (
	"fmt"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// entryShape answers entries. References whose records are gone are shown as
// null, missing tags are left out; most entries have none of that and their
// bytes go out as they are stored. It remembers what it looked up: lists name
// the same few projects again and again.
type entryShape struct {
	c        *Scope
	v        *store.View
	s        *Service
	hydrated bool
	rates    bool                  // all of them may be seen
	seen     map[record.Key][]byte // nil where there is no such record
}

func (s *Service) entryShape(c *Scope, v *store.View, hydrated bool) *entryShape {
	return &entryShape{
		c: c, v: v, s: s, hydrated: hydrated, seen: map[record.Key][]byte{},
		rates: c.Can(auth.RatesView),
	}
}

// look finds the document of a reference; nil where it is gone.
func (h *entryShape) look(kind record.Kind, text string) ([]byte, error) {
	id, ok := parsed(text)
	if !ok { // names nothing
		return nil, nil
	}
	key := record.Key{Kind: kind, ID: id}
	if doc, ok := h.seen[key]; ok {
		return doc, nil
	}
	doc, err := optional(h.v, h.c.Workspace, key)
	if err != nil {
		return nil, err
	}
	if kind == record.Task && doc != nil { // a task goes with its project
		project, err := h.look(record.Project, gjson.GetBytes(doc, "projectId").String())
		if err != nil {
			return nil, err
		}
		if project == nil {
			doc = nil
		}
	}
	h.seen[key] = doc
	return doc, nil
}

func (h *entryShape) shape(r store.Record) (Document, error) {
	d := Document{Key: r.Key, Revision: r.Revision, Doc: r.Doc, Derived: h.c.workspaceID()}
	fields := gjson.GetManyBytes(r.Doc, "projectId", "taskId", "tagIds", "hourlyRate", "costRate")
	for i, ref := range []struct {
		kind       record.Kind
		name, full string
	}{{record.Project, "projectId", "project"}, {record.Task, "taskId", "task"}} {
		var doc []byte
		if fields[i].Type == gjson.String {
			var err error
			if doc, err = h.look(ref.kind, fields[i].String()); err != nil {
				return d, err
			}
			if doc == nil {
				if d.Doc, err = sjson.SetRawBytes(d.Doc, ref.name, []byte("null")); err != nil {
					return d, fmt.Errorf("shape time entry: %w", err)
				}
			}
		}
		if h.hydrated {
			d.derive(ref.full, doc)
		}
	}
	if err := h.tags(&d, fields[2]); err != nil {
		return d, err
	}
	if err := h.hideRates(&d, fields[3], fields[4]); err != nil {
		return d, err
	}
	if h.hydrated {
		return d, h.user(&d)
	}
	return d, nil
}

// derive adds a derived field; no document is null.
func (d *Document) derive(name string, doc []byte) {
	if doc == nil {
		doc = []byte("null")
	}
	d.Derived = append(d.Derived, Derived{Name: name, JSON: doc})
}

func (h *entryShape) tags(d *Document, ids gjson.Result) error {
	kept, full, missing := []byte("["), []byte("["), false
	var err error
	ids.ForEach(func(_, id gjson.Result) bool {
		var doc []byte
		if doc, err = h.look(record.Tag, id.String()); err != nil {
			return false
		}
		if doc == nil {
			missing = true
			return true
		}
		if len(kept) > 1 {
			kept, full = append(kept, ','), append(full, ',')
		}
		kept, full = append(kept, id.Raw...), append(full, doc...)
		return true
	})
	if err != nil {
		return err
	}
	if missing {
		if d.Doc, err = sjson.SetRawBytes(d.Doc, "tagIds", append(kept, ']')); err != nil {
			return fmt.Errorf("shape time entry: %w", err)
		}
	}
	if h.hydrated {
		d.derive("tags", append(full, ']'))
	}
	return nil
}

// hideRates leaves out money that the caller may not see: everybody sees what
// their own hours are worth, and only who sees all rates what they cost.
func (h *entryShape) hideRates(d *Document, rates ...gjson.Result) error {
	if h.rates {
		return nil
	}
	worth := h.c.May(auth.RatesView, entryTarget(d.Doc))
	for i, name := range []string{"hourlyRate", "costRate"} {
		if rates[i].Type != gjson.JSON || i == 0 && worth {
			continue
		}
		var err error
		if d.Doc, err = sjson.SetRawBytes(d.Doc, name, []byte("null")); err != nil {
			return fmt.Errorf("shape time entry: %w", err)
		}
	}
	return nil
}

// entryTarget is what a stored entry is to the permission table.
func entryTarget(doc []byte) auth.Target {
	var t auth.Target
	fields := gjson.GetManyBytes(doc, "userId", "projectId")
	for i, id := range []*record.ID{&t.Person, &t.Project} {
		if named, ok := parsed(fields[i].String()); ok {
			*id = named
		}
	}
	return t
}

func (h *entryShape) user(d *Document) error {
	id, ok := parsed(gjson.GetBytes(d.Doc, "userId").String())
	if !ok { // names nobody
		d.derive("user", nil)
		return nil
	}
	key := record.Key{Kind: record.Person, ID: id}
	doc, seen := h.seen[key]
	if !seen {
		var err error
		if doc, err = h.s.briefPerson(h.v, id); err != nil {
			return err
		}
		h.seen[key] = doc
	}
	d.derive("user", doc)
	return nil
}
