package api

import (
	"domicile/daemon/auth"
	"domicile/daemon/workspace"
)

// Task is a task as it is answered.
type Task struct {
	workspace.TaskDocument
	WorkspaceID string `json:"workspaceId"`
	Duration    string `json:"duration" doc:"Time of its finished entries."`
}

func taskRoutes() []Route {
	const (
		base = "/workspaces/{workspace}/projects/{project}/tasks"
		one  = base + "/{task}"
	)
	row := func(method, path, name, doc string, action auth.Action, status int, body any, serve func(*Server, *Call) error) Route {
		return Route{
			Method: method, Path: path, Name: name, Tag: "Task", Doc: doc, Action: action, Own: true,
			Body: body, Answer: Task{}, Status: status, Serve: serve,
		}
	}
	list := row("GET", base, "listTasks", "Lists the tasks of a project.", auth.ProjectsView, 200, nil, (*Server).listTasks)
	list.Answer = []Task{}
	list.Query = paged(append([]Param{
		textParam("name", "Tasks whose name contains this, in whatever case."),
		boolParam("strict-name-search", "The name must be this, not contain it."),
		boolParam("is-active", "Only active ones, or only those that are done."),
	}, sorted("ID", "NAME")...)...)
	return []Route{
		list,
		row("POST", base, "createTask", "Makes a task in a project.", auth.TasksCreate, 201, workspace.TaskInput{}, (*Server).createTask),
		row("GET", one, "readTask", "Reads one task.", auth.ProjectsView, 200, nil, (*Server).readTask),
		row("PUT", one, "replaceTask", "Changes a task; assignees are replaced, what else is left out stays.",
			auth.TasksChange, 200, workspace.TaskInput{}, (*Server).replaceTask),
		row("DELETE", one, "deleteTask", "Deletes a task that is done, and answers what it was.", auth.TasksDelete, 200, nil, (*Server).deleteTask),
		row("PUT", one+"/hourly-rate", "setTaskHourlyRate", "Sets what an hour of a task is worth.",
			auth.ProjectsRates, 200, workspace.AmountInput{}, (*Server).setTaskHourlyRate),
		row("PUT", one+"/cost-rate", "setTaskCostRate", "Sets what an hour of a task costs.",
			auth.ProjectsRates, 200, workspace.AmountInput{}, (*Server).setTaskCostRate),
	}
}

func (s *Server) listTasks(c *Call) error {
	l, err := s.Service.Tasks(c.Scope, c.Path("project"), workspace.TaskFilter{NameFilter: c.nameFilter(), Active: c.Query.Maybe("is-active")})
	if err != nil {
		return err
	}
	return c.List(l)
}

func (s *Server) createTask(c *Call) error {
	return taking(c, 201, func(in workspace.TaskInput) (workspace.Written, error) {
		return s.Service.CreateTask(c.Context(), c.Scope, c.Path("project"), in)
	})
}

func (s *Server) readTask(c *Call) error {
	d, err := s.Service.Task(c.Scope, c.Path("project"), c.Path("task"))
	if err != nil {
		return err
	}
	return c.Document(200, d)
}

func (s *Server) replaceTask(c *Call) error {
	return taking(c, 200, func(in workspace.TaskInput) (workspace.Written, error) {
		return s.Service.UpdateTask(c.Context(), c.Scope, c.Path("project"), c.Path("task"), in)
	})
}

func (s *Server) deleteTask(c *Call) error {
	w, err := s.Service.DeleteTask(c.Context(), c.Scope, c.Path("project"), c.Path("task"))
	if err != nil {
		return err
	}
	return c.Written(200, w)
}

func (s *Server) setTaskHourlyRate(c *Call) error { return s.setTaskRate(c, false) }

func (s *Server) setTaskCostRate(c *Call) error { return s.setTaskRate(c, true) }

func (s *Server) setTaskRate(c *Call, cost bool) error {
	return taking(c, 200, func(in workspace.AmountInput) (workspace.Written, error) {
		return s.Service.SetTaskRate(c.Context(), c.Scope, c.Path("project"), c.Path("task"), cost, in)
	})
}
