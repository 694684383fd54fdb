package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Import says what to import and how to read it.
type Import struct {
	Format     string    // such as clockify-csv
	DateFormat string    // empty lets the server guess, if every row allows just one
	TimeFormat string    // 12h or 24h; empty as above
	TimeZone   string    // empty means the workspace's
	DryRun     bool      // checks every row and writes nothing
	Body       io.Reader // the file, gzip or not, streamed
}

// ImportStatus is an import as the server tells it.
type ImportStatus struct {
	ID         string        `json:"id"`
	State      string        `json:"state"` // RUNNING, DONE, UNDOING, UNDONE
	DryRun     bool          `json:"dryRun"`
	Repeated   bool          `json:"repeated"` // the file had been imported before; nothing was added
	DateFormat string        `json:"dateFormat"`
	TimeFormat string        `json:"timeFormat"`
	TimeZone   string        `json:"timeZone"`
	Rows       int           `json:"rows"`
	RowsDone   int           `json:"rowsDone"`
	Seconds    int64         `json:"seconds"` // total time of all rows
	First      *time.Time    `json:"first"`
	Last       *time.Time    `json:"last"`
	People     int           `json:"people"` // whom the file names
	Made       ImportCounts  `json:"made"`
	Removed    *ImportCounts `json:"removed"` // by undo
	Kept       *struct {
		Counts ImportCounts `json:"counts"`
	} `json:"kept"` // by undo, because changed or used since

	Raw json.RawMessage `json:"-"` // the whole answer, for fields that this type does not name
}

// ImportCounts are numbers of records by what they are.
type ImportCounts struct {
	Entries  int `json:"entries"`
	Projects int `json:"projects"`
	Clients  int `json:"clients"`
	Tags     int `json:"tags"`
	Tasks    int `json:"tasks"`
	People   int `json:"people"`
}

// Import streams a file into a workspace and waits until it is in.
func (c *Client) Import(ctx context.Context, workspace string, i Import) (ImportStatus, error) {
	q := url.Values{"format": {i.Format}}
	for name, value := range map[string]string{
		"date-format": i.DateFormat, "time-format": i.TimeFormat, "time-zone": i.TimeZone,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if i.DryRun {
		q.Set("dry-run", "true")
	}
	answer, err := c.send(ctx, http.MethodPost, workspacePath(workspace)+"/import", q, i.Body, "text/csv") //nolint:bodyclose // readStatus closes it
	if err != nil {
		return ImportStatus{}, err
	}
	return readStatus(answer)
}

// UndoImport takes an import back as a whole.
func (c *Client) UndoImport(ctx context.Context, workspace, id string) (ImportStatus, error) {
	answer, err := c.send(ctx, http.MethodDelete, importPath(workspace, id), nil, nil, "") //nolint:bodyclose // readStatus closes it
	if err != nil {
		return ImportStatus{}, err
	}
	return readStatus(answer)
}

// Imported tells how far an import is.
func (c *Client) Imported(ctx context.Context, workspace, id string) (ImportStatus, error) {
	answer, err := c.send(ctx, http.MethodGet, importPath(workspace, id), nil, nil, "") //nolint:bodyclose // readStatus closes it
	if err != nil {
		return ImportStatus{}, err
	}
	return readStatus(answer)
}

func importPath(workspace, id string) string {
	return workspacePath(workspace) + "/imports/" + url.PathEscape(id)
}

func readStatus(answer *http.Response) (ImportStatus, error) {
	var s ImportStatus
	if err := readAnswer(answer, (*[]byte)(&s.Raw)); err != nil {
		return s, err
	}
	raw := s.Raw
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("decode answer of import: %w: %w", ErrBadAnswer, err)
	}
	return s, nil
}

// Reading reports how far a reader has been read, for a progress bar.
type Reading struct {
	io.Reader
	Seen func(n int) // called with the bytes of each read
}

// Read reads and tells.
func (r *Reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.Seen(n)
	}
	return n, err
}
