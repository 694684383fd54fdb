package workspace

import (
	"context"
	"errors"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Whereabouts say where a workspace lives and has lived.
type Whereabouts struct {
	WorkspaceID  record.ID          `json:"workspaceId"`
	Region       directory.Region   `json:"region"`
	BaseURL      string             `json:"baseUrl"`
	ReportsURL   string             `json:"reportsUrl"`
	Since        time.Time          `json:"since"`
	Earlier      []EarlierHome      `json:"earlier"`
	Backups      []struct{}         `json:"backups" doc:"Locked backups elsewhere, with the day of their deletion."`
	Destinations []directory.Region `json:"destinations" doc:"Regions that the owner could choose."`
	// What is in it: to the owner, where it lives.
	*Contents
}

// EarlierHome is a region where a workspace lived, and until when.
type EarlierHome struct {
	Region directory.Region `json:"region"`
	Until  time.Time        `json:"until"`
}

// Whereabouts asks the directory where a workspace of the caller's lives. It
// is answered in every region, and in every state of the workspace.
func (s *Service) Whereabouts(ctx context.Context, p auth.Principal, workspace record.ID) (Whereabouts, error) {
	placed, err := s.Directory.Workspaces(ctx, directory.WorkspacesQuery{Person: p.Person})
	if err != nil {
		return Whereabouts{}, err
	}
	for _, w := range placed {
		if w.Workspace.ID == workspace && w.Status == directory.Active {
			at := s.whereabouts(w)
			if w.Role == directory.Owner && w.Home.Region == s.Region {
				at.Contents, err = s.contents(ctx, w)
			}
			return at, err
		}
	}
	return Whereabouts{}, ErrForbidden
}

func (s *Service) whereabouts(w directory.Placed) Whereabouts {
	place, _ := s.Regions.Find(w.Home.Region)
	at := Whereabouts{
		WorkspaceID: w.Workspace.ID, Region: w.Home.Region, BaseURL: place.BaseURL, ReportsURL: place.ReportsURL,
		Since: w.Home.Since, Earlier: []EarlierHome{}, Backups: []struct{}{}, Destinations: []directory.Region{},
	}
	for _, e := range w.Home.Earlier {
		at.Earlier = append(at.Earlier, EarlierHome(e))
	}
	for _, to := range s.Regions.All() { // never back to global (R15)
		if to.Region != directory.Global && to.Region != w.Home.Region && w.Workspace.Plan.Regional() {
			at.Destinations = append(at.Destinations, to.Region)
		}
	}
	return at
}

// Invitation is a pending membership of the caller's.
type Invitation struct {
	WorkspaceID record.ID        `json:"workspaceId"`
	Name        string           `json:"name"`
	Region      directory.Region `json:"region"`
	BaseURL     string           `json:"baseUrl"`
}

// Invitations asks the directory who has invited the caller.
func (s *Service) Invitations(ctx context.Context, p auth.Principal) ([]Invitation, error) {
	pending, err := s.Directory.Invitations(ctx, p.Person)
	if err != nil {
		return nil, err
	}
	list := make([]Invitation, 0, len(pending))
	for _, i := range pending {
		place, _ := s.Regions.Find(i.Region)
		list = append(list, Invitation{WorkspaceID: i.Workspace, Name: i.Name, Region: i.Region, BaseURL: place.BaseURL})
	}
	return list, nil
}

// Answer accepts or declines an invitation. False means that this region does
// not show it yet.
func (s *Service) Answer(ctx context.Context, p auth.Principal, workspace record.ID, accept bool) (Membership, bool, error) {
	m, revision, err := s.Directory.Answer(ctx, directory.Answer{Person: p.Person, Workspace: workspace, Accept: accept})
	if errors.Is(err, directory.ErrNotFound) {
		err = directory.ErrNotPending
	}
	if err != nil {
		return Membership{}, false, err
	}
	shown, err := s.membership(nil, m, false)
	return shown, s.settle(ctx, revision), err
}

// Keys are the public signing keys of all regions.
func (s *Service) Keys(v *store.View) ([]directory.RegionKeys, error) { return s.Mirror.Keys(v) }
