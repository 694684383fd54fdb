package api

import (
	"encoding/base64"
	"net/http"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

func regionRoutes() []Route {
	const tag = "Region"
	return []Route{
		{
			Method: "GET", Path: "/regions", Name: "listRegions", Tag: tag,
			Doc:    "Lists the regions with their addresses.",
			Access: ByAnyone, Answer: []RegionInfo{}, Status: 200, Serve: (*Server).listRegions,
		},
		{
			Method: "GET", Path: "/workspaces/{workspace}/region", Name: "readRegion", Tag: tag,
			Doc:    "Says where a workspace lives and has lived, and where it could go; answered in every region.",
			Access: ByPerson, Anywhere: true, Answer: workspace.Whereabouts{}, Status: 200, Serve: (*Server).readRegion,
		},
	}
}

func changeRoutes() []Route {
	return []Route{{
		Method: "GET", Path: "/workspaces/{workspace}/changes", Name: "readChanges", Tag: "Changes",
		Doc:    "Reads what has changed since a cursor, deletions included, each record once at its latest revision.",
		Action: auth.ChangesRead, Answer: workspace.Feed{}, Status: 200,
		Query: []Param{
			textParam("since", "The cursor of an earlier answer; left out: from the beginning."),
			intParam("limit", "How many at most.", 1, 5000, 500),
		},
		Serve: (*Server).readChanges,
	}}
}

// RegionInfo is a region as everybody may know it.
type RegionInfo struct {
	Region     string `json:"region"`
	Name       string `json:"name"`
	Country    string `json:"country"`
	BaseURL    string `json:"baseUrl"`
	ReportsURL string `json:"reportsUrl"`
}

func (s *Server) listRegions(c *Call) error {
	list := []RegionInfo{}
	for _, p := range s.Regions.All() {
		list = append(list, RegionInfo{Region: string(p.Region), Name: p.Name, Country: p.Country, BaseURL: p.BaseURL, ReportsURL: p.ReportsURL})
	}
	return c.JSON(http.StatusOK, list)
}

func (s *Server) readRegion(c *Call) error {
	id, ok := c.workspaceID()
	if !ok {
		return workspace.ErrForbidden
	}
	at, err := s.Service.Whereabouts(c.Context(), c.Principal, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, at)
}

func (s *Server) readChanges(c *Call) error {
	feed, err := s.Service.Changes(c.Scope, c.Query.Text("since"), c.Query.Int("limit"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, feed)
}

// SigningKeys are a region's public keys, oldest first.
type SigningKeys struct {
	Region string       `json:"region"`
	Keys   []SigningKey `json:"keys"`
}

// SigningKey is an Ed25519 public key.
type SigningKey struct {
	Algorithm string    `json:"algorithm"`
	Key       string    `json:"key" doc:"Base64."`
	Since     time.Time `json:"since"`
}

func (s *Server) signingKeys(c *Call) error {
	regions, err := s.Service.Keys(c.View)
	if err != nil {
		return err
	}
	list := []SigningKeys{}
	for _, r := range regions {
		keys := SigningKeys{Region: string(r.Region), Keys: []SigningKey{}}
		for _, k := range r.Keys {
			keys.Keys = append(keys.Keys, SigningKey{Algorithm: "Ed25519", Key: base64.StdEncoding.EncodeToString(k.Key), Since: k.Since})
		}
		list = append(list, keys)
	}
	return c.JSON(http.StatusOK, list)
}
