package workspace

import "domicile/store/record"

// TagDocument is a tag as it is stored.
type TagDocument struct {
	ID       record.ID `json:"id"`
	Name     string    `json:"name"`
	Archived bool      `json:"archived"`
	ImportID record.ID `json:"importId,omitzero"`
}
