package api

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"domicile/daemon/workspace"
	"domicile/store/record"
)

// ParamKind is what a query parameter's value must be.
type ParamKind uint8

// The kinds of query parameter.
const (
	TextParam ParamKind = iota // any text
	BoolParam                  // 1, 0, true, false
	IntParam                   // a whole number from Min to Max
	EnumParam                  // one of Values, any case
	TimeParam                  // a time or date, with or without zone
	IDsParam                   // ids, repeated or comma-separated
	ListParam                  // texts, repeated or comma-separated
)

// Param is one query parameter of a route. A value that does not fit is
// answered 400 with code 3000.
type Param struct {
	Name     string
	Kind     ParamKind
	Doc      string
	Default  string
	Required bool
	Min, Max int
	Values   []string
}

func textParam(name, doc string) Param { return Param{Name: name, Kind: TextParam, Doc: doc} }
func boolParam(name, doc string) Param { return Param{Name: name, Kind: BoolParam, Doc: doc} }
func timeParam(name, doc string) Param { return Param{Name: name, Kind: TimeParam, Doc: doc} }
func idsParam(name, doc string) Param  { return Param{Name: name, Kind: IDsParam, Doc: doc} }
func listParam(name, doc string) Param { return Param{Name: name, Kind: ListParam, Doc: doc} }

func enumParam(name, doc string, values ...string) Param {
	return Param{Name: name, Kind: EnumParam, Doc: doc, Values: values}
}

func intParam(name, doc string, least, most, otherwise int) Param {
	return Param{Name: name, Kind: IntParam, Doc: doc, Min: least, Max: most, Default: strconv.Itoa(otherwise)}
}

// maxPageSize and pageSize bound what one list answer holds.
const (
	pageSize    = 50
	maxPageSize = 5000
	maxPage     = 1_000_000
)

// paged are the parameters of a paged list, after its own.
func paged(own ...Param) []Param {
	return append(own,
		intParam("page", "The page, from 1.", 1, maxPage, 1),
		intParam("page-size", "How many a page has.", 1, maxPageSize, pageSize))
}

// sorted are the parameters of a list that can be sorted.
func sorted(columns ...string) []Param {
	return []Param{
		enumParam("sort-column", "What to sort by.", columns...),
		enumParam("sort-order", "Which way.", "ASCENDING", "DESCENDING"),
	}
}

// Query is what a route's parameters were, checked. Names that the route does
// not list are not in it.
type Query struct{ values map[string][]string }

// parseQuery checks every parameter of the table against the request.
func parseQuery(raw string, params []Param) (Query, error) {
	sent, err := url.ParseQuery(raw)
	if err != nil {
		return Query{}, badRequest("The query string is malformed")
	}
	q := Query{values: map[string][]string{}}
	for _, p := range params {
		values, err := p.read(sent[p.Name])
		if err != nil {
			return Query{}, err
		}
		if len(values) > 0 {
			q.values[p.Name] = values
		}
	}
	return q, nil
}

func (p Param) read(sent []string) ([]string, error) {
	var values []string
	switch p.Kind {
	case IDsParam, ListParam:
		for _, v := range sent {
			for part := range strings.SplitSeq(v, ",") {
				if part = strings.TrimSpace(part); part != "" {
					values = append(values, part)
				}
			}
		}
	default:
		if len(sent) > 1 {
			return nil, p.bad("is given more than once")
		}
		if len(sent) == 1 && (sent[0] != "" || p.Kind == IntParam) {
			values = sent
		}
	}
	if len(values) == 0 {
		switch {
		case p.Required:
			return nil, p.bad("is required")
		case p.Default != "":
			return []string{p.Default}, nil
		}
		return nil, nil
	}
	for i, v := range values {
		fixed, err := p.check(v)
		if err != nil {
			return nil, err
		}
		values[i] = fixed
	}
	return values, nil
}

// check returns the value in its one spelling. The message never repeats it:
// clients log messages.
func (p Param) check(v string) (string, error) {
	switch p.Kind {
	case BoolParam:
		switch strings.ToLower(v) {
		case "1", "true":
			return "true", nil
		case "0", "false":
			return "false", nil
		}
		return "", p.bad("is neither true nor false")
	case IntParam:
		n, err := strconv.Atoi(v)
		if err != nil {
			return "", p.bad("is not a whole number")
		}
		if n < p.Min || n > p.Max {
			return "", p.bad(fmt.Sprintf("is not between %d and %d", p.Min, p.Max))
		}
		return strconv.Itoa(n), nil
	case EnumParam:
		for _, allowed := range p.Values {
			if strings.EqualFold(v, allowed) {
				return allowed, nil
			}
		}
		return "", p.bad("is not one of " + strings.Join(p.Values, ", "))
	case TimeParam:
		if _, ok := workspace.ParseInstant(v, time.UTC); !ok {
			return "", p.bad("is not a time such as 2026-01-31T08:00:00Z")
		}
	case IDsParam:
		if _, err := record.ParseID(v); err != nil {
			return "", p.bad("is not an id of 24 hexadecimal digits")
		}
	}
	if len(v) > 4096 {
		return "", p.bad("is too long")
	}
	return v, nil
}

func (p Param) bad(reason string) error {
	return badRequest("Query parameter '" + p.Name + "' " + reason)
}

// Has says whether the parameter was given (or has a default).
func (q Query) Has(name string) bool { return len(q.values[name]) > 0 }

// Text returns the value, or "".
func (q Query) Text(name string) string {
	if v := q.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Bool returns the value, or false.
func (q Query) Bool(name string) bool { return q.Text(name) == "true" }

// Maybe returns nil where the parameter was not given.
func (q Query) Maybe(name string) *bool {
	if !q.Has(name) {
		return nil
	}
	b := q.Bool(name)
	return &b
}

// Int returns the value, or 0.
func (q Query) Int(name string) int {
	n, err := strconv.Atoi(q.Text(name))
	if err != nil {
		return 0
	}
	return n
}

// List returns the values of a repeated or comma-separated parameter.
func (q Query) List(name string) []string { return q.values[name] }

// IDs returns the values as ids.
func (q Query) IDs(name string) []record.ID {
	var ids []record.ID
	for _, v := range q.values[name] {
		if id, err := record.ParseID(v); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Time returns the value read in the zone, or the zero time.
func (q Query) Time(name string, zone *time.Location) time.Time {
	t, _ := workspace.ParseInstant(q.Text(name), zone)
	return t
}

// Page returns the page asked for.
func (q Query) Page() workspace.Page {
	p := workspace.Page{Number: q.Int("page"), Size: q.Int("page-size")}
	if p.Number == 0 {
		p.Number = 1
	}
	if p.Size == 0 {
		p.Size = pageSize
	}
	return p
}
