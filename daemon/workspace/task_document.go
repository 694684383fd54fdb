package workspace

import "domicile/store/record"

// The states of a task.
const (
	taskActive = "ACTIVE"
	taskDone   = "DONE"
)

// TaskDocument is a task as it is stored.
type TaskDocument struct {
	ID             record.ID   `json:"id"`
	Name           string      `json:"name"`
	ProjectID      record.ID   `json:"projectId"`
	AssigneeIDs    []record.ID `json:"assigneeIds"`
	AssigneeID     *record.ID  `json:"assigneeId"` // the first of them, as older clients know it
	UserGroupIDs   []record.ID `json:"userGroupIds"`
	Estimate       string      `json:"estimate"`
	BudgetEstimate int64       `json:"budgetEstimate"`
	Status         string      `json:"status"`
	Billable       bool        `json:"billable"`
	HourlyRate     *Rate       `json:"hourlyRate"`
	CostRate       *Rate       `json:"costRate"`
	ImportID       record.ID   `json:"importId,omitzero"`
}

// NewTaskDocument is a task made from a name alone.
func NewTaskDocument(id, project record.ID, name string) TaskDocument {
	return TaskDocument{
		ID: id, Name: name, ProjectID: project, AssigneeIDs: []record.ID{}, UserGroupIDs: []record.ID{},
		Estimate: "PT0S", Status: taskActive, Billable: true,
	}
}
