package api

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
	"domicile/store/record"
)

// sessionCookie is the console's.
const sessionCookie = "domicile_session"

// handle judges the request in the order of P2 and runs the row's handler.
func (s *Server) handle(c *Call) error {
	view, err := s.Service.View(c.Context())
	if err != nil {
		return err
	}
	c.View = view
	if err := s.judgeHome(c); err != nil {
		return err
	}
	if c.Route.Access != ByAnyone {
		if c.Principal, err = s.principal(c); err != nil {
			return err
		}
		if c.Route.Access == BySession && c.Principal.Kind != auth.BySession {
			return &Problem{Status: http.StatusForbidden, Code: codeForbidden, Message: "This needs a session: sign in with a password"}
		}
	}
	if err := s.enter(c); err != nil {
		return err
	}
	if c.Query, err = parseQuery(c.Request.URL.RawQuery, c.Route.Query); err != nil {
		return err
	}
	if err := s.read(c); err != nil {
		return err
	}
	return c.Route.Serve(s, c)
}

// workspaceID is the workspace of the path.
func (c *Call) workspaceID() (record.ID, bool) {
	id, err := record.ParseID(c.Path("workspace"))
	return id, err == nil && id != record.DirectoryID && id != record.RegionID
}

// judgeHome answers 421 for a workspace of another region, whoever asks.
func (s *Server) judgeHome(c *Call) error {
	if c.Route.Anywhere {
		return nil
	}
	id, ok := c.workspaceID()
	if !ok {
		return nil
	}
	return s.Service.Judge(c.View, id)
}

// enter makes the scope of a route with {workspace}. A header that is not
// there yet is waited for: the directory has just placed the workspace here.
func (s *Server) enter(c *Call) error {
	if c.Route.Access != ByMember {
		return nil
	}
	id, ok := c.workspaceID()
	if !ok {
		return workspace.ErrForbidden
	}
	scope, err := s.Service.Enter(c.View, c.Principal, id)
	for deadline := time.Now().Add(s.Ready); errors.Is(err, workspace.ErrNotReady) && time.Now().Before(deadline); {
		if err = s.renew(c); err != nil {
			return err
		}
		scope, err = s.Service.Enter(c.View, c.Principal, id)
	}
	if c.Route.Action != "" && scope != nil && !c.Route.Own && !scope.Can(c.Route.Action) {
		return workspace.ErrForbidden // before what the state is: P2
	}
	if err != nil {
		return err
	}
	if c.Route.Tracks {
		if err := scope.MayTrack(); err != nil {
			return err
		}
	}
	c.Scope = scope
	return nil
}

// renew replaces the view of the call by a newer one, a moment later.
func (s *Server) renew(c *Call) error {
	moment := time.NewTimer(20 * time.Millisecond)
	defer moment.Stop()
	select {
	case <-c.Context().Done():
		return c.Context().Err()
	case <-moment.C:
	}
	old := c.View
	c.View = nil
	if err := old.Close(); err != nil {
		return err
	}
	view, err := s.Service.View(c.Context())
	if err != nil {
		return err
	}
	c.View = view
	return nil
}

// read reads the body, Idempotency-Key and If-Match.
func (s *Server) read(c *Call) error {
	if c.Route.Body != nil && !c.Route.Stream {
		body, err := readBody(c.w, c.Request)
		if err != nil {
			return err
		}
		c.Body = body
	}
	if !c.Route.writes() || c.Scope == nil {
		return nil
	}
	match, err := parseIfMatch(c.Request.Header.Get("If-Match"))
	if err != nil {
		return err
	}
	c.Scope.Match = match
	c.Scope.Repeat, err = c.repeat()
	return err
}

// repeat reads Idempotency-Key and says what the request was.
func (c *Call) repeat() (*workspace.Repeat, error) {
	keys := c.Request.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return nil, nil
	}
	key := keys[0]
	if len(keys) > 1 || key == "" || len(key) > 255 {
		return nil, badRequest("Idempotency-Key must be one text of 1 to 255 bytes")
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(c.Request.Method), []byte(c.Request.URL.Path), []byte(c.Request.URL.RawQuery), c.Body} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":"))
		h.Write(part)
	}
	return &workspace.Repeat{Key: key, Hash: [32]byte(h.Sum(nil)), By: c.Principal.Person}, nil
}

// principal recognises the caller by the one credential of the request.
func (s *Server) principal(c *Call) (auth.Principal, error) {
	none := &Problem{Status: http.StatusUnauthorized, Code: codeCredentials, Message: "Multiple or none auth tokens present"}
	h := c.Request.Header
	keys, addons, sessions := given(h["X-Api-Key"]), given(h["X-Addon-Token"]), given(h["X-Auth-Token"])
	for _, cookie := range c.Request.CookiesNamed(sessionCookie) {
		if len(keys)+len(addons)+len(sessions) > 0 {
			break // a header is what the page's script chose; the cookie is the browser's
		}
		if err := http.NewCrossOriginProtection().Check(c.Request); err != nil {
			return auth.Principal{}, &Problem{Status: http.StatusForbidden, Code: codeForbidden, Message: "Another site's page cannot use this session"}
		}
		sessions = append(sessions, cookie.Value)
	}
	if len(keys)+len(addons)+len(sessions) != 1 {
		return auth.Principal{}, none
	}
	switch {
	case len(keys) == 1:
		return s.Auth.KeyIn(c.View, keys[0])
	case len(sessions) == 1:
		return s.Auth.SessionIn(c.View, sessions[0])
	}
	return auth.Principal{}, auth.ErrBadSession // no add-on is installed that this token could be of
}

func given(values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
