package api

// The types of this file describe answers for the OpenAPI document; most
// answers are the stored bytes of a record, not these.

// Entry is a time entry as it is answered.
type Entry struct {
	ID                string             `json:"id"`
	Description       string             `json:"description"`
	UserID            string             `json:"userId"`
	WorkspaceID       string             `json:"workspaceId"`
	Billable          bool               `json:"billable"`
	ProjectID         *string            `json:"projectId"`
	TaskID            *string            `json:"taskId"`
	TagIDs            []string           `json:"tagIds"`
	TimeInterval      Interval           `json:"timeInterval"`
	CustomFieldValues []CustomFieldValue `json:"customFieldValues"`
	Type              string             `json:"type"`
	KioskID           *string            `json:"kioskId"`
	IsLocked          bool               `json:"isLocked"`
	HourlyRate        *Rate              `json:"hourlyRate"`
	CostRate          *Rate              `json:"costRate"`
	Project           any                `json:"project,omitempty" doc:"With hydrated."`
	Task              any                `json:"task,omitempty" doc:"With hydrated."`
	Tags              []any              `json:"tags,omitempty" doc:"With hydrated."`
	User              any                `json:"user,omitempty" doc:"With hydrated."`
}

// Interval is when an entry was.
type Interval struct {
	Start    string  `json:"start"`
	End      *string `json:"end" doc:"Null while the timer runs."`
	Duration *string `json:"duration" doc:"ISO 8601, whole seconds, hours at most; null while the timer runs."`
}

// Rate is money for an hour, in the currency's minor unit.
type Rate struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// CustomFieldValue is the value of a custom field.
type CustomFieldValue struct {
	CustomFieldID string `json:"customFieldId"`
	TimeEntryID   string `json:"timeEntryId"`
	Value         any    `json:"value"`
}

// ErrorBody is every error.
type ErrorBody struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
}
