package sample

// User is a sample person with what proves them.
type User struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Password string            `json:"password"`
	Keys     map[string]string `json:"keys"` // API key by region, where the person has an account
}

// Workspace is a sample workspace.
type Workspace struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Plan    string   `json:"plan"`
	Region  string   `json:"region"`
	Owner   string   `json:"owner"`
	Members []string `json:"members"` // ids, the owner's first
}

// Result is what Make made.
type Result struct {
	Users      []User      `json:"users"`
	Workspaces []Workspace `json:"workspaces"`
}
