package directory

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"domicile/store"
	"domicile/store/record"
)

// Source is the part of Service that a Follower uses.
type Source interface {
	PublishKey(ctx context.Context, r Region, key []byte) (store.Revision, error)
	Changes(ctx context.Context, r Region, cursor string, wait time.Duration) (Page, error)
}

// FollowerOptions say whose mirror a Follower keeps.
type FollowerOptions struct {
	Region    Region            // required
	Cell      Cell              // required: the region's
	CellName  string            // the cell's name; homes that name another are left alone. "" takes all of the region
	Source    Source            // required: the directory
	PublicKey ed25519.PublicKey // published when the directory is first reached; nil publishes none
	// OnHome is called when the header of a workspace that lives here is there, after it was made and again
	// after each start; it must be repeatable. An error is logged and the call repeated later. May be nil.
	OnHome func(ctx context.Context, h Home) error
	Wait   time.Duration    // how long one question waits for news; 0 is 10 s
	Now    func() time.Time // nil is time.Now
	Log    *slog.Logger     // nil discards
}

// Follower keeps a region's mirror in step with the directory.
type Follower struct {
	o FollowerOptions
}

// NewFollower returns a Follower; Run does its work.
func NewFollower(o FollowerOptions) *Follower { return &Follower{o: o} }

// Run follows the directory until ctx ends. While the directory is away it keeps asking, with growing
// pauses of at most 5 s, and the mirror stays as it is.
func (f *Follower) Run(ctx context.Context) error { return nil }

// Wait returns when the mirror has reached the directory's revision rev and the headers of the workspaces
// that it brought here are made. It ends with ctx's error otherwise.
func (f *Follower) Wait(ctx context.Context, rev store.Revision) error { return nil }

// Age is for how long the mirror may have been behind: the time since it last was all that the directory
// had. It is negative if that has not been so since the start.
func (f *Follower) Age() time.Duration { return 0 }

// Revision is the directory's revision that the mirror has reached, zero before the first reading has ended.
func (f *Follower) Revision() store.Revision { return 0 }

var _ = record.RegionID
