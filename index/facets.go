package index

import (
	"cmp"
	"fmt"
	"slices"

	bleve "github.com/blevesearch/bleve_index_api"
)

// facetCounter counts the values of the facets that a query asks for.
type facetCounter struct {
	values bleve.DocValueReader         // nil if there are none
	names  map[string]string            // of fields
	counts map[string]map[string]*count // by field and term
}

type count struct{ n uint64 }

func (f *finder) newFacets() (*facetCounter, error) {
	c := &facetCounter{names: make(map[string]string), counts: make(map[string]map[string]*count)}
	var fields []string
	for _, name := range f.q.Facets {
		field := facetField[name]
		if c.counts[field] != nil {
			continue
		}
		fields = append(fields, field)
		c.names[field] = name
		c.counts[field] = make(map[string]*count)
	}
	if len(fields) == 0 {
		return c, nil
	}
	var err error
	if c.values, err = f.reader.DocValueReader(fields); err != nil {
		return nil, fmt.Errorf("read facets: %w", err)
	}
	return c, nil
}

// visit counts a hit.
func (c *facetCounter) visit(h hit) error {
	if c.values == nil {
		return nil
	}
	err := c.values.VisitDocValues(h.number, func(field string, term []byte) {
		counts := c.counts[field]
		if n := counts[string(term)]; n != nil {
			n.n++
		} else {
			counts[string(term)] = &count{1}
		}
	})
	if err != nil {
		return fmt.Errorf("count facets: %w", err)
	}
	return nil
}

// facets gives what was counted, by facet name; nil if there are none.
func (c *facetCounter) facets() map[string]Facet {
	if c.values == nil {
		return nil
	}
	facets := make(map[string]Facet, len(c.names))
	for field, name := range c.names {
		all := make([]Count, 0, len(c.counts[field]))
		for term, n := range c.counts[field] {
			value := term
			if id, ok := parseIDTerm(term); ok && name != FacetKind {
				value = id.String()
			}
			all = append(all, Count{value, n.n})
		}
		facets[name] = newFacet(all)
	}
	return facets
}

// newFacet orders counts and cuts them.
func newFacet(all []Count) Facet {
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
	})
	f := Facet{Counts: all[:min(len(all), maxFacet)]}
	for _, c := range all[len(f.Counts):] {
		f.Other += c.N
	}
	return f
}
