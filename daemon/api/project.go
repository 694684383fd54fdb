package api

import (
	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

// Project is a project as it is answered.
type Project struct {
	workspace.ProjectDocument
	WorkspaceID string `json:"workspaceId"`
	ClientName  string `json:"clientName"`
	Duration    string `json:"duration,omitempty" doc:"Time of its finished entries; in lists with hydrated only."`
	Tasks       []any  `json:"tasks,omitempty" doc:"With hydrated."`
}

// ProjectMembers is what the members of a project are replaced with.
type ProjectMembers struct {
	Memberships []workspace.MembershipInput `json:"memberships"`
}

// ProjectPeople is who is put into a project, or taken out of it.
type ProjectPeople struct {
	UserIDs []string `json:"userIds"`
	Remove  bool     `json:"remove"`
}

// ProjectTemplate says whether a project is a template.
type ProjectTemplate struct {
	IsTemplate *bool `json:"isTemplate"`
}

func projectRoutes() []Route {
	const (
		tag  = "Project"
		base = "/workspaces/{workspace}/projects"
		one  = base + "/{project}"
	)
	hydrated := boolParam("hydrated", "Also answers tasks and the time taken.")
	status := []string{"PENDING", "ACTIVE", "DECLINED", "INACTIVE", "ALL"}
	filters := append([]Param{
		textParam("name", "Projects whose name contains this, in whatever case."),
		boolParam("strict-name-search", "The name must be this, not contain it."),
		boolParam("archived", "Only archived ones, or only those that are not."),
		boolParam("billable", "Only billable ones, or only those that are not."),
		idsParam("clients", "Projects of these clients."),
		boolParam("contains-client", "False: projects of none of these clients."),
		enumParam("client-status", "Of the project's client.", "ACTIVE", "ARCHIVED", "ALL"),
		idsParam("users", "Projects that have any of these as members."),
		boolParam("contains-user", "False: projects that have none of these as members."),
		enumParam("user-status", "Of the members that users asks for.", status...),
		boolParam("is-template", "Only templates, or only those that are not."),
		enumParam("access", "Only public or only private ones.", "PUBLIC", "PRIVATE"),
		hydrated,
	}, sorted("ID", "NAME", "CLIENT_NAME", "DURATION", "BUDGET", "PROGRESS")...)
	row := func(method, path, name, doc string, action auth.Action, status int, body any, serve func(*Server, *Call) error) Route {
		return Route{
			Method: method, Path: path, Name: name, Tag: tag, Doc: doc, Action: action, Own: true,
			Body: body, Answer: Project{}, Status: status, Serve: serve,
		}
	}
	list := row("GET", base, "listProjects", "Lists the projects that the caller sees.", auth.ProjectsView, 200, nil, (*Server).listProjects)
	list.Answer, list.Query = []Project{}, paged(filters...)
	create := row("POST", base, "createProject", "Makes a project.", auth.ProjectsCreate, 201, workspace.ProjectInput{}, (*Server).createProject)
	template := row("POST", base+"/from-template", "createProjectFromTemplate", "Makes a project with the tasks, members, rates and estimates of a template.",
		auth.ProjectsCreate, 201, workspace.FromTemplate{}, (*Server).createFromTemplate)
	create.Own, template.Own = false, false
	read := row("GET", one, "readProject", "Reads one project.", auth.ProjectsView, 200, nil, (*Server).readProject)
	read.Query = []Param{hydrated}
	rate := "/users/{user}/"
	return []Route{
		list, create, template, read,
		row("PUT", one, "replaceProject", "Replaces a project; colour, note, archive, client, rates and name stay if they are left out.",
			auth.ProjectsChange, 200, workspace.ProjectInput{}, (*Server).replaceProject),
		row("DELETE", one, "deleteProject", "Deletes an archived project with its tasks, and answers what it was.",
			auth.ProjectsDelete, 200, nil, (*Server).deleteProject),
		row("PATCH", one+"/estimate", "setProjectEstimate", "Changes a project's estimates.",
			auth.ProjectsChange, 200, workspace.ProjectEstimates{}, (*Server).setEstimates),
		row("PATCH", one+"/memberships", "setProjectMembers", "Replaces who is in a project.",
			auth.ProjectsChange, 200, ProjectMembers{}, (*Server).setProjectMembers),
		row("POST", one+"/memberships", "addProjectMembers", "Puts people into a project, or takes them out of it.",
			auth.ProjectsChange, 200, ProjectPeople{}, (*Server).addProjectMembers),
		row("PATCH", one+"/template", "setProjectTemplate", "Makes a project a template, or no longer one.",
			auth.ProjectsChange, 200, ProjectTemplate{}, (*Server).setTemplate),
		row("PUT", one+rate+"hourly-rate", "setProjectMemberHourlyRate", "Sets what a member's hour is worth in a project.",
			auth.ProjectsRates, 200, workspace.AmountInput{}, (*Server).setProjectHourlyRate),
		row("PUT", one+rate+"cost-rate", "setProjectMemberCostRate", "Sets what a member's hour costs in a project.",
			auth.ProjectsRates, 200, workspace.AmountInput{}, (*Server).setProjectCostRate),
	}
}

// nameFilter reads the parameters that lists of named things share.
func (c *Call) nameFilter() workspace.NameFilter {
	return workspace.NameFilter{
		Name: c.Query.Text("name"), Strict: c.Query.Bool("strict-name-search"), Archived: c.Query.Maybe("archived"),
		ByID: c.Query.Text("sort-column") == "ID", Downward: c.Query.Text("sort-order") == "DESCENDING", Page: c.Query.Page(),
	}
}

func (s *Server) listProjects(c *Call) error {
	f := workspace.ProjectFilter{
		NameFilter: c.nameFilter(), Billable: c.Query.Maybe("billable"), Template: c.Query.Maybe("is-template"),
		Clients: c.Query.IDs("clients"), NotClients: c.Query.Has("contains-client") && !c.Query.Bool("contains-client"),
		ClientStatus: c.Query.Text("client-status"),
		Users:        c.Query.IDs("users"), NotUsers: c.Query.Has("contains-user") && !c.Query.Bool("contains-user"),
		UserStatus: c.Query.Text("user-status"), Sort: c.Query.Text("sort-column"), Hydrated: c.Query.Bool("hydrated"),
	}
	if access := c.Query.Text("access"); access != "" {
		public := access == "PUBLIC"
		f.Public = &public
	}
	l, err := s.Service.Projects(c.Scope, f)
	if err != nil {
		return err
	}
	return c.List(l)
}

// taking decodes a body, does something with it, and answers what was written.
func taking[T any](c *Call, status int, do func(in T) (workspace.Written, error)) error {
	var in T
	if err := c.Decode(&in); err != nil {
		return err
	}
	w, err := do(in)
	if err != nil {
		return err
	}
	return c.Written(status, w)
}

func (s *Server) createProject(c *Call) error {
	return taking(c, 201, func(in workspace.ProjectInput) (workspace.Written, error) {
		return s.Service.CreateProject(c.Context(), c.Scope, in)
	})
}

func (s *Server) createFromTemplate(c *Call) error {
	return taking(c, 201, func(in workspace.FromTemplate) (workspace.Written, error) {
		return s.Service.CreateFromTemplate(c.Context(), c.Scope, in)
	})
}

func (s *Server) readProject(c *Call) error {
	d, err := s.Service.Project(c.Scope, c.Path("project"), c.Query.Bool("hydrated"))
	if err != nil {
		return err
	}
	return c.Document(200, d)
}

func (s *Server) replaceProject(c *Call) error {
	return taking(c, 200, func(in workspace.ProjectInput) (workspace.Written, error) {
		return s.Service.UpdateProject(c.Context(), c.Scope, c.Path("project"), in)
	})
}

func (s *Server) deleteProject(c *Call) error {
	w, err := s.Service.DeleteProject(c.Context(), c.Scope, c.Path("project"))
	if err != nil {
		return err
	}
	return c.Written(200, w)
}

func (s *Server) setEstimates(c *Call) error {
	return taking(c, 200, func(in workspace.ProjectEstimates) (workspace.Written, error) {
		return s.Service.SetProjectEstimates(c.Context(), c.Scope, c.Path("project"), in)
	})
}

func (s *Server) setProjectMembers(c *Call) error {
	return taking(c, 200, func(in ProjectMembers) (workspace.Written, error) {
		return s.Service.SetProjectMembers(c.Context(), c.Scope, c.Path("project"), in.Memberships)
	})
}

func (s *Server) addProjectMembers(c *Call) error {
	return taking(c, 200, func(in ProjectPeople) (workspace.Written, error) {
		return s.Service.AddProjectMembers(c.Context(), c.Scope, c.Path("project"), in.UserIDs, in.Remove)
	})
}

func (s *Server) setTemplate(c *Call) error {
	return taking(c, 200, func(in ProjectTemplate) (workspace.Written, error) {
		return s.Service.SetProjectTemplate(c.Context(), c.Scope, c.Path("project"), in.IsTemplate)
	})
}

func (s *Server) setProjectHourlyRate(c *Call) error { return s.setProjectRate(c, false) }

func (s *Server) setProjectCostRate(c *Call) error { return s.setProjectRate(c, true) }

func (s *Server) setProjectRate(c *Call, cost bool) error {
	return taking(c, 200, func(in workspace.AmountInput) (workspace.Written, error) {
		return s.Service.SetProjectMemberRate(c.Context(), c.Scope, c.Path("project"), c.Path("user"), cost, in)
	})
}
