package workspace

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"domicile/daemon/auth"
	"domicile/store"
	"domicile/store/record"
)

// TaskInput is what tasks are made and changed with.
type TaskInput struct {
	Name           *string      `json:"name"`
	AssigneeID     *string      `json:"assigneeId"`
	AssigneeIDs    *[]string    `json:"assigneeIds"`
	UserGroupIDs   *[]string    `json:"userGroupIds"`
	Estimate       *string      `json:"estimate" doc:"ISO 8601, such as PT1H30M."`
	BudgetEstimate *int64       `json:"budgetEstimate" doc:"In minor units."`
	Status         *string      `json:"status" enum:"ACTIVE,DONE"`
	Billable       *bool        `json:"billable"`
	HourlyRate     *AmountInput `json:"hourlyRate"`
	CostRate       *AmountInput `json:"costRate"`
}

// AmountInput is a rate as requests say it.
type AmountInput struct {
	Amount *int64  `json:"amount"`
	Since  *string `json:"since"`
}

// rate is the rate in the workspace's currency.
func (a *AmountInput) rate(currency string) (*Rate, error) {
	if err := checkAmount(a.Amount); err != nil {
		return nil, err
	}
	if a.Since != nil && *a.Since != "" {
		if _, ok := ParseInstant(*a.Since, time.UTC); !ok {
			return nil, &Invalid{Field: "since", Reason: "is not a time such as 2026-01-31T08:00:00Z"}
		}
	}
	return &Rate{Amount: *a.Amount, Currency: currency}, nil
}

// TaskFilter selects tasks of a project.
type TaskFilter struct {
	NameFilter
	Active *bool
}

// taskShape derives the time spent, and hides rates from who may not see them.
func (s *Service) taskShape(c *Scope, v *store.View) shape {
	return func(r store.Record) (Document, error) {
		d := Document{Key: r.Key, Revision: r.Revision, Doc: r.Doc, Derived: c.workspaceID()}
		project, err := record.ParseID(gjson.GetBytes(r.Doc, "projectId").String())
		if err != nil {
			return d, fmt.Errorf("decode task: %w", err)
		}
		if err := c.hideRates(&d, project); err != nil {
			return d, err
		}
		spent, err := s.spent(v, c, "task", r.Key.ID)
		d.Derived = append(d.Derived, Derived{Name: "duration", JSON: []byte(strconv.Quote(Duration(spent)))})
		return d, err
	}
}

// hideRates leaves out money of a project's record that the caller may not see.
func (c *Scope) hideRates(d *Document, project record.ID) error {
	if c.May(auth.RatesView, auth.Target{Project: project}) {
		return nil
	}
	paths := []string{"hourlyRate", "costRate"}
	for i := range gjson.GetBytes(d.Doc, "memberships.#").Int() {
		paths = append(paths, fmt.Sprintf("memberships.%d.hourlyRate", i), fmt.Sprintf("memberships.%d.costRate", i))
	}
	for _, path := range paths {
		var err error
		if d.Doc, err = sjson.SetRawBytes(d.Doc, path, []byte("null")); err != nil {
			return fmt.Errorf("shape record: %w", err)
		}
	}
	return nil
}

// spent is the time of the finished entries that an index finds for an id.
func (s *Service) spent(v *store.View, c *Scope, index string, id record.ID) (time.Duration, error) {
	var total time.Duration
	for r, err := range indexed(v, c.Workspace, record.TimeEntry, index, record.RefValue(id)) {
		if err != nil {
			return 0, err
		}
		start, end := times(r.Doc)
		if !end.IsZero() {
			total += end.Sub(start)
		}
	}
	return total, nil
}

// times are an entry's start and end; end is zero while it runs.
func times(doc []byte) (start, end time.Time) {
	both := gjson.GetManyBytes(doc, "timeInterval.start", "timeInterval.end")
	start, _ = time.Parse(time.RFC3339, both[0].String())
	end, _ = time.Parse(time.RFC3339, both[1].String())
	return start, end
}

