package client

import (
	"context"
	"net/http"
	"net/url"
)

// SignIn opens a session with an e-mail address and a password. The token is for
// another Client's Options.
func (c *Client) SignIn(ctx context.Context, email, password string) (Session, error) {
	var s Session
	body := map[string]string{"email": email, "password": password}
	err := c.Do(ctx, http.MethodPost, "/auth/token", nil, body, &s)
	return s, err
}

// SignOut ends the client's own session.
func (c *Client) SignOut(ctx context.Context) error {
	return c.Do(ctx, http.MethodDelete, "/auth/token", nil, nil, nil)
}

// User is the caller.
func (c *Client) User(ctx context.Context) (User, error) {
	var u User
	err := c.Do(ctx, http.MethodGet, "/user", nil, nil, &u)
	return u, err
}

// Regions lists the regions of the installation; it needs no key.
func (c *Client) Regions(ctx context.Context) ([]Region, error) {
	var r []Region
	err := c.Do(ctx, http.MethodGet, "/regions", nil, nil, &r)
	return r, err
}

// Workspaces lists all workspaces of the caller, in whatever region they live.
func (c *Client) Workspaces(ctx context.Context) ([]Workspace, error) {
	var w []Workspace
	err := c.Do(ctx, http.MethodGet, "/workspaces", nil, nil, &w)
	return w, err
}

// CreateWorkspace makes a workspace of the caller's; region may be empty for global.
func (c *Client) CreateWorkspace(ctx context.Context, name, region string) (Workspace, error) {
	body := map[string]string{"name": name}
	if region != "" {
		body["region"] = region
	}
	var w Workspace
	err := c.Do(ctx, http.MethodPost, "/workspaces", nil, body, &w)
	return w, err
}

// Keys lists the caller's keys in this region.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	var k []Key
	err := c.Do(ctx, http.MethodGet, "/user/api-keys", nil, nil, &k)
	return k, err
}

// CreateKey makes a key; its secret is in the answer, and nowhere later.
func (c *Client) CreateKey(ctx context.Context, name string) (Key, error) {
	var k Key
	err := c.Do(ctx, http.MethodPost, "/user/api-keys", nil, map[string]string{"name": name}, &k)
	return k, err
}

// RevokeKey ends a key at once.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.Do(ctx, http.MethodDelete, "/user/api-keys/"+url.PathEscape(id), nil, nil, nil)
}

// Search finds records of a workspace. The query is as the route takes it: q, kind,
// from, to, project, client, task, tag, user, facets, sort, limit, cursor,
// after-revision.
func (c *Client) Search(ctx context.Context, workspace string, query url.Values) (Found, error) {
	var f Found
	err := c.Do(ctx, http.MethodGet, workspacePath(workspace)+"/search", query, nil, &f)
	return f, err
}

func workspacePath(id string) string { return "/workspaces/" + url.PathEscape(id) }
