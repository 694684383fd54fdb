package index

import (
	"context"
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
func (s *searchers) all(ctx context.Context, o search.SearcherOptions) (search.Searcher, error) {
	if s.err == nil && len(s.list) == 1 {
		return s.list[0], nil
	}
	if s.err == nil && len(s.list) > 1 {
		joined, err := searcher.NewConjunctionSearcher(ctx, s.f.reader, s.list, o)
		if err == nil {
			return joined, nil
		}
		s.err = err
	}
	if s.err == nil {
		return nil, nil
	}
	return nil, fmt.Errorf("open searcher: %w", errors.Join(s.err, s.close()))
}

// close closes what was not joined.
func (s *searchers) close() error {
	var errs []error
	for _, open := range s.list {
		errs = append(errs, open.Close())
	}
	return errors.Join(errs...)
}

// open gives the query's searchers: ranked finds and scores, filter only finds.
// Either can be nil, but not both.
func (f *finder) open(ctx context.Context, score bool) (ranked, filter search.Searcher, err error) {
	words, rest := &searchers{f: f}, &searchers{f: f}
	for _, t := range f.terms {
		switch {
		case t.Manner == Prefix || t.Manner == Typo:
			rest.add(f.alternatives(ctx, t))
		case score:
			words.add(f.text(ctx, t, search.SearcherOptions{}))
		default:
			rest.add(f.text(ctx, t, unscored))
		}
	}
	f.addFilters(ctx, rest)
	if len(words.list)+len(rest.list) == 0 && rest.err == nil && words.err == nil {
		rest.add(searcher.NewMatchAllSearcher(ctx, f.reader, 1, unscored))
	}
	if ranked, err = words.all(ctx, search.SearcherOptions{}); err != nil {
		return nil, nil, errors.Join(err, rest.close())
	}
	if filter, err = rest.all(ctx, unscored); err != nil && ranked != nil {
		return nil, nil, errors.Join(err, ranked.Close())
	}
	return ranked, filter, err
}

// addFilters adds what restricts kinds, ids and dates.
func (f *finder) addFilters(ctx context.Context, s *searchers) {
	if len(f.q.Kinds) > 0 {
		s.add(f.anyOf(ctx, fieldKind, kindTerms(f.q.Kinds)))
	}
	for name, ids := range f.q.Filters {
		s.add(f.anyOf(ctx, facetField[name], idTerms(ids)))
	}
	if f.q.User != nil {
		s.add(f.own(ctx, *f.q.User))
	}
	if !f.q.From.IsZero() || !f.q.To.IsZero() {
		s.add(f.within(ctx, cover(f.bounds())))
	}
}

// bounds are the query's dates, the last excluded.
func (f *finder) bounds() (lo, hi int64) {
	return seconds(f.q.From, minDate), seconds(f.q.To, maxDate+1)
}

// text finds a word or a phrase.
func (f *finder) text(ctx context.Context, t Term, o search.SearcherOptions) (search.Searcher, error) {
	if t.Manner == Phrase {
		return searcher.NewPhraseSearcher(ctx, f.reader, t.Words, 0, false, fieldText, 1, o)
	}
	return searcher.NewTermSearcher(ctx, f.reader, t.Words[0], fieldText, 1, o)
}

// alternatives finds the words that begin as t's, or are a typo away from it.
func (f *finder) alternatives(ctx context.Context, t Term) (search.Searcher, error) {
	if t.Manner == Prefix {
		dict, err := f.reader.FieldDictPrefix(fieldText, []byte(t.Words[0]))
		return f.anyIn(ctx, fieldText, dict, err)
	}
	fuzzy, ok := f.reader.(bleve.IndexReaderFuzzy)
	if !ok {
		return nil, errors.New("index cannot look for typos")
	}
	dict, err := fuzzy.FieldDictFuzzy(fieldText, t.Words[0], 1, "")
	return f.anyIn(ctx, fieldText, dict, err)
}

// own finds what is a person's own, and what belongs to nobody.
func (f *finder) own(ctx context.Context, user record.ID) (search.Searcher, error) {
	either := &searchers{f: f}
	var shared []record.Kind
	for _, kind := range searchableKinds() {
		if !hasUser(kind) {
			shared = append(shared, kind)
		}
	}
	either.add(f.anyOf(ctx, fieldKind, kindTerms(shared)))
	either.add(f.anyOf(ctx, facetField[FilterUser], []string{idTerm(user)}))
	if either.err != nil {
		return either.all(ctx, unscored)
	}
	return searcher.NewDisjunctionSearcher(ctx, f.reader, either.list, 1, unscored)
}

// within finds the dates of ranges that cover has made.
func (f *finder) within(ctx context.Context, ranges []termRange) (search.Searcher, error) {
	either := &searchers{f: f}
	for _, r := range ranges {
		dict, err := f.reader.FieldDictRange(r.field, r.first, r.last)
		either.add(f.anyIn(ctx, r.field, dict, err))
	}
	if either.err != nil {
		return either.all(ctx, unscored)
	}
	if len(either.list) == 0 {
		return searcher.NewMatchNoneSearcher(f.reader)
	}
	return searcher.NewDisjunctionSearcher(ctx, f.reader, either.list, 1, unscored)
}

// anyIn finds what has one of the terms of a dictionary, which it closes.
func (f *finder) anyIn(ctx context.Context, field string, dict bleve.FieldDict, err error) (search.Searcher, error) {
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
	return f.anyOf(ctx, field, terms)
}

// anyOf finds what has one of the terms.
func (f *finder) anyOf(ctx context.Context, field string, terms []string) (search.Searcher, error) {
	switch len(terms) {
	case 0:
		return searcher.NewMatchNoneSearcher(f.reader)
	case 1:
		return searcher.NewTermSearcher(ctx, f.reader, terms[0], field, 1, unscored)
	}
	return searcher.NewMultiTermSearcher(ctx, f.reader, terms, field, 1, unscored, false)
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