// Tasks lists the tasks of a project.
func (s *Service) Tasks(c *Scope, project string, f TaskFilter) (List, error) {
	p, _, err := s.visibleProject(c.View, c, project)
	if err != nil {
		return List{}, err
	}
	return s.names(c, record.Task, indexed(c.View, c.Workspace, record.Task, "name", record.RefValue(p.ID)), f.NameFilter, func(doc []byte) bool {
		return f.Active == nil || *f.Active == (gjson.GetBytes(doc, "status").String() == taskActive)
	}, s.taskShape(c, c.View))
}

// taskOf reads a task of a project that the caller sees.
func (s *Service) taskOf(v *store.View, c *Scope, project, text string) (TaskDocument, store.Record, error) {
	p, _, err := s.visibleProject(v, c, project)
	if err != nil {
		return TaskDocument{}, store.Record{}, err
	}
	t, r, err := load[TaskDocument](s, v, c, record.Task, text)
	if err == nil && t.ProjectID != p.ID {
		err = &Foreign{Noun: noun(record.Task)}
	}
	return t, r, err
}

// Task reads one task.
func (s *Service) Task(c *Scope, project, text string) (Document, error) {
	_, r, err := s.taskOf(c.View, c, project, text)
	if err != nil {
		return Document{}, err
	}
	return s.taskShape(c, c.View)(r)
}

// CreateTask makes a task in a project.
func (s *Service) CreateTask(ctx context.Context, c *Scope, project string, in TaskInput) (Written, error) {
	id := s.IDs.Next(s.Now())
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		p, _, err := s.visibleProject(v, c, project)
		if err != nil {
			return nil, err
		}
		if err := c.Check(auth.TasksCreate, auth.Target{Project: p.ID}); err != nil {
			return nil, err
		}
		change := &Change{If: []store.Condition{store.Exists(record.Key{Kind: record.Project, ID: p.ID})}}
		r, err := s.addTask(v, c, change, id, &p, &in)
		if err != nil {
			return nil, err
		}
		return change.answer(r, s.taskShape(c, v))
	})
}

func (s *Service) addTask(v *store.View, c *Scope, change *Change, id record.ID, p *ProjectDocument, in *TaskInput) (store.Record, error) {
	doc := NewTaskDocument(id, p.ID, "")
	doc.Billable = p.Billable
	if err := s.fillTask(v, c, &doc, in); err != nil {
		return store.Record{}, err
	}
	return change.add(record.Key{Kind: record.Task, ID: id}, doc)
}

// fillTask puts an input over a task. What is left out stays, but assignees,
// which a change replaces.
func (s *Service) fillTask(v *store.View, c *Scope, doc *TaskDocument, in *TaskInput) error {
	var err error
	if doc.Name, err = checkName(in.Name, 1, 1000); err != nil {
		return err
	}
	if err := s.free(v, c, record.Task, "name", "name", doc.ID, record.RefValue(doc.ProjectID), record.FoldedValue(doc.Name)); err != nil {
		return err
	}
	if err := s.assign(v, c, doc, in); err != nil {
		return err
	}
	if in.Estimate != nil && *in.Estimate != "" {
		d, err := ParseDuration(*in.Estimate)
		if err != nil {
			return &Invalid{Field: "estimate", Reason: "is not an ISO 8601 duration such as PT1H30M"}
		}
		doc.Estimate = Duration(d)
	}
	if in.BudgetEstimate != nil {
		if *in.BudgetEstimate < 0 || *in.BudgetEstimate > maxAmount {
			return &Invalid{Field: "budgetEstimate", Reason: "is below zero or too large"}
		}
		doc.BudgetEstimate = *in.BudgetEstimate
	}
	if in.Status != nil {
		if *in.Status != taskActive && *in.Status != taskDone {
			return &Invalid{Field: "status", Reason: "is not one of ACTIVE, DONE"}
		}
		doc.Status = *in.Status
	}
	if in.Billable != nil {
		doc.Billable = *in.Billable
	}
	return c.setRates(auth.Target{Project: doc.ProjectID}, &doc.HourlyRate, in.HourlyRate, &doc.CostRate, in.CostRate)
}

