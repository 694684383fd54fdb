package api

import (
	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

// Tag is a tag as it is answered.
type Tag struct {
	workspace.TagDocument
	WorkspaceID string `json:"workspaceId"`
}

func tagRoutes() []Route {
	const (
		tag  = "Tag"
		base = "/workspaces/{workspace}/tags"
		one  = base + "/{tag}"
	)
	return []Route{
		{
			Method: "GET", Path: base, Name: "listTags", Tag: tag, Doc: "Lists tags.",
			Action: auth.TagsView, Answer: []Tag{}, Status: 200,
			Query: paged(append([]Param{
				textParam("name", "Tags whose name contains this, in whatever case."),
				boolParam("strict-name-search", "The name must be this, not contain it."),
				boolParam("archived", "Only archived ones, or only those that are not."),
				idsParam("excluded-ids", "Tags other than these."),
			}, sorted("ID", "NAME")...)...),
			Serve: (*Server).listTags,
		},
		{
			Method: "POST", Path: base, Name: "createTag", Tag: tag, Doc: "Makes a tag.",
			Action: auth.TagsCreate, Body: workspace.NamedInput{}, Answer: Tag{}, Status: 201, Serve: (*Server).createTag,
		},
		{
			Method: "GET", Path: one, Name: "readTag", Tag: tag, Doc: "Reads one tag.",
			Action: auth.TagsView, Answer: Tag{}, Status: 200, Serve: (*Server).readTag,
		},
		{
			Method: "PUT", Path: one, Name: "replaceTag", Tag: tag, Doc: "Replaces a tag: it is no longer archived if that is left out.",
			Action: auth.TagsChange, Body: workspace.NamedInput{}, Answer: Tag{}, Status: 200, Serve: (*Server).replaceTag,
		},
		{
			Method: "DELETE", Path: one, Name: "deleteTag", Tag: tag, Doc: "Deletes a tag, and answers what it was.",
			Action: auth.TagsChange, Answer: Tag{}, Status: 200, Serve: (*Server).deleteTag,
		},
	}
}

func (s *Server) listTags(c *Call) error {
	l, err := s.Service.Tags(c.Scope, c.nameFilter(), c.Query.IDs("excluded-ids"))
	if err != nil {
		return err
	}
	return c.List(l)
}

func (s *Server) createTag(c *Call) error {
	return taking(c, 201, func(in workspace.NamedInput) (workspace.Written, error) {
		return s.Service.CreateTag(c.Context(), c.Scope, in)
	})
}

func (s *Server) readTag(c *Call) error {
	d, err := s.Service.Tag(c.Scope, c.Path("tag"))
	if err != nil {
		return err
	}
	return c.Document(200, d)
}

func (s *Server) replaceTag(c *Call) error {
	return taking(c, 200, func(in workspace.NamedInput) (workspace.Written, error) {
		return s.Service.UpdateTag(c.Context(), c.Scope, c.Path("tag"), in)
	})
}

func (s *Server) deleteTag(c *Call) error {
	w, err := s.Service.DeleteTag(c.Context(), c.Scope, c.Path("tag"))
	if err != nil {
		return err
	}
	return c.Written(200, w)
}
