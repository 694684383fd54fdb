package api

import (
	"errors"
	"net/http"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
	"domicile/store/record"
)

func searchRoutes() []Route {
	var kinds []string
	for _, d := range record.Kinds() {
		if len(d.Search) > 0 {
			kinds = append(kinds, d.Name)
		}
	}
	return []Route{{
		Method: "GET", Path: "/workspaces/{workspace}/search", Name: "search", Tag: "Search",
		Doc:    "Finds records by their words: several must all occur; \"a phrase\", word* for a prefix, word~ for one typo.",
		Action: auth.SearchUse, Answer: workspace.Found{}, Status: 200, Serve: (*Server).search,
		Query: []Param{
			textParam("q", "The words; left out: everything that the other parameters select."),
			{Name: "kind", Kind: ListParam, Doc: "Kinds of record.", Values: kinds},
			timeParam("from", "Not before then; without a zone in the caller's."),
			timeParam("to", "Before then; without a zone in the caller's."),
			idsParam("project", "Records of these projects."),
			idsParam("client", "Records of these clients, or of their projects."),
			idsParam("task", "Records of these tasks."),
			idsParam("tag", "Records with any of these tags."),
			idsParam("user", "Records of these people."),
			listParam("facets", "Counts by kind, project, client, task, tag, user."),
			enumParam("sort", "By how well it fits, or newest first.", "relevance", "newest"),
			intParam("after-revision", "The answer is of this revision of the workspace (Domicile-Revision of a write) or a later one.", 0, 1<<53, 0),
			intParam("limit", "How many hits an answer has.", 1, 1000, 50),
			textParam("cursor", "An answer's next, to go on there with the same query."),
		},
	}}
}

func (s *Server) search(c *Call) error {
	in := workspace.SearchInput{
		Text: c.Query.Text("q"), Kinds: c.Query.List("kind"), From: c.Query.Time("from", c.Zone()), To: c.Query.Time("to", c.Zone()),
		Filters: map[string][]record.ID{}, Facets: c.Query.List("facets"), Newest: c.Query.Text("sort") == "newest",
		Limit: c.Query.Int("limit"), Cursor: c.Query.Text("cursor"), After: workspace.Revision(c.Query.Int("after-revision")),
	}
	for _, name := range []string{"project", "client", "task", "tag", "user"} {
		in.Filters[name] = c.Query.IDs(name)
	}
	found, err := s.Service.Search(c.Context(), c.Scope, in)
	switch {
	case errors.Is(err, workspace.ErrBadPlace):
		return badRequest("Query parameter 'cursor' does not belong to this query")
	case errors.Is(err, workspace.ErrBadQuery):
		return badRequest("The search cannot be read: " + err.Error())
	case errors.Is(err, workspace.ErrIndexBuilding), errors.Is(err, workspace.ErrNoIndex):
		return &Problem{Status: http.StatusServiceUnavailable, Code: codeUnavailable, Message: "The search index is being built; try again", Retry: 2 * time.Second}
	case err != nil:
		return err
	}
	return c.JSON(http.StatusOK, found)
}