// setRates sets the rates that a request names, if its caller may.
func (c *Scope) setRates(t auth.Target, hourly **Rate, hourlyIn *AmountInput, cost **Rate, costIn *AmountInput) error {
	for _, one := range []struct {
		to   **Rate
		from *AmountInput
	}{{hourly, hourlyIn}, {cost, costIn}} {
		if one.from == nil {
			continue
		}
		if err := c.Check(auth.ProjectsRates, t); err != nil {
			return err
		}
		r, err := one.from.rate(c.Currency())
		if err != nil {
			return err
		}
		*one.to = r
	}
	return nil
}

func (s *Service) assign(v *store.View, c *Scope, doc *TaskDocument, in *TaskInput) error {
	texts := []string{}
	if in.AssigneeIDs != nil {
		texts = *in.AssigneeIDs
	} else if in.AssigneeID != nil && *in.AssigneeID != "" {
		texts = []string{*in.AssigneeID}
	}
	ids, err := s.memberIDs(v, c, texts)
	if err != nil {
		return err
	}
	doc.AssigneeIDs, doc.AssigneeID = ids, nil
	if len(ids) > 0 {
		doc.AssigneeID = &ids[0]
	}
	if in.UserGroupIDs == nil {
		return nil
	}
	doc.UserGroupIDs = []record.ID{}
	for _, text := range *in.UserGroupIDs {
		_, r, err := load[struct{}](s, v, c, record.UserGroup, text)
		if err != nil {
			return err
		}
		doc.UserGroupIDs = append(doc.UserGroupIDs, r.Key.ID)
	}
	return nil
}

// memberIDs reads ids of people of the workspace.
func (s *Service) memberIDs(v *store.View, c *Scope, texts []string) ([]record.ID, error) {
	const most = 5000
	if len(texts) > most {
		return nil, &Invalid{Field: "users", Reason: fmt.Sprintf("has more than %d people", most)}
	}
	ids := make([]record.ID, 0, len(texts))
	seen := map[record.ID]bool{}
	for _, text := range texts {
		id, err := foreignID(text, record.Member)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		if err := s.mustBeMember(v, c, id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// UpdateTask changes a task.
func (s *Service) UpdateTask(ctx context.Context, c *Scope, project, text string, in TaskInput) (Written, error) {
	return s.changeTask(ctx, c, project, text, func(v *store.View, doc *TaskDocument) error {
		if err := c.Check(auth.TasksChange, auth.Target{Project: doc.ProjectID}); err != nil {
			return err
		}
		return s.fillTask(v, c, doc, &in)
	})
}

// SetTaskRate sets a task's hourly rate, or its cost rate.
func (s *Service) SetTaskRate(ctx context.Context, c *Scope, project, text string, cost bool, in AmountInput) (Written, error) {
	return s.changeTask(ctx, c, project, text, func(_ *store.View, doc *TaskDocument) error {
		hourlyIn, costIn := &in, (*AmountInput)(nil)
		if cost {
			hourlyIn, costIn = nil, &in
		}
		return c.setRates(auth.Target{Project: doc.ProjectID}, &doc.HourlyRate, hourlyIn, &doc.CostRate, costIn)
	})
}

func (s *Service) changeTask(ctx context.Context, c *Scope, project, text string, change func(v *store.View, doc *TaskDocument) error) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		doc, read, err := s.taskOf(v, c, project, text)
		if err != nil {
			return nil, err
		}
		if err := change(v, &doc); err != nil {
			return nil, err
		}
		ch := &Change{}
		r, err := ch.replace(read, doc)
		if err != nil {
			return nil, err
		}
		return ch.answer(r, s.taskShape(c, v))
	})
}

// DeleteTask removes a task that is done; entries that have it are shown
// without.
func (s *Service) DeleteTask(ctx context.Context, c *Scope, project, text string) (Written, error) {
	return s.write(ctx, c, func(v *store.View) (*Change, error) {
		doc, r, err := s.taskOf(v, c, project, text)
		if err != nil {
			return nil, err
		}
		if err := c.Check(auth.TasksDelete, auth.Target{Project: doc.ProjectID}); err != nil {
			return nil, err
		}
		if doc.Status != taskDone {
			return nil, &Refused{Message: "Cannot delete an active task"}
		}
		return remove(r, s.taskShape(c, v))
	})
}
