package client

import (
	"encoding/json"
	"time"
)

// User is a person as GET /user answers.
type User struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	Email            string `json:"email"`
	Status           string `json:"status"`
	ActiveWorkspace  string `json:"activeWorkspace"`
	DefaultWorkspace string `json:"defaultWorkspace"`
}

// Workspace is a line of GET /workspaces. Of one that lives elsewhere the server
// tells id, name, region, base URL and state only.
type Workspace struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Region  string `json:"region"`
	BaseURL string `json:"baseUrl"`
	State   string `json:"state"`
	Plan    string `json:"featureSubscriptionType,omitempty"` // the vendor's name of it
}

// Region is a line of GET /regions.
type Region struct {
	Region     string `json:"region"`
	Name       string `json:"name"`
	Country    string `json:"country"`
	BaseURL    string `json:"baseUrl"`
	ReportsURL string `json:"reportsUrl"`
}

// Session is a sign-in.
type Session struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	User      User      `json:"user"`
}

// Key is an API key of the caller in the region that is called. Secret is there
// once, in the answer that made the key.
type Key struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Created  time.Time  `json:"created"`
	LastUsed *time.Time `json:"lastUsed"`
	Secret   string     `json:"key,omitempty"`
}

// Hit is one found record.
type Hit struct {
	Kind     string          `json:"kind"`
	ID       string          `json:"id"`
	Score    float64         `json:"score"`
	Document json.RawMessage `json:"document"`
}

// Found is an answer of the search.
type Found struct {
	Total  uint64          `json:"total"`
	Hits   []Hit           `json:"hits"`
	Facets json.RawMessage `json:"facets,omitempty"`
	Next   string          `json:"next,omitempty"`
}
