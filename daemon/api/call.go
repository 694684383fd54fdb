package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"domicile/daemon/auth"
	"domicile/daemon/workspace"
	"domicile/store/record"
)

// Call is one request on its way through a route. A handler reads it, and
// answers exactly once.
type Call struct {
	Route     *Route
	Request   *http.Request
	Principal auth.Principal
	Query     Query
	Body      []byte           // as sent, at most 1 MiB; nil for routes without a body
	View      *workspace.View  // linearizable, open until the answer is written
	Scope     *workspace.Scope // of {workspace}; nil for routes without one

	w       http.ResponseWriter
	started bool
}

// Context ends when the client goes away or the deadline passes.
func (c *Call) Context() context.Context { return c.Request.Context() }

// Path returns an element of the path.
func (c *Call) Path(name string) string { return c.Request.PathValue(name) }

// ID returns an element of the path as an id. What is no id names nothing:
// "Noun doesn't belong to Workspace".
func (c *Call) ID(name, noun string) (record.ID, error) {
	id, err := record.ParseID(c.Path(name))
	if err != nil {
		return record.ID{}, &workspace.Foreign{Noun: noun}
	}
	return id, nil
}

// Decode reads the body into v.
func (c *Call) Decode(v any) error { return decode(c.Body, v) }

// Zone is the time zone in which the caller's date windows are read.
func (c *Call) Zone() *time.Location {
	if c.Scope == nil {
		return time.UTC
	}
	return c.Scope.Zone()
}

// JSON answers with a value of ours.
func (c *Call) JSON(status int, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.bytes(status, encoded)
}

// Document answers with one record and its ETag.
func (c *Call) Document(status int, d workspace.Document) error {
	if d.Revision > 0 {
		c.w.Header().Set("ETag", etag(d.Revision))
	}
	return c.bytes(status, d.AppendTo(make([]byte, 0, len(d.Doc)+256)))
}

// Written answers with what a write returns: a document, or the first answer
// to an earlier request with the same Idempotency-Key.
func (c *Call) Written(status int, w workspace.Written) error {
	if w.Repeated {
		c.w.Header().Set("Idempotent-Replayed", "true")
	}
	if w.Revision > 0 {
		c.w.Header().Set("Domicile-Revision", strconv.FormatUint(uint64(w.Revision), 10))
	}
	if status == http.StatusNoContent {
		return c.Empty(status)
	}
	if w.One && w.Revision > 0 {
		c.w.Header().Set("ETag", etag(w.Revision))
	}
	return c.bytes(status, w.Answer)
}

// Empty answers without a body.
func (c *Call) Empty(status int) error {
	c.started = true
	c.w.WriteHeader(status)
	return nil
}

// List answers with a page of documents, as they are read.
func (c *Call) List(l workspace.List) error {
	c.w.Header().Set("Last-Page", strconv.FormatBool(l.Last))
	return c.stream(l)
}

func (c *Call) bytes(status int, body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.started = true
	c.w.WriteHeader(status)
	_, err := c.w.Write(body)
	return err
}

// chunk is how many bytes are gathered before they are written.
const chunk = 32 << 10

// stream writes the documents as one JSON array. An error before the first
// chunk is answered as a problem; after it the connection is cut, so that no
// client takes a part for the whole.
func (c *Call) stream(l workspace.List) error {
	buffer := append(make([]byte, 0, chunk+chunk/4), '[')
	first := true
	for d, err := range l.Documents {
		if err != nil {
			return err
		}
		if !first {
			buffer = append(buffer, ',')
		}
		first = false
		if buffer = d.AppendTo(buffer); len(buffer) >= chunk {
			c.begin(http.StatusOK)
			if _, err := c.w.Write(buffer); err != nil {
				return err
			}
			buffer = buffer[:0]
		}
	}
	c.begin(http.StatusOK)
	_, err := c.w.Write(append(buffer, ']'))
	return err
}

func (c *Call) begin(status int) {
	if c.started {
		return
	}
	c.started = true
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
}

func etag(r workspace.Revision) string { return `"` + strconv.FormatUint(uint64(r), 10) + `"` }

// parseIfMatch reads If-Match: nothing, any revision, or one.
func parseIfMatch(header string) (*workspace.Revision, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return nil, nil
	}
	strong, weak := strings.CutPrefix(header, "W/")
	if len(strong) < 2 || strong[0] != '"' || strong[len(strong)-1] != '"' {
		return nil, badRequest("If-Match must be one ETag in quotes")
	}
	if weak { // says only that it is much the same, which is no reason to write over it
		return nil, workspace.ErrStale
	}
	digits := strong[1 : len(strong)-1]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return nil, workspace.ErrStale // an ETag that we never made matches nothing
	}
	revision := workspace.Revision(n)
	return &revision, nil
}
