package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxBody is the most a request body may have.
const maxBody = 1 << 20

// readBody reads a body of at most maxBody and checks that it says it is JSON.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge, Message: "The request body is larger than 1 MiB"}
	case err != nil:
		return nil, badRequest("The request body could not be read to its end")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if t := r.Header.Get("Content-Type"); t != "" && !isJSON(t) {
		return nil, &Problem{Status: http.StatusUnsupportedMediaType, Code: codeMediaType, Message: "The request body must be application/json"}
	}
	return body, nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// decode reads one JSON value into v. Unknown fields are ignored, a wrong type
// is refused by the field's name.
func decode(body []byte, v any) error {
	if len(body) == 0 {
		return badRequest("A request body is required")
	}
	if !utf8.Valid(body) {
		return badRequest("The request body is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	err := d.Decode(v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return invalid(fieldName(wrong.Field), "cannot be "+article(wrong.Value))
	case errors.As(err, &wrong):
		return badRequest("The request body cannot be " + article(wrong.Value))
	case err != nil:
		var problem interface{ Problem() error }
		if errors.As(err, &problem) {
			return problem.Problem()
		}
		return badRequest("The request body is not valid JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("The request body has something after its JSON value")
	}
	return nil
}

// fieldName drops what encoding/json puts before the field of an embedded struct.
func fieldName(path string) string { return strings.TrimPrefix(path, ".") }

// article makes "number 12" into "a number": the value itself is the client's.
func article(kind string) string {
	kind, _, _ = strings.Cut(kind, " ")
	switch kind {
	case "array", "object":
		return "an " + kind
	case "bool":
		return "a boolean"
	}
	return "a " + kind
}
