package record_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"domicile/store/record"
)

const (
	idA = "64c777ddd3fcab07cfbb210a"
	idB = "64c777ddd3fcab07cfbb210b"
	idC = "64c777ddd3fcab07cfbb210c"
)

// The encoding is for ever: the golden file has keys of documents of each sort.
func TestEncodingIsForEver(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, c := range []struct {
		kind record.Kind
		doc  string
	}{
		{record.TimeEntry, `{"userId":"` + idA + `","projectId":"` + idB + `","taskId":"` + idC + `","tagIds":["` + idC + `","` + idB + `","` + idC + `"],"importId":"` + idA + `","timeInterval":{"start":"2026-01-02T03:04:05.678Z","end":null}}`},
		{record.TimeEntry, `{"userId":"` + idA + `","projectId":null,"tagIds":[],"timeInterval":{"start":"1969-12-31T23:59:59.9999+00:00","end":"2026-01-02T03:04:05Z"}}`},
		{record.Project, `{"clientId":"","name":"Größe\u0000\u0001 Ⅻ É"}`},
		{record.Project, `{"clientId":"` + idA + `","name":"` + strings.Repeat("Long ", 60) + `"}`},
		{record.Piece, `{"fileId":"` + idA + `","number":-1}`},
		{record.Piece, `{"fileId":"` + idA + `","number":9223372036854775807}`},
		{record.Import, `{"hash":"A\u0000b"}`},
		{record.Person, `{"email":"Ann@Example.COM"}`},
	} {
		fmt.Fprintf(&b, "%s %s\n", c.kind, c.doc)
		d, _ := record.Lookup(c.kind)
		d.IndexKeys([]byte(c.doc), func(i *record.Index, key []byte) {
			fmt.Fprintf(&b, "  %s %s\n", i.Name, hex.EncodeToString(key))
		})
	}
	golden(t, "keys.txt", b.Bytes())
}

// Folding follows Unicode tables. Another table would be another definition of
// the indexes: nodes of two releases would disagree about keys.
func TestFoldingIsForEver(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r < 0xd800 || r > 0xdfff {
			h.Write([]byte(record.Fold(string(r))))
			h.Write([]byte{0})
		}
	}
	got := fmt.Sprintf("unicode %s, norm %s\n%x\n", unicode.Version, norm.Version, h.Sum(nil))
	golden(t, "folding.txt", []byte(got))
}

func TestFoldedValuesCompareAsPeopleDo(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"É", "e\u0301"}, {"GRÖSSE", "gro\u0308sse"}, {"Ann@Example.COM", "ann@example.com"}} {
		if record.Fold(pair[0]) != record.Fold(pair[1]) {
			t.Errorf("%q and %q fold to %q and %q", pair[0], pair[1], record.Fold(pair[0]), record.Fold(pair[1]))
		}
	}
}

// value draws a value of a type, often a border case, and its JSON.
func value(typ record.FieldType) *rapid.Generator[record.Value] {
	if typ == record.Null {
		return rapid.Just(record.NullValue())
	}
	return rapid.Custom(func(t *rapid.T) record.Value {
		switch typ {
		case record.Text:
			return record.TextValue(text(t))
		case record.Folded:
			return record.FoldedValue(text(t))
		case record.Int:
			return record.IntValue(rapid.Int64().Draw(t, "int"))
		case record.Time:
			return record.TimeValue(time.UnixMilli(rapid.Int64Range(-1<<45, 1<<45).Draw(t, "ms")))
		case record.Bool:
			return record.BoolValue(rapid.Bool().Draw(t, "bool"))
		default:
			return record.RefValue(record.ID(rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "id")))
		}
	})
}

func text(t *rapid.T) string {
	s := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 'Z', 'é', '世', 0x10ffff})),
		rapid.String(),
	).Draw(t, "text")
	return s + strings.Repeat("x", rapid.SampledFrom([]int{0, 0, 0, 223, 224, 255, 256, 300}).Draw(t, "more"))
}

// compare orders values of one type, as people do.
func compare(typ record.FieldType, a, b record.Value) int {
	switch typ {
	case record.Text, record.Folded:
		return strings.Compare(a.Text(), b.Text())
	case record.Ref:
		return a.ID().Compare(b.ID())
	case record.Time:
		return a.Time().Compare(b.Time())
	case record.Bool:
		return map[bool]int{true: 1}[a.Bool()] - map[bool]int{true: 1}[b.Bool()]
	case record.Int:
		switch {
		case a.Int() < b.Int():
			return -1
		case a.Int() > b.Int():
			return 1
		}
	}
	return 0
}

