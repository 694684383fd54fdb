package workspace

import (
	"errors"

	"domicile/daemon/directory"
	"domicile/store"
	"domicile/store/record"
)

// mustBeMember is *Foreign unless the person is in the workspace, in whatever
// state: somebody who was deactivated still has entries.
func (s *Service) mustBeMember(v *store.View, c *Scope, person record.ID) error {
	if person == c.Principal.Person {
		return nil
	}
	_, err := s.Mirror.Membership(v, person, c.Workspace)
	if errors.Is(err, directory.ErrNotFound) {
		return &Foreign{Noun: "User"}
	}
	return err
}

// briefPerson is a person as other records show them; nil where the mirror
// does not know them (any more).
func (s *Service) briefPerson(v *store.View, id record.ID) ([]byte, error) {
	p, err := s.Mirror.Person(v, id)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return encode(struct {
		ID             record.ID              `json:"id"`
		Name           string                 `json:"name"`
		Email          string                 `json:"email"`
		ProfilePicture string                 `json:"profilePicture"`
		Status         directory.PersonStatus `json:"status"`
	}{p.ID, p.Name, p.Email, p.ProfilePicture, p.Status})
}
