package daemontest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/tidwall/gjson"
)

// Request is a call of the public API as a program would make it, right or wrong.
type Request struct {
	Method string // empty: GET
	Path   string // below the core API's base URL
	Query  url.Values
	Key    string // X-Api-Key
	Token  string // X-Auth-Token
	Repeat string // Idempotency-Key
	Header http.Header
	Body   any // sent as JSON; []byte is sent as it is
}

// Answer is what came back, whatever its status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get reads a field of the answer's JSON, in gjson's path syntax.
func (a Answer) Get(path string) gjson.Result { return gjson.GetBytes(a.Body, path) }

// Want is an error unless the answer has the status and, if code is not 0, the API's code.
func (a Answer) Want(status, code int) error {
	if a.Status != status || (code != 0 && a.Get("code").Int() != int64(code)) {
		return fmt.Errorf("answered %d, want %d/%d: %.300s", a.Status, status, code, a.Body)
	}
	return nil
}

// Call makes a request of a region. An error means that there was no answer.
func (n *Network) Call(ctx context.Context, region string, r Request) (Answer, error) {
	var body io.Reader
	switch b := r.Body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return Answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	target := n.Place(region).API + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range map[string]string{"X-Api-Key": r.Key, "X-Auth-Token": r.Token, "Idempotency-Key": r.Repeat} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	for name, values := range r.Header {
		request.Header[name] = values
	}
	return answer(n.http.Do(request))
}

// Must makes a request and ends the test unless it is answered with the status.
func (n *Network) Must(region string, status int, r Request) Answer {
	n.t.Helper()
	a, err := n.Call(n.t.Context(), region, r)
	if err == nil {
		err = a.Want(status, 0)
	}
	if err != nil {
		n.t.Fatalf("%s %s in %s: %v", r.Method, r.Path, region, err)
	}
	return a
}

func answer(r *http.Response, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	return Answer{Status: r.StatusCode, Header: r.Header, Body: body}, err
}
