package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer that is decoded as a whole: a page
// holds at most 5,000 records, and few records come near a kilobyte.
const maxAnswer = 256 << 20

// Options say which server a Client calls, and as whom.
type Options struct {
	// BaseURL is a region's API, such as https://euc1.clockify.me/api/v1. A URL
	// without a path gets /api/v1.
	BaseURL string
	APIKey  string       // sent as X-Api-Key
	Token   string       // a session's token, sent as X-Auth-Token; used when there is no APIKey
	HTTP    *http.Client // nil means one with keep-alive and no overall time limit
	Agent   string       // User-Agent; empty means "domicile"
}

// Client calls one region as one person. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	key   string
	token string
	http  *http.Client
	agent string
}

// New returns a client. It calls nothing yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("read server's URL %q: %w", o.BaseURL, ErrBadURL)
	}
	if strings.Trim(base.Path, "/") == "" {
		base.Path = "/api/v1"
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawQuery, base.Fragment, base.User = "", "", nil
	h := http.Client{Transport: transport()}
	if o.HTTP != nil {
		h = *o.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if o.Agent == "" {
		o.Agent = "domicile"
	}
	return &Client{base: base, key: o.APIKey, token: o.Token, http: &h, agent: o.Agent}, nil
}

// transport keeps enough idle connections for a benchmark's clients, and gives up
// on a server that takes the connection and then says nothing for a long time.
func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// String names the server, and not the key.
func (c *Client) String() string { return c.base.String() }

// GoString keeps the key out of %#v.
func (c *Client) GoString() string { return "client.Client(" + c.base.String() + ")" }

// BaseURL is the region's API that the client calls.
func (c *Client) BaseURL() string { return c.base.String() }

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do calls a route. The path begins with a slash and is below the base URL; in is
// sent as JSON unless nil; out, unless nil, is filled from the answer's JSON, or
// with its bytes if it is a *[]byte.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	kind := ""
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode body of %s %s: %w", method, path, err)
		}
		body, kind = bytes.NewReader(raw), "application/json"
	}
	answer, err := c.send(ctx, method, path, query, body, kind)
	if err != nil {
		return err
	}
	return readAnswer(answer, out)
}

// send makes one request and returns its answer if that is a 2xx, for the caller to
// close; anything else is an error.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader, kind string) (*http.Response, error) {
	target := *c.base
	target.Path += path
	target.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", method, path, err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.agent)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	switch {
	case c.key != "":
		request.Header.Set("X-Api-Key", c.key)
	case c.token != "":
		request.Header.Set("X-Auth-Token", c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, unreachable(c.base.Host, err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, problem(method, path, answer)
	}
	return answer, nil
}

// readAnswer fills out from an answer and closes it.
func readAnswer(answer *http.Response, out any) error {
	defer answer.Body.Close()
	limited := io.LimitReader(answer.Body, maxAnswer)
	if out == nil || answer.StatusCode == http.StatusNoContent {
		_, err := io.Copy(io.Discard, limited) // so that the connection is used again
		if err != nil {
			return fmt.Errorf("read answer of %s: %w", answer.Request.URL.Path, err)
		}
		return nil
	}
	raw, err := io.ReadAll(limited)
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", answer.Request.URL.Path, err)
	}
	if p, ok := out.(*[]byte); ok {
		*p = raw
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("decode answer of %s: %w", answer.Request.URL.Path, errors.Join(ErrBadAnswer, err))
	}
	return nil
}
