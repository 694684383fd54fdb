package index

import (
	"errors"
	"fmt"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/searcher"
	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store/record"
)

// unscored is the option by which Bleve works on bitmaps.
var unscored = search.SearcherOptions{Score: "none"}

// searchers are opened one by one and closed together if one fails.
type searchers struct {
	f    *finder
	list []search.Searcher
	err  error
}

func (s *searchers) add(found search.Searcher, err error) {
	if err != nil {
		s.err = errors.Join(s.err, err)
		return
	}
	s.list = append(s.list, found)
}

// all joins the searchers into one that finds what all of them find; nil if
// there are none.
func (s *searchers) all(o search.SearcherOptions) (search.Searcher, error) {
	if s.err == nil && len(s.list) == 1 {
		return s.list[0], nil
	}
	if s.err == nil && len(s.list) > 1 {
		joined, err := searcher.NewConjunctionSearcher(s.f.ctx, s.f.reader, s.list, o)
		if err == nil {
			return joined, nil
		}
		s.err = err
	}
	if s.err == nil {
		return nil, nil
	}
	for _, open := range s.list {
		s.err = errors.Join(s.err, open.Close())
	}
	return nil, fmt.Errorf("open searcher: %w", s.err)
}

// open gives the query's searchers: ranked finds and scores, filter only finds.
// Either can be nil, but not both.
func (f *finder) open(score bool, within []termRange) (ranked, filter search.Searcher, err error) {
	words, rest := &searchers{f: f}, &searchers{f: f}
	for _, t := range f.terms {
		switch {
		case t.Manner == Prefix || t.Manner == Typo:
			rest.add(f.alternatives(t))
		case score:
			words.add(f.text(t, search.SearcherOptions{}))
		default:
			rest.add(f.text(t, unscored))
		}
	}
	f.addFilters(rest, within)
	if len(words.list)+len(rest.list) == 0 && rest.err == nil && words.err == nil {
		rest.add(searcher.NewMatchAllSearcher(f.ctx, f.reader, 1, unscored))
	}
	if ranked, err = words.all(search.SearcherOptions{}); err != nil {
		_, rerr := rest.all(unscored)
		return nil, nil, errors.Join(err, rerr)
	}
	if filter, err = rest.all(unscored); err != nil && ranked != nil {
		return nil, nil, errors.Join(err, ranked.Close())
	}
	return ranked, filter, err
}

// addFilters adds what restricts kinds, ids and dates.
func (f *finder) addFilters(s *searchers, within []termRange) {
	if len(f.q.Kinds) > 0 {
		s.add(f.anyOf(fieldKind, kindTerms(f.q.Kinds)))
	}
	for name, ids := range f.q.Filters {
		s.add(f.anyOf(facetField[name], idTerms(ids)))
	}
	if f.q.User != nil {
		s.add(f.own(*f.q.User))
	}
	if within == nil && !(f.q.From.IsZero() && f.q.To.IsZero()) {
		within = cover(f.bounds())
	}
	if within != nil {
		s.add(f.within(within))
	}
}

// bounds are the query's dates, the last excluded.
func (f *finder) bounds() (lo, hi int64) {
	return seconds(f.q.From, minDate), seconds(f.q.To, maxDate+1)
}

// text finds a word or a phrase.
func (f *finder) text(t Term, o search.SearcherOptions) (search.Searcher, error) {
	if t.Manner == Phrase {
		return searcher.NewPhraseSearcher(f.ctx, f.reader, t.Words, 0, false, fieldText, 1, o)
	}
	return searcher.NewTermSearcher(f.ctx, f.reader, t.Words[0], fieldText, 1, o)
}

// alternatives finds the words that begin as t's, or are a typo away from it.
func (f *finder) alternatives(t Term) (search.Searcher, error) {
	if t.Manner == Prefix {
		dict, err := f.reader.FieldDictPrefix(fieldText, []byte(t.Words[0]))
		return f.anyIn(fieldText, dict, err)
	}
	fuzzy, ok := f.reader.(bleve.IndexReaderFuzzy)
	if !ok {
		return nil, errors.New("index cannot look for typos")
	}
	dict, err := fuzzy.FieldDictFuzzy(fieldText, t.Words[0], 1, "")
	return f.anyIn(fieldText, dict, err)
}

// own finds what is a person's own, and what belongs to nobody.
func (f *finder) own(user record.ID) (search.Searcher, error) {
	either := &searchers{f: f}
	var shared []record.Kind
	for _, kind := range searchableKinds() {
		if !hasUser(kind) {
			shared = append(shared, kind)
		}
	}
	either.add(f.anyOf(fieldKind, kindTerms(shared)))
	either.add(f.anyOf(facetField[FilterUser], []string{idTerm(user)}))
	if either.err != nil {
		return either.all(unscored)
	}
	return searcher.NewDisjunctionSearcher(f.ctx, f.reader, either.list, 1, unscored)
}

// within finds the dates of ranges that cover has made.
func (f *finder) within(ranges []termRange) (search.Searcher, error) {
	either := &searchers{f: f}
	for _, r := range ranges {
		dict, err := f.reader.FieldDictRange(r.field, r.first, r.last)
		either.add(f.anyIn(r.field, dict, err))
	}
	if either.err != nil {
		return either.all(unscored)
	}
	if len(either.list) == 0 {
		return searcher.NewMatchNoneSearcher(f.reader)
	}
	return searcher.NewDisjunctionSearcher(f.ctx, f.reader, either.list, 1, unscored)
}

// anyIn finds what has one of the terms of a dictionary, which it closes.
func (f *finder) anyIn(field string, dict bleve.FieldDict, err error) (search.Searcher, error) {
	if err != nil {
		return nil, err
	}
	var terms []string
	e, err := dict.Next()
	for ; err == nil && e != nil; e, err = dict.Next() {
		terms = append(terms, e.Term)
	}
	if err = errors.Join(err, dict.Close()); err != nil {
		return nil, err
	}
	return f.anyOf(field, terms)
}

// anyOf finds what has one of the terms.
func (f *finder) anyOf(field string, terms []string) (search.Searcher, error) {
	switch len(terms) {
	case 0:
		return searcher.NewMatchNoneSearcher(f.reader)
	case 1:
		return searcher.NewTermSearcher(f.ctx, f.reader, terms[0], field, 1, unscored)
	}
	return searcher.NewMultiTermSearcher(f.ctx, f.reader, terms, field, 1, unscored, false)
}

func kindTerms(kinds []record.Kind) []string {
	terms := make([]string, len(kinds))
	for i, k := range kinds {
		terms[i] = k.String()
	}
	return terms
}

func idTerms(ids []record.ID) []string {
	terms := make([]string, len(ids))
	for i, id := range ids {
		terms[i] = idTerm(id)
	}
	return terms
}
