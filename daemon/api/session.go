package api

import (
	"net/http"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

func sessionRoutes() []Route {
	const tag = "Sign in"
	return []Route{
		{
			Method: "POST", Path: "/auth/token", Name: "signIn", Tag: tag,
			Doc:    "Makes a session of somebody with their e-mail address and password.",
			Access: ByAnyone, Body: credential{}, Answer: Token{}, Status: 201, Serve: (*Server).signIn,
		},
		{
			Method: "DELETE", Path: "/auth/token", Name: "signOut", Tag: tag,
			Doc:    "Ends the session of this request.",
			Access: BySession, Status: 204, Serve: (*Server).signOut,
		},
	}
}

type credential struct {
	Email    string `json:"email" required:"true"`
	Password string `json:"password" required:"true"`
}

// Token is a new session.
type Token struct {
	Token     string         `json:"token" doc:"Send it as X-Auth-Token."`
	ExpiresAt time.Time      `json:"expiresAt"`
	User      workspace.User `json:"user"`
}

func (s *Server) signIn(c *Call) error {
	var in credential
	if err := c.Decode(&in); err != nil {
		return err
	}
	if in.Email == "" {
		return invalid("email", "is required")
	}
	if in.Password == "" {
		return invalid("password", "is required")
	}
	signed, err := s.Auth.SignIn(c.Context(), in.Email, in.Password)
	if err != nil {
		return err
	}
	me, err := s.Service.Me(c.View, auth.Principal{Person: signed.Person.ID, Kind: auth.BySession, ID: signed.Session}, false)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, Token{Token: signed.Token, ExpiresAt: signed.Expires.UTC(), User: me})
}

func (s *Server) signOut(c *Call) error {
	if err := s.Auth.SignOut(c.Context(), c.Principal.ID); err != nil {
		return err
	}
	return c.Empty(http.StatusNoContent)
}
