package index

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"domicile/store/record"
)

// vocabulary has what segmentation, folding, typos and prefixes can trip over.
var vocabulary = []string{
	"alpha", "Alpha", "ALPHAS", "alhpa", "alph", "beta", "b", "ab", "abc", "abd", "acb", "don't", "3.14", "v2.1",
	"caf\u00e9", "Cafe\u0301", "cafe", "na\u00efve", "J\u030c", "\u01f0", "\u0130stanbul", "istanbul", "STRASSE", "stra\u00dfe",
	"日本語", "日本", "テスト", "Привет", "привез", "한국어", "ไทย", "👩‍💻", "ﬁn", "e\u0301clair", "x_y", "a.b", "2024", "2025",
}

var separators = []string{" ", " ", " ", "-", ", ", ". ", "/", "\n", ""}

func drawText(t *rapid.T, label string) string {
	text := ""
	for i := range rapid.IntRange(0, 6).Draw(t, label+" words") {
		if i > 0 {
			text += rapid.SampledFrom(separators).Draw(t, label+" separator")
		}
		text += rapid.SampledFrom(vocabulary).Draw(t, label)
	}
	return text
}

// ids are few, so that records share them.
func drawID(t *rapid.T, label string) record.ID {
	return record.DeriveID(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, label))
}

func drawTime(t *rapid.T, label string) time.Time {
	hours := rapid.OneOf(rapid.IntRange(0, 48), rapid.IntRange(0, 20000)).Draw(t, label)
	return time.Date(2024, 2, 1, 0, 0, rapid.IntRange(0, 3).Draw(t, label+" seconds"), 0, time.UTC).Add(time.Duration(hours) * time.Hour)
}

// drawKind leaves out nothing that is searchable.
func drawKind(t *rapid.T) record.Kind {
	return rapid.SampledFrom(searchableKinds()).Draw(t, "kind")
}

// drawDoc fills the fields that the kind's row names, with values that are
// missing, null, or of another type now and then.
func drawDoc(t *rapid.T, kind record.Kind, id record.ID) []byte {
	str := func(label string) any {
		switch rapid.IntRange(0, 9).Draw(t, label+" form") {
		case 0:
			return nil
		case 1:
			return 12
		}
		return drawText(t, label)
	}
	ref := func(label string) any {
		if rapid.IntRange(0, 3).Draw(t, label+" form") == 0 {
			return nil
		}
		return drawID(t, label).String()
	}
	at := func(label string) any {
		if rapid.IntRange(0, 9).Draw(t, label+" form") == 0 {
			return "someday"
		}
		return drawTime(t, label).Format(time.RFC3339)
	}
	doc := map[string]any{"id": id.String()}
	switch kind {
	case record.TimeEntry:
		doc["description"], doc["projectId"], doc["taskId"], doc["userId"] = str("description"), ref("project"), ref("task"), drawID(t, "user").String()
		doc["tagIds"] = []any{ref("tag"), ref("tag")}
		doc["timeInterval"] = map[string]any{"start": at("start"), "end": "2030-01-01T00:00:00Z"}
	case record.Activity:
		doc["userId"], doc["timestamp"] = drawID(t, "user").String(), at("timestamp")
		doc["data"] = map[string]any{"app": str("app"), "title": str("title"), "url": str("url")}
	case record.Invoice:
		doc["number"], doc["note"], doc["clientId"], doc["issuedDate"] = str("number"), str("note"), ref("client"), at("issued")
		doc["items"] = []any{map[string]any{"description": str("item")}, map[string]any{"description": str("item")}}
	case record.Expense:
		doc["notes"], doc["userId"], doc["projectId"], doc["date"] = str("notes"), drawID(t, "user").String(), ref("project"), at("date")
	default:
		doc["name"], doc["note"], doc["clientId"], doc["projectId"] = str("name"), str("note"), ref("client"), ref("project")
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func drawQueryText(t *rapid.T) string {
	text := ""
	for range rapid.IntRange(0, 3).Draw(t, "terms") {
		word := rapid.SampledFrom(vocabulary).Draw(t, "term")
		switch rapid.IntRange(0, 4).Draw(t, "manner") {
		case 0:
			word = `"` + word + " " + rapid.SampledFrom(vocabulary).Draw(t, "second") + `"`
		case 1:
			r := []rune(word)
			word = string(r[:rapid.IntRange(1, len(r)).Draw(t, "cut")]) + "*"
		case 2:
			word += "~"
		}
		text += word + " "
	}
	return text
}

func drawQuery(t *rapid.T) Query {
	q := Query{Text: drawQueryText(t), Sort: rapid.SampledFrom([]Sort{Relevance, Newest}).Draw(t, "sort")}
	if rapid.Bool().Draw(t, "kinds") {
		q.Kinds = rapid.SliceOfN(rapid.SampledFrom(searchableKinds()), 1, 3).Draw(t, "kinds")
	}
	if rapid.IntRange(0, 3).Draw(t, "from") == 0 {
		q.From = drawTime(t, "from")
	}
	if rapid.IntRange(0, 3).Draw(t, "to") == 0 {
		q.To = drawTime(t, "to")
	}
	if rapid.IntRange(0, 3).Draw(t, "own") == 0 {
		id := drawID(t, "own")
		q.User = &id
	}
	for _, name := range filterNames {
		if rapid.IntRange(0, 7).Draw(t, name) == 0 {
			q.Filters = map[string][]record.ID{name: {drawID(t, name), drawID(t, name)}}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "facets") == 0 {
		q.Facets = []string{FacetKind, FilterTag, FilterUser, FilterProject}
	}
	q.Limit = rapid.IntRange(1, 7).Draw(t, "limit")
	return q
}

// entryDoc is a time entry, for tests that need no variety.
func entryDoc(id, user record.ID, start time.Time, description string) []byte {
	b, err := json.Marshal(map[string]any{
		"id": id.String(), "description": description, "userId": user.String(), "projectId": nil, "tagIds": []string{},
		"timeInterval": map[string]any{"start": start.UTC().Format(time.RFC3339), "end": start.UTC().Format(time.RFC3339)},
	})
	if err != nil {
		panic(err) // strings always encode
	}
	return b
}

func TestGeneratedKindsAreSearchable(t *testing.T) {
	t.Parallel()
	if len(searchableKinds()) < 7 {
		t.Fatal(fmt.Sprint("searchable: ", searchableKinds()))
	}
}
