package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	gopath "path"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// documents are the OpenAPI documents by their text, parsed once for each region.
var documents sync.Map

func documentOf(tb testing.TB, h http.Handler) *openapi3.T {
	tb.Helper()
	text := h.(*Server).openapi
	if d, ok := documents.Load(string(text)); ok {
		return d.(*openapi3.T)
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		tb.Fatalf("load the OpenAPI document: %v", err)
	}
	documents.Store(string(text), document)
	return document
}

// conforms checks that the answer is one that the OpenAPI document describes.
// Paths that are not in the table have tests of their own.
func conforms(tb testing.TB, h http.Handler, q *http.Request, a answer) {
	tb.Helper()
	_, pattern := h.(*Server).mux.Handler(q)
	method, path, found := strings.Cut(pattern, " ")
	if !found || path != "/" && gopath.Clean(q.URL.Path) != q.URL.Path || a.status == http.StatusMisdirectedRequest || path == "/api/docs" {
		return
	}
	document := documentOf(tb, h)
	item := document.Paths.Find(path)
	if item == nil || item.GetOperation(method) == nil {
		tb.Fatalf("%s is not in the document", pattern)
	}
	route := &routers.Route{Spec: document, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
	in := &openapi3filter.RequestValidationInput{Request: q, Route: route}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		tb.Fatalf("%s answered %d, which the document does not describe: %v\n%s", pattern, a.status, err, a.body)
	}
}

func TestOpenAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := documentOf(t, w.global.handler)
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	served := w.global.call(person{}, "GET", "/api/openapi.json", "").is(200, 0)
	if !bytes.Equal(served.body, w.global.handler.(*Server).openapi) {
		t.Fatal("another document is served")
	}
}
