package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrBadURL is an address that no server can have.
	ErrBadURL = errors.New("not an http or https URL")
	// ErrUnreachable is a server that could not be asked, or that broke off before it answered.
	ErrUnreachable = errors.New("not reachable")
	// ErrBadAnswer is an answer that is not the JSON it should be.
	ErrBadAnswer = errors.New("not a Domicile answer")
)

// maxProblem bounds what is read of an error's body. An import's can list many rows.
const maxProblem = 4 << 20

// Error is an answer outside 2xx.
type Error struct {
	Method, Path string
	Status       int    // HTTP status
	Code         int    // the API's own number, such as 4210
	Message      string // the server's words
	Region       string // of a wrong-region answer: where the workspace lives
	BaseURL      string // of a wrong-region answer: the URL to call instead
	ReportsURL   string
	RetryAfter   time.Duration
	Errors       []RowError // of an import: what is wrong, by row and column
	Unmet        []Unmet    // of a refusal: every condition that is not met
	Body         []byte     // the answer's bytes, for fields that this type does not name
}

// RowError is what is wrong with one value of an imported file.
type RowError struct {
	Row     int    `json:"row"`
	Column  string `json:"column"`
	Message string `json:"message"`
}

// Unmet is one condition that stands in the way.
type Unmet struct {
	Condition string `json:"condition"`
	Detail    string `json:"detail"`
	Mend      string `json:"mend"`
}

// Error says what was refused, with the API's code and the right address if there is one.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	fmt.Fprintf(&b, " (%d/%d)", e.Status, e.Code)
	if e.BaseURL != "" && !strings.Contains(e.Message, e.BaseURL) {
		b.WriteString("; call " + e.BaseURL)
	}
	return b.String()
}

// problem makes an *Error of an answer, and closes it.
func problem(method, path string, answer *http.Response) error {
	defer answer.Body.Close()
	e := &Error{Method: method, Path: path, Status: answer.StatusCode}
	// What cannot be read leaves the status, which says enough.
	e.Body, _ = io.ReadAll(io.LimitReader(answer.Body, maxProblem))
	var fields struct {
		Message, Region, BaseURL, ReportsURL string
		Code                                 int
		Errors                               []RowError
		Unmet                                []Unmet
	}
	if json.Unmarshal(e.Body, &fields) == nil {
		e.Message, e.Code = fields.Message, fields.Code
		e.Region, e.BaseURL, e.ReportsURL = fields.Region, fields.BaseURL, fields.ReportsURL
		e.Errors, e.Unmet = fields.Errors, fields.Unmet
	}
	if e.Message == "" {
		e.Message = strings.ToLower(http.StatusText(answer.StatusCode))
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}

// unreachable wraps a transport's error without the URL, whose query could hold
// somebody's words.
func unreachable(host string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("call %s: %w", host, err)
	}
	return fmt.Errorf("call %s: %w: %w", host, ErrUnreachable, err)
}
