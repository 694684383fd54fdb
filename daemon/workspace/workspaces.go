package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// What a listed workspace's state can be.
const (
	StateActive    = "active"
	StateLocked    = "locked"    // for a transfer
	StatePreparing = "preparing" // just placed here
	StateElsewhere = "elsewhere" // lives in another region
)

// Overview is a workspace in a person's list. Of one that lives elsewhere only
// the first fields are set: nothing more of it is known here.
type Overview struct {
	ID      record.ID        `json:"id"`
	Name    string           `json:"name"`
	Region  directory.Region `json:"region"`
	BaseURL string           `json:"baseUrl"`
	State   string           `json:"state"`
	*Details
}

// Details are what the region of a workspace knows of it.
type Details struct {
	HourlyRate              *Rate           `json:"hourlyRate"`
	CostRate                *Rate           `json:"costRate"`
	Memberships             []Membership    `json:"memberships"`
	WorkspaceSettings       json.RawMessage `json:"workspaceSettings"`
	ImageURL                string          `json:"imageUrl"`
	FeatureSubscriptionType directory.Plan  `json:"featureSubscriptionType"`
	Features                []string        `json:"features"`
	Currencies              []Currency      `json:"currencies"`
	Subdomain               Subdomain       `json:"subdomain"`
	CakeOrganizationID      string          `json:"cakeOrganizationId"`
}

// Subdomain is a workspace's custom one.
type Subdomain struct {
	Name    *string `json:"name"`
	Enabled bool    `json:"enabled"`
}

// Membership is a person in something, in the vendor's shape.
type Membership struct {
	UserID           record.ID `json:"userId"`
	HourlyRate       *Rate     `json:"hourlyRate"`
	CostRate         *Rate     `json:"costRate"`
	TargetID         record.ID `json:"targetId"`
	MembershipType   string    `json:"membershipType"`
	MembershipStatus string    `json:"membershipStatus"`
}

