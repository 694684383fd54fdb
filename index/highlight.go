package index

import "slices"

// Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Highlight says which parts of a text made it match, in order and without
// overlap: each word that the query's text asks for, phrases as a whole. It is
// called with a field of the stored record; a query that Parse refuses marks
// nothing.
func Highlight(query, text string) []Span {
	terms, err := Parse(query)
	if err != nil {
		return nil
	}
	found := words(text)
	var spans []Span
	for _, t := range terms {
		for i := range found {
			if n := t.at(found, i); n > 0 {
				spans = append(spans, Span{found[i].start, found[i+n-1].end})
			}
		}
	}
	slices.SortFunc(spans, func(a, b Span) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	return join(spans)
}

// join merges spans that overlap.
func join(spans []Span) []Span {
	var joined []Span
	for _, s := range spans {
		if n := len(joined); n > 0 && s.Start < joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