// K2, for every index of the table and for descending fields too.
func TestK2EncodedValuesSortAsValues(t *testing.T) {
	t.Parallel()
	indexes := []record.Index{
		{Name: "ints", Fields: []record.Field{{Type: record.Int}, {Type: record.Int, Desc: true}}},
		{Name: "bools", Fields: []record.Field{{Type: record.Bool}, {Type: record.Bool, Desc: true}}},
		{Name: "texts", Fields: []record.Field{{Type: record.Text}, {Type: record.Folded}, {Type: record.Text}}},
		{Name: "nulls", Fields: []record.Field{{Type: record.Null}, {Type: record.Text}}},
	}
	for _, d := range record.Kinds() {
		indexes = append(indexes, d.Indexes...)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := &indexes[rapid.IntRange(0, len(indexes)-1).Draw(t, "index")]
		var a, b []record.Value
		for _, f := range i.Fields {
			v := value(f.Type).Draw(t, "a")
			a = append(a, v)
			if rapid.Bool().Draw(t, "same") {
				b = append(b, v)
			} else {
				b = append(b, value(f.Type).Draw(t, "b"))
			}
		}
		ka, err := i.Prefix(a...)
		if err != nil {
			t.Fatal(err)
		}
		kb, err := i.Prefix(b...)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for n, f := range i.Fields {
			c := compare(f.Type, a[n], b[n])
			// Abbreviated texts keep the order of their first 224 bytes only.
			if long(a[n]) || long(b[n]) {
				c = strings.Compare(head(a[n]), head(b[n]))
				if c == 0 {
					if a[n].Text() != b[n].Text() && bytes.Equal(ka, kb) {
						t.Fatalf("two long texts have one key")
					}
					return
				}
			}
			if f.Desc {
				c = -c
			}
			if want = c; c != 0 {
				break
			}
		}
		if got := bytes.Compare(ka, kb); got != want {
			t.Fatalf("%v and %v: keys compare %d, values %d", a, b, got, want)
		}
		if want != 0 && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
			t.Fatalf("%v and %v: one key is a prefix of the other", a, b)
		}
		decoded, rest, err := i.Decode(append(ka, "rest"...))
		if err != nil || string(rest) != "rest" {
			t.Fatalf("decode of %v: rest %q, %v", a, rest, err)
		}
		again, err := i.Prefix(decoded...)
		if err != nil || !bytes.Equal(again, ka) {
			t.Fatalf("%v decodes to %v, which has another key, %v", a, decoded, err)
		}
	})
}

func long(v record.Value) bool { return len(v.Text()) > 256 }

func head(v record.Value) string { return v.Text()[:min(224, len(v.Text()))] }

func TestLongTextsHaveShortKeys(t *testing.T) {
	t.Parallel()
	i := record.Find(record.Import, "hash")
	for _, n := range []int{256, 257, 100_000} {
		key, err := i.Prefix(record.TextValue(strings.Repeat("h", n)))
		if err != nil || len(key) > 256+2+32 {
			t.Errorf("a text of %d bytes has a key of %d, %v", n, len(key), err)
		}
	}
}

func TestPrefixRefusesWrongValues(t *testing.T) {
	t.Parallel()
	i := record.Find(record.TimeEntry, "user_start")
	for _, values := range [][]record.Value{
		{record.TextValue("x")},
		{record.RefValue(record.ID{1}), record.IntValue(1)},
		{record.RefValue(record.ID{1}), record.TimeValue(time.Now()), record.NullValue()},
	} {
		if _, err := i.Prefix(values...); !errors.Is(err, record.ErrBadValue) {
			t.Errorf("Prefix(%v): %v", values, err)
		}
	}
}

// document draws JSON in which the fields of a kind's indexes are there,
// missing, null, of another type, or there twice.
func document(d *record.Definition) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		var fields []string
		nested := map[string][]string{}
		for _, i := range d.Indexes {
			for _, f := range i.Fields {
				top, rest, deep := strings.Cut(f.Path, ".")
				for range rapid.IntRange(0, 2).Draw(t, "times") {
					v := jsonValue().Draw(t, "value")
					if deep {
						nested[top] = append(nested[top], fmt.Sprintf("%q:%s", rest, v))
					} else {
						fields = append(fields, fmt.Sprintf("%q:%s", top, v))
					}
				}
			}
		}
		for _, i := range d.Indexes {
			for _, f := range i.Fields {
				top, _, _ := strings.Cut(f.Path, ".")
				if inner, ok := nested[top]; ok {
					fields = append(fields, fmt.Sprintf("%q:{%s}", top, strings.Join(inner, ",")))
					delete(nested, top)
				}
			}
		}
		return []byte("{" + strings.Join(rapid.Permutation(fields).Draw(t, "order"), ",") + "}")
	})
}

func jsonValue() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"null", "true", "false", "1", "-5", "1.5", "1e3", "99999999999999999999", `""`, `"x"`, `"É"`, `"` + idA + `"`, `"` + idB + `"`,
		`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05+02:00"`, `"2026-13-02T03:04:05Z"`, "{}", "[]", `{"start":1}`,
		`["` + idA + `","` + idB + `",null,1]`, `["` + idA + `"]`, `"\u0000a"`,
	})
}

