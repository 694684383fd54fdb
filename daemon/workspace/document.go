package workspace

import (
	"fmt"
	"iter"

	"domicile/store"
	"domicile/store/record"
)

// Document is a stored record with the fields that derive from elsewhere.
// Its bytes are the store's own; AppendTo splices the derived ones in.
type Document struct {
	Key      record.Key
	Revision store.Revision
	Doc      []byte
	Derived  []Derived
}

// Derived is one field of the API's shape that is not stored.
type Derived struct {
	Name string
	JSON []byte
}

// AppendTo appends the document as the API answers it.
func (d Document) AppendTo(dst []byte) []byte {
	if len(d.Derived) == 0 || len(d.Doc) < 2 {
		return append(dst, d.Doc...)
	}
	body := d.Doc[:len(d.Doc)-1]
	dst = append(dst, body...)
	empty := len(body) == 1
	for _, f := range d.Derived {
		if !empty {
			dst = append(dst, ',')
		}
		empty = false
		dst = append(dst, '"')
		dst = append(dst, f.Name...)
		dst = append(dst, '"', ':')
		dst = append(dst, f.JSON...)
	}
	return append(dst, '}')
}

// List is one page of documents, read while it is written out. Last says that
// no page follows.
type List struct {
	Last      bool
	Documents iter.Seq2[Document, error]
}

// Page is a place in a list: its number from 1, and how many a page has.
type Page struct{ Number, Size int }

// bounds are the offsets of the page's first record and of the first one after it.
func (p Page) bounds() (int, int) {
	if p.Number < 1 {
		p.Number = 1
	}
	from := (p.Number - 1) * p.Size
	return from, from + p.Size
}

// take keeps the ids of one page, in the order of ids. It stops one id after
// the page, which is how it knows whether it was the last.
func take(ids iter.Seq2[record.ID, error], p Page) ([]record.ID, bool, error) {
	from, to := p.bounds()
	var page []record.ID
	n := 0
	for id, err := range ids {
		if err != nil {
			return nil, false, err
		}
		if n == to {
			return page, false, nil
		}
		if n >= from {
			page = append(page, id)
		}
		n++
	}
	return page, true, nil
}

// shape makes the answer of a record.
type shape func(r store.Record) (Document, error)

// plain is the shape of records that miss only their workspace's id.
func (c *Scope) plain(r store.Record) (Document, error) {
	return Document{Key: r.Key, Revision: r.Revision, Doc: r.Doc, Derived: c.workspaceID()}, nil
}

// workspaceID is the field that every record of a workspace derives.
func (c *Scope) workspaceID() []Derived {
	return []Derived{{Name: "workspaceId", JSON: []byte(`"` + c.Workspace.String() + `"`)}}
}

// documents reads the records of a page while they are written.
func (s *Service) documents(c *Scope, kind record.Kind, ids []record.ID, last bool, as shape) List {
	return List{Last: last, Documents: func(yield func(Document, error) bool) {
		for _, id := range ids {
			r, err := c.View.Get(c.Workspace, kind, id)
			if err != nil {
				yield(Document{}, fmt.Errorf("read %s %s: %w", kind, id, err))
				return
			}
			d, err := as(r)
			if !yield(d, err) || err != nil {
				return
			}
		}
	}}
}

// parsed reads an id that a document holds.
func parsed(text string) (record.ID, bool) {
	id, err := record.ParseID(text)
	return id, err == nil
}
