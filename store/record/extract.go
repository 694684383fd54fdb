package record

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// source is a place in documents that indexes of a kind read, as a type.
type source struct {
	top, rest string // the path's first name, and what follows it
	field     *Field // one of those that read it
}

// compile finds the sources of a row's indexes, so that IndexKeys reads each
// once however many indexes it stands in.
func (d *Definition) compile() {
	for i := range d.Indexes {
		d.Indexes[i].kind = d
		for n := range d.Indexes[i].Fields {
			f := &d.Indexes[i].Fields[n]
			f.source = slices.IndexFunc(d.sources, func(s source) bool {
				return s.field.Path == f.Path && s.field.Type == f.Type && s.field.Each == f.Each
			})
			if f.source < 0 {
				f.source = len(d.sources)
				top, rest, _ := strings.Cut(f.Path, ".")
				d.sources = append(d.sources, source{top, rest, f})
			}
		}
	}
}

// IndexKeys calls emit with each of a document's keys in each index of its
// kind, as Index.Keys returns them. It reads the document once. The key is
// emit's only until it returns.
func (d *Definition) IndexKeys(doc []byte, emit func(index *Index, key []byte)) {
	if len(d.Indexes) == 0 {
		return
	}
	var room [8][]Value
	values := append(room[:0], make([][]Value, len(d.sources))...)
	d.read(doc, values)
	var space [512]byte
	key := space[:0]
	for i := range d.Indexes {
		index := &d.Indexes[i]
		if several := index.each(values); several > 1 {
			for _, k := range index.combine(values) {
				emit(index, k)
			}
		} else if several == 1 {
			key = key[:0]
			for n := range index.Fields {
				f := &index.Fields[n]
				key = values[f.source][0].append(key, f.Desc)
			}
			emit(index, key)
		}
	}
}

// read fills in the values of each source: none where it is missing.
func (d *Definition) read(doc []byte, values [][]Value) {
	found := make([]bool, len(d.sources))
	gjson.ParseBytes(doc).ForEach(func(name, value gjson.Result) bool {
		for i := range d.sources {
			s := &d.sources[i]
			if found[i] || s.top != name.Str {
				continue
			}
			found[i] = true // of equal names the first counts
			if s.rest != "" {
				value := value.Get(s.rest)
				values[i] = s.field.all(value)
				continue
			}
			values[i] = s.field.all(value)
		}
		return true
	})
	for i, s := range d.sources {
		if !found[i] {
			values[i] = s.field.all(gjson.Result{})
		}
	}
}

// each returns how many combinations of values the index has.
func (i *Index) each(values [][]Value) int {
	n := 1
	for f := range i.Fields {
		n *= len(values[i.Fields[f].source])
	}
	return n
}

// combine returns the keys of all combinations of values, sorted, each once.
func (i *Index) combine(values [][]Value) [][]byte {
	keys := [][]byte{nil}
	for n := range i.Fields {
		f := &i.Fields[n]
		longer := make([][]byte, 0, len(keys)*len(values[f.source]))
		for _, key := range keys {
			for _, v := range values[f.source] {
				longer = append(longer, v.append(bytes.Clone(key), f.Desc))
			}
		}
		keys = longer
	}
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}