// reference computes an index's keys the slow and plain way.
func reference(t *rapid.T, i *record.Index, doc []byte) [][]byte {
	var values [][]record.Value
	for _, f := range i.Fields {
		found := first(doc, strings.Split(f.Path, "."))
		var raw []json.RawMessage
		if f.Each {
			if json.Unmarshal(found, &raw) != nil {
				return nil
			}
		} else {
			raw = append(raw, found)
		}
		var of []record.Value
		for _, r := range raw {
			if v, ok := plain(f.Type, r); ok {
				of = append(of, v)
			}
		}
		values = append(values, of)
	}
	set := map[string]bool{}
	var walk func(n int, chosen []record.Value)
	walk = func(n int, chosen []record.Value) {
		if n == len(values) {
			key, err := i.Prefix(chosen...)
			if err != nil {
				t.Fatal(err)
			}
			set[string(key)] = true
			return
		}
		for _, v := range values[n] {
			walk(n+1, append(chosen[:n:n], v))
		}
	}
	walk(0, nil)
	var keys [][]byte
	for k := range set {
		keys = append(keys, []byte(k))
	}
	return keys
}

// first returns the raw value at a path: of equal names the first.
func first(doc []byte, path []string) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil
	}
	for dec.More() {
		name, _ := dec.Token()
		var v json.RawMessage
		if dec.Decode(&v) != nil {
			return nil
		}
		if name == path[0] {
			if len(path) == 1 {
				return v
			}
			return first(v, path[1:])
		}
	}
	return nil
}

func plain(typ record.FieldType, raw json.RawMessage) (record.Value, bool) {
	if typ == record.Null {
		return record.NullValue(), raw == nil || string(raw) == "null"
	}
	if raw == nil || string(raw) == "null" {
		return record.Value{}, false
	}
	var s string
	isText := json.Unmarshal(raw, &s) == nil
	switch typ {
	case record.Text:
		return record.TextValue(s), isText
	case record.Folded:
		return record.FoldedValue(s), isText
	case record.Int:
		var n int64
		err := json.Unmarshal(raw, &n)
		return record.IntValue(n), err == nil
	case record.Time:
		at, err := time.Parse(time.RFC3339, s)
		return record.TimeValue(at), isText && err == nil
	case record.Bool:
		var b bool
		err := json.Unmarshal(raw, &b)
		return record.BoolValue(b), err == nil
	default:
		id, err := record.ParseID(s)
		return record.RefValue(id), isText && err == nil
	}
}

// K3 and K4: keys are what a plain reading of the document gives, with one key
// for each combination of values and none if a value is missing.
func TestK3K4KeysFollowFromTheDocument(t *testing.T) {
	t.Parallel()
	kinds := record.Kinds()
	rapid.Check(t, func(t *rapid.T) {
		d := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]
		doc := document(d).Draw(t, "doc")
		for n := range d.Indexes {
			i := &d.Indexes[n]
			got, want := i.Keys(doc), reference(t, i, doc)
			if len(got) != len(want) {
				t.Fatalf("%s.%s of %s: %d keys, want %d", d.Name, i.Name, doc, len(got), len(want))
			}
			for _, key := range want {
				found := false
				for _, k := range got {
					found = found || bytes.Equal(k, key)
				}
				if !found {
					t.Fatalf("%s.%s of %s lacks the key %x", d.Name, i.Name, doc, key)
				}
			}
		}
	})
}

// K3: bytes that are no JSON give some keys or none, the same each time.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"userId":"` + idA + `","timeInterval":{"start":"2026-01-02T03:04:05Z","end":null},"tagIds":["` + idA + `"]}`))
	f.Add([]byte(`{"name":"x","clientId":""`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte("{\"name\":\"\xff\""))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, d := range record.Kinds() {
			var once, twice []string
			d.IndexKeys(doc, func(i *record.Index, key []byte) {
				once = append(once, i.Name+string(key))
				if _, rest, err := i.Decode(key); err != nil || len(rest) > 0 {
					t.Errorf("%s.%s: key %x of %q does not decode: %v", d.Name, i.Name, key, doc, err)
				}
			})
			d.IndexKeys(doc, func(i *record.Index, key []byte) { twice = append(twice, i.Name+string(key)) })
			if strings.Join(once, "|") != strings.Join(twice, "|") {
				t.Errorf("%s: two readings of %q differ", d.Name, doc)
			}
		}
	})
}

// K6
func FuzzDecode(f *testing.F) {
	for _, d := range record.Kinds() {
		for n := range d.Indexes {
			f.Add(uint16(d.Kind), d.Indexes[n].Name, []byte("\x00\x01\x00\xffab\x00\x01"))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint16, name string, key []byte) {
		i := record.Find(record.Kind(kind), name)
		if i == nil {
			return
		}
		values, rest, err := i.Decode(key)
		if err != nil {
			return
		}
		again, err := i.Prefix(values...)
		if err != nil {
			t.Fatalf("decoded values do not encode: %v", err)
		}
		for _, f := range i.Fields {
			if f.Type == record.Folded {
				return // what was not folded comes back folded or not at all
			}
		}
		if !bytes.Equal(append(again, rest...), key) {
			t.Errorf("%x decodes and encodes to %x and %x", key, again, rest)
		}
	})
}
