package api

import (
	"net/http"
	"strconv"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

// Columns, statuses and memberships that lists of people know.
var (
	userColumns     = [...]string{"ID", "EMAIL", "NAME", "NAME_LOWERCASE", "ACCESS", "HOURLYRATE", "COSTRATE"}
	memberStatuses  = [...]string{"PENDING", "ACTIVE", "DECLINED", "INACTIVE", "ALL"}
	membershipTypes = [...]string{"ALL", "NONE", "WORKSPACE", "PROJECT", "USERGROUP"}
)

func memberRoutes() []Route {
	const (
		tag  = "User"
		base = "/workspaces/{workspace}/users"
	)
	return []Route{
		{
			Method: "GET", Path: base, Name: "listUsers", Tag: tag,
			Doc:    "Lists the workspace's people.",
			Action: auth.UsersView, Answer: []workspace.User{}, Status: 200,
			Query: append(paged(
				textParam("email", "People whose address contains this."),
				textParam("name", "People whose name contains this."),
				textParam("project-id", "People with access to this project."),
				enumParam("status", "People with this membership; left out: all but those who declined.", memberStatuses[:]...),
				listParam("account-statuses", "People with one of these accounts."),
				enumParam("memberships", "Which memberships to answer; left out: none.", membershipTypes[:]...),
				boolParam("include-roles", "Also answers what each person is."),
			), sorted(userColumns[:]...)...),
			Serve: (*Server).listUsers,
		},
		{
			Method: "POST", Path: base + "/info", Name: "filterUsers", Tag: tag,
			Doc:    "Lists the workspace's people by a filter in the body.",
			Action: auth.UsersView, Body: userQuery{}, Answer: []workspace.User{}, Status: 200,
			Serve: (*Server).filterUsers,
		},
		{
			Method: "POST", Path: base, Name: "inviteUser", Tag: tag,
			Doc:    "Invites somebody by e-mail address.",
			Action: auth.UsersInvite, Body: invitation{}, Answer: workspace.Overview{}, Status: 200, Also: []int{202},
			Query: []Param{boolParam("send-email", "Accepted; the invitation is shown to the person where they sign in.")},
			Serve: (*Server).inviteUser,
		},
		{
			Method: "PUT", Path: base + "/{user}", Name: "setUserStatus", Tag: tag,
			Doc:    "Activates or deactivates a member.",
			Action: auth.UsersStatus, Body: userStatus{}, Answer: workspace.Overview{}, Status: 200, Also: []int{202},
			Serve: (*Server).setUserStatus,
		},
		{
			Method: "DELETE", Path: base + "/{user}", Name: "removeUser", Tag: tag,
			Doc:    "Ends a membership.",
			Action: auth.UsersStatus, Status: 204, Also: []int{202}, Serve: (*Server).removeUser,
		},
		{
			Method: "POST", Path: base + "/{user}/roles", Name: "giveRole", Tag: tag,
			Doc:    "Gives a member a role.",
			Action: auth.UsersRole, Body: workspace.RoleInput{}, Answer: []workspace.UserRole{}, Status: 201, Also: []int{202},
			Serve: func(s *Server, c *Call) error { return s.setRole(c, true) },
		},
		{
			Method: "DELETE", Path: base + "/{user}/roles", Name: "takeRole", Tag: tag,
			Doc:    "Takes a role away from a member.",
			Action: auth.UsersRole, Body: workspace.RoleInput{}, Status: 204, Also: []int{202},
			Serve: func(s *Server, c *Call) error { return s.setRole(c, false) },
		},
		{
			Method: "GET", Path: base + "/{user}/managers", Name: "listManagers", Tag: tag,
			Doc:    "Lists who manages a member.",
			Action: auth.UsersView, Answer: []workspace.User{}, Status: 200,
			Query: append(paged(), sorted(userColumns[:]...)...), Serve: (*Server).listManagers,
		},
		{
			Method: "PUT", Path: base + "/{user}/hourly-rate", Name: "setUserRate", Tag: tag,
			Doc:    "Sets what an hour of a member is worth from now on.",
			Action: auth.UsersRates, Body: workspace.RateInput{}, Answer: workspace.Overview{}, Status: 200,
			Serve: func(s *Server, c *Call) error { return s.setUserRate(c, false) },
		},
		{
			Method: "PUT", Path: base + "/{user}/cost-rate", Name: "setUserCostRate", Tag: tag,
			Doc:    "Sets what an hour of a member costs from now on.",
			Action: auth.UsersRates, Body: workspace.RateInput{}, Answer: workspace.Overview{}, Status: 200,
			Serve: func(s *Server, c *Call) error { return s.setUserRate(c, true) },
		},
	}
}

type invitation struct {
	Email string `json:"email" required:"true"`
}

type userStatus struct {
	Status string `json:"status" required:"true" enum:"ACTIVE,INACTIVE"`
}

// userQuery is listUsers' query as a body.
type userQuery struct {
	Email           string   `json:"email,omitempty"`
	Name            string   `json:"name,omitempty"`
	ProjectID       string   `json:"projectId,omitempty"`
	Status          string   `json:"status,omitempty" enum:"PENDING,ACTIVE,DECLINED,INACTIVE,ALL"`
	AccountStatuses []string `json:"accountStatuses,omitempty"`
	Roles           []string `json:"roles,omitempty"`
	Memberships     string   `json:"memberships,omitempty" enum:"ALL,NONE,WORKSPACE,PROJECT,USERGROUP"`
	IncludeRoles    bool     `json:"includeRoles,omitempty"`
	SortColumn      string   `json:"sortColumn,omitempty" enum:"ID,EMAIL,NAME,NAME_LOWERCASE,ACCESS,HOURLYRATE,COSTRATE"`
	SortOrder       string   `json:"sortOrder,omitempty" enum:"ASCENDING,DESCENDING"`
	Page            *int     `json:"page,omitempty"`
	PageSize        *int     `json:"pageSize,omitempty"`
}

func (s *Server) listUsers(c *Call) error {
	q := c.Query
	return s.users(c, workspace.UserFilter{
		Email: q.Text("email"), Name: q.Text("name"), Project: q.Text("project-id"), Status: q.Text("status"),
		AccountStatuses: q.List("account-statuses"), Memberships: q.Text("memberships"), IncludeRoles: q.Bool("include-roles"),
		Column: q.Text("sort-column"), Descending: q.Text("sort-order") == "DESCENDING",
	}, q.Page())
}

func (s *Server) users(c *Call, f workspace.UserFilter, p workspace.Page) error {
	users, last, err := s.Service.Users(c.Scope, f, p)
	if err != nil {
		return err
	}
	c.w.Header().Set("Last-Page", strconv.FormatBool(last))
	return c.JSON(http.StatusOK, users)
}

func (s *Server) filterUsers(c *Call) error {
	var in userQuery
	if err := c.Decode(&in); err != nil {
		return err
	}
	for _, one := range []struct {
		field string
		value *string
		known []string
	}{
		{"status", &in.Status, memberStatuses[:]},
		{"memberships", &in.Memberships, membershipTypes[:]},
		{"sortColumn", &in.SortColumn, userColumns[:]},
		{"sortOrder", &in.SortOrder, []string{"ASCENDING", "DESCENDING"}},
	} {
		if *one.value == "" {
			continue
		}
		fixed, err := Param{Kind: EnumParam, Values: one.known}.check(*one.value)
		if err != nil {
			return invalid(one.field, "is not one that is known")
		}
		*one.value = fixed
	}
	p := workspace.Page{Number: 1, Size: pageSize}
	if in.Page != nil {
		p.Number = *in.Page
	}
	if in.PageSize != nil {
		p.Size = *in.PageSize
	}
	if p.Number < 1 || p.Number > maxPage {
		return invalid("page", "is below 1 or too large")
	}
	if p.Size < 1 || p.Size > maxPageSize {
		return invalid("pageSize", "is not between 1 and "+strconv.Itoa(maxPageSize))
	}
	return s.users(c, workspace.UserFilter{
		Email: in.Email, Name: in.Name, Project: in.ProjectID, Status: in.Status, AccountStatuses: in.AccountStatuses,
		Roles: in.Roles, Memberships: in.Memberships, IncludeRoles: in.IncludeRoles,
		Column: in.SortColumn, Descending: in.SortOrder == "DESCENDING",
	}, p)
}

func (s *Server) inviteUser(c *Call) error {
	var in invitation
	if err := c.Decode(&in); err != nil {
		return err
	}
	o, settled, err := s.Service.Invite(c.Context(), c.Scope, in.Email)
	if err != nil {
		return err
	}
	return s.settled(c, http.StatusOK, o, settled)
}

func (s *Server) setUserStatus(c *Call) error {
	var in userStatus
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	o, settled, err := s.Service.SetStatus(c.Context(), c.Scope, person, in.Status)
	if err != nil {
		return err
	}
	return s.settled(c, http.StatusOK, o, settled)
}

func (s *Server) removeUser(c *Call) error {
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	settled, err := s.Service.RemoveMember(c.Context(), c.Scope, person)
	if err != nil {
		return err
	}
	if !settled {
		return s.settled(c, http.StatusAccepted, struct{}{}, false)
	}
	return c.Empty(http.StatusNoContent)
}

func (s *Server) setRole(c *Call, give bool) error {
	var in workspace.RoleInput
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	roles, settled, err := s.Service.SetRole(c.Context(), c.Scope, person, in, give)
	switch {
	case err != nil:
		return err
	case !settled:
		return s.settled(c, http.StatusAccepted, roles, false)
	case give:
		return c.JSON(http.StatusCreated, roles)
	}
	return c.Empty(http.StatusNoContent)
}

func (s *Server) listManagers(c *Call) error {
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	q := c.Query
	users, last, err := s.Service.Managers(c.Scope, person, workspace.UserFilter{
		Column: q.Text("sort-column"), Descending: q.Text("sort-order") == "DESCENDING",
	}, q.Page())
	if err != nil {
		return err
	}
	c.w.Header().Set("Last-Page", strconv.FormatBool(last))
	return c.JSON(http.StatusOK, users)
}

func (s *Server) setUserRate(c *Call, cost bool) error {
	var in workspace.RateInput
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	o, err := s.Service.SetUserRate(c.Context(), c.Scope, person, in, cost)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}
