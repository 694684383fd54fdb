package workspace

import "domicile/store/record"

// ClientDocument is a client as it is stored.
type ClientDocument struct {
	ID         record.ID  `json:"id"`
	Name       string     `json:"name"`
	Email      *string    `json:"email"`
	CCEmails   *[]string  `json:"ccEmails"` // null for none
	Address    *string    `json:"address"`
	Note       *string    `json:"note"`
	Archived   bool       `json:"archived"`
	CurrencyID *record.ID `json:"currencyId"` // null: the workspace's
	ImportID   record.ID  `json:"importId,omitzero"`
}

// NewClientDocument is a client made from a name alone.
func NewClientDocument(id record.ID, name string) ClientDocument {
	return ClientDocument{ID: id, Name: name}
}
