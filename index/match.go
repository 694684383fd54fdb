package index

import (
	"slices"
	"strings"
	"time"

	"domicile/store/record"
)

// Match says whether a query finds a record: the specification of Search,
// without an index. A query that Search would refuse finds nothing. Sort,
// Limit, Cursor and Facets have no say in it.
func Match(q Query, kind record.Kind, doc []byte) bool {
	terms, err := q.check()
	if err != nil || !Searchable(kind) {
		return false
	}
	e := extract(kind, doc)
	return q.matchKind(kind) && q.matchDate(e) && q.matchIDs(e) && matchTerms(terms, e)
}

func (q *Query) matchKind(kind record.Kind) bool {
	return len(q.Kinds) == 0 || slices.Contains(q.Kinds, kind)
}

func (q *Query) matchDate(e extracted) bool {
	if q.From.IsZero() && q.To.IsZero() {
		return true
	}
	return e.dated && e.date >= seconds(q.From, minDate) && e.date < seconds(q.To, maxDate+1)
}

func (q *Query) matchIDs(e extracted) bool {
	for name, ids := range q.Filters {
		if !slices.ContainsFunc(ids, func(id record.ID) bool { return slices.Contains(e.ids[name], id) }) {
			return false
		}
	}
	return q.User == nil || !hasUser(e.kind) || slices.Contains(e.ids[FilterUser], *q.User)
}

// matchTerms says whether each term occurs in one of the record's texts.
func matchTerms(terms []Term, e extracted) bool {
	if len(terms) == 0 {
		return true
	}
	texts := make([][]word, len(e.texts))
	for i, text := range e.texts {
		texts[i] = words(text)
	}
	for _, t := range terms {
		if !slices.ContainsFunc(texts, t.in) {
			return false
		}
	}
	return true
}

func (t Term) in(text []word) bool {
	for i := range text {
		if t.at(text, i) > 0 {
			return true
		}
	}
	return false
}

// at says how many words from i on are what t asks for; 0 if they are not.
func (t Term) at(text []word, i int) int {
	switch t.Manner {
	case Prefix:
		if !strings.HasPrefix(text[i].term, t.Words[0]) {
			return 0
		}
	case Typo:
		if !oneTypo(text[i].term, t.Words[0]) {
			return 0
		}
	default:
		if i+len(t.Words) > len(text) {
			return 0
		}
		for n, w := range t.Words {
			if text[i+n].term != w {
				return 0
			}
		}
	}
	return len(t.Words)
}

// seconds is a query's instant as extracted.date counts, or otherwise if it
// has none.
func seconds(t time.Time, otherwise int64) int64 {
	if t.IsZero() {
		return otherwise
	}
	return min(max(t.Unix(), minDate), maxDate+1)
}
