package directory

import (
	"context"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// Service is everything that one can ask of the directory. Directory implements it on global's cell; rpc's
// client implements it in the other regions. Writes return the directory's revision after them: a region
// whose Follower has reached it (Follower.Wait) has seen the write. Repeating a write gives the same end
// state, so a caller that got ErrUnknownOutcome or ErrUnavailable may repeat it.
//
// The directory does not judge who asks: the region where the question arrives does (daemon/auth), before
// it calls. By fields are for the audit trail.
type Service interface {
	// CreatePerson records a person. With the e-mail address of a NOT_REGISTERED person it sets that
	// person's name and password and keeps the id. ErrEmailTaken if the address is a registered person's.
	CreatePerson(ctx context.Context, p NewPerson) (Person, store.Revision, error)
	// UpdatePerson changes a profile, the password or the status. ErrNotFound.
	UpdatePerson(ctx context.Context, c PersonChange) (Person, store.Revision, error)
	// People returns persons by id, by e-mail address, or a page of all in the order of ids. Unknown ones
	// are left out. Passwords are blanked.
	People(ctx context.Context, q PeopleQuery) ([]Person, error)
	// CheckPassword answers who has this e-mail address and password, and in which regions they have
	// workspaces. ErrBadCredential whatever is wrong, in the same time.
	CheckPassword(ctx context.Context, email, password string) (Verdict, error)
	// ImportPeople makes people known to a workspace: those whose address is new become NOT_REGISTERED
	// persons with the id ImportedPersonID, and everybody who is no member gets a PENDING membership. It
	// invites nobody. It answers the persons' ids in the order asked. Any number of people; it can be
	// repeated after a crash.
	ImportPeople(ctx context.Context, i PeopleImport) ([]ImportedPerson, store.Revision, error)

	// CreateWorkspace records a workspace with its owner and home, or nothing. *PlanNeeded, *UnknownRegion,
	// ErrNotFound (owner), ErrExists (the id is somebody else's workspace). The same id and owner again
	// answers the workspace that the first call made.
	CreateWorkspace(ctx context.Context, w NewWorkspace) (Placed, store.Revision, error)
	// ChangeWorkspace changes name, plan, owner or subdomain. ErrNotFound, ErrSubdomainTaken.
	ChangeWorkspace(ctx context.Context, c WorkspaceChange) (Placed, store.Revision, error)
	// DeleteWorkspace marks a workspace deleted and ends its memberships.
	DeleteWorkspace(ctx context.Context, workspace record.ID, by Actor) (store.Revision, error)
	// Workspaces returns workspaces with their homes, deleted ones left out unless asked for by id.
	Workspaces(ctx context.Context, q WorkspacesQuery) ([]Placed, error)

	// Invite makes people members: PENDING, or keeps what they are. An e-mail address that is unknown
	// becomes a NOT_REGISTERED person. DECLINED ones are invited again.
	Invite(ctx context.Context, i Invite) ([]Invited, store.Revision, error)
	// SetMembership changes status (ACTIVE or INACTIVE) and role (WORKSPACE_ADMIN or none). ErrPending,
	// ErrOwner, ErrNotFound.
	SetMembership(ctx context.Context, c MembershipChange) (Membership, store.Revision, error)
	// RemoveMembers ends memberships; people who are no members are skipped. ErrOwner if the owner is
	// among them (then nothing is changed).
	RemoveMembers(ctx context.Context, r Removal) (store.Revision, error)
	// Invitations are a person's pending memberships.
	Invitations(ctx context.Context, person record.ID) ([]Invitation, error)
	// Answer accepts or declines an invitation, by the invited person's own session. ErrNotPending.
	Answer(ctx context.Context, a Answer) (Membership, store.Revision, error)

	// PublishKey records a region's ed25519 public key; a key that is recorded changes nothing.
	PublishKey(ctx context.Context, r Region, key []byte) (store.Revision, error)
	// Changes is the next page of what region's mirror must hold, after cursor ("" to read everything). If
	// there is none it waits up to wait for one and answers an empty page. ErrCursor, ErrCursorTooOld.
	Changes(ctx context.Context, r Region, cursor string, wait time.Duration) (Page, error)
}

// Actor is who made a change, for the audit trail: ids and a word, never a name.
type Actor struct {
	Kind   string    // "key", "session", "operator", "system"
	Person record.ID // zero for operator and system
}

// NewPerson is the input of CreatePerson. The zero ID lets the directory choose one; a given ID makes a
// repeat answer the person that the first call made.
type NewPerson struct {
	ID           record.ID
	Email        string
	Name         string // "" takes the address's part before the @
	PasswordHash string // of HashPassword; "" makes a NOT_REGISTERED person
	By           Actor
}

// PersonChange is the input of UpdatePerson; nil fields stay.
type PersonChange struct {
	ID             record.ID
	Name           *string
	ProfilePicture *string
	PasswordHash   *string
	Disabled       *bool // true: DISABLED; false: ACTIVE again (NOT_REGISTERED without a password)
	By             Actor
}

// PeopleQuery selects persons: by IDs and Emails if there are any, else all after After, at most Limit
// (0 is 1,000).
type PeopleQuery struct {
	IDs    []record.ID
	Emails []string
	After  record.ID
	Limit  int
}

// Verdict is the answer to a right password.
type Verdict struct {
	Person     Person   // password blanked
	Credential string   // Fingerprint of the password's hash
	Regions    []Region // where the person's workspaces live, in the order of the table; global if there are none
}

// PeopleImport is the input of ImportPeople.
type PeopleImport struct {
	Import    record.ID
	Workspace record.ID
	People    []NamedEmail
	By        Actor
}

// NamedEmail is a person as a file names them.
type NamedEmail struct{ Email, Name string }

// ImportedPerson is one of ImportPeople's answers.
type ImportedPerson struct {
	ID     record.ID
	Joined bool // this import made the membership
}

// NewWorkspace is the input of CreateWorkspace.
type NewWorkspace struct {
	ID     record.ID // required: the caller's, so that a repeat makes no second workspace
	Name   string
	Owner  record.ID
	Region Region // "" is global
	Plan   Plan   // operators only; "" is the highest among the workspaces that Owner owns, else FREE
	By     Actor
}

// WorkspaceChange is the input of ChangeWorkspace; nil fields stay.
type WorkspaceChange struct {
	ID        record.ID
	Name      *string
	Plan      *Plan
	Owner     *record.ID // an active member; the former owner becomes WORKSPACE_ADMIN
	Reason    string     // a code, for the trail: lower-case letters, digits and hyphens
	Subdomain *string    // "" takes it away
	By        Actor
}

// Placed is a workspace and where it lives.
type Placed struct {
	Workspace Workspace
	Home      Home
	Role      Role   // the person's, where the query named one
	Status    Status // the same
}

// WorkspacesQuery selects workspaces: by IDs, or those of Person (memberships that give an account), or all
// after After, at most Limit (0 is 1,000).
type WorkspacesQuery struct {
	IDs    []record.ID
	Person record.ID
	After  record.ID
	Limit  int
}

// Invite is the input of Invite: people by id, by e-mail address, or both.
type Invite struct {
	Workspace record.ID
	Persons   []record.ID
	Emails    []string
	By        Actor
}

// Invited is one of Invite's answers, ids first, then addresses, in the order asked.
type Invited struct {
	Person     Person // password blanked
	Membership Membership
}

// MembershipChange is the input of SetMembership; nil fields stay.
type MembershipChange struct {
	Workspace record.ID
	Person    record.ID
	Status    *Status
	Role      *Role // Admin or NoRole
	By        Actor
}

// Removal is the input of RemoveMembers.
type Removal struct {
	Workspace   record.ID
	Persons     []record.ID
	OnlyPending bool // skip those who have answered (undo of an import)
	By          Actor
}

// Invitation is a pending membership as the invited person sees it.
type Invitation struct {
	Workspace record.ID
	Name      string
	Region    Region
}

// Answer is the input of Answer.
type Answer struct {
	Person    record.ID
	Workspace record.ID
	Accept    bool
}

// Page is a piece of what a region's mirror must hold.
type Page struct {
	// Sweeps are stretches of the key space that Puts is complete for: what the mirror has there beyond
	// Puts is no longer so. Empty for pages of the feed.
	Sweeps []Sweep
	// Puts are records as they must be; Deletes are keys that must not be.
	Puts    []store.Put
	Deletes []record.Key
	// Cursor is where the next page begins.
	Cursor string
	// Revision is the directory's revision that the mirror has reached with this page; zero while the first
	// reading is under way.
	Revision store.Revision
	// Complete is true when the page reaches the end of the directory as of when it was made.
	Complete bool
}

// Sweep is the ids of one kind after After (zero: from the first) up to and with Through (zero: to the last).
type Sweep struct {
	Kind           record.Kind
	After, Through record.ID
}
