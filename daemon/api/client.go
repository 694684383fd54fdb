package api

import (
	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

// Client is a client as it is answered.
type Client struct {
	workspace.ClientDocument
	WorkspaceID  string `json:"workspaceId"`
	CurrencyCode string `json:"currencyCode"`
}

func clientRoutes() []Route {
	const (
		tag  = "Client"
		base = "/workspaces/{workspace}/clients"
		one  = base + "/{client}"
	)
	return []Route{
		{
			Method: "GET", Path: base, Name: "listClients", Tag: tag, Doc: "Lists clients.",
			Action: auth.ClientsView, Answer: []Client{}, Status: 200,
			Query: paged(append([]Param{
				textParam("name", "Clients whose name contains this, in whatever case."),
				boolParam("archived", "Only archived ones, or only those that are not."),
			}, sorted("ID", "NAME")...)...),
			Serve: (*Server).listClients,
		},
		{
			Method: "POST", Path: base, Name: "createClient", Tag: tag, Doc: "Makes a client.",
			Action: auth.ClientsChange, Body: workspace.ClientInput{}, Answer: Client{}, Status: 201, Serve: (*Server).createClient,
		},
		{
			Method: "GET", Path: one, Name: "readClient", Tag: tag, Doc: "Reads one client.",
			Action: auth.ClientsView, Answer: Client{}, Status: 200, Serve: (*Server).readClient,
		},
		{
			Method: "PUT", Path: one, Name: "replaceClient", Tag: tag, Doc: "Replaces a client; only the currency stays if it is left out.",
			Action: auth.ClientsChange, Body: workspace.ClientInput{}, Answer: Client{}, Status: 200,
			Query: []Param{
				boolParam("archive-projects", "Archives the client's projects too, if the client is archived."),
				boolParam("mark-tasks-as-done", "And marks their tasks as done."),
			},
			Serve: (*Server).replaceClient,
		},
		{
			Method: "DELETE", Path: one, Name: "deleteClient", Tag: tag, Doc: "Deletes an archived client, and answers what it was.",
			Action: auth.ClientsDelete, Answer: Client{}, Status: 200, Serve: (*Server).deleteClient,
		},
	}
}

func (s *Server) listClients(c *Call) error {
	l, err := s.Service.Clients(c.Scope, c.nameFilter())
	if err != nil {
		return err
	}
	return c.List(l)
}

func (s *Server) createClient(c *Call) error {
	return taking(c, 201, func(in workspace.ClientInput) (workspace.Written, error) {
		return s.Service.CreateClient(c.Context(), c.Scope, in)
	})
}

func (s *Server) readClient(c *Call) error {
	d, err := s.Service.Client(c.Scope, c.Path("client"))
	if err != nil {
		return err
	}
	return c.Document(200, d)
}

func (s *Server) replaceClient(c *Call) error {
	return taking(c, 200, func(in workspace.ClientInput) (workspace.Written, error) {
		return s.Service.UpdateClient(c.Context(), c.Scope, c.Path("client"), in, c.Query.Bool("archive-projects"), c.Query.Bool("mark-tasks-as-done"))
	})
}

func (s *Server) deleteClient(c *Call) error {
	w, err := s.Service.DeleteClient(c.Context(), c.Scope, c.Path("client"))
	if err != nil {
		return err
	}
	return c.Written(200, w)
}
