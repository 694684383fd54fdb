package auth

import (
	"context"
	"log/slog"
	"time"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Kind is what a Principal showed.
type Kind string

// The kinds of credentials.
const (
	ByKey      Kind = "key"
	BySession  Kind = "session"
	ByAddOn    Kind = "addon"
	ByOperator Kind = "operator"
)

// Principal is somebody who has been recognised.
type Principal struct {
	Person record.ID
	Kind   Kind
	ID     record.ID // of the key or session
}

// Actor is the principal as the directory's audit trail names it.
func (p Principal) Actor() directory.Actor {
	return directory.Actor{Kind: string(p.Kind), Person: p.Person}
}

// Directory is the part of directory.Service that auth asks.
type Directory interface {
	CheckPassword(ctx context.Context, email, password string) (directory.Verdict, error)
}

// Options say what an Auth works with.
type Options struct {
	Region    directory.Region   // required
	Cell      directory.Cell     // required: the region's
	Mirror    directory.Mirror   // the zero value is right
	Directory Directory          // required: for people whom the mirror does not have
	IDs       *record.Generator  // required
	Trail     directory.Recorder // nil records no audit trail of keys
	Now       func() time.Time   // nil is time.Now
	Log       *slog.Logger       // nil discards
	Remember  int                // credentials remembered between requests; 0 is 10,000
	Verifying int                // passwords checked at the same time; 0 is half of the processors
	// Tries is how many wrong passwords an e-mail address has before it must wait; 0 is 10. One comes back
	// every Every; 0 is 30 s.
	Tries int
	Every time.Duration
}

// Auth recognises people in one region. It is safe for concurrent use.
type Auth struct {
	o Options
}

// New returns an Auth.
func New(o Options) *Auth { return &Auth{o: o} }

// Run records when keys were last used and removes expired sessions, until ctx ends.
func (a *Auth) Run(ctx context.Context) error { return nil }

// Key recognises an API key. ErrUnknownKey.
func (a *Auth) Key(ctx context.Context, secret string) (Principal, error) { return Principal{}, nil }

// KeyIn is Key against a view that the caller has.
func (a *Auth) KeyIn(v *store.View, secret string) (Principal, error) { return Principal{}, nil }

// Session recognises a session's token. ErrBadSession.
func (a *Auth) Session(ctx context.Context, token string) (Principal, error) { return Principal{}, nil }

// SessionIn is Session against a view that the caller has.
func (a *Auth) SessionIn(v *store.View, token string) (Principal, error) { return Principal{}, nil }

// SignedIn is a new session; Token is shown this once.
type SignedIn struct {
	Token   string
	Expires time.Time
	Session record.ID
	Person  directory.Person // password blanked
}

// SignIn makes a session for the person with the e-mail address and password. *WrongRegion if the password
// is right but the person is known in other regions only; ErrBadCredential alike for a wrong password and an
// unknown address; *TooManyTries; directory.ErrUnavailable if only the directory could tell and it is away.
func (a *Auth) SignIn(ctx context.Context, email, password string) (SignedIn, error) {
	return SignedIn{}, nil
}

// SignOut ends a session; one that has ended is no error.
func (a *Auth) SignOut(ctx context.Context, session record.ID) error { return nil }

// SignOutPerson ends all sessions of a person in this region.
func (a *Auth) SignOutPerson(ctx context.Context, person record.ID) error { return nil }

// Key is what may be known of an API key.
type Key struct {
	ID       record.ID
	Person   record.ID
	Name     string
	Created  time.Time
	LastUsed time.Time // zero: never; exact to an hour
}

// CreateKey makes an API key for a person and returns its secret, which is shown this once. ErrNoAccount if
// the person has no account in this region.
func (a *Auth) CreateKey(ctx context.Context, person record.ID, name string, by directory.Actor) (Key, string, error) {
	return Key{}, "", nil
}

// Keys lists a person's keys, oldest first.
func (a *Auth) Keys(ctx context.Context, person record.ID) ([]Key, error) { return nil, nil }

// RevokeKey ends a key of a person. ErrNoKey if the person has no such key.
func (a *Auth) RevokeKey(ctx context.Context, person, key record.ID, by directory.Actor) error {
	return nil
}

// Deny shuts a person out of a workspace in this region, at once and whatever the mirror says, until Undeny,
// or until the directory ends the membership.
func (a *Auth) Deny(ctx context.Context, person, workspace record.ID, by directory.Actor) error {
	return nil
}

// Undeny takes a denial back.
func (a *Auth) Undeny(ctx context.Context, person, workspace record.ID, by directory.Actor) error {
	return nil
}

// Member is a person in a workspace that lives in this region.
type Member struct {
	Person    record.ID
	Workspace record.ID
	Status    directory.Status
	Role      directory.Role
	Projects  map[record.ID]bool // which they manage (PROJECT_MANAGER)
	People    map[record.ID]bool // whom they manage (TEAM_MANAGER)
	Plan      directory.Plan     // the workspace's
}

// Member says what a principal is in a workspace: ErrNotMember if they are no active member, are denied, or
// the workspace is deleted or unknown here. It does not judge where the workspace lives; callers do that
// first, by Mirror.Home.
func (a *Auth) Member(v *store.View, p Principal, workspace record.ID) (Member, error) {
	return Member{}, nil
}
