package importer

import (
	"bytes"
	"encoding/json"
	"time"

	"domicile/daemon/importer/clockifycsv"
	"domicile/daemon/workspace"
	"domicile/store/record"
)

// timeEntry is a time entry as it is stored.
type timeEntry struct {
	ID                record.ID    `json:"id"`
	Description       string       `json:"description"`
	UserID            record.ID    `json:"userId"`
	Billable          bool         `json:"billable"`
	ProjectID         *record.ID   `json:"projectId"`
	TaskID            *record.ID   `json:"taskId"`
	TagIDs            []record.ID  `json:"tagIds"`
	TimeInterval      timeInterval `json:"timeInterval"`
	CustomFieldValues []struct{}   `json:"customFieldValues"`
	Type              string       `json:"type"`
	KioskID           *record.ID   `json:"kioskId"`
	IsLocked          bool         `json:"isLocked"`
	HourlyRate        *rate        `json:"hourlyRate"`
	CostRate          *rate        `json:"costRate"`
	ImportID          record.ID    `json:"importId"`
}

type timeInterval struct {
	Start    string `json:"start"`
	End      string `json:"end"`
	Duration string `json:"duration"`
}

type rate struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

func newTimeEntry(id, user, imported record.ID, r clockifycsv.Row) timeEntry {
	e := timeEntry{
		ID: id, Description: r.Description, UserID: user, Billable: r.Billable, TagIDs: []record.ID{},
		TimeInterval: timeInterval{
			Start: instant(r.Start), End: instant(r.Start.Add(r.Duration)), Duration: workspace.Duration(r.Duration),
		},
		CustomFieldValues: []struct{}{}, Type: "REGULAR", ImportID: imported,
	}
	// The rate that the report was made with; without one the entry has those of its project and people.
	if r.HasRate && r.Billable && r.Currency != "" {
		e.HourlyRate = &rate{Amount: r.Rate, Currency: r.Currency}
	}
	return e
}

func instant(t time.Time) string { return workspace.Instant(t) }

// newDocument is a new client, project, tag or task, as its route would make it from a name alone.
func (w *writer) newDocument(kind record.Kind, id, owner record.ID, text string) any {
	switch kind {
	case record.Client:
		d := workspace.NewClientDocument(id, text)
		d.ImportID = w.ID
		return d
	case record.Project:
		d := workspace.NewProjectDocument(id, text)
		if !owner.IsZero() {
			d.ClientID = owner.String()
		}
		d.Billable, d.ImportID = true, w.ID
		return d
	case record.Tag:
		return workspace.TagDocument{ID: id, Name: text, ImportID: w.ID}
	default:
		d := workspace.NewTaskDocument(id, owner, text)
		d.ImportID = w.ID
		return d
	}
}

// encode makes compact JSON that keeps people's text as they wrote it.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
