package workspace

import "domicile/store/record"

// ProjectDocument is a project as it is stored.
type ProjectDocument struct {
	ID             record.ID                 `json:"id"`
	Name           string                    `json:"name"`
	ClientID       string                    `json:"clientId"` // "" for none
	Color          string                    `json:"color"`
	Note           string                    `json:"note"`
	Billable       bool                      `json:"billable"`
	Archived       bool                      `json:"archived"`
	Public         bool                      `json:"public"`
	Template       bool                      `json:"template"`
	HourlyRate     *Rate                     `json:"hourlyRate"`
	CostRate       *Rate                     `json:"costRate"`
	Estimate       EstimateDocument          `json:"estimate"`
	TimeEstimate   TimeEstimateDocument      `json:"timeEstimate"`
	BudgetEstimate *BudgetEstimateDocument   `json:"budgetEstimate"`
	EstimateReset  *EstimateReset            `json:"estimateReset"`
	Memberships    []ProjectMembershipRecord `json:"memberships"`
	ImportID       record.ID                 `json:"importId,omitzero"`
}

// EstimateDocument is a project's estimate in its older form.
type EstimateDocument struct {
	Estimate string `json:"estimate"`
	Type     string `json:"type"`
}

// TimeEstimateDocument is a project's estimate in hours.
type TimeEstimateDocument struct {
	Estimate           string  `json:"estimate"`
	Type               string  `json:"type"`
	ResetOption        *string `json:"resetOption"`
	Active             bool    `json:"active"`
	IncludeNonBillable bool    `json:"includeNonBillable"`
}

// BudgetEstimateDocument is a project's estimate in money, in minor units.
type BudgetEstimateDocument struct {
	Estimate        int64   `json:"estimate"`
	Type            string  `json:"type"`
	ResetOption     *string `json:"resetOption"`
	Active          bool    `json:"active"`
	IncludeExpenses bool    `json:"includeExpenses"`
}

// ProjectMembershipRecord is a person in a project, with the rates that they have there.
type ProjectMembershipRecord struct {
	UserID           record.ID `json:"userId"`
	HourlyRate       *Rate     `json:"hourlyRate"`
	CostRate         *Rate     `json:"costRate"`
	TargetID         record.ID `json:"targetId"` // the project
	MembershipType   string    `json:"membershipType"`
	MembershipStatus string    `json:"membershipStatus"`
}

// projectColors are what projects get that are made without a colour, one after the other by id.
var projectColors = [...]string{
	"#0B83D9", "#9E5BD9", "#D94182", "#D96A41", "#BF8C2D", "#0BA7AB", "#C56BFF", "#E01A22", "#2DA608", "#4F6D9A",
}

// NewProjectDocument is a project made from a name alone.
func NewProjectDocument(id record.ID, name string) ProjectDocument {
	return ProjectDocument{
		ID: id, Name: name, Color: projectColors[int(id[len(id)-1])%len(projectColors)], Public: true,
		Estimate:     EstimateDocument{Estimate: "PT0S", Type: "AUTO"},
		TimeEstimate: TimeEstimateDocument{Estimate: "PT0S", Type: "AUTO", IncludeNonBillable: true},
		Memberships:  []ProjectMembershipRecord{},
	}
}

// NewProjectMembership is a person in a project, at the rates that they have anyway.
func NewProjectMembership(project, person record.ID) ProjectMembershipRecord {
	return ProjectMembershipRecord{UserID: person, TargetID: project, MembershipType: "PROJECT", MembershipStatus: "ACTIVE"}
}
