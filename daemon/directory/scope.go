package directory

import (
	"encoding/json"
	"errors"
	"fmt"

	"domicile/store"
	"domicile/store/record"
)

// scope is what one region's mirror must hold: the function M of D6, over one view of the directory. It
// remembers what it has looked up, so it is made anew for each page and used by one goroutine.
//
//	home        of every workspace: whole if it lives in the region, else id, region and epoch
//	region      of every region
//	workspace   whole if it lives in the region; id and name if somebody known there is a member
//	membership  of everybody who is known there, deleted workspaces' excepted
//	person      who is known there: is a member, in whatever status, of a workspace that lives there;
//	            in global everybody
type scope struct {
	records Mirror
	v       *store.View
	region  Region

	living map[record.ID]living
	known  map[record.ID]bool
}

// living is what scope needs to know of a workspace.
type living struct{ here, deleted bool }

func newScope(records Mirror, v *store.View, r Region) *scope {
	return &scope{
		records: records, v: v, region: r,
		living: map[record.ID]living{}, known: map[record.ID]bool{},
	}
}

// mirrored are the kinds that a mirror holds, in the order in which they are put: no record refers to one of
// a later kind. They are deleted in the opposite order.
func mirrored() []record.Kind {
	return []record.Kind{record.Region, record.Home, record.Workspace, record.Person, record.Membership}
}

// desired is the document that the mirror must have under a key, nil if it must have none.
func (s *scope) desired(key record.Key) ([]byte, error) {
	rec, err := s.v.Get(s.records.in(), key.Kind, key.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	switch key.Kind {
	case record.Region:
		return rec.Doc, nil
	case record.Home:
		return s.home(rec)
	case record.Workspace:
		return s.workspace(rec)
	case record.Person:
		known, err := s.knows(key.ID)
		if err != nil || !known {
			return nil, err
		}
		return rec.Doc, nil
	case record.Membership:
		return s.membership(rec)
	default:
		return nil, nil
	}
}

func (s *scope) home(rec store.Record) ([]byte, error) {
	var h Home
	if err := json.Unmarshal(rec.Doc, &h); err != nil {
		return nil, fmt.Errorf("decode %s: %w", rec.Key, err)
	}
	if h.Region == s.region {
		return rec.Doc, nil
	}
	return json.Marshal(Home{ID: h.ID, Region: h.Region, Epoch: h.Epoch})
}

func (s *scope) workspace(rec store.Record) ([]byte, error) {
	where, err := s.where(rec.Key.ID)
	if err != nil {
		return nil, err
	}
	if where.here {
		return rec.Doc, nil
	}
	if where.deleted {
		return nil, nil
	}
	seen, err := s.sees(rec.Key.ID)
	if err != nil || !seen {
		return nil, err
	}
	var w Workspace
	if err := json.Unmarshal(rec.Doc, &w); err != nil {
		return nil, fmt.Errorf("decode %s: %w", rec.Key, err)
	}
	return json.Marshal(Workspace{ID: w.ID, Name: w.Name})
}

func (s *scope) membership(rec store.Record) ([]byte, error) {
	var m Membership
	if err := json.Unmarshal(rec.Doc, &m); err != nil {
		return nil, fmt.Errorf("decode %s: %w", rec.Key, err)
	}
	where, err := s.where(m.WorkspaceID)
	if err != nil || where.deleted {
		return nil, err
	}
	known, err := s.knows(m.PersonID)
	if err != nil || !known {
		return nil, err
	}
	return rec.Doc, nil
}

// where says whether a workspace lives here and whether it is deleted.
func (s *scope) where(workspace record.ID) (living, error) {
	if l, ok := s.living[workspace]; ok {
		return l, nil
	}
	h, err := s.records.Home(s.v, workspace)
	if errors.Is(err, ErrNotFound) {
		return living{}, nil
	}
	if err != nil {
		return living{}, err
	}
	w, err := s.records.Workspace(s.v, workspace)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return living{}, err
	}
	l := living{here: h.Region == s.region, deleted: w.Deleted()}
	s.living[workspace] = l
	return l, nil
}

// knows reports whether a person is known in the region.
func (s *scope) knows(person record.ID) (bool, error) {
	if s.region == Global {
		return true, nil
	}
	if k, ok := s.known[person]; ok {
		return k, nil
	}
	memberships, err := s.records.MembershipsOf(s.v, person)
	if err != nil {
		return false, err
	}
	known := false
	for _, m := range memberships {
		where, err := s.where(m.WorkspaceID)
		if err != nil {
			return false, err
		}
		known = known || where.here && !where.deleted
	}
	s.known[person] = known
	return known, nil
}

// sees reports whether somebody known in the region is a member of a workspace.
func (s *scope) sees(workspace record.ID) (bool, error) {
	memberships, err := s.records.MembersOf(s.v, workspace)
	if err != nil {
		return false, err
	}
	for _, m := range memberships {
		known, err := s.knows(m.PersonID)
		if err != nil || known {
			return known, err
		}
	}
	return false, nil
}

// affected adds the keys whose value in the mirror a change of the directory can have changed.
func (s *scope) affected(c store.Change, keys *keySet) error {
	switch c.Key.Kind {
	case record.Region:
		keys.add(c.Key)
	case record.Person:
		return s.affectedPerson(c.Key.ID, keys)
	case record.Membership:
		keys.add(c.Key)
		if c.Deleted {
			return nil // person and workspace were touched in the same transaction (D7)
		}
		var m Membership
		if err := json.Unmarshal(c.Doc, &m); err != nil {
			return fmt.Errorf("decode %s: %w", c.Key, err)
		}
		return s.affectedPerson(m.PersonID, keys)
	case record.Home:
		keys.add(c.Key)
		keys.add(record.Key{Kind: record.Workspace, ID: c.Key.ID})
		return s.affectedMembers(c.Key.ID, keys)
	case record.Workspace:
		keys.add(c.Key)
		where, err := s.where(c.Key.ID)
		if err != nil || !where.deleted {
			return err
		}
		return s.affectedMembers(c.Key.ID, keys)
	}
	return nil
}

func (s *scope) affectedMembers(workspace record.ID, keys *keySet) error {
	memberships, err := s.records.MembersOf(s.v, workspace)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		if err := s.affectedPerson(m.PersonID, keys); err != nil {
			return err
		}
	}
	return nil
}

// affectedPerson adds a person, their memberships, and the workspaces of these, whose names come and go
// with them.
func (s *scope) affectedPerson(person record.ID, keys *keySet) error {
	if !keys.add(record.Key{Kind: record.Person, ID: person}) {
		return nil
	}
	memberships, err := s.records.MembershipsOf(s.v, person)
	if err != nil {
		return err
	}
	for _, m := range memberships {
		keys.add(record.Key{Kind: record.Membership, ID: m.ID})
		keys.add(record.Key{Kind: record.Workspace, ID: m.WorkspaceID})
	}
	return nil
}

// keySet is a set of keys in the order in which they were first added.
type keySet struct {
	seen map[record.Key]bool
	keys []record.Key
}

func newKeySet() *keySet { return &keySet{seen: map[record.Key]bool{}} }

// add reports whether the key is new.
func (k *keySet) add(key record.Key) bool {
	if k.seen[key] {
		return false
	}
	k.seen[key] = true
	k.keys = append(k.keys, key)
	return true
}
