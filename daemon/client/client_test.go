package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"domicile/daemon/client"
)

const key = "dom_eu_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	c, err := client.New(client.Options{BaseURL: s.URL, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		s.Close()
	})
	return c
}

func TestC1ErrorsCarryWhatTheServerSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		header http.Header
		body   string
		want   client.Error
		text   string
	}{
		"wrong region": {
			421, nil, `{"message":"lives in eu","code":4210,"region":"eu","baseUrl":"https://euc1.example/api/v1","reportsUrl":"https://euc1.example/report/v1"}`,
			client.Error{Status: 421, Code: 4210, Message: "lives in eu", Region: "eu", BaseURL: "https://euc1.example/api/v1"},
			"lives in eu (421/4210); call https://euc1.example/api/v1",
		},
		"rows": {
			400, nil, `{"message":"the file has errors","code":501,"errors":[{"row":7,"column":"Start Date","message":"not a date"}]}`,
			client.Error{Status: 400, Code: 501, Message: "the file has errors"},
			"the file has errors (400/501)",
		},
		"busy": {
			503,
			http.Header{"Retry-After": {"2"}},
			`{"message":"busy","code":5030}`,
			client.Error{Status: 503, Code: 5030, Message: "busy", RetryAfter: 2e9},
			"busy (503/5030)",
		},
		"a proxy's page": {
			502, nil, `<html>bad gateway</html>`,
			client.Error{Status: 502, Message: "bad gateway"},
			"bad gateway (502/0)",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range test.header {
					w.Header()[k] = v
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			_, err := c.User(t.Context())
			var e *client.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			got := client.Error{Status: e.Status, Code: e.Code, Message: e.Message, Region: e.Region, BaseURL: e.BaseURL, RetryAfter: e.RetryAfter}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if err.Error() != test.text {
				t.Errorf("text is %q, want %q", err, test.text)
			}
			if string(e.Body) != test.body {
				t.Errorf("body is %q", e.Body)
			}
		})
	}
}

func TestC2RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the client followed a redirect")
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		})
		_, err := c.User(t.Context())
		var e *client.Error
		if !errors.As(err, &e) || e.Status != status {
			t.Errorf("%d: got %v, want an *Error with that status", status, err)
		}
	}
}

func TestC3WhatCannotBeReachedIsTold(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := client.New(client.Options{BaseURL: s.URL, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Search(t.Context(), "w", url.Values{"q": {"Geheimnis"}})
	if !errors.Is(err, client.ErrUnreachable) {
		t.Fatalf("got %v, want ErrUnreachable", err)
	}
	if strings.Contains(err.Error(), "Geheimnis") {
		t.Errorf("the error has the query: %v", err)
	}
	// A caller that gives up has not found the server unreachable.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.User(ctx); errors.Is(err, client.ErrUnreachable) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestC4KeysAreInNoText(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != key {
			t.Error("the server did not get the key")
		}
		w.WriteHeader(401)
	})
	_, err := c.User(t.Context())
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprintf("%v %+v", err, err)} {
		if strings.Contains(text, key) {
			t.Errorf("a key is in %q", text)
		}
	}
}

func TestC5PagesReadsToTheEnd(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 3, 7} {
		requests := 0
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			size, _ := strconv.Atoi(r.URL.Query().Get("page-size"))
			from, to := min((page-1)*size, n), min(page*size, n)
			ids := []int{}
			for i := from; i < to; i++ {
				ids = append(ids, i)
			}
			w.Header().Set("Last-Page", strconv.FormatBool(to == n))
			_ = json.NewEncoder(w).Encode(ids)
		})
		var got []int
		for i, err := range client.Pages[int](t.Context(), c, "/things", url.Values{"page-size": {"3"}, "name": {"x"}}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, i)
		}
		if len(got) != n {
			t.Errorf("%d elements: got %v", n, got)
		}
		if want := max(1, (n+2)/3); requests != want {
			t.Errorf("%d elements: %d requests, want %d", n, requests, want)
		}
	}
}

func TestC5PagesEndsWhereTheCallerDoes(t *testing.T) {
	t.Parallel()
	requests := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Last-Page", "false")
		_, _ = io.WriteString(w, "[1,2,3]")
	})
	for range client.Pages[int](t.Context(), c, "/things", nil) {
		break
	}
	if requests != 1 {
		t.Errorf("%d requests after a break in the first page", requests)
	}
}

func TestC5PagesTellsAnError(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "2" {
			w.WriteHeader(423)
			return
		}
		w.Header().Set("Last-Page", "false")
		_, _ = io.WriteString(w, "[1]")
	})
	var last error
	n := 0
	for _, err := range client.Pages[int](t.Context(), c, "/things", nil) {
		n++
		last = err
	}
	var e *client.Error
	if n != 2 || !errors.As(last, &e) || e.Status != 423 {
		t.Errorf("%d steps, last %v; want one element and a 423", n, last)
	}
}

// endless is a file of size bytes that is nowhere as a whole.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	e.left -= n
	return int(n), nil
}

func TestC6ImportsAreStreamed(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	begun := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun) // before the body has been read: a client that buffers would not have come here
		if got := r.URL.Query(); got.Get("format") != "clockify-csv" || got.Get("dry-run") != "true" || got.Get("date-format") != "MM/DD/YYYY" || got.Has("time-zone") {
			t.Errorf("query is %v", got)
		}
		if r.ContentLength > 0 {
			t.Errorf("the length was known before: %d", r.ContentLength)
		}
		n, err := io.Copy(io.Discard, r.Body)
		if n != size || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
		_, _ = io.WriteString(w, `{"id":"66f0c0ffee00000000000001","state":"DONE","rows":3,"made":{"entries":3},"more":"kept"}`)
	})
	var seen int64
	file := &client.Reading{Reader: &endless{left: size}, Seen: func(n int) {
		if seen == 0 {
			<-begun // the first piece is read when the request is under way
		}
		seen += int64(n)
	}}
	done, err := c.Import(t.Context(), "w", client.Import{Format: "clockify-csv", DateFormat: "MM/DD/YYYY", DryRun: true, Body: file})
	if err != nil {
		t.Fatal(err)
	}
	if done.State != "DONE" || done.Made.Entries != 3 || !strings.Contains(string(done.Raw), "more") {
		t.Errorf("status is %+v", done)
	}
	if seen != size {
		t.Errorf("saw %d of %d bytes", seen, size)
	}
}

func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "eu", "ftp://x", "http://", "://", "http://a b", "file:///etc/passwd"} {
		if _, err := client.New(client.Options{BaseURL: u}); !errors.Is(err, client.ErrBadURL) {
			t.Errorf("%q: got %v, want ErrBadURL", u, err)
		}
	}
}

func TestBaseURLsGetTheirPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://a:1":              "http://a:1/api/v1",
		"http://a:1/":             "http://a:1/api/v1",
		"https://a/api/v1/":       "https://a/api/v1",
		"https://a/x/y?q=1#z":     "https://a/x/y",
		"https://me:secret@a/api": "https://a/api",
	} {
		c, err := client.New(client.Options{BaseURL: in})
		if err != nil || c.BaseURL() != want {
			t.Errorf("%s: got %v, %v; want %s", in, c, err, want)
		}
	}
}

func TestAnswersThatAreNoJSONAreErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") })
	if _, err := c.Workspaces(t.Context()); !errors.Is(err, client.ErrBadAnswer) {
		t.Errorf("got %v, want ErrBadAnswer", err)
	}
}
