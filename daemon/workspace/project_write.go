package workspace

import (
	"context"
	"strings"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// ProjectInput is what projects are made and changed with.
type ProjectInput struct {
	Name        *string            `json:"name"`
	ClientID    *string            `json:"clientId"`
	Color       *string            `json:"color"`
	Note        *string            `json:"note"`
	Billable    *bool              `json:"billable"`
	Archived    *bool              `json:"archived"`
	IsPublic    *bool              `json:"isPublic"`
	HourlyRate  *AmountInput       `json:"hourlyRate"`
	CostRate    *AmountInput       `json:"costRate"`
	Estimate    *EstimateInput     `json:"estimate" doc:"New projects only."`
	Memberships *[]MembershipInput `json:"memberships" doc:"New projects only."`
	Tasks       *[]TaskInput       `json:"tasks" doc:"New projects only."`
}

// EstimateInput is a project's estimate in its older form.
type EstimateInput struct {
	Estimate *string `json:"estimate"`
	Type     *string `json:"type" enum:"AUTO,MANUAL"`
}

// MembershipInput is a person in a project.
type MembershipInput struct {
	UserID     *string      `json:"userId"`
	HourlyRate *AmountInput `json:"hourlyRate"`
	CostRate   *AmountInput `json:"costRate"`
}

// fillProject puts an input over a project; what is left out stays.
func (s *Service) fillProject(v *store.View, c *Scope, change *Change, p *ProjectDocument, in *ProjectInput) error {
	var err error
	if in.Name != nil {
		if p.Name, err = checkName(in.Name, 2, 250); err != nil {
			return err
		}
	}
	if in.Color != nil {
		if !isColor(*in.Color) {
			return &Invalid{Field: "color", Reason: "is not a colour such as #03A9F4"}
		}
		p.Color = *in.Color
	}
	if in.Note != nil {
		if err := checkText("note", *in.Note, 16384); err != nil {
			return err
		}
		p.Note = *in.Note
	}
	if in.Archived != nil {
		p.Archived = *in.Archived
	}
	if err := s.setClient(v, c, change, p, in.ClientID); err != nil {
		return err
	}
	if err := s.free(v, c, record.Project, "name", "name", p.ID, record.TextValue(p.ClientID), record.FoldedValue(p.Name)); err != nil {
		return err
	}
	return c.setRates(auth.Target{Project: p.ID}, &p.HourlyRate, in.HourlyRate, &p.CostRate, in.CostRate)
}

func (s *Service) setClient(v *store.View, c *Scope, change *Change, p *ProjectDocument, text *string) error {
	if text == nil {
		return nil
	}
	p.ClientID = ""
	if *text == "" {
		return nil
	}
	id, err := foreignID(*text, record.Client)
	if err != nil {
		return err
	}
	p.ClientID = id.String()
	return s.need(v, c, change, record.Key{Kind: record.Client, ID: id})
}

func isColor(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	if !ok || len(digits) != 3 && len(digits) != 6 {
		return false
	}
	return strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// setting is a yes-or-no setting of the workspace with its default.
func (c *Scope) setting(path string, otherwise bool) bool {
	if r := c.Setting(path); r.Exists() {
		return r.Bool()
	}
	return otherwise
}

// CreateProject makes a project, with its maker as member unless the request
// says who is, and with the tasks of the request.
func (s *Service) CreateProject(ctx context.Context, c *Scope, in ProjectInput) (Written, error) {
	if _, err := checkName(in.Name, 2, 250); err != nil {
		return Written{}, err
	}
	if in.Tasks != nil && len(*in.Tasks) > maxWith {
		return Written{}, &Invalid{Field: "tasks", Reason: "has too many tasks for one request"}
	}
	fresh := NewProjectDocument(s.IDs.Next(s.Now()), "")
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		p, change := fresh, &Change{}
		p.Billable = c.setting("workspaceSettings.defaultBillableProjects", true)
		p.Public = c.setting("workspaceSettings.isProjectPublicByDefault", true)
		if in.Billable != nil {
			p.Billable = *in.Billable
		}
		if in.IsPublic != nil {
			p.Public = *in.IsPublic
		}
		if err := s.fillProject(v, c, change, &p, &in); err != nil {
			return nil, err
		}
		if err := in.Estimate.fill(&p); err != nil {
			return nil, err
		}
		if err := s.firstMembers(v, c, &p, in.Memberships); err != nil {
			return nil, err
		}
		return s.addProject(v, c, change, &p, in.Tasks)
	})
}

// addProject puts a new project and its tasks, and answers the project.
func (s *Service) addProject(v *store.View, c *Scope, change *Change, p *ProjectDocument, tasks *[]TaskInput) (*Change, error) {
	r, err := change.add(record.Key{Kind: record.Project, ID: p.ID}, p)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for i := range elements(tasks) {
		t := &(*tasks)[i]
		if t.Name != nil {
			folded := record.Fold(strings.TrimSpace(*t.Name))
			if names[folded] {
				return nil, &Taken{Noun: noun(record.Task), Field: "name"}
			}
			names[folded] = true
		}
		if _, err := s.addTask(v, c, change, s.IDs.Next(s.Now()), p, t); err != nil {
			return nil, err
		}
	}
	h := s.projectShape(c, v)
	return change.answer(r, h.shape)
}

