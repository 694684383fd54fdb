package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/importer"
	"domicile/daemon/importer/clockifycsv"
	"domicile/daemon/workspace"
	"domicile/store/record"
)

func importRoutes() []Route {
	const (
		tag  = "Import"
		base = "/workspaces/{workspace}"
	)
	return []Route{
		{
			Method: "POST", Path: base + "/import", Name: "importFile", Tag: tag,
			Doc: "Imports a file, the body, plain or gzip: every row is checked before the first is written; the same file again adds nothing. " +
				"202: it is being written and goes on by itself.",
			Action: auth.ImportRun, Tracks: true, Stream: true, Answer: importer.Status{}, Status: 201, Also: []int{200, 202},
			Query: []Param{
				{Name: "format", Kind: EnumParam, Doc: "What the file is: Clockify's detailed report.", Values: []string{importer.ClockifyCSV}, Default: importer.ClockifyCSV},
				enumParam("date-format", "How the file writes dates; guessed only if every row can be read in one way.",
					string(clockifycsv.MonthDayYear), string(clockifycsv.DayMonthYear), string(clockifycsv.YearMonthDay), string(clockifycsv.DayDotMonth)),
				enumParam("time-format", "How the file writes times; guessed only if every row can be read in one way.",
					string(clockifycsv.Hours12), string(clockifycsv.Hours24)),
				textParam("time-zone", "The zone of the file's times, such as Europe/Berlin; left out: the workspace's."),
				boolParam("dry-run", "Checks the file and writes nothing."),
			},
			Serve: (*Server).importFile,
		},
		{
			Method: "GET", Path: base + "/imports", Name: "listImports", Tag: tag, Doc: "Lists the imports of a workspace, oldest first.",
			Action: auth.ImportRun, Answer: []importer.Status{}, Status: 200, Query: paged(), Serve: (*Server).listImports,
		},
		{
			Method: "GET", Path: base + "/imports/{id}", Name: "readImport", Tag: tag, Doc: "Says how far an import is.",
			Action: auth.ImportRun, Answer: importer.Status{}, Status: 200, Serve: (*Server).readImport,
		},
		{
			Method: "DELETE", Path: base + "/imports/{id}", Name: "undoImport", Tag: tag,
			Doc:    "Takes an import back. What was changed or used since is kept and listed. 202: it goes on by itself.",
			Action: auth.ImportRun, Answer: importer.Status{}, Status: 200, Also: []int{202}, Stream: true, Serve: (*Server).undoImport,
		},
	}
}

// patient reads a body as slowly as it comes, as long as it comes: each read has a minute.
type patient struct {
	from io.Reader
	rc   *http.ResponseController
}

const idleBody = time.Minute

func (p patient) Read(b []byte) (int, error) {
	// A server that has no deadlines needs none moved.
	if err := p.rc.SetReadDeadline(time.Now().Add(idleBody)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("extend deadline: %w", err)
	}
	return p.from.Read(b)
}

// file is the body, or the first file of a form.
func (c *Call) file() (io.Reader, error) {
	rc := http.NewResponseController(c.w)
	if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("extend deadline: %w", err)
	}
	body := patient{from: c.Request.Body, rc: rc}
	media, params, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		return body, nil
	}
	c.Request.Body = io.NopCloser(body)
	parts, err := c.Request.MultipartReader()
	if err != nil || params["boundary"] == "" {
		return nil, badRequest("The form is malformed")
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, badRequest("The form has no file")
		}
		if part.FileName() != "" {
			return part, nil
		}
	}
}

// release closes the view: what follows may take minutes, and a view keeps what is deleted on the disk.
func (c *Call) release() error {
	view := c.View
	c.View = nil
	return view.Close()
}

func (s *Server) importFile(c *Call) error {
	if s.Imports == nil {
		return s.importProblem(importer.ErrStopped)
	}
	zone := c.Query.Text("time-zone")
	if zone == "" {
		zone = c.Scope.WorkspaceZone().String()
	}
	layout, err := clockifycsv.ParseLayout(c.Query.Text("date-format"), c.Query.Text("time-format"), zone)
	if err != nil {
		return badRequest("Query parameter 'time-zone' is not a zone such as Europe/Berlin")
	}
	body, err := c.file()
	if err != nil {
		return err
	}
	workspaceID := c.Scope.Workspace
	if err := c.release(); err != nil {
		return err
	}
	status, err := s.Imports.Import(c.Context(), importer.Request{
		Workspace: workspaceID, Format: c.Query.Text("format"), Layout: layout, DryRun: c.Query.Bool("dry-run"), By: c.Principal.Actor(),
	}, body)
	if answer, ok := s.unfinished(c, status, err); ok {
		return answer
	}
	if err != nil {
		return s.importProblem(err)
	}
	if status.Repeated || status.DryRun {
		return c.JSON(http.StatusOK, status)
	}
	return c.JSON(http.StatusCreated, status)
}

