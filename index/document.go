package index

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	bleve "github.com/blevesearch/bleve_index_api"

	"domicile/store/record"
)

// mappingVersion counts the ways in which records were written to Bleve. An
// index of another version is built again. Raise it with any change of this
// file, of words.go, of extract.go, or of a kind's searchable fields.
const mappingVersion = 1

// Fields of a Bleve document. Nothing is stored but the document's id, and only
// what is sorted or counted by has doc values. Doc values are separated by FF,
// so their terms are text.
const (
	fieldText   = "t"
	fieldKind   = "k"
	fieldSecond = "s" // the date, to the second: sorting, and the ends of a range
	fieldSpan   = "d" // the spans that the date lies in: the middle of a range
)

// facetField maps the name of a filter or facet to its field.
var facetField = map[string]string{
	FacetKind: fieldKind, FilterProject: "p", FilterClient: "c",
	FilterTask: "a", FilterTag: "g", FilterUser: "u",
}

const (
	textOptions  = bleve.IndexField | bleve.IncludeTermVectors
	facetOptions = bleve.IndexField | bleve.DocValues | bleve.SkipFreqNorm
	spanOptions  = bleve.IndexField | bleve.SkipFreqNorm
)

// newDocument is a record as Bleve indexes it.
func newDocument(key record.Key, doc []byte) *document.Document {
	e := extract(key.Kind, doc)
	d := document.NewDocument(documentID(key))
	add := func(field string, value []byte, options bleve.FieldIndexingOptions, a analysis.Analyzer) {
		d.AddField(document.NewTextFieldCustom(field, nil, value, options, a))
	}
	for i, text := range e.texts {
		d.AddField(document.NewTextFieldCustom(fieldText, []uint64{uint64(i)}, []byte(text), textOptions, analyzer{}))
	}
	add(fieldKind, []byte(key.Kind.String()), facetOptions, nil)
	for _, name := range filterNames {
		for _, id := range e.ids[name] {
			add(facetField[name], []byte(idTerm(id)), facetOptions, nil)
		}
	}
	if e.dated {
		add(fieldSecond, []byte(secondTerm(e.date)), facetOptions, nil)
		add(fieldSpan, spanTerms(e.date), spanOptions, spanAnalyzer{})
	} else {
		add(fieldSpan, []byte(undatedTerm), spanOptions, nil)
	}
	return d
}

// documentID is the record's key in bytes: Bleve gives it back with a hit.
func documentID(key record.Key) string {
	b := make([]byte, 0, 2+len(key.ID))
	b = binary.BigEndian.AppendUint16(b, uint16(key.Kind))
	return string(append(b, key.ID[:]...))
}

func parseDocumentID(id string) (record.Key, bool) {
	var key record.Key
	if len(id) != 2+len(key.ID) {
		return key, false
	}
	key.Kind = record.Kind(binary.BigEndian.Uint16([]byte(id[:2])))
	copy(key.ID[:], id[2:])
	return key, true
}

// idTerm is an id as a term: base64 has no FF, and is shorter than hex.
func idTerm(id record.ID) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

func parseIDTerm(term string) (record.ID, bool) {
	var id record.ID
	b, err := base64.RawURLEncoding.DecodeString(term)
	if err != nil || len(b) != len(id) {
		return id, false
	}
	copy(id[:], b)
	return id, true
}
