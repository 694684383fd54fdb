package workspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// Bounds of an entry's fields.
const (
	maxDescription = 3000 // characters
	maxTags        = 100
	maxBulk        = 500 // entries that one request may change
)

// EntryInput is what a request says of an entry. Nil is left out. Times are
// text, because a wrong one is refused by the field's name.
type EntryInput struct {
	Start        *string            `json:"start" doc:"Begin; left out: now."`
	End          *string            `json:"end" doc:"End; left out: the timer runs."`
	Billable     *bool              `json:"billable" doc:"Left out: as the project says."`
	Description  *string            `json:"description"`
	ProjectID    *string            `json:"projectId"`
	TaskID       *string            `json:"taskId"`
	TagIDs       []string           `json:"tagIds"`
	Type         *string            `json:"type" enum:"REGULAR,BREAK"`
	CustomFields []CustomFieldInput `json:"customFields"`
}

// CustomFieldInput is a value of a custom field.
type CustomFieldInput struct {
	CustomFieldID string          `json:"customFieldId"`
	SourceType    string          `json:"sourceType,omitempty"`
	Value         json.RawMessage `json:"value"`
}

// BulkInput is one element of a bulk edit: what is left out stays.
type BulkInput struct {
	ID string `json:"id"`
	EntryInput
}

// entry is the stored document.
type entry struct {
	ID                record.ID       `json:"id"`
	Description       string          `json:"description"`
	UserID            record.ID       `json:"userId"`
	Billable          bool            `json:"billable"`
	ProjectID         *record.ID      `json:"projectId"`
	TaskID            *record.ID      `json:"taskId"`
	TagIDs            []record.ID     `json:"tagIds"`
	TimeInterval      interval        `json:"timeInterval"`
	CustomFieldValues json.RawMessage `json:"customFieldValues"`
	Type              string          `json:"type"`
	KioskID           *string         `json:"kioskId"`
	IsLocked          bool            `json:"isLocked"`
	HourlyRate        *Rate           `json:"hourlyRate"`
	CostRate          *Rate           `json:"costRate"`
	Invoiced          bool            `json:"invoiced,omitempty"`
	ImportID          *record.ID      `json:"importId,omitempty"`
}

type interval struct {
	Start    string  `json:"start"`
	End      *string `json:"end"`
	Duration *string `json:"duration"`
}

func (e *entry) key() record.Key { return record.Key{Kind: record.TimeEntry, ID: e.ID} }

func (e *entry) running() bool { return e.TimeInterval.End == nil }

func (e *entry) target() auth.Target {
	t := auth.Target{Person: e.UserID}
	if e.ProjectID != nil {
		t.Project = *e.ProjectID
	}
	return t
}

// encode is the document's bytes: compact, with what people write kept as
// they wrote it.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func decodeEntry(doc []byte) (*entry, error) {
	var e entry
	if err := json.Unmarshal(doc, &e); err != nil {
		return nil, fmt.Errorf("decode time entry: %w", err)
	}
	return &e, nil
}

// entryWriter fills entries from inputs: what one request knows of the
// workspace while its change is built.
type entryWriter struct {
	s      *Service
	c      *Scope
	v      *store.View
	change *Change
	now    time.Time
}

func (s *Service) entryWriter(c *Scope, v *store.View) *entryWriter {
	return &entryWriter{s: s, c: c, v: v, change: &Change{}, now: s.Now().UTC().Truncate(time.Second)}
}

// fill puts an input over an entry. Fields that are left out become what a
// new entry has; with keep they stay.
func (w *entryWriter) fill(e *entry, in *EntryInput, keep bool) error {
	if err := w.text(e, in, keep); err != nil {
		return err
	}
	if err := w.times(e, in, keep); err != nil {
		return err
	}
	project, err := w.references(e, in, keep)
	if err != nil {
		return err
	}
	if in.Billable != nil {
		e.Billable = *in.Billable
	} else if !keep {
		e.Billable = gjson.GetBytes(project, "billable").Bool()
	}
	if err := w.customFields(e, in, keep); err != nil {
		return err
	}
	if !e.running() {
		if err := w.required(e); err != nil {
			return err
		}
	}
	return w.rates(e, project)
}

func (w *entryWriter) text(e *entry, in *EntryInput, keep bool) error {
	switch {
	case in.Description != nil:
		if err := checkText("description", *in.Description, maxDescription); err != nil {
			return err
		}
		e.Description = *in.Description
	case !keep:
		e.Description = ""
	}
	switch {
	case in.Type != nil && *in.Type != "REGULAR" && *in.Type != "BREAK":
		return &Invalid{Field: "type", Reason: "is not one of REGULAR, BREAK"}
	case in.Type != nil:
		e.Type = *in.Type
	case e.Type == "" || !keep:
		e.Type = "REGULAR"
	}
	return nil
}

// checkText refuses what is too long or has control characters other than
// tabs and line ends.
func checkText(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return &Invalid{Field: field, Reason: fmt.Sprintf("is longer than %d characters", most)}
	}
	if strings.IndexFunc(text, func(r rune) bool { return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f }) >= 0 {
		return &Invalid{Field: field, Reason: "has a control character"}
	}
	return nil
}

func (w *entryWriter) times(e *entry, in *EntryInput, keep bool) error {
	start, end := w.now, (*time.Time)(nil)
	if keep {
		start, end = e.span()
	}
	if in.Start != nil {
		t, ok := ParseInstant(*in.Start, w.c.Zone())
		if !ok {
			return &Invalid{Field: "start", Reason: "is not a time such as 2026-01-31T08:00:00Z"}
		}
		start = t
	}
	if in.End != nil && *in.End != "" {
		t, ok := ParseInstant(*in.End, w.c.Zone())
		if !ok {
			return &Invalid{Field: "end", Reason: "is not a time such as 2026-01-31T08:00:00Z"}
		}
		end = &t
	}
	return e.setSpan(start, end)
}

