package api

import (
	"net/http"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

func userRoutes() []Route {
	const tag = "User"
	return []Route{
		{
			Method: "GET", Path: "/user", Name: "readUser", Tag: tag,
			Doc:    "Reads the caller, with their settings in the active workspace.",
			Access: ByPerson, Answer: workspace.User{}, Status: 200,
			Query: []Param{boolParam("include-memberships", "Also answers the caller's memberships.")},
			Serve: (*Server).readUser,
		},
		{
			Method: "GET", Path: "/user/api-keys", Name: "listApiKeys", Tag: tag,
			Doc:    "Lists the caller's keys in this region, oldest first.",
			Access: ByPerson, Answer: []APIKey{}, Status: 200, Serve: (*Server).listKeys,
		},
		{
			Method: "POST", Path: "/user/api-keys", Name: "createApiKey", Tag: tag,
			Doc:    "Makes a key for this region; its secret is shown this once.",
			Access: ByPerson, Body: newKey{}, Answer: APIKey{}, Status: 201, Serve: (*Server).createKey,
		},
		{
			Method: "DELETE", Path: "/user/api-keys/{key}", Name: "deleteApiKey", Tag: tag,
			Doc:    "Ends one of the caller's keys.",
			Access: ByPerson, Status: 204, Serve: (*Server).deleteKey,
		},
		{
			Method: "GET", Path: "/invitations", Name: "listInvitations", Tag: tag,
			Doc:    "Lists the workspaces that have invited the caller, in all regions.",
			Access: ByPerson, Answer: []workspace.Invitation{}, Status: 200, Serve: (*Server).listInvitations,
		},
		{
			Method: "POST", Path: "/invitations/{workspace}/accept", Name: "acceptInvitation", Tag: tag,
			Doc:    "Makes the caller's pending membership active.",
			Access: BySession, Anywhere: true, Answer: workspace.Membership{}, Status: 200, Also: []int{202},
			Serve: func(s *Server, c *Call) error { return s.answerInvitation(c, true) },
		},
		{
			Method: "POST", Path: "/invitations/{workspace}/decline", Name: "declineInvitation", Tag: tag,
			Doc:    "Declines an invitation.",
			Access: BySession, Anywhere: true, Answer: workspace.Membership{}, Status: 200, Also: []int{202},
			Serve: func(s *Server, c *Call) error { return s.answerInvitation(c, false) },
		},
	}
}

// APIKey is a key of a person in a region.
type APIKey struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Region   string     `json:"region"`
	Created  time.Time  `json:"created"`
	LastUsed *time.Time `json:"lastUsed" doc:"Exact to an hour; null where it was never used."`
	Key      string     `json:"key,omitempty" doc:"The secret, shown when the key is made and never again."`
}

type newKey struct {
	Name string `json:"name,omitempty"`
}

func (s *Server) readUser(c *Call) error {
	me, err := s.Service.Me(c.View, c.Principal, c.Query.Bool("include-memberships"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, me)
}

func (s *Server) shownKey(k auth.Key, secret string) APIKey {
	shown := APIKey{ID: k.ID.String(), Name: k.Name, Region: string(s.Region), Created: k.Created, Key: secret}
	if !k.LastUsed.IsZero() {
		shown.LastUsed = &k.LastUsed
	}
	return shown
}

func (s *Server) listKeys(c *Call) error {
	keys, err := s.Auth.Keys(c.Context(), c.Principal.Person)
	if err != nil {
		return err
	}
	list := make([]APIKey, 0, len(keys))
	for _, k := range keys {
		list = append(list, s.shownKey(k, ""))
	}
	return c.JSON(http.StatusOK, list)
}

func (s *Server) createKey(c *Call) error {
	var in newKey
	if len(c.Body) > 0 {
		if err := c.Decode(&in); err != nil {
			return err
		}
	}
	if len(in.Name) > 250 {
		return invalid("name", "is longer than 250 bytes")
	}
	k, secret, err := s.Auth.CreateKey(c.Context(), c.Principal.Person, in.Name, c.Principal.Actor())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, s.shownKey(k, secret))
}

func (s *Server) deleteKey(c *Call) error {
	id, err := c.ID("key", "Key")
	if err != nil {
		return auth.ErrNoKey
	}
	if err := s.Auth.RevokeKey(c.Context(), c.Principal.Person, id, c.Principal.Actor()); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}

func (s *Server) listInvitations(c *Call) error {
	list, err := s.Service.Invitations(c.Context(), c.Principal)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list)
}

func (s *Server) answerInvitation(c *Call, accept bool) error {
	id, ok := c.workspaceID()
	if !ok {
		return workspace.ErrForbidden
	}
	m, settled, err := s.Service.Answer(c.Context(), c.Principal, id, accept)
	if err != nil {
		return err
	}
	return s.settled(c, http.StatusOK, m, settled)
}