// unfinished answers 202 for what goes on by itself.
func (s *Server) unfinished(c *Call, status importer.Status, err error) (error, bool) {
	if !errors.Is(err, importer.ErrInterrupted) || errors.Is(err, importer.ErrStopped) || errors.Is(err, workspace.ErrWorkspaceLocked) {
		return nil, false
	}
	return c.JSON(http.StatusAccepted, status), true
}

// importProblem is the table from the importer's errors to answers.
func (s *Server) importProblem(err error) error {
	var rows *clockifycsv.Problems
	var header *clockifycsv.HeaderError
	var ambiguous *clockifycsv.AmbiguousError
	refuse := func(extra map[string]any) error {
		return &Problem{Status: http.StatusBadRequest, Code: codeInvalid, Message: "The file was not imported: " + err.Error(), Extra: extra}
	}
	switch {
	case errors.As(err, &rows):
		return refuse(map[string]any{"errors": rows.List, "more": rows.More})
	case errors.As(err, &header):
		return refuse(map[string]any{"missing": header.Missing})
	case errors.As(err, &ambiguous):
		return refuse(map[string]any{"ambiguous": ambiguous.What, "row": ambiguous.Row, "readings": ambiguous.Readings})
	}
	for _, one := range []error{clockifycsv.ErrEmpty, clockifycsv.ErrBinary, clockifycsv.ErrGzip, importer.ErrTooMany} {
		if errors.Is(err, one) {
			return &Problem{Status: http.StatusBadRequest, Code: codeInvalid, Message: "The file was not imported: " + one.Error()}
		}
	}
	switch {
	case errors.Is(err, importer.ErrTooLarge), errors.Is(err, clockifycsv.ErrTooLarge):
		return &Problem{Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge, Message: "The file was not imported: it is larger than this server takes"}
	case errors.Is(err, importer.ErrBusy):
		return &Problem{Status: http.StatusTooManyRequests, Code: codeTooMany, Message: "Too many imports at a time", Retry: 10 * time.Second}
	case errors.Is(err, importer.ErrUndoing):
		return &workspace.Conflict{Message: "An import of this file is just being undone"}
	case errors.Is(err, importer.ErrNotFound):
		return &workspace.Foreign{Noun: "Import"}
	case errors.Is(err, workspace.ErrWorkspaceLocked):
		return &workspace.Locked{Retry: time.Second}
	case errors.Is(err, importer.ErrGone):
		return workspace.ErrNotReady
	case errors.Is(err, importer.ErrStopped):
		return &Problem{Status: http.StatusServiceUnavailable, Code: codeUnavailable, Message: "The server is stopping; the import goes on when it is back", Retry: 10 * time.Second}
	}
	return err
}

func (s *Server) listImports(c *Call) error {
	if s.Imports == nil {
		return s.importProblem(importer.ErrStopped)
	}
	all, err := s.Imports.List(c.Context(), c.Scope.Workspace)
	if err != nil {
		return err
	}
	page := c.Query.Page()
	from := min((page.Number-1)*page.Size, len(all))
	to := min(from+page.Size, len(all))
	c.w.Header().Set("Last-Page", fmt.Sprint(to == len(all)))
	return c.JSON(http.StatusOK, all[from:to])
}

func (c *Call) importID() (record.ID, error) { return c.ID("id", "Import") }

func (s *Server) readImport(c *Call) error {
	id, err := c.importID()
	if err != nil {
		return err
	}
	if s.Imports == nil {
		return s.importProblem(importer.ErrStopped)
	}
	status, err := s.Imports.Get(c.Context(), c.Scope.Workspace, id)
	if err != nil {
		return s.importProblem(err)
	}
	return c.JSON(http.StatusOK, status)
}

func (s *Server) undoImport(c *Call) error {
	id, err := c.importID()
	if err != nil {
		return err
	}
	if s.Imports == nil {
		return s.importProblem(importer.ErrStopped)
	}
	if err := c.release(); err != nil {
		return err
	}
	status, err := s.Imports.Undo(c.Context(), c.Scope.Workspace, id, c.Principal.Actor())
	if answer, ok := s.unfinished(c, status, err); ok {
		return answer
	}
	if err != nil {
		return s.importProblem(err)
	}
	return c.JSON(http.StatusOK, status)
}