// span is when the entry was; end is nil while it runs.
func (e *entry) span() (start time.Time, end *time.Time) {
	start, _ = ParseInstant(e.TimeInterval.Start, time.UTC)
	if e.TimeInterval.End != nil {
		t, _ := ParseInstant(*e.TimeInterval.End, time.UTC)
		end = &t
	}
	return start, end
}

func (e *entry) setSpan(start time.Time, end *time.Time) error {
	e.TimeInterval = interval{Start: Instant(start)}
	if end == nil {
		return nil
	}
	if end.Before(start) {
		return &Invalid{Field: "end", Reason: "is before start"}
	}
	to, took := Instant(*end), Duration(end.Sub(start))
	e.TimeInterval.End, e.TimeInterval.Duration = &to, &took
	return nil
}

// references sets project, task and tags, each of which must exist here, and
// returns the project's document.
func (w *entryWriter) references(e *entry, in *EntryInput, keep bool) ([]byte, error) {
	project, err := w.reference(&e.ProjectID, in.ProjectID, record.Project, keep)
	if err != nil {
		return nil, err
	}
	task, err := w.reference(&e.TaskID, in.TaskID, record.Task, keep && in.ProjectID == nil)
	if err != nil {
		return nil, err
	}
	if e.TaskID != nil && (e.ProjectID == nil || gjson.GetBytes(task, "projectId").String() != e.ProjectID.String()) {
		if in.TaskID != nil {
			return nil, &Foreign{Noun: "Task"}
		}
		e.TaskID = nil // its project was deleted since
	}
	if in.TagIDs == nil && keep {
		return project, w.keepTags(e)
	}
	e.TagIDs = []record.ID{}
	if len(in.TagIDs) > maxTags {
		return nil, &Invalid{Field: "tagIds", Reason: fmt.Sprintf("has more than %d tags", maxTags)}
	}
	for _, text := range in.TagIDs {
		id, err := record.ParseID(text)
		if err != nil {
			return nil, &Foreign{Noun: "Tag"}
		}
		if slices.Contains(e.TagIDs, id) {
			continue
		}
		if err := w.s.need(w.v, w.c, w.change, record.Key{Kind: record.Tag, ID: id}); err != nil {
			return nil, err
		}
		e.TagIDs = append(e.TagIDs, id)
	}
	return project, nil
}

// keepTags leaves out tags that were deleted since.
func (w *entryWriter) keepTags(e *entry) error {
	kept := []record.ID{}
	for _, id := range e.TagIDs {
		key := record.Key{Kind: record.Tag, ID: id}
		doc, err := optional(w.v, w.c.Workspace, key)
		if err != nil {
			return err
		}
		if doc != nil {
			w.change.If = append(w.change.If, store.Exists(key))
			kept = append(kept, id)
		}
	}
	e.TagIDs = kept
	return nil
}

// reference sets one id from its text and returns the document it names. A
// kept one that was deleted since is dropped silently: nobody asked for it.
func (w *entryWriter) reference(id **record.ID, text *string, kind record.Kind, keep bool) ([]byte, error) {
	if text == nil && keep {
		if *id == nil {
			return nil, nil
		}
		key := record.Key{Kind: kind, ID: **id}
		doc, err := optional(w.v, w.c.Workspace, key)
		if doc == nil {
			*id = nil
			return nil, err
		}
		w.change.If = append(w.change.If, store.Exists(key))
		return doc, nil
	}
	*id = nil
	if text == nil || *text == "" {
		return nil, nil
	}
	parsed, err := record.ParseID(*text)
	if err != nil {
		return nil, &Foreign{Noun: noun(kind)}
	}
	key := record.Key{Kind: kind, ID: parsed}
	r, err := w.s.fetch(w.v, w.c, key)
	if err != nil {
		return nil, err
	}
	w.change.If = append(w.change.If, store.Exists(key))
	*id = &parsed
	return r.Doc, nil
}

func (w *entryWriter) customFields(e *entry, in *EntryInput, keep bool) error {
	if len(in.CustomFields) == 0 {
		if !keep || e.CustomFieldValues == nil {
			e.CustomFieldValues = json.RawMessage("[]")
		}
		return nil
	}
	type value struct {
		CustomFieldID record.ID       `json:"customFieldId"`
		TimeEntryID   record.ID       `json:"timeEntryId"`
		Value         json.RawMessage `json:"value"`
	}
	values := make([]value, 0, len(in.CustomFields))
	for _, f := range in.CustomFields {
		id, err := record.ParseID(f.CustomFieldID)
		if err != nil {
			return &Foreign{Noun: "Custom field"}
		}
		if err := w.s.need(w.v, w.c, w.change, record.Key{Kind: record.CustomField, ID: id}); err != nil {
			return err
		}
		values = append(values, value{CustomFieldID: id, TimeEntryID: e.ID, Value: f.Value})
	}
	doc, err := encode(values)
	e.CustomFieldValues = doc
	return err
}

// required are what the workspace's settings ask of a finished entry.
func (w *entryWriter) required(e *entry) error {
	for _, rule := range []struct {
		setting string
		missing bool
		what    string
	}{
		{"forceProjects", e.ProjectID == nil, "a project"},
		{"forceTasks", e.TaskID == nil, "a task"},
		{"forceTags", len(e.TagIDs) == 0, "a tag"},
		{"forceDescription", strings.TrimSpace(e.Description) == "", "a description"},
	} {
		if rule.missing && w.c.Setting("workspaceSettings."+rule.setting).Bool() {
			return &Refused{Message: "A finished time entry of this workspace needs " + rule.what}
		}
	}
	return nil
}
