package api

import (
	"encoding/json"
	"net/http"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/daemon/workspace"
)

func workspaceRoutes() []Route {
	const tag = "Workspace"
	list := Route{
		Method: "GET", Path: "/workspaces", Name: "listWorkspaces", Tag: tag,
		Doc:    "Lists all workspaces of the caller, those of other regions by id, name and address only.",
		Access: ByPerson, Answer: []workspace.Overview{}, Status: 200,
		Query: []Param{listParam("roles", "Those where the caller is one of OWNER, WORKSPACE_ADMIN, PROJECT_MANAGER, TEAM_MANAGER.")},
		Serve: (*Server).listWorkspaces,
	}
	alias := list
	alias.Path, alias.Name, alias.Doc = "/get/workspaces", "getWorkspaces", "Lists workspaces: another name of /workspaces."
	return []Route{
		list,
		alias,
		{
			Method: "POST", Path: "/workspaces", Name: "createWorkspace", Tag: tag,
			Doc:    "Makes a workspace, in global or on a paid plan directly in another region.",
			Access: ByPerson, Body: workspace.NewWorkspace{}, Answer: workspace.Overview{}, Status: 201, Also: []int{202},
			Serve: (*Server).createWorkspace,
		},
		{
			Method: "GET", Path: "/workspaces/{workspace}", Name: "readWorkspace", Tag: tag,
			Doc:    "Reads one workspace with its settings and memberships.",
			Action: auth.WorkspaceView, Answer: workspace.Overview{}, Status: 200, Serve: (*Server).readWorkspace,
		},
		{
			Method: "PUT", Path: "/workspaces/{workspace}/hourly-rate", Name: "setWorkspaceRate", Tag: tag,
			Doc:    "Sets what an hour is worth where nothing else says.",
			Action: auth.WorkspaceRates, Body: workspace.RateInput{}, Answer: workspace.Overview{}, Status: 200,
			Serve: func(s *Server, c *Call) error { return s.setRate(c, false) },
		},
		{
			Method: "PUT", Path: "/workspaces/{workspace}/cost-rate", Name: "setWorkspaceCostRate", Tag: tag,
			Doc:    "Sets what an hour costs where nothing else says.",
			Action: auth.WorkspaceRates, Body: workspace.RateInput{}, Answer: workspace.Overview{}, Status: 200,
			Serve: func(s *Server, c *Call) error { return s.setRate(c, true) },
		},
	}
}

func (s *Server) listWorkspaces(c *Call) error {
	roles := c.Query.List("roles")
	for _, r := range roles {
		switch r {
		case "OWNER", "WORKSPACE_ADMIN", "PROJECT_MANAGER", "TEAM_MANAGER":
		default:
			return badRequest("Query parameter 'roles' is not one of OWNER, WORKSPACE_ADMIN, PROJECT_MANAGER, TEAM_MANAGER")
		}
	}
	list, err := s.Service.Workspaces(c.View, c.Principal, roles)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list)
}

func (s *Server) createWorkspace(c *Call) error {
	var in workspace.NewWorkspace
	if err := c.Decode(&in); err != nil {
		return err
	}
	if err := s.onlyNameAndRegion(c, in.Region); err != nil {
		return err
	}
	repeat, err := c.repeat()
	if err != nil {
		return err
	}
	made, ready, err := s.Service.CreateWorkspace(c.Context(), c.Principal, in, repeat)
	if err != nil {
		return err
	}
	return s.settled(c, http.StatusCreated, made, ready)
}

// onlyNameAndRegion refuses to take anything else of a workspace that shall
// live in another region: its data never passes here.
func (s *Server) onlyNameAndRegion(c *Call, region string) error {
	if region == "" {
		region = string(directory.Global)
	}
	if _, known := s.Regions.Find(directory.Region(region)); !known || region == string(s.Region) {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := c.Decode(&fields); err != nil {
		return err
	}
	for name := range fields {
		switch name {
		case "name", "region", "organizationId":
		default:
			return s.elsewhere(region)
		}
	}
	return nil
}

func (s *Server) readWorkspace(c *Call) error {
	o, err := s.Service.Workspace(c.Scope)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}

func (s *Server) setRate(c *Call, cost bool) error {
	var in workspace.RateInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	o, err := s.Service.SetRate(c.Context(), c.Scope, in, cost)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}

// settled answers what a change of the directory made: with status where this
// region shows it, else with 202 and which region is still behind.
func (s *Server) settled(c *Call, status int, v any, ready bool) error {
	if ready {
		return c.JSON(status, v)
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return err
	}
	answer := map[string]json.RawMessage{}
	if err := json.Unmarshal(encoded, &answer); err != nil { // an array: it has no room for a field
		answer = map[string]json.RawMessage{"result": encoded}
	}
	answer["pendingIn"], err = json.Marshal(s.Region)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, answer)
}
