package directory

import (
	"time"

	"domicile/store"
	"domicile/store/record"
)

// Role is what a person is in a workspace, as far as the directory knows. The other roles are of the
// workspace's own member records.
type Role string

// The roles that the directory knows.
const (
	NoRole Role = "" // null in documents
	Owner  Role = "OWNER"
	Admin  Role = "WORKSPACE_ADMIN"
)

// Plan is what a workspace has paid for.
type Plan string

// The plans, lowest first.
const (
	Free       Plan = "FREE"
	Basic      Plan = "BASIC"
	Standard   Plan = "STANDARD"
	Pro        Plan = "PRO"
	Enterprise Plan = "ENTERPRISE"
)

// Plans are all plans, lowest first.
func Plans() []Plan { return []Plan{Free, Basic, Standard, Pro, Enterprise} }

// Rank orders plans; it is -1 for what is no plan.
func (p Plan) Rank() int {
	for i, q := range Plans() {
		if p == q {
			return i
		}
	}
	return -1
}

// Regional reports whether a workspace on this plan may be created in, or transferred to, a region other
// than global.
func (p Plan) Regional() bool { return p == Pro || p == Enterprise }

// PersonStatus says whether a person can sign in.
type PersonStatus string

// What a person can be.
const (
	PersonActive        PersonStatus = "ACTIVE"
	PersonNotRegistered PersonStatus = "NOT_REGISTERED" // known by an invitation or import only; has no password
	PersonDisabled      PersonStatus = "DISABLED"       // by an operator: cannot sign in, keys are refused
)

// Status is a membership's.
type Status string

// What a membership can be.
const (
	Active   Status = "ACTIVE"
	Pending  Status = "PENDING"  // invited; only the person's own answer makes it ACTIVE
	Inactive Status = "INACTIVE" // deactivated by an admin
	Declined Status = "DECLINED" // by the person; can be invited again
)

// WorkspaceStatus says whether a workspace exists.
type WorkspaceStatus string

// What a workspace can be.
const (
	WorkspaceActive  WorkspaceStatus = "ACTIVE"
	WorkspaceDeleted WorkspaceStatus = "DELETED" // kept so that its home hears of it; memberships are gone
)

// Person is a member's profile with the credential that proves it.
type Person struct {
	ID             record.ID    `json:"id"`
	Email          string       `json:"email"`
	Name           string       `json:"name"`
	ProfilePicture string       `json:"profilePicture"`
	Status         PersonStatus `json:"status"`
	Password       string       `json:"password,omitempty"` // argon2id hash in PHC form; see HashPassword
	CreatedAt      time.Time    `json:"createdAt"`
}

// Workspace is what the directory knows of a workspace. A mirror's copy of one that lives elsewhere has ID
// and Name only.
type Workspace struct {
	ID        record.ID       `json:"id"`
	Name      string          `json:"name"`
	Plan      Plan            `json:"plan,omitempty"`
	OwnerID   record.ID       `json:"ownerId,omitzero"`
	Status    WorkspaceStatus `json:"status,omitempty"`
	Subdomain string          `json:"subdomain,omitempty"`
	CreatedAt time.Time       `json:"createdAt,omitzero"`
}

// Deleted reports whether the workspace has been deleted.
func (w Workspace) Deleted() bool { return w.Status == WorkspaceDeleted }

// Membership is a person in a workspace. Its record's id is MembershipID.
type Membership struct {
	ID          record.ID `json:"id"`
	PersonID    record.ID `json:"personId"`
	WorkspaceID record.ID `json:"workspaceId"`
	Status      Status    `json:"status"`
	Role        *Role     `json:"role"`
}

// Is reports whether the membership has the role.
func (m Membership) Is(r Role) bool {
	if m.Role == nil {
		return r == NoRole
	}
	return *m.Role == r
}

// Account reports whether the membership, if its workspace lives in a region, gives the person an account
// there: people who were invited and have not accepted have none.
func (m Membership) Account() bool { return m.Status == Active || m.Status == Inactive }

// Home is where a workspace lives. Its record's id is the workspace's. A mirror's copy of one elsewhere has
// ID, Region and Epoch only.
type Home struct {
	ID      record.ID   `json:"id"`
	Region  Region      `json:"region"`
	Cell    string      `json:"cell,omitempty"`
	Epoch   store.Epoch `json:"epoch"`
	Since   time.Time   `json:"since,omitzero"`
	Earlier []Earlier   `json:"earlier,omitempty"`
}

// Earlier is a home that a workspace had.
type Earlier struct {
	Region Region    `json:"region"`
	Until  time.Time `json:"until"`
}

// RegionKeys are the public signing keys of a region, oldest first. Its record's id is RegionRecordID.
type RegionKeys struct {
	ID     record.ID   `json:"id"`
	Region Region      `json:"region"`
	Keys   []PublicKey `json:"keys"`
}

// PublicKey is an ed25519 public key and when the directory first saw it.
type PublicKey struct {
	Key   []byte    `json:"key"` // base64 in JSON
	Since time.Time `json:"since"`
}

// MembershipID is the id of the membership record of a person in a workspace.
func MembershipID(person, workspace record.ID) record.ID {
	return record.DeriveID("membership", person.String(), workspace.String())
}

// RegionRecordID is the id of a region's record.
func RegionRecordID(r Region) record.ID { return record.DeriveID("region", string(r)) }

// ImportedPersonID is the id of a person whom an import makes.
func ImportedPersonID(imported record.ID, email string) record.ID {
	return record.DeriveID("imported person", imported.String(), FoldEmail(email))
}
