package index

import (
	"time"

	"github.com/tidwall/gjson"

	"domicile/store/record"
)

// filterNames are the names of the ids that a query can filter and count by.
var filterNames = []string{FilterProject, FilterClient, FilterTask, FilterTag, FilterUser}

// Dates are counted in seconds, and those out of these years come to their
// border: an index needs few digits, and nobody works there.
const (
	minDate = -62167219200 // 0000-01-01
	maxDate = 253402300799 // 9999-12-31
)

// extracted is what of a record is searched: by Match directly, by Bleve after
// it was indexed.
type extracted struct {
	kind  record.Kind
	texts []string               // one a field, or an element of one
	ids   map[string][]record.ID // by filter name
	date  int64                  // seconds since 1970
	dated bool
}

// Searchable says whether records of a kind can be found.
func Searchable(kind record.Kind) bool {
	d, ok := record.Lookup(kind)
	return ok && len(d.Search) > 0
}

// searchableKinds are all kinds that can be found, in the order of their numbers.
func searchableKinds() []record.Kind {
	var kinds []record.Kind
	for _, d := range record.Kinds() {
		if Searchable(d.Kind) {
			kinds = append(kinds, d.Kind)
		}
	}
	return kinds
}

// hasUser says whether records of a kind belong to a person.
func hasUser(kind record.Kind) bool {
	d, ok := record.Lookup(kind)
	if !ok {
		return false
	}
	for _, f := range d.Facets {
		if f.Name == FilterUser {
			return true
		}
	}
	return false
}

// extract reads what the kind's row names. Fields that are missing or of
// another type are nothing.
func extract(kind record.Kind, doc []byte) extracted {
	e := extracted{kind: kind}
	d, ok := record.Lookup(kind)
	if !ok {
		return e
	}
	for _, f := range d.Search {
		eachString(doc, f.Path, func(s string) { e.texts = append(e.texts, s) })
	}
	for _, f := range d.Facets {
		eachString(doc, f.Path, func(s string) { e.facet(f, s) })
	}
	return e
}

func (e *extracted) facet(f record.Facet, value string) {
	if f.Type == record.Time {
		if at, err := time.Parse(time.RFC3339, value); err == nil && !e.dated {
			e.date, e.dated = min(max(at.Unix(), minDate), maxDate), true
		}
		return
	}
	if id, err := record.ParseID(value); err == nil {
		if e.ids == nil {
			e.ids = make(map[string][]record.ID)
		}
		e.ids[f.Name] = append(e.ids[f.Name], id)
	}
}

// eachString calls yield for the string at a path, or for each string of the
// array there.
func eachString(doc []byte, path string, yield func(string)) {
	var visit func(v gjson.Result)
	visit = func(v gjson.Result) {
		switch {
		case v.Type == gjson.String:
			yield(v.Str)
		case v.IsArray():
			v.ForEach(func(_, element gjson.Result) bool { visit(element); return true })
		}
	}
	visit(gjson.GetBytes(doc, path))
}
