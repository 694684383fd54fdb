package workspace

import (
	"context"
	"encoding/json"
	"slices"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// ProjectEstimates is what a project's estimates are changed with.
type ProjectEstimates struct {
	TimeEstimate   *TimeEstimateInput   `json:"timeEstimate"`
	BudgetEstimate *BudgetEstimateInput `json:"budgetEstimate"`
	EstimateReset  *EstimateReset       `json:"estimateReset"`
}

// TimeEstimateInput is an estimate in hours.
type TimeEstimateInput struct {
	Estimate           *string `json:"estimate" doc:"ISO 8601, such as PT1H30M."`
	Type               *string `json:"type" enum:"AUTO,MANUAL"`
	ResetOption        *string `json:"resetOption" enum:"WEEKLY,MONTHLY,YEARLY"`
	Active             *bool   `json:"active"`
	IncludeNonBillable *bool   `json:"includeNonBillable"`
}

// BudgetEstimateInput is an estimate in money, in minor units.
type BudgetEstimateInput struct {
	Estimate        *int64  `json:"estimate"`
	Type            *string `json:"type" enum:"AUTO,MANUAL"`
	ResetOption     *string `json:"resetOption" enum:"WEEKLY,MONTHLY,YEARLY"`
	Active          *bool   `json:"active"`
	IncludeExpenses *bool   `json:"includeExpenses"`
}

// EstimateReset says when an estimate that repeats begins anew.
type EstimateReset struct {
	Interval   *string `json:"interval" enum:"WEEKLY,MONTHLY,YEARLY"`
	DayOfWeek  *string `json:"dayOfWeek"`
	DayOfMonth *int    `json:"dayOfMonth"`
	Month      *string `json:"month"`
	Hour       *int    `json:"hour"`
}

func oneOf(field string, text *string, allowed ...string) error {
	if text == nil || slices.Contains(allowed, *text) {
		return nil
	}
	reason := "is not one of "
	for i, a := range allowed {
		if i > 0 {
			reason += ", "
		}
		reason += a
	}
	return &Invalid{Field: field, Reason: reason}
}

func checkEstimate(field string, kind, reset *string) error {
	if err := oneOf(field+".type", kind, "AUTO", "MANUAL"); err != nil {
		return err
	}
	return oneOf(field+".resetOption", reset, "WEEKLY", "MONTHLY", "YEARLY")
}

func (r *EstimateReset) check() error {
	if err := oneOf("estimateReset.interval", r.Interval, "WEEKLY", "MONTHLY", "YEARLY"); err != nil {
		return err
	}
	if err := oneOf("estimateReset.dayOfWeek", r.DayOfWeek, "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"); err != nil {
		return err
	}
	if err := oneOf("estimateReset.month", r.Month, "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY",
		"AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"); err != nil {
		return err
	}
	if r.DayOfMonth != nil && (*r.DayOfMonth < 1 || *r.DayOfMonth > 31) {
		return &Invalid{Field: "estimateReset.dayOfMonth", Reason: "is not between 1 and 31"}
	}
	if r.Hour != nil && (*r.Hour < 0 || *r.Hour > 23) {
		return &Invalid{Field: "estimateReset.hour", Reason: "is not between 0 and 23"}
	}
	return nil
}

// SetProjectEstimates changes a project's estimates.
func (s *Service) SetProjectEstimates(ctx context.Context, c *Scope, text string, in ProjectEstimates) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsChange, func(_ *store.View, _ *Change, p *ProjectDocument) error {
		if err := in.TimeEstimate.fill(p); err != nil {
			return err
		}
		if err := in.BudgetEstimate.fill(p); err != nil {
			return err
		}
		if in.EstimateReset == nil {
			return nil
		}
		if err := in.EstimateReset.check(); err != nil {
			return err
		}
		p.EstimateReset = in.EstimateReset
		return nil
	})
}

func (e *TimeEstimateInput) fill(p *ProjectDocument) error {
	if e == nil {
		return nil
	}
	if err := checkEstimate("timeEstimate", e.Type, e.ResetOption); err != nil {
		return err
	}
	to := &p.TimeEstimate
	if e.Estimate != nil && *e.Estimate != "" {
		d, err := ParseDuration(*e.Estimate)
		if err != nil {
			return &Invalid{Field: "timeEstimate.estimate", Reason: "is not an ISO 8601 duration such as PT1H30M"}
		}
		to.Estimate = Duration(d)
		p.Estimate.Estimate = to.Estimate
	}
	if e.Type != nil {
		to.Type, p.Estimate.Type = *e.Type, *e.Type
	}
	to.ResetOption = e.ResetOption
	if e.Active != nil {
		to.Active = *e.Active
	}
	if e.IncludeNonBillable != nil {
		to.IncludeNonBillable = *e.IncludeNonBillable
	}
	return nil
}