// Workspaces lists all workspaces of a person, those of other regions too, by
// name. With roles only those where the person is one of them.
func (s *Service) Workspaces(v *store.View, p auth.Principal, roles []string) ([]Overview, error) {
	placed, err := s.Mirror.WorkspacesOf(v, p.Person)
	if err != nil {
		return nil, err
	}
	list := []Overview{}
	for _, w := range placed {
		if w.Status != directory.Active {
			continue
		}
		o, here, err := s.overview(v, w)
		if err != nil {
			return nil, err
		}
		if !here {
			if len(roles) == 0 || slices.Contains(roles, string(w.Role)) {
				list = append(list, o)
			}
			continue
		}
		member, err := s.Auth.Member(v, p, w.Workspace.ID)
		if errors.Is(err, auth.ErrNotMember) { // shut out here
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(roles) > 0 && !holdsAny(member, roles) {
			continue
		}
		if o.Details, err = s.details(v, w.Workspace, member, false); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

func holdsAny(m auth.Member, roles []string) bool {
	return slices.ContainsFunc(roles, func(r string) bool {
		switch r {
		case "PROJECT_MANAGER":
			return len(m.Projects) > 0
		case "TEAM_MANAGER":
			return len(m.People) > 0
		}
		return string(m.Role) == r
	})
}

func (s *Service) overview(v *store.View, w directory.Placed) (Overview, bool, error) {
	place, _ := s.Regions.Find(w.Home.Region)
	o := Overview{ID: w.Workspace.ID, Name: w.Workspace.Name, Region: w.Home.Region, BaseURL: place.BaseURL, State: StateElsewhere}
	if w.Home.Region != s.Region {
		return o, false, nil
	}
	var locked *Locked
	switch err := s.writable(v, w.Workspace.ID, w.Home.Epoch); {
	case err == nil:
		o.State = StateActive
	case errors.As(err, &locked):
		o.State = StateLocked
		return o, false, nil // nothing of it is told while it is locked
	case errors.Is(err, ErrNotReady):
		o.State = StatePreparing
	default:
		return o, false, err
	}
	return o, true, nil
}

// details reads what the workspace's own records say. With all, memberships
// are everybody's, else the caller's own.
func (s *Service) details(v *store.View, w directory.Workspace, m auth.Member, all bool) (*Details, error) {
	doc, err := settingsDoc(v, w.ID)
	if err != nil {
		return nil, err
	}
	settings, err := settingsOf(w.ID, doc)
	if err != nil {
		return nil, err
	}
	d := &Details{
		WorkspaceSettings: settings.Settings, ImageURL: settings.ImageURL, Currencies: settings.Currencies,
		FeatureSubscriptionType: w.Plan, Features: features(w.Plan),
	}
	if w.Subdomain != "" {
		d.Subdomain = Subdomain{Name: &w.Subdomain, Enabled: true}
	}
	rates := auth.Allow(m, auth.RatesView, auth.Target{Settings: doc})
	if rates {
		d.HourlyRate, d.CostRate = settings.HourlyRate, settings.CostRate
	}
	memberships := []directory.Membership{}
	if all && auth.Allow(m, auth.UsersView, auth.Target{Settings: doc}) {
		memberships, err = s.Mirror.MembersOf(v, w.ID)
	} else {
		var own directory.Membership
		own, err = s.Mirror.Membership(v, m.Person, w.ID)
		memberships = append(memberships, own)
	}
	if err != nil {
		return nil, err
	}
	d.Memberships = make([]Membership, 0, len(memberships))
	for _, one := range memberships {
		shown, err := s.membership(v, one, rates)
		if err != nil {
			return nil, err
		}
		d.Memberships = append(d.Memberships, shown)
	}
	return d, nil
}

// membership joins what the directory and the workspace know of a member.
func (s *Service) membership(v *store.View, m directory.Membership, rates bool) (Membership, error) {
	shown := Membership{
		UserID: m.PersonID, TargetID: m.WorkspaceID,
		MembershipType: "WORKSPACE", MembershipStatus: string(m.Status),
	}
	if !rates {
		return shown, nil
	}
	doc, err := memberOf(v, m.WorkspaceID, m.PersonID)
	if err != nil {
		return shown, err
	}
	shown.HourlyRate, shown.CostRate = doc.HourlyRate, doc.CostRate
	return shown, nil
}

// features names what a plan includes that clients look for.
func features(p directory.Plan) []string {
	list := []string{"TIME_TRACKING"}
	if p.Rank() >= directory.Pro.Rank() {
		list = append(list, "CUSTOM_SUBDOMAIN", "WORKSPACE_TRANSFER")
	}
	return list
}

// Workspace reads one workspace with everybody's memberships.
func (s *Service) Workspace(c *Scope) (Overview, error) { return s.workspaceIn(c.View, c) }

func (s *Service) workspaceIn(v *store.View, c *Scope) (Overview, error) {
	w, err := s.Mirror.Workspace(v, c.Workspace)
	if err != nil {
		return Overview{}, err
	}
	o, _, err := s.overview(v, directory.Placed{Workspace: w, Home: c.Home})
	if err != nil {
		return o, err
	}
	o.Details, err = s.details(v, w, c.Member, true)
	return o, err
}

// NewWorkspace is what a request says of a workspace to be made.
type NewWorkspace struct {
	Name           string `json:"name" required:"true"`
	Region         string `json:"region,omitempty" doc:"Where it shall live; left out: global."`
	OrganizationID string `json:"organizationId,omitempty"`
}

// CreateWorkspace makes a workspace of the caller's, by asking the directory.
// False means that it will be usable soon: the region has not seen it yet.
func (s *Service) CreateWorkspace(ctx context.Context, p auth.Principal, in NewWorkspace, repeat *Repeat) (Overview, bool, error) {
	id := s.IDs.Next(s.Now())
	if repeat != nil { // the directory answers a repeated id with the workspace that it made first
		id = record.DeriveID("workspace by key", p.Person.String(), repeat.Key)
	}
	region := directory.Global
	if in.Region != "" {
		parsed, err := s.Regions.Parse(in.Region)
		if err != nil {
			return Overview{}, false, err
		}
		region = parsed
	}
	placed, revision, err := s.Directory.CreateWorkspace(ctx, directory.NewWorkspace{
		ID: id, Name: in.Name, Owner: p.Person, Region: region, By: p.Actor(),
	})
	if err != nil {
		return Overview{}, false, err
	}
	place, _ := s.Regions.Find(placed.Home.Region)
	o := Overview{ID: placed.Workspace.ID, Name: placed.Workspace.Name, Region: placed.Home.Region, BaseURL: place.BaseURL, State: StateElsewhere}
	if !s.settle(ctx, revision) {
		return o, false, nil
	}
	if placed.Home.Region != s.Region {
		return o, true, nil
	}
	v, err := s.View(ctx)
	if err != nil {
		return o, false, err
	}
	defer v.Close()
	if o, _, err = s.overview(v, placed); err != nil {
		return o, false, err
	}
	member, err := s.Auth.Member(v, p, placed.Workspace.ID)
	if err != nil {
		return o, false, err
	}
	o.Details, err = s.details(v, placed.Workspace, member, true)
	return o, o.State == StateActive, err
}
