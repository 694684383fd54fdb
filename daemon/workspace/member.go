package workspace

import (
	"encoding/json"
	"fmt"

	"domicile/store"
	"domicile/store/record"
)

// memberDoc is a person's record in a workspace. There is none until something
// is said of the person that the directory does not know.
type memberDoc struct {
	ID         record.ID       `json:"id"`
	HourlyRate *Rate           `json:"hourlyRate"`
	CostRate   *Rate           `json:"costRate"`
	Roles      []memberRole    `json:"roles"`
	Settings   json.RawMessage `json:"settings,omitempty"`
	ImportID   *record.ID      `json:"importId,omitempty"`
	revision   store.Revision
}

// memberRole is a role over projects or people.
type memberRole struct {
	Role     string      `json:"role"`
	Entities []record.ID `json:"entities"`
}

func (m *memberDoc) key() record.Key { return record.Key{Kind: record.Member, ID: m.ID} }

// memberOf reads a person's record; an empty one where there is none.
func memberOf(v *store.View, workspace, person record.ID) (*memberDoc, error) {
	m := &memberDoc{ID: person}
	r, err := v.Get(workspace, record.Member, person)
	if isNotFound(err) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", m.key(), err)
	}
	if err := json.Unmarshal(r.Doc, m); err != nil {
		return nil, fmt.Errorf("decode %s: %w", m.key(), err)
	}
	m.ID, m.revision = person, r.Revision
	return m, nil
}

// put adds the record to a change, under the condition that it is as it was read.
func (m *memberDoc) put(change *Change) error {
	if m.Roles == nil {
		m.Roles = []memberRole{}
	}
	doc, err := encode(m)
	if err != nil {
		return err
	}
	if m.revision > 0 {
		change.If = append(change.If, store.At(m.key(), m.revision))
	} else {
		change.If = append(change.If, store.Absent(m.key()))
	}
	change.Puts = append(change.Puts, store.Put{Key: m.key(), Doc: doc})
	return nil
}
