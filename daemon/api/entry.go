package api

import (
	"net/http"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

func entryRoutes() []Route {
	const (
		tag  = "Time entry"
		base = "/workspaces/{workspace}"
		user = base + "/user/{user}/time-entries"
	)
	hydrated := boolParam("hydrated", "Also answers project, task, tags and user as objects.")
	return []Route{
		{
			Method: "POST", Path: base + "/time-entries", Name: "createTimeEntry", Tag: tag,
			Doc:    "Records time of the caller, or starts their timer where end is left out.",
			Action: auth.EntriesCreate, Own: true, Tracks: true, Body: workspace.EntryInput{}, Answer: Entry{}, Status: 201,
			Serve: (*Server).createEntry,
		},
		{
			Method: "POST", Path: user, Name: "createTimeEntryOf", Tag: tag,
			Doc:    "Records time of a user, or starts their timer where end is left out.",
			Action: auth.EntriesCreate, Own: true, Tracks: true, Body: workspace.EntryInput{}, Answer: Entry{}, Status: 201,
			Query: []Param{textParam("from-entry", "The entry from which fields that are left out are taken.")},
			Serve: (*Server).createEntry,
		},
		{
			Method: "PATCH", Path: user, Name: "stopTimer", Tag: tag,
			Doc:    "Ends the running timer of a user.",
			Action: auth.EntriesChange, Own: true, Body: workspace.StopInput{}, Answer: Entry{}, Status: 200,
			Serve: (*Server).stopTimer,
		},
		{
			Method: "GET", Path: user, Name: "listTimeEntriesOf", Tag: tag,
			Doc:    "Lists time entries of a user, newest first.",
			Action: auth.EntriesView, Own: true, Answer: []Entry{}, Status: 200,
			Query: paged(
				textParam("description", "Entries whose description contains this, in whatever case."),
				timeParam("start", "Entries that start then or later; without a zone in the caller's."),
				timeParam("end", "Entries that start before then; without a zone in the caller's."),
				idsParam("project", "Entries of this project."),
				idsParam("task", "Entries of this task."),
				idsParam("tags", "Entries with any of these tags."),
				boolParam("project-required", "Only entries with a project."),
				boolParam("task-required", "Only entries with a task."),
				hydrated,
				boolParam("in-progress", "Only running timers, or only ended ones."),
				timeParam("get-week-before", "Entries of the week before then."),
			),
			Serve: (*Server).listEntries,
		},
		{
			Method: "PUT", Path: user, Name: "editTimeEntriesOf", Tag: tag,
			Doc:    "Changes several time entries of a user, all or none; what is left out stays.",
			Action: auth.EntriesChange, Own: true, Tracks: true, Body: []workspace.BulkInput{}, Answer: []Entry{}, Status: 200,
			Query: []Param{hydrated}, Serve: (*Server).editEntries,
		},
		{
			Method: "DELETE", Path: user, Name: "deleteTimeEntriesOf", Tag: tag,
			Doc:    "Deletes several time entries of a user, all or none, and answers them as they were.",
			Action: auth.EntriesDelete, Own: true, Answer: []Entry{}, Status: 200,
			Query: []Param{{Name: "time-entry-ids", Kind: ListParam, Doc: "Which.", Required: true}},
			Serve: (*Server).deleteEntries,
		},
		{
			Method: "POST", Path: user + "/{id}/duplicate", Name: "duplicateTimeEntryOf", Tag: tag,
			Doc:    "Makes another time entry like one of a user.",
			Action: auth.EntriesCreate, Own: true, Tracks: true, Answer: Entry{}, Status: 201,
			Serve: (*Server).duplicateEntry,
		},
		{
			Method: "PATCH", Path: base + "/time-entries/invoiced", Name: "markInvoiced", Tag: tag,
			Doc:    "Marks time entries as invoiced, or takes the mark away, all or none.",
			Action: auth.EntriesInvoiced, Own: true, Body: workspace.InvoicedInput{}, Answer: []Entry{}, Status: 200,
			Serve: (*Server).markInvoiced,
		},
		{
			Method: "GET", Path: base + "/time-entries/status/in-progress", Name: "listRunningTimers", Tag: tag,
			Doc:    "Lists the running timers that the caller may see, newest first.",
			Action: auth.EntriesView, Own: true, Answer: []Entry{}, Status: 200,
			Query: []Param{intParam("page", "The page, from 1.", 1, maxPage, 1), intParam("page-size", "How many a page has.", 1, 1000, 10)},
			Serve: (*Server).listRunning,
		},
		{
			Method: "GET", Path: base + "/time-entries/{id}", Name: "readTimeEntry", Tag: tag,
			Doc:    "Reads one time entry.",
			Action: auth.EntriesView, Own: true, Answer: Entry{}, Status: 200, Query: []Param{hydrated},
			Serve: (*Server).readEntry,
		},
		{
			Method: "PUT", Path: base + "/time-entries/{id}", Name: "replaceTimeEntry", Tag: tag,
			Doc:    "Replaces one time entry: what is left out is as in a new one.",
			Action: auth.EntriesChange, Own: true, Tracks: true, Body: workspace.EntryInput{}, Answer: Entry{}, Status: 200,
			Serve: (*Server).replaceEntry,
		},
		{
			Method: "DELETE", Path: base + "/time-entries/{id}", Name: "deleteTimeEntry", Tag: tag,
			Doc:    "Deletes one time entry.",
			Action: auth.EntriesDelete, Own: true, Status: 204, Serve: (*Server).deleteEntry,
		},
	}
}

func (s *Server) createEntry(c *Call) error {
	var in workspace.EntryInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	person := c.Principal.Person
	if c.Path("user") != "" {
		var err error
		if person, err = c.ID("user", "User"); err != nil {
			return err
		}
	}
	written, err := s.Service.CreateEntry(c.Context(), c.Scope, person, in, c.Query.Text("from-entry"))
	if err != nil {
		return err
	}
	return c.Written(http.StatusCreated, written)
}

func (s *Server) stopTimer(c *Call) error {
	var in workspace.StopInput
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	written, err := s.Service.StopTimer(c.Context(), c.Scope, person, in)
	if err != nil {
		return err
	}
	return c.Written(http.StatusOK, written)
}

func (s *Server) listEntries(c *Call) error {
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	q := c.Query
	f := workspace.EntryFilter{
		From: q.Time("start", c.Zone()), To: q.Time("end", c.Zone()),
		Description: q.Text("description"), Project: q.Text("project"), Task: q.Text("task"), Tags: q.List("tags"),
		ProjectRequired: q.Bool("project-required"), TaskRequired: q.Bool("task-required"), Running: q.Maybe("in-progress"),
	}
	if q.Has("get-week-before") {
		f.To = q.Time("get-week-before", c.Zone())
		f.From = f.To.AddDate(0, 0, -7)
	}
	list, err := s.Service.Entries(c.Scope, person, f, q.Page(), q.Bool("hydrated"))
	if err != nil {
		return err
	}
	return c.List(list)
}

func (s *Server) editEntries(c *Call) error {
	var in []workspace.BulkInput
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	if err := c.Decode(&in); err != nil {
		return err
	}
	written, err := s.Service.EditEntries(c.Context(), c.Scope, person, in, c.Query.Bool("hydrated"))
	if err != nil {
		return err
	}
	return c.Written(http.StatusOK, written)
}

func (s *Server) deleteEntries(c *Call) error {
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	written, err := s.Service.DeleteEntries(c.Context(), c.Scope, person, c.Query.List("time-entry-ids"))
	if err != nil {
		return err
	}
	return c.Written(http.StatusOK, written)
}

func (s *Server) duplicateEntry(c *Call) error {
	person, err := c.ID("user", "User")
	if err != nil {
		return err
	}
	written, err := s.Service.DuplicateEntry(c.Context(), c.Scope, person, c.Path("id"))
	if err != nil {
		return err
	}
	return c.Written(http.StatusCreated, written)
}

func (s *Server) markInvoiced(c *Call) error {
	var in workspace.InvoicedInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	written, err := s.Service.MarkInvoiced(c.Context(), c.Scope, in)
	if err != nil {
		return err
	}
	return c.Written(http.StatusOK, written)
}

func (s *Server) listRunning(c *Call) error {
	list, err := s.Service.InProgress(c.Scope, c.Query.Page())
	if err != nil {
		return err
	}
	return c.List(list)
}

func (s *Server) readEntry(c *Call) error {
	d, err := s.Service.Entry(c.Scope, c.Path("id"), c.Query.Bool("hydrated"))
	if err != nil {
		return err
	}
	return c.Document(http.StatusOK, d)
}

func (s *Server) replaceEntry(c *Call) error {
	var in workspace.EntryInput
	if err := c.Decode(&in); err != nil {
		return err
	}
	written, err := s.Service.UpdateEntry(c.Context(), c.Scope, c.Path("id"), in)
	if err != nil {
		return err
	}
	return c.Written(http.StatusOK, written)
}

func (s *Server) deleteEntry(c *Call) error {
	written, err := s.Service.DeleteEntry(c.Context(), c.Scope, c.Path("id"))
	if err != nil {
		return err
	}
	return c.Written(http.StatusNoContent, written)
}
