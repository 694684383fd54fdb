package workspace

import (
	"context"
	"slices"

	"github.com/tidwall/gjson"

	"domicile/store"
	"domicile/store/record"
)

// Tags lists tags, without those of the given ids.
func (s *Service) Tags(c *Scope, f NameFilter, without []record.ID) (List, error) {
	return s.names(c, record.Tag, c.View.Records(c.Workspace, record.Tag), f, func(doc []byte) bool {
		id, err := record.ParseID(gjson.GetBytes(doc, "id").String())
		return err != nil || !slices.Contains(without, id)
	}, c.plain)
}

// Tag reads one tag.
func (s *Service) Tag(c *Scope, text string) (Document, error) {
	_, r, err := load[TagDocument](s, c.View, c, record.Tag, text)
	if err != nil {
		return Document{}, err
	}
	return c.plain(r)
}

// CreateTag makes a tag.
func (s *Service) CreateTag(ctx context.Context, c *Scope, in NamedInput) (Written, error) {
	name, err := checkName(in.Name, 1, 100)
	if err != nil {
		return Written{}, err
	}
	doc := TagDocument{ID: s.IDs.Next(s.Now()), Name: name}
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		if err := s.free(v, c, record.Tag, "name", "name", doc.ID, record.FoldedValue(name)); err != nil {
			return nil, err
		}
		change := &Change{}
		r, err := change.add(record.Key{Kind: record.Tag, ID: doc.ID}, doc)
		if err != nil {
			return nil, err
		}
		return change.answer(r, c.plain)
	})
}

// UpdateTag replaces a tag: a tag is no longer archived if that is left out.
func (s *Service) UpdateTag(ctx context.Context, c *Scope, text string, in NamedInput) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		doc, read, err := load[TagDocument](s, v, c, record.Tag, text)
		if err != nil {
			return nil, err
		}
		if doc.Name, err = checkName(in.Name, 1, 100); err != nil {
			return nil, err
		}
		doc.Archived = in.Archived != nil && *in.Archived
		if err := s.free(v, c, record.Tag, "name", "name", doc.ID, record.FoldedValue(doc.Name)); err != nil {
			return nil, err
		}
		change := &Change{}
		r, err := change.replace(read, doc)
		if err != nil {
			return nil, err
		}
		return change.answer(r, c.plain)
	})
}

// DeleteTag removes a tag; entries that have it are shown without.
func (s *Service) DeleteTag(ctx context.Context, c *Scope, text string) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		_, r, err := load[TagDocument](s, v, c, record.Tag, text)
		if err != nil {
			return nil, err
		}
		return remove(r, c.plain)
	})
}
