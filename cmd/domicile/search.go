package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"domicile/daemon/client"
)

// searchFlags are the query parameters of the search.
type searchFlags struct {
	workspace, from, to, sort, cursor string
	kinds, facets                     []string
	filters                           map[string]*[]string
	limit                             int
	after                             uint64
}

func (a *app) searchCommand() *cobra.Command {
	f := searchFlags{filters: map[string]*[]string{}}
	c := a.jsonFlag(&cobra.Command{
		Use:   "search WORDS --workspace WORKSPACE",
		Short: "Find records of a workspace by their words",
		Long: `Find records of a workspace by their words. Several words must all occur; "…" is a phrase, word* a prefix,
word~ allows one typo.`,
		Example: "  domicile search 'fix pars*' --workspace Acme --kind time_entry",
		Args:    cobra.MinimumNArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			if f.workspace == "" {
				return usage("--workspace is needed")
			}
			u, err := a.user(true)
			if err != nil {
				return err
			}
			id, err := findWorkspace(ctx, u, f.workspace)
			if err != nil {
				return err
			}
			found, err := u.Search(ctx, id, f.query(strings.Join(args, " ")))
			if err != nil {
				return err
			}
			return a.showFound(found)
		}),
	})
	s := c.Flags()
	s.StringVar(&f.workspace, "workspace", "", "id or name")
	s.StringSliceVar(&f.kinds, "kind", nil, "only these kinds, such as time_entry or project")
	s.StringVar(&f.from, "from", "", "not before this time (RFC 3339)")
	s.StringVar(&f.to, "to", "", "before this time")
	for _, name := range []string{"project", "client", "task", "tag", "user"} {
		f.filters[name] = s.StringSlice(name, nil, "only with this "+name+"'s id")
	}
	s.StringSliceVar(&f.facets, "facets", nil, "count hits by these fields")
	s.StringVar(&f.sort, "sort", "", "relevance or newest")
	s.IntVar(&f.limit, "limit", 0, "how many hits (default the server's)")
	s.StringVar(&f.cursor, "cursor", "", "go on where an answer's next says")
	s.Uint64Var(&f.after, "after-revision", 0, "wait until the index has this revision")
	return c
}

func (f searchFlags) query(words string) url.Values {
	q := url.Values{"q": {words}}
	for name, value := range map[string]string{"from": f.from, "to": f.to, "sort": f.sort, "cursor": f.cursor} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, values := range f.filters {
		if len(*values) > 0 {
			q[name] = *values
		}
	}
	if len(f.kinds) > 0 {
		q["kind"] = f.kinds
	}
	if len(f.facets) > 0 {
		q["facets"] = f.facets
	}
	if f.limit > 0 {
		q.Set("limit", strconv.Itoa(f.limit))
	}
	if f.after > 0 {
		q.Set("after-revision", strconv.FormatUint(f.after, 10))
	}
	return q
}

// shown are the fields of a document that tell people which one it is, best first.
var shown = []string{"description", "name", "number", "note", "notes", "title"}

func (a *app) showFound(found client.Found) error {
	if a.json {
		if found.Hits == nil {
			found.Hits = []client.Hit{}
		}
		return a.printJSON(found)
	}
	var rows [][]string
	for _, h := range found.Hits {
		words := ""
		for _, field := range shown {
			if words = gjson.GetBytes(h.Document, field).String(); words != "" {
				break
			}
		}
		rows = append(rows, []string{h.Kind, h.ID, gjson.GetBytes(h.Document, "timeInterval.start").String(), words})
	}
	if err := a.printTable([]string{"kind", "id", "start", "words"}, rows); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "%d of %d\n", len(found.Hits), found.Total)
	if found.Next != "" {
		fmt.Fprintf(a.err, "more: --cursor %s\n", found.Next)
	}
	return nil
}
