package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// Imported is what an import did, as the server tells it.
type Imported struct {
	ID      string          `json:"id"`
	State   string          `json:"state"`
	Rows    int             `json:"rows"`
	Summary json.RawMessage `json:"-"` // the whole answer
}

// Import streams a file into a workspace and waits until it is in.
func (c *Client) Import(ctx context.Context, workspace string, i Import) (Imported, error) {
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
	answer, err := c.send(ctx, http.MethodPost, workspacePath(workspace)+"/import", q, i.Body, "text/csv")
	if err != nil {
		return Imported{}, err
	}
	var done Imported
	if err := readAnswer(answer, (*[]byte)(&done.Summary)); err != nil {
		return Imported{}, err
	}
	if err := json.Unmarshal(done.Summary, &done); err != nil {
		return Imported{}, fmt.Errorf("decode answer of import: %w: %w", ErrBadAnswer, err)
	}
	return done, nil
}

// UndoImport takes an import back as a whole.
func (c *Client) UndoImport(ctx context.Context, workspace, id string) (json.RawMessage, error) {
	var raw []byte
	err := c.Do(ctx, http.MethodDelete, workspacePath(workspace)+"/imports/"+url.PathEscape(id), nil, nil, &raw)
	return raw, err
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