func elements[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

func (e *EstimateInput) fill(p *ProjectDocument) error {
	if e == nil {
		return nil
	}
	if e.Type != nil && *e.Type != "AUTO" && *e.Type != "MANUAL" {
		return &Invalid{Field: "estimate.type", Reason: "is not one of AUTO, MANUAL"}
	}
	if e.Type != nil {
		p.Estimate.Type, p.TimeEstimate.Type = *e.Type, *e.Type
	}
	if e.Estimate != nil && *e.Estimate != "" {
		d, err := ParseDuration(*e.Estimate)
		if err != nil {
			return &Invalid{Field: "estimate.estimate", Reason: "is not an ISO 8601 duration such as PT1H30M"}
		}
		p.Estimate.Estimate = Duration(d)
		p.TimeEstimate.Estimate, p.TimeEstimate.Active = p.Estimate.Estimate, d > 0
	}
	return nil
}

func (s *Service) firstMembers(v *store.View, c *Scope, p *ProjectDocument, in *[]MembershipInput) error {
	if in == nil {
		p.Memberships = []ProjectMembershipRecord{NewProjectMembership(p.ID, c.Principal.Person)}
		return nil
	}
	members, err := s.projectMembers(v, c, p, *in)
	p.Memberships = members
	return err
}

// projectMembers are the members that a request names; who was one before
// keeps the rates that the request does not name.
func (s *Service) projectMembers(v *store.View, c *Scope, p *ProjectDocument, in []MembershipInput) ([]ProjectMembershipRecord, error) {
	texts := make([]string, len(in))
	for i, m := range in {
		if m.UserID == nil {
			return nil, &Invalid{Field: "memberships.userId", Reason: "is required"}
		}
		texts[i] = *m.UserID
	}
	if _, err := s.memberIDs(v, c, texts); err != nil {
		return nil, err
	}
	before := map[record.ID]ProjectMembershipRecord{}
	for _, m := range p.Memberships {
		before[m.UserID] = m
	}
	members, seen := make([]ProjectMembershipRecord, 0, len(in)), map[record.ID]bool{}
	for _, m := range in {
		id, err := foreignID(*m.UserID, record.Member)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		one, known := before[id]
		if !known {
			one = NewProjectMembership(p.ID, id)
		}
		if err := c.setRates(auth.Target{Project: p.ID}, &one.HourlyRate, m.HourlyRate, &one.CostRate, m.CostRate); err != nil {
			return nil, err
		}
		members = append(members, one)
	}
	return members, nil
}

// changeProject reads a project that the caller may change, lets change set
// its fields, and writes it.
func (s *Service) changeProject(ctx context.Context, c *Scope, text string, action auth.Action, set func(v *store.View, change *Change, p *ProjectDocument) error) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		p, read, err := s.visibleProject(v, c, text)
		if err != nil {
			return nil, err
		}
		if err := c.Check(action, auth.Target{Project: p.ID}); err != nil {
			return nil, err
		}
		change := &Change{}
		if err := set(v, change, &p); err != nil {
			return nil, err
		}
		r, err := change.replace(read, p)
		if err != nil {
			return nil, err
		}
		h := s.projectShape(c, v)
		return change.answer(r, h.shape)
	})
}

// UpdateProject replaces a project. Colour, note, archive, client, rates and
// name stay if they are left out; public and billable become false.
func (s *Service) UpdateProject(ctx context.Context, c *Scope, text string, in ProjectInput) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsChange, func(v *store.View, change *Change, p *ProjectDocument) error {
		p.Billable = in.Billable != nil && *in.Billable
		p.Public = in.IsPublic != nil && *in.IsPublic
		return s.fillProject(v, c, change, p, &in)
	})
}

// DeleteProject removes an archived project with its tasks; entries that have
// it are shown without.
func (s *Service) DeleteProject(ctx context.Context, c *Scope, text string) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		p, r, err := s.visibleProject(v, c, text)
		if err != nil {
			return nil, err
		}
		if err := c.Check(auth.ProjectsDelete, auth.Target{Project: p.ID}); err != nil {
			return nil, err
		}
		if !p.Archived {
			return nil, &Refused{Message: "Cannot delete an active project"}
		}
		h := s.projectShape(c, v)
		change, err := remove(r, h.shape)
		if err != nil {
			return nil, err
		}
		for t, err := range indexed(v, c.Workspace, record.Task, "name", record.RefValue(p.ID)) {
			if err != nil {
				return nil, err
			}
			if len(change.Deletes) > maxWith {
				break // nobody is shown a task whose project is gone
			}
			change.Deletes = append(change.Deletes, t.Key)
		}
		return change, nil
	})
}
