package workspace

import (
	"errors"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// Me is the caller, joined for the active workspace: the one that was chosen
// in this region, else the first by name that lives here, else the first.
func (s *Service) Me(v *store.View, p auth.Principal, memberships bool) (User, error) {
	person, err := s.Mirror.Person(v, p.Person)
	if err != nil {
		return User{}, err
	}
	u := plainUser(person)
	placed, err := s.Mirror.WorkspacesOf(v, p.Person)
	if err != nil {
		return u, err
	}
	active, err := s.active(v, p.Person, placed)
	if err != nil || active == nil {
		return u, err
	}
	u.ActiveWorkspace, u.DefaultWorkspace = active.Workspace.ID.String(), active.Workspace.ID.String()
	if active.Home.Region == s.Region && s.writable(v, active.Workspace.ID, active.Home.Epoch) == nil {
		if u.Settings, err = s.settingsIn(v, active.Workspace.ID, p.Person); err != nil {
			return u, err
		}
	} else if u.Settings, err = memberSettings(nil, nil); err != nil {
		return u, err
	}
	if !memberships {
		return u, nil
	}
	for _, w := range placed {
		m, err := s.Mirror.Membership(v, p.Person, w.Workspace.ID)
		if err != nil {
			return u, err
		}
		shown, err := s.membership(v, m, false)
		if err != nil {
			return u, err
		}
		u.Memberships = append(u.Memberships, shown)
	}
	return u, nil
}

func (s *Service) active(v *store.View, person record.ID, placed []directory.Placed) (*directory.Placed, error) {
	doc, err := optional(v, record.RegionID, record.Key{Kind: record.Active, ID: person})
	if err != nil {
		return nil, err
	}
	chosen := gjson.GetBytes(doc, "workspaceId").String()
	var here, first *directory.Placed
	for i := range placed {
		w := &placed[i]
		switch {
		case w.Status != directory.Active:
			continue
		case w.Workspace.ID.String() == chosen:
			return w, nil
		case here == nil && w.Home.Region == s.Region:
			here = w
		case first == nil:
			first = w
		}
	}
	if here != nil {
		return here, nil
	}
	return first, nil
}

func (s *Service) settingsIn(v *store.View, workspace, person record.ID) ([]byte, error) {
	member, err := optional(v, workspace, record.Key{Kind: record.Member, ID: person})
	if err != nil {
		return nil, err
	}
	settings, err := settingsDoc(v, workspace)
	if err != nil {
		return nil, err
	}
	return memberSettings(member, settings)
}

// Person reads a person of the region; false where the mirror has none.
func (s *Service) Person(v *store.View, id record.ID) (directory.Person, bool, error) {
	p, err := s.Mirror.Person(v, id)
	if errors.Is(err, directory.ErrNotFound) {
		return p, false, nil
	}
	return p, err == nil, err
}