func (e *BudgetEstimateInput) fill(p *ProjectDocument) error {
	if e == nil {
		return nil
	}
	if err := checkEstimate("budgetEstimate", e.Type, e.ResetOption); err != nil {
		return err
	}
	to := BudgetEstimateDocument{Type: "MANUAL"}
	if p.BudgetEstimate != nil {
		to = *p.BudgetEstimate
	}
	if e.Estimate != nil {
		if *e.Estimate < 0 || *e.Estimate > maxAmount {
			return &Invalid{Field: "budgetEstimate.estimate", Reason: "is below zero or too large"}
		}
		to.Estimate = *e.Estimate
	}
	if e.Type != nil {
		to.Type = *e.Type
	}
	to.ResetOption = e.ResetOption
	if e.Active != nil {
		to.Active = *e.Active
	}
	if e.IncludeExpenses != nil {
		to.IncludeExpenses = *e.IncludeExpenses
	}
	p.BudgetEstimate = &to
	return nil
}

// SetProjectMembers replaces who is in a project.
func (s *Service) SetProjectMembers(ctx context.Context, c *Scope, text string, in []MembershipInput) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsChange, func(v *store.View, _ *Change, p *ProjectDocument) (err error) {
		p.Memberships, err = s.projectMembers(v, c, p, in)
		return err
	})
}

// AddProjectMembers puts people into a project, or takes them out of it.
func (s *Service) AddProjectMembers(ctx context.Context, c *Scope, text string, users []string, takeOut bool) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsChange, func(v *store.View, _ *Change, p *ProjectDocument) error {
		ids, err := s.memberIDs(v, c, users)
		if err != nil {
			return err
		}
		for _, id := range ids {
			at := slices.IndexFunc(p.Memberships, func(m ProjectMembershipRecord) bool { return m.UserID == id })
			switch {
			case takeOut && at >= 0:
				p.Memberships = slices.Delete(p.Memberships, at, at+1)
			case !takeOut && at < 0:
				p.Memberships = append(p.Memberships, NewProjectMembership(p.ID, id))
			}
		}
		return nil
	})
}

// SetProjectMemberRate sets what a person's hour is worth, or costs, in a project.
func (s *Service) SetProjectMemberRate(ctx context.Context, c *Scope, text, user string, cost bool, in AmountInput) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsRates, func(_ *store.View, _ *Change, p *ProjectDocument) error {
		id, err := foreignID(user, record.Member)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(p.Memberships, func(m ProjectMembershipRecord) bool { return m.UserID == id })
		if at < 0 {
			return &Refused{Message: "User is not a member of the project"}
		}
		rate, err := in.rate(c.Currency())
		if err != nil {
			return err
		}
		if cost {
			p.Memberships[at].CostRate = rate
		} else {
			p.Memberships[at].HourlyRate = rate
		}
		return nil
	})
}

// SetProjectTemplate makes a project a template, or no longer one.
func (s *Service) SetProjectTemplate(ctx context.Context, c *Scope, text string, template *bool) (Written, error) {
	return s.changeProject(ctx, c, text, auth.ProjectsChange, func(_ *store.View, _ *Change, p *ProjectDocument) error {
		if template == nil {
			return &Invalid{Field: "isTemplate", Reason: "is required"}
		}
		p.Template = *template
		return nil
	})
}

// FromTemplate is what a project is made with from another.
type FromTemplate struct {
	ProjectInput
	TemplateProjectID *string `json:"templateProjectId"`
}

// CreateFromTemplate makes a project with the tasks, members, rates and
// estimates of a template.
func (s *Service) CreateFromTemplate(ctx context.Context, c *Scope, in FromTemplate) (Written, error) {
	if _, err := checkName(in.Name, 2, 250); err != nil {
		return Written{}, err
	}
	if in.TemplateProjectID == nil {
		return Written{}, &Invalid{Field: "templateProjectId", Reason: "is required"}
	}
	id := s.IDs.Next(s.Now())
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		from, _, err := s.visibleProject(v, c, *in.TemplateProjectID)
		if err != nil {
			return nil, err
		}
		if !from.Template {
			return nil, &Refused{Message: "Project is not a template"}
		}
		p, template, change := from, from.ID, &Change{}
		p.ID, p.Template, p.Archived, p.ImportID = id, false, false, record.ID{}
		p.Memberships = slices.Clone(from.Memberships)
		for i := range p.Memberships {
			p.Memberships[i].TargetID = id
		}
		if in.IsPublic != nil {
			p.Public = *in.IsPublic
		}
		if err := s.fillProject(v, c, change, &p, &in.ProjectInput); err != nil {
			return nil, err
		}
		change, err = s.addProject(v, c, change, &p, nil)
		if err != nil {
			return nil, err
		}
		return change, s.copyTasks(v, c, change, template, id)
	})
}

func (s *Service) copyTasks(v *store.View, c *Scope, change *Change, from, to record.ID) error {
	for r, err := range indexed(v, c.Workspace, record.Task, "name", record.RefValue(from)) {
		if err != nil {
			return err
		}
		var t TaskDocument
		if err := json.Unmarshal(r.Doc, &t); err != nil {
			return err
		}
		t.ID, t.ProjectID, t.ImportID = s.IDs.Next(s.Now()), to, record.ID{}
		if _, err := change.add(record.Key{Kind: record.Task, ID: t.ID}, t); err != nil {
			return err
		}
		if len(change.Puts) > maxWith {
			return &Refused{Message: "The template has too many tasks to be copied in one request"}
		}
	}
	return nil
}
