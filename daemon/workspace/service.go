package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/index"
	"domicile/store"
	"domicile/store/record"
)

// Cell commits commands and opens linearizable views. A *replicate.Node is
// one. Submit's error is the outcome of the proposal or the refusal of Apply.
type Cell interface {
	Submit(ctx context.Context, c store.Command) (store.Result, error)
	View(ctx context.Context) (*store.View, error)
}

// Index answers searches. A *index.Set is one.
type Index interface {
	Search(ctx context.Context, workspace record.ID, q index.Query) (index.Answer, error)
	Wait(ctx context.Context, workspace record.ID, r store.Revision) error
}

// Follower says when the region's mirror has reached a revision of the
// directory. A *directory.Follower is one.
type Follower interface {
	Wait(ctx context.Context, r store.Revision) error
}

// Members says what somebody is in a workspace. An *auth.Auth does.
type Members interface {
	Member(v *store.View, p auth.Principal, workspace record.ID) (auth.Member, error)
}

// Denials shut people out of a workspace in this region. An *auth.Auth keeps them.
type Denials interface {
	Deny(ctx context.Context, person, workspace record.ID, by directory.Actor) error
	Undeny(ctx context.Context, person, workspace record.ID, by directory.Actor) error
}

// Options say what a Service works with.
type Options struct {
	Region    directory.Region
	Regions   directory.Regions
	Cell      Cell
	Directory directory.Service
	Auth      Members
	Denials   Denials // nil: a deactivation needs the directory
	Mirror    directory.Mirror
	Follower  Follower
	Index     Index             // nil: searches are refused
	IDs       *record.Generator // nil: one of its own
	Now       func() time.Time  // nil is time.Now
	// Pending bounds the wait for the mirror to show a change of the
	// directory; past it the answer is 202. 0 means 2 s.
	Pending time.Duration
}

// Service is what people do in the workspaces of one region. It keeps nothing
// and is safe for concurrent use.
type Service struct{ Options }

// New returns a Service.
func New(o Options) *Service {
	if o.IDs == nil {
		o.IDs = record.NewGenerator()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pending == 0 {
		o.Pending = 2 * time.Second
	}
	return &Service{Options: o}
}

// View opens a linearizable view of the region's cell. The caller closes it.
func (s *Service) View(ctx context.Context) (*store.View, error) {
	v, err := s.Cell.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("view cell: %w", err)
	}
	return v, nil
}

// HoldsSubdomain says whether a workspace with this custom subdomain lives here.
func (s *Service) HoldsSubdomain(ctx context.Context, label string) (bool, error) {
	v, err := s.View(ctx)
	if err != nil {
		return false, err
	}
	defer v.Close()
	_, err = s.Mirror.WorkspaceBySubdomain(v, label)
	if errors.Is(err, directory.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// settle waits until the mirror shows a write of the directory. False means
// that it did not within Pending: the write stands, and will be seen later.
func (s *Service) settle(ctx context.Context, r store.Revision) bool {
	if s.Follower == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, s.Pending)
	defer cancel()
	return s.Follower.Wait(ctx, r) == nil
}
