package api

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

func everyParam() []Param {
	return paged(
		textParam("text", ""), boolParam("bool", ""), timeParam("time", ""), idsParam("ids", ""), listParam("list", ""),
		enumParam("enum", "", "ONE", "TWO"), Param{Name: "due", Kind: IDsParam, Required: true},
	)
}

const anID = "66f0a0000000000000000001"

func TestQueryIsReadStrictly(t *testing.T) {
	t.Parallel()
	q, err := parseQuery("due="+anID+"&bool=1&enum=two&list=a,b&list=c&ids="+anID+","+anID+"&time=2026-01-02&other=ignored&text=", everyParam())
	if err != nil {
		t.Fatal(err)
	}
	if !q.Bool("bool") || q.Text("enum") != "TWO" || len(q.List("list")) != 3 || len(q.IDs("ids")) != 2 || q.Has("text") || q.Has("other") ||
		q.Page().Number != 1 || q.Page().Size != 50 || q.Maybe("nothing") != nil || q.Time("time", time.UTC).Day() != 2 {
		t.Errorf("query: %+v", q)
	}
	for _, raw := range []string{
		"", "due=", "due=x", "due=" + anID + "&bool=maybe", "due=" + anID + "&bool=1&bool=0", "due=" + anID + "&enum=three",
		"due=" + anID + "&page=0", "due=" + anID + "&page=-1", "due=" + anID + "&page=1e3", "due=" + anID + "&page-size=5001",
		"due=" + anID + "&page-size=0", "due=" + anID + "&page=", "due=" + anID + "&time=2026-02-30", "due=%zz", "due=" + anID + ";x=1",
	} {
		if _, err := parseQuery(raw, everyParam()); err == nil {
			t.Errorf("?%s is taken", raw)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"due=" + anID, "page=2&page-size=5&due=" + anID, "bool=1&time=2026-01-01T00:00:00Z", "%", "a=b;c"} {
		f.Add(s)
	}
	params := everyParam()
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw, params)
		if err != nil {
			return
		}
		p := q.Page()
		if p.Number < 1 || p.Size < 1 || p.Size > maxPageSize || len(q.IDs("due")) == 0 {
			t.Fatalf("?%s: %+v", raw, q)
		}
		if _, err := strconv.Atoi(q.Text("page")); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"start":"x"}`, `[`, `{"tagIds":[1]}`, `{"a":1} x`, "\xff", `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in struct {
			Start  *string  `json:"start"`
			TagIDs []string `json:"tagIds"`
		}
		if err := decode(body, &in); err != nil {
			var p *Problem
			if errors.As(err, &p) && p.Status != 400 {
				t.Fatalf("%q: %v", body, p)
			}
		}
	})
}

func FuzzParseIfMatch(f *testing.F) {
	for _, s := range []string{"", "*", `"1"`, `W/"1"`, `"`, `""`, `"18446744073709551616"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if r, err := parseIfMatch(header); err == nil && r != nil && etag(*r) == "" {
			t.Fatal(header)
		}
	})
}
