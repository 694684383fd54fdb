package workspace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"domicile/store"
	"domicile/store/record"
)

// The catalog is what entries are filed under: projects, tasks, clients, tags.
// Their lists are short enough to be filtered and sorted as a whole.

// NameFilter selects by name, and says in which order and which page.
type NameFilter struct {
	Name     string // "" for all
	Strict   bool   // the whole name, not a part of it; case never matters
	Archived *bool
	ByID     bool // sort by id instead of by name
	Downward bool
	Page     Page
}

func (f *NameFilter) matches(doc []byte) bool {
	if f.Archived != nil && gjson.GetBytes(doc, "archived").Bool() != *f.Archived {
		return false
	}
	if f.Name == "" {
		return true
	}
	name, wanted := record.Fold(gjson.GetBytes(doc, "name").String()), record.Fold(f.Name)
	if f.Strict {
		return name == wanted
	}
	return strings.Contains(name, wanted)
}

// listed is a record's place in a list.
type listed struct {
	id  record.ID
	key string
	n   int64 // sorts before key
}

// page sorts what was found and cuts the page out.
func page(all []listed, downward bool, p Page) ([]record.ID, bool) {
	slices.SortFunc(all, func(a, b listed) int {
		order := cmp.Or(cmp.Compare(a.n, b.n), strings.Compare(a.key, b.key), a.id.Compare(b.id))
		if downward {
			return -order
		}
		return order
	})
	from, to := p.bounds()
	from, to = min(from, len(all)), min(to, len(all))
	ids := make([]record.ID, 0, to-from)
	for _, l := range all[from:to] {
		ids = append(ids, l.id)
	}
	return ids, to == len(all)
}

// names lists records by their names.
func (s *Service) names(c *Scope, kind record.Kind, from iter.Seq2[store.Record, error], f NameFilter, more func(doc []byte) bool, as shape) (List, error) {
	var all []listed
	for r, err := range from {
		if err != nil {
			return List{}, fmt.Errorf("list %s records: %w", kind, err)
		}
		if !f.matches(r.Doc) || more != nil && !more(r.Doc) {
			continue
		}
		l := listed{id: r.Key.ID}
		if !f.ByID {
			l.key = record.Fold(gjson.GetBytes(r.Doc, "name").String())
		}
		all = append(all, l)
	}
	ids, last := page(all, f.Downward, f.Page)
	return s.documents(c, kind, ids, last, as), nil
}

// indexed reads the records that an index has for some values.
func indexed(v *store.View, workspace record.ID, kind record.Kind, index string, values ...record.Value) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		prefix, err := record.Find(kind, index).Prefix(values...)
		if err != nil {
			yield(store.Record{}, fmt.Errorf("index %s of %s: %w", index, kind, err))
			return
		}
		for e, err := range v.Index(workspace, kind, index, store.Range{Prefix: prefix}) {
			if err != nil {
				yield(store.Record{}, fmt.Errorf("read index %s of %s: %w", index, kind, err))
				return
			}
			r, err := v.Get(workspace, kind, e.ID)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// checkName refuses names that are missing, too short or too long, and returns
// the name without spaces around it.
func checkName(text *string, least, most int) (string, error) {
	if text == nil {
		return "", &Invalid{Field: "name", Reason: "is required"}
	}
	name := strings.TrimSpace(*text)
	if n := utf8.RuneCountInString(name); n < least || n > most {
		return "", &Invalid{Field: "name", Reason: fmt.Sprintf("must have %d to %d characters", least, most)}
	}
	return name, checkText("name", name, most)
}

// foreignID reads an id of a path or body: what is no id names nothing here.
func foreignID(text string, kind record.Kind) (record.ID, error) {
	id, err := record.ParseID(text)
	if err != nil {
		return record.ID{}, &Foreign{Noun: noun(kind)}
	}
	return id, nil
}

// load reads a record into a document.
func load[T any](s *Service, v *store.View, c *Scope, kind record.Kind, text string) (T, store.Record, error) {
	var doc T
	id, err := foreignID(text, kind)
	if err != nil {
		return doc, store.Record{}, err
	}
	r, err := s.fetch(v, c, record.Key{Kind: kind, ID: id})
	if err != nil {
		return doc, store.Record{}, err
	}
	if err := json.Unmarshal(r.Doc, &doc); err != nil {
		return doc, store.Record{}, fmt.Errorf("decode %s: %w", kind, err)
	}
	return doc, r, nil
}

// replace puts a document where the record was that it was read from.
func (ch *Change) replace(read store.Record, doc any) (store.Record, error) {
	encoded, err := encode(doc)
	if err != nil {
		return store.Record{}, err
	}
	ch.If = append(ch.If, store.At(read.Key, read.Revision))
	ch.Puts = append(ch.Puts, store.Put{Key: read.Key, Doc: encoded})
	return store.Record{Key: read.Key, Doc: encoded}, nil
}

// add puts a new document.
func (ch *Change) add(key record.Key, doc any) (store.Record, error) {
	encoded, err := encode(doc)
	if err != nil {
		return store.Record{}, err
	}
	ch.If = append(ch.If, store.Absent(key))
	ch.Puts = append(ch.Puts, store.Put{Key: key, Doc: encoded})
	return store.Record{Key: key, Doc: encoded}, nil
}

// answer sets the change's answer to a record's shape.
func (ch *Change) answer(r store.Record, as shape) (*Change, error) {
	d, err := as(r)
	if err != nil {
		return nil, err
	}
	ch.Answer, ch.One = d.AppendTo(nil), len(ch.Puts) > 0
	return ch, nil
}

// remove is the change that deletes one record and answers what it was.
func remove(r store.Record, as shape) (*Change, error) {
	ch := &Change{If: []store.Condition{store.At(r.Key, r.Revision)}, Deletes: []record.Key{r.Key}}
	return ch.answer(r, as)
}

// NamedInput is what tags are made and changed with.
type NamedInput struct {
	Name     *string `json:"name"`
	Archived *bool   `json:"archived"`
}
