package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/index"
	"domicile/store"
	"domicile/store/record"
)

// What a search can say. Bad ones never repeat the query.
var (
	ErrBadQuery      = index.ErrBadQuery
	ErrBadPlace      = index.ErrBadCursor
	ErrIndexBuilding = index.ErrRebuilding
	// ErrNoIndex means that this node does not search.
	ErrNoIndex = errors.New("this node has no search index")
)

// SearchInput says what to look for.
type SearchInput struct {
	Text     string
	Kinds    []string
	From, To time.Time
	Filters  map[string][]record.ID // by project, client, task, tag, user
	Facets   []string
	Newest   bool // by date instead of by how well it fits
	Limit    int
	Cursor   string
	After    store.Revision // the answer is of this revision or a later one
}

// Found is a page of what was found.
type Found struct {
	Total  uint64           `json:"total"`
	Hits   []Hit            `json:"hits"`
	Facets map[string]Facet `json:"facets"`
	Next   string           `json:"next" doc:"The next page's cursor; empty at the end."`
}

// Hit is a found record with its document.
type Hit struct {
	Kind     string  `json:"kind"`
	ID       string  `json:"id"`
	Score    float64 `json:"score"`
	Document any     `json:"document" doc:"As the record's own route answers it."`
}

// Facet is how what was found spreads over the values of a field.
type Facet struct {
	Values []FacetValue `json:"values"`
	Other  uint64       `json:"other" doc:"Occurrences of values that are not listed."`
}

// FacetValue is how often a value occurs.
type FacetValue struct {
	Value string `json:"value"`
	Count uint64 `json:"count"`
}

// maxSearchWait bounds the wait for the index to have a revision.
const maxSearchWait = 10 * time.Second

// Search finds records by their words. Members find their own entries and what
// else they see; of what they do not see they are told nothing.
func (s *Service) Search(ctx context.Context, c *Scope, in SearchInput) (Found, error) {
	if s.Index == nil {
		return Found{}, ErrNoIndex
	}
	none := Found{Hits: []Hit{}, Facets: map[string]Facet{}}
	q, err := s.query(c, &in)
	if err != nil || q == nil {
		return none, err
	}
	if err := s.awaitIndex(ctx, c, in.After); err != nil {
		return none, err
	}
	answer, err := s.Index.Search(ctx, c.Workspace, *q)
	if err != nil {
		return none, fmt.Errorf("search: %w", err)
	}
	found := Found{Total: answer.Total, Hits: make([]Hit, 0, len(answer.Hits)), Facets: map[string]Facet{}, Next: answer.Next}
	for name, f := range answer.Facets {
		values := make([]FacetValue, 0, len(f.Counts))
		for _, n := range f.Counts {
			values = append(values, FacetValue{n.Value, n.N})
		}
		found.Facets[name] = Facet{Values: values, Other: f.Other}
	}
	h := s.hitShape(c)
	for _, hit := range answer.Hits {
		document, err := h.document(hit)
		if err != nil {
			return none, err
		}
		if document == nil {
			found.Total--
			continue
		}
		found.Hits = append(found.Hits, Hit{hit.Kind.String(), hit.ID.String(), hit.Score, document})
	}
	return found, nil
}

func (s *Service) awaitIndex(ctx context.Context, c *Scope, after store.Revision) error {
	if after == 0 {
		return nil
	}
	h, err := c.View.Header(c.Workspace)
	if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if after > h.Revision {
		return fmt.Errorf("%w: the workspace has not reached this revision", ErrBadQuery)
	}
	ctx, cancel := context.WithTimeout(ctx, maxSearchWait)
	defer cancel()
	if err := s.Index.Wait(ctx, c.Workspace, after); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return ErrIndexBuilding
		}
		return fmt.Errorf("wait for index: %w", err)
	}
	return nil
}

// query is the index's query for what the caller may find; nil if that is
// nothing.
func (s *Service) query(c *Scope, in *SearchInput) (*index.Query, error) {
	q := &index.Query{
		Text: in.Text, From: in.From, To: in.To, Facets: in.Facets, Limit: in.Limit, Cursor: in.Cursor, Filters: map[string][]record.ID{},
	}
	if in.Newest {
		q.Sort = index.Newest
	}
	for name, ids := range in.Filters {
		if len(ids) > 0 {
			q.Filters[name] = ids
		}
	}
	if err := s.kinds(c, q, in.Kinds); err != nil {
		return nil, err
	}
	if len(q.Kinds) == 0 {
		return nil, nil
	}
	if !c.Can(auth.EntriesView) || slices.Equal(q.Kinds, []record.Kind{record.Activity}) && !c.Can(auth.ActivityView) {
		q.User = &c.Principal.Person
	}
	return q, s.byClient(c, q, len(in.Kinds) > 0)
}

