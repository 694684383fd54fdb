package record

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// Keys returns the encoded keys of a document in this index, without the
// record's id, sorted and each once. A document that lacks one of the values has
// none. The index must be one of the table's.
func (i *Index) Keys(doc []byte) [][]byte {
	var keys [][]byte
	i.kind.IndexKeys(doc, func(index *Index, key []byte) {
		if index == i {
			keys = append(keys, bytes.Clone(key))
		}
	})
	return keys
}

// Prefix encodes the first values of the index, for the bounds of a query.
// Fewer values than fields give the prefix that all such keys share.
func (i *Index) Prefix(values ...Value) ([]byte, error) {
	if len(values) > len(i.Fields) {
		return nil, fmt.Errorf("%d values for index %s of %d fields: %w", len(values), i.Name, len(i.Fields), ErrBadValue)
	}
	var key []byte
	for n, v := range values {
		f := &i.Fields[n]
		if v.kind != f.Type {
			return nil, fmt.Errorf("value %d of index %s: %w", n+1, i.Name, ErrBadValue)
		}
		key = v.append(key, f.Desc)
	}
	return key, nil
}

// Decode reads a key made by Keys or Prefix and returns its values and what
// follows them: in a stored key the record's id.
func (i *Index) Decode(key []byte) (values []Value, rest []byte, err error) {
	for n := range i.Fields {
		var v Value
		if v, key, err = decodeValue(&i.Fields[n], key); err != nil {
			return nil, nil, err
		}
		values = append(values, v)
	}
	return values, key, nil
}

// all reads a field's values: none if it is missing.
func (f *Field) all(found gjson.Result) []Value {
	if !f.Each {
		if v, ok := f.value(found); ok {
			return []Value{v}
		}
		return nil
	}
	if !found.IsArray() {
		return nil
	}
	var values []Value
	found.ForEach(func(_, element gjson.Result) bool {
		if v, ok := f.value(element); ok {
			values = append(values, v)
		}
		return true
	})
	return values
}

// value reads one JSON value as the field's type. A value of another type, or
// one that cannot be read, counts as missing.
func (f *Field) value(found gjson.Result) (Value, bool) {
	v := Value{kind: f.Type}
	switch f.Type {
	case Text:
		v.text = found.Str
		return v, found.Type == gjson.String
	case Folded:
		v.text = Fold(found.Str)
		return v, found.Type == gjson.String
	case Int:
		n, err := strconv.ParseInt(found.Raw, 10, 64)
		v.number = n
		return v, found.Type == gjson.Number && err == nil
	case Time:
		if found.Type != gjson.String {
			return Value{}, false
		}
		t, err := time.Parse(time.RFC3339, found.Str)
		v.number = t.UnixMilli()
		return v, err == nil
	case Bool:
		if found.Type == gjson.True {
			v.number = 1
		}
		return v, found.IsBool()
	case Ref:
		id, err := ParseID(found.Str)
		v.id = id
		return v, found.Type == gjson.String && err == nil
	default:
		return v, found.Type == gjson.Null
	}
}