// kinds sets which kinds are looked for: those asked for, without those that
// the caller may not search. Activity is a person's own: it is found among
// other kinds only by who may see everybody's.
func (s *Service) kinds(c *Scope, q *index.Query, names []string) error {
	var wanted []record.Kind
	for _, name := range names {
		kind, ok := record.ParseKind(name)
		if !ok || !index.Searchable(kind) {
			return fmt.Errorf("%w: kind is not one that can be searched", ErrBadQuery)
		}
		wanted = append(wanted, kind)
	}
	if len(wanted) == 0 {
		for _, d := range record.Kinds() {
			if index.Searchable(d.Kind) {
				wanted = append(wanted, d.Kind)
			}
		}
	}
	onlyActivity := len(wanted) == 1 && wanted[0] == record.Activity
	for _, kind := range wanted {
		switch {
		case kind == record.Invoice && !c.Can(auth.EntriesInvoiced):
			continue
		case kind == record.Activity && !onlyActivity && !c.Can(auth.ActivityView) && c.Can(auth.EntriesView):
			continue // with everybody's entries there would be everybody's activity
		}
		q.Kinds = append(q.Kinds, kind)
	}
	return nil
}

// byClient makes a filter by client one by the client's projects, for kinds
// that know projects only.
func (s *Service) byClient(c *Scope, q *index.Query, asked bool) error {
	clients := q.Filters[index.FilterClient]
	if len(clients) == 0 {
		return nil
	}
	know := func(k record.Kind) bool { return k == record.Project || k == record.Invoice }
	if asked && !slices.ContainsFunc(q.Kinds, func(k record.Kind) bool { return !know(k) }) {
		return nil
	}
	if asked && slices.ContainsFunc(q.Kinds, know) {
		return fmt.Errorf("%w: client with kinds that have a client and kinds that have a project", ErrBadQuery)
	}
	if !asked {
		q.Kinds = []record.Kind{record.TimeEntry}
	}
	delete(q.Filters, index.FilterClient)
	projects := q.Filters[index.FilterProject]
	var theirs []record.ID
	for _, client := range clients {
		for r, err := range indexed(c.View, c.Workspace, record.Project, "client", record.TextValue(client.String())) {
			if err != nil {
				return err
			}
			if len(projects) == 0 || slices.Contains(projects, r.Key.ID) {
				theirs = append(theirs, r.Key.ID)
			}
		}
	}
	if len(theirs) == 0 {
		theirs = []record.ID{{}} // of no project
	}
	q.Filters[index.FilterProject] = theirs
	return nil
}

// hitShape makes documents of hits.
type hitShape struct {
	s       *Service
	c       *Scope
	entry   *entryShape
	project *projectShape
}

func (s *Service) hitShape(c *Scope) *hitShape {
	h := &hitShape{s: s, c: c, entry: s.entryShape(c, c.View, false), project: s.projectShape(c, c.View)}
	h.project.spent = false
	return h
}

// document is what was found as its own route would answer it; nil if it is
// gone, or not the caller's to see.
func (h *hitShape) document(hit index.Hit) (json.RawMessage, error) {
	r, err := h.c.View.Get(h.c.Workspace, hit.Kind, hit.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", hit.Kind, err)
	}
	if ok, err := h.visible(r); err != nil || !ok {
		return nil, err
	}
	as := h.c.plain
	switch hit.Kind {
	case record.TimeEntry:
		as = h.entry.shape
	case record.Project:
		as = h.project.shape
	case record.Client:
		as = h.c.clientShape
	case record.Task:
		as = h.task
	}
	d, err := as(r)
	if err != nil {
		return nil, err
	}
	return d.AppendTo(nil), nil
}

func (h *hitShape) task(r store.Record) (Document, error) {
	d, err := h.c.plain(r)
	if err != nil {
		return d, err
	}
	project, err := record.ParseID(gjson.GetBytes(r.Doc, "projectId").String())
	if err != nil {
		return d, fmt.Errorf("decode task: %w", err)
	}
	return d, h.c.hideRates(&d, project)
}

// visible judges a hit by itself: the index knows no permissions.
func (h *hitShape) visible(r store.Record) (bool, error) {
	person := func() record.ID {
		id, err := record.ParseID(gjson.GetBytes(r.Doc, "userId").String())
		if err != nil {
			return record.ID{}
		}
		return id
	}
	switch r.Key.Kind {
	case record.TimeEntry:
		e, err := decodeEntry(r.Doc)
		return err == nil && h.c.May(auth.EntriesView, e.target()), err
	case record.Activity:
		return h.c.May(auth.ActivityView, auth.Target{Person: person()}), nil
	case record.Expense:
		return h.c.May(auth.EntriesView, auth.Target{Person: person()}), nil
	case record.Project:
		return h.c.sees(r.Doc), nil
	case record.Task:
		doc, err := h.entry.look(record.Project, gjson.GetBytes(r.Doc, "projectId").String())
		return doc != nil && h.c.sees(doc), err
	}
	return true, nil
}
